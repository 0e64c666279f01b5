// SPDX-License-Identifier: Apache-2.0
#include "protocol/webrtc/ice.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stun/stunagent.h>
#include <stun/usages/ice.h>

#include "base/reader.h"

#define COOKIE 0x2112a442u
#define TYPE_BINDING_REQUEST 0x0001u
#define PREFIX_MAX 4
#define UFRAG_RANDOM 8
#define UFRAG_MIN 4
#define USERNAME_MAX 513 // RFC 8489 14.3
#define HMAC_BYTES 20
#define CRC_BYTES 4

// What a look over a binding request's attributes found; points into the datagram.
struct request {
    const uint8_t *username; // NULL: there is none
    size_t username_len;
    bool integrity;
    bool fingerprint;
};

// 32 letters and digits: five random bits each, so 160 bits of password (RFC 8445 5.3
// asks for 128) and 40 of ufrag (24), without characters that need quoting anywhere. Empty
// when there is no randomness; then nobody is let in.
static void
draw_text(char *out, size_t len)
{
    static const char ALPHABET[] = "abcdefghijkmnpqrstuvwxyz23456789";
    uint8_t random[BC_ICE_PWD];
    if (RAND_bytes(random, (int)len) != 1) {
        len = 0;
    }
    for (size_t i = 0; i < len; i++) {
        out[i] = ALPHABET[random[i] & 31];
    }
    out[len] = '\0';
    OPENSSL_cleanse(random, sizeof(random));
}

void
bc_ice_init(struct bc_ice *ice, const char *prefix)
{
    memset(ice, 0, sizeof(*ice));
    size_t len = strnlen(prefix, PREFIX_MAX);
    memcpy(ice->ufrag, prefix, len);
    draw_text(ice->ufrag + len, UFRAG_RANDOM);
    draw_text(ice->pwd, sizeof(ice->pwd) - 1);
    RAND_bytes((uint8_t *)&ice->tie_breaker, sizeof(ice->tie_breaker));
}

/*
 * RFC 8489 5 and 14:
 *
 *   |00| message type (14) | length of the attributes (16), a multiple of 4 |
 *   | magic cookie (32) | transaction id (96) |
 *   then each attribute: | type (16) | length (16) | value, padded to 32 bits |
 *
 * Goes over the frame of a message before libnice sees it: a flood of anything else costs
 * a few comparisons, and what passes has an integrity and a fingerprint of the right size
 * in the right place, which libnice takes for granted.
 */
static bool
scan_request(const uint8_t *data, size_t len, struct request *out)
{
    memset(out, 0, sizeof(*out));
    struct bc_reader r = bc_reader_init(data, len);
    bool binding = bc_read_u16(&r) == TYPE_BINDING_REQUEST;
    size_t body = bc_read_u16(&r);
    bool cookie = bc_read_u32(&r) == COOKIE;
    bc_read_skip(&r, 12);
    if (r.failed || !binding || !cookie || len > BC_STUN_MAX || body % 4 != 0
        || body != bc_reader_left(&r)) {
        return false;
    }
    while (bc_reader_left(&r) > 0) {
        uint16_t type = bc_read_u16(&r);
        size_t value_len = bc_read_u16(&r);
        const uint8_t *value = bc_read_bytes(&r, (value_len + 3) & ~(size_t)3);
        if (!value || out->fingerprint) {
            return false; // cut short, or something behind the fingerprint
        }
        if (type == STUN_ATTRIBUTE_FINGERPRINT) {
            out->fingerprint = value_len == CRC_BYTES;
            if (!out->fingerprint) {
                return false;
            }
        } else if (out->integrity) {
            continue; // RFC 8489 14.5: what follows the integrity is to be ignored
        } else if (type == STUN_ATTRIBUTE_MESSAGE_INTEGRITY) {
            out->integrity = value_len == HMAC_BYTES;
            if (!out->integrity) {
                return false;
            }
        } else if (type == STUN_ATTRIBUTE_USERNAME && !out->username) {
            if (value_len > USERNAME_MAX) {
                return false;
            }
            out->username = value;
            out->username_len = value_len;
        }
    }
    return true;
}

bool
bc_ice_peek_ufrag(const uint8_t *data, size_t len, char out[BC_ICE_UFRAG])
{
    struct request request;
    if (!scan_request(data, len, &request) || !request.username) {
        return false;
    }
    const uint8_t *colon = memchr(request.username, ':', request.username_len);
    size_t ufrag_len = colon ? (size_t)(colon - request.username) : 0;
    if (ufrag_len < UFRAG_MIN || ufrag_len >= BC_ICE_UFRAG
        || memchr(request.username, '\0', ufrag_len)) {
        return false;
    }
    memcpy(out, request.username, ufrag_len);
    out[ufrag_len] = '\0';
    return true;
}

// Is the USERNAME "local:remote"?
static bool
is_for(const struct bc_ice *ice, const uint8_t *username, size_t len)
{
    size_t local = strlen(ice->ufrag);
    size_t remote = strlen(ice->remote_ufrag);
    return len == local + 1 + remote && memcmp(username, ice->ufrag, local) == 0
        && username[local] == ':'
        && memcmp(username + local + 1, ice->remote_ufrag, remote) == 0;
}

// libnice asks for the password of a USERNAME.
static bool
find_password(StunAgent *agent, StunMessage *message, uint8_t *username,
    uint16_t username_len, uint8_t **password, size_t *password_len, void *user)
{
    (void)agent;
    (void)message;
    struct bc_ice *ice = user;
    if (!username || !ice->pwd[0] || !is_for(ice, username, username_len)) {
        return false;
    }
    *password = (uint8_t *)ice->pwd;
    *password_len = strlen(ice->pwd);
    return true;
}

