// SPDX-License-Identifier: Apache-2.0
#include "srt_url.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/query.h"

#define SCHEME "srt://"
#define LATENCY_MIN_MS 20
#define LATENCY_MAX_MS 8000

// A number of at most `digits` digits; -1: it is none.
static int64_t
number(const char *text, size_t len, size_t digits)
{
    if (len == 0 || len > digits || strspn(text, "0123456789") < len) {
        return -1;
    }
    return strtoll(text, NULL, 10);
}

static bool
read_place(const char *at, size_t len, struct relay_srt_url *out)
{
    const char *end = at + len;
    const char *colon = end;
    while (colon > at && *--colon != ':') {
    }
    int64_t port = *colon == ':' ? number(colon + 1, (size_t)(end - colon) - 1, 5) : -1;
    const char *host = at;
    size_t host_len = (size_t)(colon - at);
    bool bracketed = host_len > 2 && host[0] == '[' && host[host_len - 1] == ']';
    if (bracketed) {
        host++;
        host_len -= 2;
    }
    if (port < 1 || port > 65535 || host_len == 0 || host_len > RELAY_SRT_HOST_MAX
        || (!bracketed && memchr(host, ':', host_len)) || memchr(host, '@', host_len)) {
        return false;
    }
    memcpy(out->host, host, host_len);
    out->host[host_len] = '\0';
    out->port = (uint16_t)port;
    return true;
}

static const char *
read_query(const char *query, struct relay_srt_url *out)
{
    char text[16];
    if (bc_query_get(query, "streamid", out->streamid, sizeof(out->streamid))
        == -ENAMETOOLONG) {
        return "streamid: at most 512 bytes";
    }
    int len = bc_query_get(query, "passphrase", out->passphrase, sizeof(out->passphrase));
    if (len != -ENOENT && (len < BC_SRT_PASSPHRASE_MIN || len > BC_SRT_PASSPHRASE_MAX)) {
        return "passphrase: 10 to 79 characters";
    }
    if (bc_query_get(query, "mode", text, sizeof(text)) != -ENOENT
        && strcmp(text, "caller") != 0) {
        return "mode: only caller";
    }
    len = bc_query_get(query, "latency", text, sizeof(text));
    out->latency_ms
        = len == -ENOENT ? RELAY_SRT_LATENCY_MS : number(text, strlen(text), 5);
    if (out->latency_ms < LATENCY_MIN_MS || out->latency_ms > LATENCY_MAX_MS) {
        return "latency: 20 to 8000, in milliseconds";
    }
    return NULL;
}

const char *
relay_srt_url_parse(const char *url, struct relay_srt_url *out)
{
    memset(out, 0, sizeof(*out));
    if (strncasecmp(url, SCHEME, strlen(SCHEME)) != 0) {
        return "not srt://";
    }
    const char *at = url + strlen(SCHEME);
    size_t len = strcspn(at, "/?#");
    if (!read_place(at, len, out)) {
        return "write srt://HOST:PORT?streamid=...";
    }
    at += len;
    at += *at == '/';
    if (*at != '\0' && *at != '?') {
        return "a path means nothing to SRT; the channel stands in streamid";
    }
    return read_query(at, out);
}

void
relay_srt_url_show(const struct relay_srt_url *url, char *out, size_t len)
{
    struct bc_srt_streamid id;
    bool v6 = strchr(url->host, ':') != NULL;
    int n = snprintf(out, len, SCHEME "%s%s%s:%u", v6 ? "[" : "", url->host, v6 ? "]" : "",
        (unsigned)url->port);
    if (n > 0 && (size_t)n < len
        && bc_srt_streamid_parse(url->streamid, strlen(url->streamid), &id) == 0) {
        snprintf(out + n, len - (size_t)n, " %s", id.channel);
    }
}
