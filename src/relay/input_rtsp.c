// SPDX-License-Identifier: Apache-2.0
// RTSP (RFC 2326) over one TCP or TLS connection of ours, media interleaved. FFmpeg's
// demuxer gets the session's description and the RTP packets and connects to nobody, so no
// redirect and no address in a description leads anywhere.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "input_demux.h"
#include "input_read.h"
#include "input_url.h"
#include "rtsp_message.h"
#include "rtsp_session.h"

#define MEDIA_MAX 2 // one of pictures, one of sound
#define KEEP_ALIVE_US 20000000
#define REQUEST_MAX 8192

// One run; on its caller's heap.
struct run {
    const struct input_source *source;
    struct input_net *net;
    struct input_socket *socket;
    struct input_url url;
    char address[INPUT_URL_MAX + 320]; // the URL without a user
    char base[INPUT_URL_MAX + 320];    // what controls are relative to
    char session[128];
    struct rtsp_auth auth;
    unsigned cseq;
    unsigned media;
    int64_t keep_alive_us; // when the next is due
    struct rtsp_stream in; // what was received
    char *sdp;             // owned
    size_t sdp_len;
    size_t sdp_at;
};

static int
fail(struct run *r, const char *what)
{
    snprintf(r->net->error, sizeof(r->net->error), "RTSP: %s", what);
    return -EPROTO;
}

// --- requests ---

static int
send_request(struct run *r, const char *method, const char *url, const char *headers)
{
    char request[REQUEST_MAX];
    char authorization[1024];
    char session[160] = "";
    if (r->session[0]) {
        snprintf(session, sizeof(session), "Session: %s\r\n", r->session);
    }
    rtsp_auth_header(
        &r->auth, method, url, authorization, sizeof(authorization));
    int n = snprintf(request, sizeof(request),
        "%s %s RTSP/1.0\r\nCSeq: %u\r\nUser-Agent: branchcast\r\n%s%s%s\r\n", method, url,
        ++r->cseq, session, authorization, headers);
    if (n < 0 || (size_t)n >= sizeof(request)) {
        return fail(r, "the URL is too long");
    }
    return input_socket_write(r->socket, request, (size_t)n);
}

// Waits for the next whole message or packet. 1, 0 at the end, negative errno.
static int
next_message(struct run *r, struct rtsp_message *m)
{
    for (;;) {
        int ret = rtsp_stream_next(&r->in, m);
        if (ret != 0) {
            return ret < 0 ? fail(r, "what came is no RTSP") : 1;
        }
        uint8_t *room;
        size_t size = rtsp_stream_room(&r->in, &room);
        ssize_t n = input_socket_read(r->socket, room, size);
        if (n <= 0) {
            return (int)n;
        }
        rtsp_stream_filled(&r->in, (size_t)n);
    }
}

static int
wait_for_answer(struct run *r, struct rtsp_message *m)
{
    int ret;
    do {
        ret = next_message(r, m);
    } while (ret > 0 && m->status == 0); // packets, requests of the server
    if (ret <= 0) {
        return ret < 0 ? ret : fail(r, "the server closed");
    }
    return 0;
}

// Sends and waits; once more with what the server wants to know when it asks who we are.
static int
ask(struct run *r, const char *method, const char *url, const char *headers,
    struct rtsp_message *m)
{
    for (int round = 0; round < 2; round++) {
        int ret = send_request(r, method, url, headers);
        ret = ret == 0 ? wait_for_answer(r, m) : ret;
        if (ret != 0) {
            return ret;
        }
        if (m->status != 401 || round > 0
            || !rtsp_auth_challenge(&r->auth, m, r->url.user, r->url.password)) {
            break;
        }
    }
    if (m->status != 200) {
        char text[96];
        snprintf(text, sizeof(text), "%s was answered with %u", method, m->status);
        return fail(r, m->status >= 300 && m->status < 400
                ? "redirects are not followed"
                : text);
    }
    return 0;
}

static int
describe(struct run *r)
{
    struct rtsp_message m;
    int ret = ask(r, "DESCRIBE", r->address, "Accept: application/sdp\r\n", &m);
    if (ret != 0) {
        return ret;
    }
    if (!rtsp_message_header(&m, "Content-Base", r->base, sizeof(r->base))) {
        snprintf(r->base, sizeof(r->base), "%s", r->address);
    }
    r->sdp = malloc(m.body_len + 1);
    if (!r->sdp || m.body_len == 0) {
        return fail(r, "the server describes nothing");
    }
    memcpy(r->sdp, m.body, m.body_len);
    r->sdp[m.body_len] = '\0';
    r->sdp_len = m.body_len;
    return 0;
}