// A socket for both families reports IPv4 peers as ::ffff:a.b.c.d; the peer knows itself
// as IPv4. 0 when it is neither.
static socklen_t
plain_address(const struct sockaddr *from, struct sockaddr_storage *out)
{
    memset(out, 0, sizeof(*out));
    if (from->sa_family == AF_INET) {
        memcpy(out, from, sizeof(struct sockaddr_in));
        return sizeof(struct sockaddr_in);
    }
    if (from->sa_family != AF_INET6) {
        return 0;
    }
    struct sockaddr_in6 in6;
    memcpy(&in6, from, sizeof(in6));
    if (!IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr)) {
        memcpy(out, &in6, sizeof(in6));
        return sizeof(in6);
    }
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = in6.sin6_port };
    memcpy(&in.sin_addr, in6.sin6_addr.s6_addr + 12, sizeof(in.sin_addr));
    memcpy(out, &in, sizeof(in));
    return sizeof(in);
}

// Signed when the request's integrity was good, as the library then knows the key.
static enum bc_ice_verdict
refuse(StunAgent *agent, const StunMessage *request, StunError code, const char *why,
    struct bc_ice_reply *out)
{
    StunMessage reply;
    snprintf(out->error, sizeof(out->error), "%d: %s", (int)code, why);
    if (stun_agent_init_error(
            agent, &reply, out->data, sizeof(out->data), request, code)) {
        out->len = stun_agent_finish_message(agent, &reply, NULL, 0);
    }
    return out->len > 0 ? BC_ICE_REPLY : BC_ICE_IGNORE;
}

static enum bc_ice_verdict
refuse_unknown(StunAgent *agent, const StunMessage *request, struct bc_ice_reply *out)
{
    StunMessage reply;
    snprintf(out->error, sizeof(out->error), "420: unknown attribute");
    out->len = stun_agent_build_unknown_attributes_error(
        agent, &reply, out->data, sizeof(out->data), request);
    return out->len > 0 ? BC_ICE_REPLY : BC_ICE_IGNORE;
}

static enum bc_ice_verdict
answer(StunAgent *agent, StunMessage *request, const struct bc_ice *ice,
    const struct sockaddr *from, struct bc_ice_reply *out)
{
    struct sockaddr_storage mapped;
    socklen_t mapped_len = plain_address(from, &mapped);
    if (mapped_len == 0) {
        return BC_ICE_IGNORE;
    }
    // RFC 8445 7.3.1.1 would let the larger tie-breaker decide; an agent that never sends
    // checks cannot become the controlling one, so the peer always has to.
    if (stun_message_has_attribute(request, STUN_ATTRIBUTE_ICE_CONTROLLED)) {
        return refuse(
            agent, request, STUN_ERROR_ROLE_CONFLICT, "both sides are controlled", out);
    }
    StunMessage reply;
    bool controlling = false;
    out->len = sizeof(out->data);
    StunUsageIceReturn ret = stun_usage_ice_conncheck_create_reply(agent, request, &reply,
        out->data, &out->len, &mapped, mapped_len, &controlling, ice->tie_breaker,
        STUN_USAGE_ICE_COMPATIBILITY_RFC5245);
    if (ret != STUN_USAGE_ICE_RETURN_SUCCESS) {
        out->len = 0;
        return BC_ICE_IGNORE;
    }
    return stun_usage_ice_conncheck_use_candidate(request) ? BC_ICE_NOMINATE
                                                           : BC_ICE_CHECK;
}

enum bc_ice_verdict
bc_ice_handle(const struct bc_ice *ice, const uint8_t *data, size_t len,
    const struct sockaddr *from, struct bc_ice_reply *out)
{
    out->len = 0;
    out->error[0] = '\0';
    struct request frame;
    // ICE demands the fingerprint (RFC 8445 7.1); without a good one it is not STUN.
    if (!scan_request(data, len, &frame) || !frame.fingerprint) {
        return BC_ICE_IGNORE;
    }
    StunAgent agent;
    stun_agent_init(&agent, STUN_ALL_KNOWN_ATTRIBUTES, STUN_COMPATIBILITY_RFC5389,
        STUN_AGENT_USAGE_SHORT_TERM_CREDENTIALS | STUN_AGENT_USAGE_USE_FINGERPRINT);
    StunMessage request;
    StunValidationStatus status = stun_agent_validate(
        &agent, &request, data, len, find_password, (void *)(uintptr_t)ice);
    switch (status) {
    case STUN_VALIDATION_SUCCESS:
        return answer(&agent, &request, ice, from, out);
    case STUN_VALIDATION_UNAUTHORIZED_BAD_REQUEST:
        return refuse(&agent, &request, STUN_ERROR_BAD_REQUEST,
            frame.username ? "no integrity" : "no username", out);
    case STUN_VALIDATION_UNAUTHORIZED:
        return refuse(&agent, &request, STUN_ERROR_UNAUTHORIZED,
            is_for(ice, frame.username, frame.username_len) ? "wrong integrity"
                                                            : "wrong username",
            out);
    case STUN_VALIDATION_UNKNOWN_REQUEST_ATTRIBUTE:
        return refuse_unknown(&agent, &request, out);
    default:
        return BC_ICE_IGNORE;
    }
}
