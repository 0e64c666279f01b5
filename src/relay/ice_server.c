// SPDX-License-Identifier: Apache-2.0
#include "ice_server.h"

#include <string.h>
#include <strings.h>

// What is left of a header's value or a URL.
struct text {
    const char *p;
    const char *end;
};

static bool
take_prefix(struct text *t, const char *prefix)
{
    size_t n = strlen(prefix);
    if ((size_t)(t->end - t->p) < n || strncasecmp(t->p, prefix, n) != 0) {
        return false;
    }
    t->p += n;
    return true;
}

static bool
copy(char *out, size_t out_len, const char *p, size_t len)
{
    if (len >= out_len || memchr(p, 0, len)) {
        return false;
    }
    memcpy(out, p, len);
    out[len] = 0;
    return true;
}

// --- URLs ---

static bool
take_scheme(struct text *t, struct relay_ice_server *out)
{
    static const struct {
        const char *prefix;
        bool turn;
        bool tls;
    } SCHEMES[] = { { "stun:", false, false }, { "stuns:", false, true },
        { "turn:", true, false }, { "turns:", true, true } };
    for (size_t i = 0; i < sizeof(SCHEMES) / sizeof(SCHEMES[0]); i++) {
        if (take_prefix(t, SCHEMES[i].prefix)) {
            out->turn = SCHEMES[i].turn;
            out->tls = SCHEMES[i].tls;
            out->tcp = out->tls;
            out->port = out->tls ? 5349 : 3478;
            return true;
        }
    }
    return false;
}

// "user:password@", which the configuration may have and links never do.
static bool
take_credentials(struct text *t, struct relay_ice_server *out)
{
    const char *at = NULL;
    for (const char *p = t->p; p < t->end; p++) {
        at = *p == '@' ? p : at; // the last: a password may have one
    }
    if (!at) {
        return true;
    }
    const char *colon = memchr(t->p, ':', (size_t)(at - t->p));
    if (!colon
        || !copy(out->username, sizeof(out->username), t->p, (size_t)(colon - t->p))
        || !copy(out->credential, sizeof(out->credential), colon + 1,
            (size_t)(at - colon - 1))) {
        return false;
    }
    t->p = at + 1;
    return true;
}

static bool
take_host(struct text *t, struct relay_ice_server *out)
{
    const char *from = t->p;
    const char *end;
    if (from < t->end && *from == '[') {
        from++;
        end = memchr(from, ']', (size_t)(t->end - from));
        if (!end) {
            return false;
        }
        t->p = end + 1;
    } else {
        end = from;
        while (end < t->end && *end != ':' && *end != '?') {
            end++;
        }
        t->p = end;
    }
    return end > from && copy(out->host, sizeof(out->host), from, (size_t)(end - from));
}

static bool
take_port(struct text *t, struct relay_ice_server *out)
{
    if (!take_prefix(t, ":")) {
        return true;
    }
    unsigned long port = 0;
    const char *from = t->p;
    while (t->p < t->end && *t->p >= '0' && *t->p <= '9' && t->p - from < 6) {
        port = port * 10 + (unsigned long)(*t->p++ - '0');
    }
    out->port = (uint16_t)port;
    return port > 0 && port <= UINT16_MAX;
}

bool
relay_ice_server_parse(const char *url, size_t len, struct relay_ice_server *out)
{
    struct text t = { url, url + len };
    if (!take_scheme(&t, out) || !take_credentials(&t, out) || !take_host(&t, out)
        || !take_port(&t, out)) {
        return false;
    }
    if (take_prefix(&t, "?transport=")) {
        if (take_prefix(&t, "tcp")) {
            out->tcp = true;
        } else if (!take_prefix(&t, "udp")) {
            return false;
        }
    }
    return t.p == t.end;
}

// --- Link headers, RFC 8288 3 ---

static void
skip_space(struct text *t)
{
    while (t->p < t->end && (*t->p == ' ' || *t->p == '\t')) {
        t->p++;
    }
}

static bool
take_name(struct text *t, char *out, size_t out_len)
{
    const char *from = t->p;
    while (t->p < t->end && !memchr(" \t=;,\"", *t->p, 6)) {
        t->p++;
    }
    return copy(out, out_len, from, (size_t)(t->p - from));
}

// A token or a quoted string. False: unterminated or too long.
static bool
take_value(struct text *t, char *out, size_t out_len)
{
    if (!take_prefix(t, "\"")) {
        return take_name(t, out, out_len);
    }
    size_t n = 0;
    while (t->p < t->end && *t->p != '"') {
        if (*t->p == '\\' && t->p + 1 < t->end) {
            t->p++;
        }
        if (n + 1 >= out_len || *t->p == 0) {
            return false;
        }
        out[n++] = *t->p++;
    }
    out[n] = 0;
    return take_prefix(t, "\"");
}

// ";name=value"; false at the end of the link or when it cannot be read.
static bool
take_parameter(struct text *t, struct relay_ice_server *server, bool *is_ice_server)
{
    char name[32];
    char value[256];
    skip_space(t);
    if (!take_prefix(t, ";")) {
        return false;
    }
    skip_space(t);
    if (!take_name(t, name, sizeof(name))) {
        return false;
    }
    skip_space(t);
    value[0] = 0;
    if (take_prefix(t, "=")) {
        skip_space(t);
        if (!take_value(t, value, sizeof(value))) {
            return false;
        }
    }
    if (strcasecmp(name, "rel") == 0) {
        *is_ice_server = strcasecmp(value, "ice-server") == 0;
    } else if (strcasecmp(name, "username") == 0) {
        memcpy(server->username, value, sizeof(value));
    } else if (strcasecmp(name, "credential") == 0) {
        memcpy(server->credential, value, sizeof(value));
    }
    return true;
}

// One link; false: nothing more can be read.
static bool
take_link(struct text *t, struct relay_ice_server *server, bool *usable)
{
    bool is_ice_server = false;
    memset(server, 0, sizeof(*server));
    skip_space(t);
    if (!take_prefix(t, "<")) {
        return false;
    }
    const char *end = memchr(t->p, '>', (size_t)(t->end - t->p));
    if (!end) {
        return false;
    }
    bool parsed = relay_ice_server_parse(t->p, (size_t)(end - t->p), server);
    t->p = end + 1;
    while (take_parameter(t, server, &is_ice_server)) {
    }
    *usable = parsed && is_ice_server;
    skip_space(t);
    return true;
}

unsigned
relay_ice_server_parse_links(
    const char *value, size_t len, struct relay_ice_server *out, unsigned count)
{
    struct text t = { value, value + len };
    struct relay_ice_server server;
    bool usable = false;
    while (count < RELAY_ICE_SERVERS_MAX && take_link(&t, &server, &usable)) {
        if (usable) {
            out[count++] = server;
        }
        if (!take_prefix(&t, ",")) {
            break;
        }
    }
    return count;
}