static int
set_up(struct run *r, const char *control)
{
    char url[2 * INPUT_URL_MAX];
    char transport[128];
    char session[128];
    struct rtsp_message m;
    rtsp_control_url(r->base, control, url, sizeof(url));
    snprintf(transport, sizeof(transport),
        "Transport: RTP/AVP/TCP;unicast;interleaved=%u-%u\r\n", 2 * r->media,
        2 * r->media + 1);
    int ret = ask(r, "SETUP", url, transport, &m);
    if (ret == 0 && rtsp_message_header(&m, "Session", session, sizeof(session))) {
        session[strcspn(session, "; ")] = '\0';
        memcpy(r->session, session, sizeof(session));
    }
    r->media += ret == 0 ? 1 : 0;
    return ret;
}

static int
set_up_all(struct run *r)
{
    static const char *const KINDS[MEDIA_MAX] = { "video", "audio" };
    int ret = 0;
    for (size_t i = 0; i < MEDIA_MAX && ret == 0; i++) {
        char control[INPUT_URL_MAX];
        if (rtsp_sdp_control(r->sdp, KINDS[i], control, sizeof(control))) {
            ret = set_up(r, control);
        }
    }
    if (ret == 0 && r->media == 0) {
        return fail(r, "neither video nor audio is described");
    }
    return ret;
}

static int
play(struct run *r)
{
    struct rtsp_message m;
    int ret = describe(r);
    ret = ret == 0 ? set_up_all(r) : ret;
    ret = ret == 0 ? ask(r, "PLAY", r->base, "Range: npt=0.000-\r\n", &m) : ret;
    r->keep_alive_us = bc_clock_us() + KEEP_ALIVE_US;
    return ret;
}

// --- what FFmpeg reads ---

static ssize_t
read_sdp(void *user, uint8_t *out, size_t size)
{
    struct run *r = user;
    size_t left = r->sdp_len - r->sdp_at;
    size_t n = left < size ? left : size;
    memcpy(out, r->sdp + r->sdp_at, n);
    r->sdp_at += n;
    return (ssize_t)n;
}

static ssize_t
read_packet(void *user, uint8_t *out, size_t size)
{
    struct run *r = user;
    struct rtsp_message m;
    int ret;
    while ((ret = next_message(r, &m)) > 0) {
        if (bc_clock_us() > r->keep_alive_us) {
            r->keep_alive_us = bc_clock_us() + KEEP_ALIVE_US;
            ret = send_request(r, "GET_PARAMETER", r->base, "");
            if (ret != 0) {
                return ret;
            }
        }
        if (m.is_packet && m.channel < 2 * r->media && m.body_len > 0
            && m.body_len <= size) {
            memcpy(out, m.body, m.body_len);
            return (ssize_t)m.body_len;
        }
    }
    return ret;
}

static int
run_session(struct run *r)
{
    int ret = play(r);
    if (ret != 0) {
        return ret;
    }
    struct input_bytes sdp = { .read = read_sdp, .size = -1, .user = r };
    struct input_bytes rtp = { .read = read_packet, .size = -1, .user = r };
    struct input_demux_params params
        = { .net = r->net, .sink = r->source->sink, .bytes = &sdp, .rtp = &rtp };
    ret = input_demux_run(&params);
    send_request(r, "TEARDOWN", r->base, ""); // its answer changes nothing
    return ret;
}

int
input_rtsp_run(const struct input_source *source)
{
    struct run *r = calloc(1, sizeof(*r));
    if (!r) {
        return -ENOMEM;
    }
    r->source = source;
    r->net = source->net;
    int ret = -EINVAL;
    if (!input_url_parse(source->url, &r->url)) {
        fail(r, "the URL makes no sense");
    } else {
        snprintf(r->address, sizeof(r->address), "%s://%s%s",
            r->url.tls ? "rtsps" : "rtsp", r->url.authority, r->url.path);
        r->socket = input_socket_open(source->net, r->url.authority, r->url.tls);
        *source->lead_us = INPUT_LIVE_LEAD_US;
        ret = r->socket && rtsp_stream_init(&r->in) ? run_session(r) : -EIO;
    }
    input_socket_close(r->socket);
    rtsp_stream_finish(&r->in);
    free(r->sdp);
    free(r);
    return ret;
}
