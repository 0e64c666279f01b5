// SPDX-License-Identifier: Apache-2.0
#include "rtc_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "../unit/webrtc_transport/stun_message.h"
#include "flow_source.h"
#include "protocol/webrtc/port.h"

#define STUN_REQUEST 0x0001
#define STUN_SUCCESS 0x0101
#define STUN_ERROR 0x0111
#define CHECK_US 100000

// One certificate for all clients: making one takes a while.
static struct bc_dtls_identity *
identity(void)
{
    static struct bc_dtls_identity *own;
    if (!own) {
        assert_int_equal(bc_srtp_setup(), 0);
        own = bc_dtls_identity_create();
        assert_non_null(own);
    }
    return own;
}

void
rtc_init(struct flow *f, struct rtc_client *c)
{
    static unsigned serial;
    memset(c, 0, sizeof(*c));
    c->flow = f;
    c->peer.fd = -1;
    c->http.peer.fd = -1;
    serial++;
    snprintf(c->ufrag, sizeof(c->ufrag), "cl%04u", serial);
    snprintf(c->pwd, sizeof(c->pwd), "password-of-the-client-%06u", serial);
    snprintf(c->fingerprint, sizeof(c->fingerprint), "%s",
        bc_dtls_identity_fingerprint(identity()));
    c->video_ssrc = 1000 * serial + 1;
    c->video_rtx_ssrc = 1000 * serial + 2;
    c->audio_ssrc = 1000 * serial + 3;
}

// --- HTTP ---

void
rtc_write_offer(struct rtc_client *c, enum bc_sdp_direction direction,
    enum bc_codec video, bool audio, struct bc_writer *out)
{
    struct bc_sdp_local local = { .ufrag = c->ufrag, .pwd = c->pwd,
        .fingerprint = c->fingerprint, .session_id = 7, .cname = "client",
        .video_ssrc = c->video_ssrc, .video_rtx_ssrc = c->video_rtx_ssrc,
        .audio_ssrc = c->audio_ssrc };
    bc_sdp_write_offer(direction, &video, video != BC_CODEC_NONE, audio, &local, out);
    bc_write_u8(out, 0);
    assert_false(out->failed);
}

static void
read_answer(struct rtc_client *c, enum bc_sdp_direction direction)
{
    char error[200];
    const char *body = flow_http_body(&c->http);
    if (bc_sdp_parse(body, strlen(body), &c->answer, error, sizeof(error)) != 0
        || !bc_sdp_read_answer(&c->answer, direction, &c->session, error,
            sizeof(error))) {
        fail_msg("%s", error);
    }
    flow_http_header(&c->http, "Location", c->resource);
    char etag[256];
    snprintf(c->etag, sizeof(c->etag), "%.60s", flow_http_header(&c->http, "ETag", etag));
}

int
rtc_post(struct rtc_client *c, int worker, const char *path, const char *headers,
    const char *offer, enum bc_sdp_direction direction)
{
    char all[300];
    flow_http_close(&c->http);
    flow_http_connect(c->flow, &c->http, worker);
    snprintf(all, sizeof(all), "Content-Type: application/sdp\r\n%s", headers);
    flow_http_request(&c->http, "POST", path, all, offer);
    FLOW_UNTIL(c->flow, flow_http_is_done(&c->http));
    if (flow_http_status(&c->http) == 201) {
        read_answer(c, direction);
    }
    return flow_http_status(&c->http);
}

void
rtc_offer_view_at(struct flow *f, struct rtc_client *c, int worker, const char *path)
{
    struct bc_writer offer = { 0 };
    rtc_init(f, c);
    rtc_write_offer(c, BC_SDP_RECVONLY, BC_CODEC_AVC, true, &offer);
    assert_int_equal(
        rtc_post(c, worker, path, "", (const char *)offer.data, BC_SDP_RECVONLY), 201);
    bc_writer_finish(&offer);
}

