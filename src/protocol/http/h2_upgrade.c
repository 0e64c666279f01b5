// SPDX-License-Identifier: Apache-2.0
// An HTTP/1 connection turns to HTTP/2 by "Upgrade: h2c" (RFC 7540 3.2). RFC 9113 dropped
// this, but curl --http2 and some proxies still begin so.
#include <errno.h>

#include "h2_impl.h"

#define UPGRADE_SETTINGS_MAX 256

static int
base64url_value(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A'
        : c >= 'a' && c <= 'z'  ? c - 'a' + 26
        : c >= '0' && c <= '9'  ? c - '0' + 52
        : c == '-'              ? 62
        : c == '_'              ? 63
                                : -1;
}

// Base64url without padding (RFC 4648 5). The length or -EINVAL.
static int
decode_settings(const char *text, uint8_t out[UPGRADE_SETTINGS_MAX])
{
    unsigned bits = 0;
    unsigned count = 0;
    int len = 0;
    for (; *text && *text != '='; text++) {
        int v = base64url_value(*text);
        if (v < 0 || len == UPGRADE_SETTINGS_MAX) {
            return -EINVAL;
        }
        bits = (bits << 6 | (unsigned)v) & 0xffff;
        count += 6;
        if (count >= 8) {
            count -= 8;
            out[len++] = (uint8_t)(bits >> count);
        }
    }
    return len;
}

int
bc_h2_upgrade(struct bc_h2 *h2, struct bc_http_exchange *x, const char *settings)
{
    uint8_t payload[UPGRADE_SETTINGS_MAX];
    int len = decode_settings(settings, payload);
    bool head = x->req.method == BC_HTTP_HEAD;
    if (len < 0
        || nghttp2_session_upgrade2(h2->session, payload, (size_t)len, head, NULL) != 0) {
        return -EINVAL;
    }
    struct bc_h2_stream *s = bc_h2_stream_create(h2, 1);
    if (!s) {
        return -ENOMEM;
    }
    nghttp2_session_set_stream_user_data(h2->session, 1, s);
    s->x.req = x->req;
    s->x.req.version = 20;
    x->req = (struct bc_http_request){ 0 };
    s->request_ended = true;
    s->state = BC_H2_STREAM_WAIT;
    // curl has little room for frames that come right behind the 101.
    h2->hold = true;
    bc_http_conn_set_timer(h2->conn, BC_HTTP_TIMER_HEAD);
    bc_http_exchange_dispatch(&s->x);
    return 0;
}
