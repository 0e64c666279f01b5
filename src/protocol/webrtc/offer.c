// SPDX-License-Identifier: Apache-2.0
#include "protocol/webrtc/offer.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "protocol/webrtc/port.h"

#define SDP_TYPE "application/sdp"
#define ALLOW "Allow: POST, GET, HEAD, OPTIONS\r\nAccept-Post: " SDP_TYPE "\r\n"

bool
bc_webrtc_is_post(struct bc_http_exchange *x)
{
    switch (bc_http_method(x)) {
    case BC_HTTP_POST:
        return true;
    case BC_HTTP_OPTIONS:
        bc_http_respond_text(x, 204, NULL, ALLOW, "");
        return false;
    case BC_HTTP_GET:
    case BC_HTTP_HEAD:
        // RFC 9725 4.1: a success without content.
        bc_http_respond_text(x, 200, SDP_TYPE, ALLOW "Cache-Control: no-store\r\n", "");
        return false;
    default:
        bc_http_respond_text(x, 405, "application/json", ALLOW,
            "{\"error\":{\"code\":\"method_not_allowed\",\"message\":\"send an offer "
            "with POST\"}}");
        return false;
    }
}

bool
bc_webrtc_read_offer(struct bc_http_exchange *x, struct bc_sdp *out)
{
    const char *type = bc_http_header(x, "content-type");
    size_t len = strlen(SDP_TYPE);
    if (!type || strncasecmp(type, SDP_TYPE, len) != 0
        || (type[len] && type[len] != ';' && type[len] != ' ')) {
        bc_http_respond_text(x, 415, "application/json", ALLOW,
            "{\"error\":{\"code\":\"unsupported_media_type\",\"message\":\"the offer is "
            "of Content-Type " SDP_TYPE "\"}}");
        return false;
    }
    struct bc_http_body body = bc_http_request_body(x);
    char error[200] = "the body is empty";
    if (body.len == 0
        || bc_sdp_parse((const char *)body.data, body.len, out, error, sizeof(error))
            != 0) {
        bc_http_respond_error(x, 400, "bad_sdp", error);
        return false;
    }
    return true;
}

// "turn:USER:PASSWORD@HOST…" has its credentials taken apart, RFC 9725 4.6.
static void
write_link(struct bc_writer *w, const char *url, size_t len)
{
    const char *at = memchr(url, '@', len);
    const char *scheme_end = memchr(url, ':', len);
    if (!at || strncmp(url, "stun:", 5) == 0) {
        bc_write_fmt(w, "Link: <%.*s>; rel=\"ice-server\"\r\n", (int)len, url);
        return;
    }
    const char *user = scheme_end + 1;
    const char *colon = memchr(user, ':', (size_t)(at - user));
    size_t user_len = (size_t)((colon ? colon : at) - user);
    const char *password = colon ? colon + 1 : at;
    bc_write_fmt(w,
        "Link: <%.*s:%.*s>; rel=\"ice-server\"; username=\"%.*s\"; credential=\"%.*s\"; "
        "credential-type=\"password\"\r\n",
        (int)(scheme_end - url), url, (int)(len - (size_t)(at + 1 - url)), at + 1,
        (int)user_len, user, (int)(at - password), password);
}

static void
write_links(struct bc_writer *w, const char *servers)
{
    for (const char *p = servers; *p;) {
        size_t len = strcspn(p, " ");
        if (len > 0) {
            write_link(w, p, len);
        }
        p += len + (p[len] == ' ');
    }
}

void
bc_webrtc_respond_answer(struct bc_http_exchange *x, const char *path,
    const struct bc_peer *peer, const struct bc_config *config, struct bc_writer *answer)
{
    struct bc_writer headers = { 0 };
    char etag[BC_PEER_ETAG];
    bc_peer_etag(peer, etag);
    bc_write_fmt(&headers,
        "Location: %s/%s\r\nETag: %s\r\nAccept-Patch: application/trickle-ice-sdpfrag\r\n"
        "Cache-Control: no-store\r\n",
        path, bc_peer_id(peer), etag);
    write_links(&headers, config->webrtc.ice_servers);
    bc_write_u8(&headers, 0);
    bc_write_u8(answer, 0);
    if (headers.failed || answer->failed) {
        bc_http_respond_error(x, 503, "no_memory", "the server is out of memory");
    } else {
        bc_http_respond_text(x, 201, SDP_TYPE, (const char *)headers.data,
            (const char *)answer->data);
    }
    bc_writer_finish(&headers);
}

void
bc_webrtc_respond_refusal(
    struct bc_http_exchange *x, enum bc_sdp_refusal why, const char *text)
{
    if (why == BC_SDP_NO_CODEC) {
        bc_http_respond_error(x, 406, "no_common_codec", text);
    } else if (why == BC_SDP_UNSUPPORTED) {
        bc_http_respond_error(x, 422, "unsupported_offer", text);
    } else {
        bc_http_respond_error(x, 400, "bad_offer", text);
    }
}

void
bc_webrtc_respond_later(struct bc_http_exchange *x, int status, const char *code,
    const char *message)
{
    char body[320];
    snprintf(body, sizeof(body), "{\"error\":{\"code\":\"%s\",\"message\":\"%s\"}}", code,
        message);
    bc_http_respond_text(x, status, "application/json",
        "Retry-After: 2\r\nCache-Control: no-store\r\n", body);
}

bool
bc_webrtc_has_room(struct bc_http_exchange *x, struct bc_webrtc *webrtc,
    const struct bc_config *config)
{
    int64_t per_ip = config->limits.half_open_per_ip;
    if (bc_webrtc_sessions(webrtc) >= (uint64_t)config->webrtc.max_sessions) {
        bc_webrtc_respond_later(x, 503, "full",
            "the server has as many WebRTC sessions as webrtc.max_sessions allows");
        return false;
    }
    if (per_ip > 0
        && bc_webrtc_connecting_from(webrtc, bc_http_peer_ip(x)) >= (uint64_t)per_ip) {
        bc_webrtc_respond_later(x, 503, "too_many_connecting",
            "too many sessions of this address have not connected yet");
        return false;
    }
    return true;
}