void
rtc_offer_view(struct flow *f, struct rtc_client *c, int worker)
{
    rtc_offer_view_at(f, c, worker, "/live/hq/whep");
}

void
rtc_offer_host(struct flow *f, struct rtc_client *c, int worker, const char *key)
{
    struct bc_writer offer = { 0 };
    char headers[80];
    rtc_init(f, c);
    rtc_write_offer(c, BC_SDP_SENDONLY, BC_CODEC_AVC, true, &offer);
    snprintf(headers, sizeof(headers), "Authorization: Bearer %s\r\n", key);
    assert_int_equal(rtc_post(c, worker, "/live/hq/whip", headers,
                         (const char *)offer.data, BC_SDP_SENDONLY),
        201);
    bc_writer_finish(&offer);
}

unsigned
rtc_worker(const struct rtc_client *c)
{
    unsigned worker = 99;
    assert_int_equal(sscanf(strrchr(c->resource, '/'), "/%2x", &worker), 1);
    return worker;
}

int
rtc_request(struct rtc_client *c, int worker, const char *method, const char *headers,
    const char *body)
{
    char usual[200];
    snprintf(usual, sizeof(usual),
        "If-Match: %s\r\nContent-Type: application/trickle-ice-sdpfrag\r\n", c->etag);
    flow_http_close(&c->http);
    flow_http_connect(c->flow, &c->http, worker);
    flow_http_request(&c->http, method, c->resource, headers ? headers : usual, body);
    FLOW_UNTIL(c->flow, flow_http_is_done(&c->http));
    return flow_http_status(&c->http);
}

// --- datagrams ---

void
rtc_send(struct rtc_client *c, const void *data, size_t len)
{
    if (c->tcp) {
        uint8_t head[BC_RTP_FRAMING_HEAD];
        assert_int_equal(bc_rtp_framing_head(head, len), 0);
        flow_send(&c->peer, head, sizeof(head));
    }
    flow_send(&c->peer, data, len);
}

static void
on_stun(struct rtc_client *c, const uint8_t *data, size_t len)
{
    unsigned type = (unsigned)(data[0] << 8 | data[1]);
    if (type != STUN_SUCCESS) {
        c->stun_errors += type == STUN_ERROR;
        return;
    }
    size_t n;
    assert_true(stun_is_sealed(data, len));
    if (!stun_is_signed(data, len, c->answer.pwd)) {
        return; // by a password of another check
    }
    assert_non_null(stun_find(data, len, 0x0020, &n)); // XOR-MAPPED-ADDRESS
    c->answered = (unsigned)(data[18] << 8 | data[19]);
}

// FNV-1a.
static uint64_t
sum_of(const uint8_t *data, size_t len)
{
    uint64_t sum = 0xcbf29ce484222325;
    for (size_t i = 0; i < len; i++) {
        sum = (sum ^ data[i]) * 0x100000001b3;
    }
    return sum;
}

static void
note_repeated(struct rtc_client *c, uint64_t sum)
{
    for (unsigned i = 0; i < c->count; i++) {
        if (c->packets[i].sum == sum) {
            c->repeated++;
            return;
        }
    }
    c->reused++;
}

static void
keep_rtp(struct rtc_client *c, const uint8_t *data, size_t len, uint64_t sum)
{
    struct bc_rtp_header h;
    assert_int_equal(bc_rtp_parse(data, len, &h), 0);
    if (c->watch) {
        c->watch(c, &h, len);
    }
    if (c->lose && c->lose(c, &h)) {
        c->lost++;
        return;
    }
    assert_true(c->count < RTC_PACKETS);
    struct rtc_packet *p = &c->packets[c->count++];
    p->data = malloc(len);
    p->len = len;
    p->sum = sum;
    p->arrived_us = bc_clock_us();
    memcpy(p->data, data, len);
    bc_rtp_parse(p->data, len, &p->h);
}

