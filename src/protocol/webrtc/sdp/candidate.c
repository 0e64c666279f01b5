// SPDX-License-Identifier: Apache-2.0
#include "candidate.h"

#include <string.h>

#define UFRAG_MIN 4 // RFC 8839 5.4
#define PWD_MIN 22

// An IP address or a host name; who resolves or connects judges further.
static bool
is_address(const char *s)
{
    for (size_t i = 0; s[i] != '\0'; i++) {
        bool alnum = (s[i] >= '0' && s[i] <= '9') || (s[i] >= 'a' && s[i] <= 'z')
            || (s[i] >= 'A' && s[i] <= 'Z');
        if (!alnum && !strchr(".:-_%", s[i])) {
            return false;
        }
    }
    return s[0] != '\0';
}

// What follows the type: pairs of name and value, RFC 6544 4.5 for tcptype.
static bool
is_tcp_passive(struct sdp_span rest)
{
    while (rest.len > 0) {
        struct sdp_span name = sdp_word(&rest);
        struct sdp_span value = sdp_word(&rest);
        if (sdp_is(name, "tcptype")) {
            return sdp_is(value, "passive");
        }
    }
    return false;
}

// candidate:<foundation> <component> <transport> <priority> <address> <port> typ <type> …
// RFC 8839 5.1.
void
sdp_candidate_add(struct sdp_span value, struct bc_sdp_candidate *list, unsigned *count)
{
    if (*count == BC_SDP_CANDIDATES_MAX) {
        return;
    }
    struct bc_sdp_candidate *c = &list[*count];
    *c = (struct bc_sdp_candidate){ 0 };
    struct sdp_span rest = value;
    struct sdp_span foundation = sdp_word(&rest);
    struct sdp_span component = sdp_word(&rest);
    struct sdp_span transport = sdp_word(&rest);
    uint32_t priority = 0;
    uint32_t port = 0;
    bool numbers = sdp_number(sdp_word(&rest), UINT32_MAX, &priority);
    struct sdp_span address = sdp_word(&rest);
    numbers = sdp_number(sdp_word(&rest), 65535, &port) && numbers;
    bool typed = sdp_is(sdp_word(&rest), "typ") && sdp_word(&rest).len > 0;

    c->tcp = sdp_is(transport, "tcp");
    c->tcp_passive = c->tcp && is_tcp_passive(rest);
    c->port = (uint16_t)port;
    if (foundation.len > 0 && sdp_is(component, "1")
        && (c->tcp || sdp_is(transport, "udp")) && numbers && typed
        && sdp_copy(address, c->address, sizeof(c->address)) && is_address(c->address)
        && sdp_copy(value, c->text, sizeof(c->text))) {
        (*count)++;
    }
}

// RFC 8839 has letters, digits, '+' and '/'. Peers use more; only what would be ambiguous
// in STUN's USERNAME, "ours:theirs", cannot be allowed.
static bool
credential_parse(struct sdp_span value, size_t min, char *out, size_t size)
{
    return value.len >= min && !memchr(value.p, ':', value.len)
        && !memchr(value.p, ' ', value.len) && sdp_copy(value, out, size);
}

bool
sdp_ufrag_parse(struct sdp_span value, char out[BC_SDP_UFRAG_MAX + 1])
{
    return credential_parse(value, UFRAG_MIN, out, BC_SDP_UFRAG_MAX + 1);
}

bool
sdp_pwd_parse(struct sdp_span value, char out[BC_SDP_PWD_MAX + 1])
{
    return credential_parse(value, PWD_MIN, out, BC_SDP_PWD_MAX + 1);
}