static void
on_rtcp(void *user, const struct bc_rtcp_message *m)
{
    struct rtc_client *c = user;
    switch (m->kind) {
    case BC_RTCP_SR:
        c->reports++;
        *(m->sender_ssrc == c->session.audio.ssrc ? &c->audio_sr : &c->video_sr) = *m;
        break;
    case BC_RTCP_REPORT:
        c->receiver_reports++;
        break;
    case BC_RTCP_PLI:
        c->plis++;
        c->pli_ssrc = m->media_ssrc;
        break;
    case BC_RTCP_TWCC:
        c->feedbacks++;
        break;
    case BC_RTCP_NACK:
        for (unsigned i = 0; i < m->nack.count && c->nacked_count < RTC_NACKED; i++) {
            c->nacked[c->nacked_count++] = m->nack.seqs[i];
        }
        break;
    default:
        break;
    }
}

static void
on_datagram(void *user, uint8_t *data, size_t len)
{
    struct rtc_client *c = user;
    uint64_t sum;
    int n;
    switch (bc_rtp_mux_kind(data, len)) {
    case BC_MUX_STUN:
        on_stun(c, data, len);
        break;
    case BC_MUX_DTLS:
        if (c->dtls && !c->closed) {
            bc_dtls_input(c->dtls, data, len);
        }
        break;
    case BC_MUX_RTP:
        sum = sum_of(data, len);
        n = c->srtp ? bc_srtp_unprotect(c->srtp, data, len) : 0;
        assert_true(n > 0 || n == -EALREADY);
        if (n > 0) {
            keep_rtp(c, data, (size_t)n, sum);
        } else {
            note_repeated(c, sum);
        }
        break;
    case BC_MUX_RTCP:
        n = c->srtp ? bc_srtp_unprotect_rtcp(c->srtp, data, len) : 0;
        assert_true(n > 0);
        bc_rtcp_parse(data, (size_t)n, on_rtcp, c);
        break;
    case BC_MUX_NONE:
        fail_msg("a datagram of no kind");
    }
}

static void
on_bytes(struct flow_peer *peer, const uint8_t *data, size_t len)
{
    struct rtc_client *c = bc_container_of(peer, struct rtc_client, peer);
    if (c->tcp) {
        assert_int_equal(
            bc_rtp_framing_input(&c->framing, data, len, on_datagram, c), 0);
        return;
    }
    uint8_t copy[2048];
    assert_true(len <= sizeof(copy));
    memcpy(copy, data, len);
    on_datagram(c, copy, len);
}

static void
connect_udp(struct rtc_client *c)
{
    struct sockaddr_in a = { .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int size = 4 << 20;
    c->peer.flow = c->flow;
    c->peer.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    setsockopt(c->peer.fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    a.sin_port = htons((uint16_t)c->flow->media_port);
    assert_int_equal(connect(c->peer.fd, (struct sockaddr *)&a, sizeof(a)), 0);
    bc_list_append(&c->flow->peers, &c->peer.node);
}

static uint64_t
datagrams_of(struct flow *f, unsigned worker)
{
    struct bc_webrtc_port_stats s;
    bc_webrtc_port_stats(f->server.workers[worker].webrtc_port, &s);
    return s.datagrams_in;
}

// Which worker the kernel gives this socket's datagrams to.
static unsigned
find_arrival(struct rtc_client *c)
{
    uint64_t before[2] = { datagrams_of(c->flow, 0), datagrams_of(c->flow, 1) };
    static const uint8_t NOTHING[] = { 0xff };
    flow_send(&c->peer, NOTHING, sizeof(NOTHING));
    FLOW_UNTIL(c->flow, datagrams_of(c->flow, 0) > before[0]
            || datagrams_of(c->flow, 1) > before[1]);
    return datagrams_of(c->flow, 0) > before[0] ? 0 : 1;
}

void
rtc_open_socket(struct rtc_client *c, bool tcp, int worker)
{
    flow_hang_up(&c->peer);
    bc_rtp_framing_finish(&c->framing);
    c->framing = (struct bc_rtp_framing){ 0 };
    memset(&c->peer, 0, sizeof(c->peer));
    c->peer.on_bytes = on_bytes;
    c->tcp = tcp;
    if (tcp) {
        flow_connect(c->flow, &c->peer, c->flow->media_port, NULL);
        return;
    }
    connect_udp(c);
    while (worker >= 0 && find_arrival(c) != (unsigned)worker) {
        flow_hang_up(&c->peer);
        connect_udp(c);
    }
}

void
rtc_send_check(struct rtc_client *c, bool nominate)
{
    struct stun_message m;
    char username[BC_SDP_UFRAG_MAX + 32];
    static const uint8_t PRIORITY[] = { 0x6e, 0x7f, 0x1e, 0xff };
    static const uint8_t TIE[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    int n = snprintf(username, sizeof(username), "%s:%s", c->answer.ufrag, c->ufrag);
    stun_begin(&m, STUN_REQUEST);
    c->transaction++;
    m.data[18] = (uint8_t)(c->transaction >> 8);
    m.data[19] = (uint8_t)c->transaction;
    stun_add(&m, 0x0006, username, (size_t)n);
    stun_add(&m, 0x0024, PRIORITY, sizeof(PRIORITY));
    stun_add(&m, 0x802a, TIE, sizeof(TIE)); // ICE-CONTROLLING
    if (nominate) {
        stun_add(&m, 0x0025, NULL, 0);
    }
    stun_sign(&m, c->answer.pwd);
    stun_seal(&m);
    rtc_send(c, m.data, m.len);
}

static bool
is_checked(struct rtc_client *c, unsigned first, int64_t *again_us)
{
    if (c->answered < first && flow_real_us() >= *again_us) {
        *again_us = flow_real_us() + CHECK_US;
        rtc_send_check(c, true);
    }
    return c->answered >= first;
}

void
rtc_check(struct rtc_client *c)
{
    unsigned first = c->transaction + 1;
    int64_t again_us = 0;
    FLOW_UNTIL(c->flow, is_checked(c, first, &again_us));
}

// --- DTLS ---

static void
dtls_send(void *user, const uint8_t *data, size_t len)
{
    rtc_send(user, data, len);
}

static void
dtls_connected(void *user, const struct bc_srtp_keys *keys)
{
    struct rtc_client *c = user;
    c->srtp = bc_srtp_create(keys);
    assert_non_null(c->srtp);
    c->connected = true;
}

static void
dtls_closed(void *user, const char *reason)
{
    struct rtc_client *c = user;
    c->closed = true;
    snprintf(c->reason, sizeof(c->reason), "%s", reason);
}

static const struct bc_dtls_ops DTLS_OPS = { dtls_send, dtls_connected, NULL,
    dtls_closed };

static bool
is_through(struct rtc_client *c)
{
    if (bc_dtls_timeout_us(c->dtls) == 0) {
        bc_dtls_tick(c->dtls);
    }
    return c->connected || c->closed;
}

void
rtc_connect(struct rtc_client *c, bool tcp, int worker)
{
    struct bc_dtls_params params = { .identity = identity(), .client = true,
        .fingerprints = c->answer.fingerprints,
        .fingerprint_count = c->answer.fingerprint_count, .ops = &DTLS_OPS, .user = c };
    rtc_open_socket(c, tcp, worker);
    rtc_check(c);
    c->dtls = bc_dtls_create(&params);
    bc_dtls_start(c->dtls);
    FLOW_UNTIL(c->flow, is_through(c));
}

// --- out ---

void
rtc_send_rtcp(struct rtc_client *c, struct bc_writer *w)
{
    uint8_t out[2048];
    assert_true(w->len > 0 && w->len + BC_SRTCP_OVERHEAD <= sizeof(out));
    memcpy(out, w->data, w->len);
    int n = bc_srtp_protect_rtcp(c->srtp, out, w->len);
    assert_true(n > 0);
    rtc_send(c, out, (size_t)n);
    bc_writer_finish(w);
}

size_t
rtc_protect(struct rtc_client *c, const struct rtc_rtp *rtp, uint8_t out[2048])
{
    struct bc_writer w = { 0 };
    bc_write_u8(&w, rtp->ext ? 0x90 : 0x80);
    bc_write_u8(&w, (uint8_t)(rtp->pt | (rtp->marker ? 0x80 : 0)));
    bc_write_be(&w, rtp->seq, 2);
    bc_write_be(&w, rtp->timestamp, 4);
    bc_write_be(&w, rtp->ssrc, 4);
    if (rtp->ext) {
        bc_write_be(&w, 0xbede, 2);
        bc_write_be(&w, rtp->ext_len / 4, 2);
        bc_write_bytes(&w, rtp->ext, rtp->ext_len);
    }
    bc_write_bytes(&w, rtp->payload, rtp->len);
    assert_true(w.len + BC_SRTP_OVERHEAD <= 2048);
    memcpy(out, w.data, w.len);
    int n = bc_srtp_protect(c->srtp, out, w.len);
    assert_true(n > 0);
    bc_writer_finish(&w);
    return (size_t)n;
}

void
rtc_send_rtp(struct rtc_client *c, const struct rtc_rtp *rtp)
{
    uint8_t out[2048];
    rtc_send(c, out, rtc_protect(c, rtp, out));
}

void
rtc_close(struct rtc_client *c)
{
    if (!c->flow) {
        return;
    }
    flow_hang_up(&c->peer);
    flow_http_close(&c->http);
    bc_rtp_framing_finish(&c->framing);
    bc_dtls_destroy(c->dtls);
    bc_srtp_destroy(c->srtp);
    for (unsigned i = 0; i < c->count; i++) {
        free(c->packets[i].data);
    }
    memset(c, 0, sizeof(*c));
    c->peer.fd = c->http.peer.fd = -1;
}

// --- what came ---

bool
rtc_is_video(const struct rtc_client *c, const struct rtc_packet *p)
{
    return p->h.ssrc == c->session.video.ssrc;
}

int
rtc_nal_type(const struct rtc_packet *p)
{
    int type = p->h.payload[0] & 0x1f;
    if (type != 28) { // FU-A
        return type;
    }
    return p->h.payload[1] & 0x80 ? p->h.payload[1] & 0x1f : -1;
}

int64_t
rtc_number(const struct rtc_packet *p)
{
    int type = rtc_nal_type(p);
    const uint8_t *at = p->h.payload + ((p->h.payload[0] & 0x1f) == 28 ? 2 : 1);
    if (type != 1 && type != 5) {
        return -1;
    }
    at += sizeof(FLOW_SLICE);
    return (int64_t)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3];
}

int64_t
rtc_last_number(const struct rtc_client *c)
{
    int64_t last = -1;
    for (unsigned i = 0; i < c->count; i++) {
        if (rtc_is_video(c, &c->packets[i])) {
            int64_t number = rtc_number(&c->packets[i]);
            last = number > last ? number : last;
        }
    }
    return last;
}

const struct rtc_packet *
rtc_next_video(const struct rtc_client *c, unsigned *from)
{
    while (*from < c->count) {
        const struct rtc_packet *p = &c->packets[(*from)++];
        if (rtc_is_video(c, p)) {
            return p;
        }
    }
    return NULL;
}

unsigned
rtc_count_video_gaps(const struct rtc_client *c)
{
    unsigned gaps = 0;
    int64_t last = -1;
    unsigned at = 0;
    const struct rtc_packet *before = NULL;
    for (const struct rtc_packet *p; (p = rtc_next_video(c, &at)); before = p) {
        gaps += before && (uint16_t)(before->h.seq + 1) != p->h.seq;
        int64_t number = rtc_number(p);
        if (number >= 0) {
            gaps += last >= 0 && number != last + 1;
            last = number;
        }
    }
    return gaps;
}
