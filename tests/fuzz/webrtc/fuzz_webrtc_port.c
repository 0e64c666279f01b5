// SPDX-License-Identifier: Apache-2.0
// A port with one session: STUN, DTLS, RTP and RTCP of anybody, and from the session's
// own client, who has the keys.
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../unit/webrtc_transport/stun_message.h"
#include "base/clock.h"
#include "base/reader.h"
#include "protocol/webrtc/inbound.h"
#include "protocol/webrtc/port_internal.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct bc_webrtc_port *g_port;
static struct bc_inbound *g_inbound;
static bool g_closed;

static void
on_track(void *user, struct bc_track *track)
{
    (void)user;
    (void)track;
}

static void
on_packet(void *user, struct bc_packet *packet)
{
    (void)user;
    if (packet->len == 0 || packet->rendition >= BC_RENDITION_MAX) {
        abort();
    }
    bc_packet_unref(&packet);
}

static const struct bc_inbound_ops INBOUND_OPS = { on_track, on_packet };

static void
on_connected(void *user)
{
    (void)user;
    abort(); // nobody's certificate is the one that was announced
}

static void
on_rtp(void *user, const struct bc_rtp_header *h, int64_t now_us)
{
    (void)user;
    bc_inbound_on_rtp(g_inbound, h, now_us);
}

static void
on_rtcp(void *user, const uint8_t *data, size_t len, int64_t now_us)
{
    (void)user;
    bc_inbound_on_rtcp(g_inbound, data, len, now_us);
}

static void
on_closed(void *user, bool clean, const char *reason)
{
    (void)user;
    (void)clean;
    (void)reason;
    g_closed = true;
}

static const struct bc_peer_ops PEER_OPS = { .on_connected = on_connected,
    .on_rtp = on_rtp, .on_rtcp = on_rtcp, .on_closed = on_closed };

static void
open_port(void)
{
    char error[200];
    bc_log_set_level(BC_LOG_ERROR);
    g_port = bc_webrtc_port_create(bc_webrtc_create(), bc_worker_create(0));
    if (!bc_webrtc_port_listen(g_port, "127.0.0.1:0", error, sizeof(error))) {
        abort();
    }
}

static const struct bc_srtp_keys SERVER = { .profile = BC_SRTP_AEAD_AES_128_GCM,
    .local = { 1 }, .remote = { 2 } };
static const struct bc_srtp_keys CLIENT = { .profile = BC_SRTP_AEAD_AES_128_GCM,
    .local = { 2 }, .remote = { 1 } };

static struct bc_peer *
open_peer(bool connected)
{
    static const struct bc_sdp_fingerprint FINGERPRINT = { "sha-256", { 1 }, 32 };
    static struct bc_sdp remote = { .ufrag = "client", .fingerprint_count = 1 };
    static const struct bc_sdp_session SESSION = {
        .video = { .active = true, .codec = BC_CODEC_AVC, .pt = 102, .rtx_pt = 103,
            .clock_rate = 90000, .nack = true, .transport_cc = true,
            .ext = { .mid = 1, .rid = 4, .repaired_rid = 5, .transport_cc = 3 } },
        .audio = { .active = true, .codec = BC_CODEC_OPUS, .pt = 111,
            .clock_rate = 48000, .channels = 2, .stereo = true },
    };
    static struct bc_logger log;
    struct bc_peer_params params = { .port = g_port, .ops = &PEER_OPS, .log = &log,
        .peer_ip = "127.0.0.1" };
    struct bc_peer *peer = bc_peer_create(&params);
    remote.fingerprints[0] = FINGERPRINT;
    struct bc_inbound_params in = { .worker = g_port->worker, .peer = peer,
        .session = &SESSION, .ops = &INBOUND_OPS, .log = &log };
    g_inbound = bc_inbound_create(&in);
    bc_peer_start(peer, &remote, &SESSION);
    if (connected) {
        // As after a handshake.
        peer->srtp = bc_srtp_create(&SERVER);
        peer->connected = true;
        peer->checked_us = bc_clock_us();
    }
    g_closed = false;
    return peer;
}

// What the session's client sends: encrypted, or signed.
static size_t
dress(struct bc_peer *peer, struct bc_srtp *srtp, unsigned kind, uint8_t *bytes,
    size_t len)
{
    struct stun_message m;
    char username[64];
    int n;
    switch (kind) {
    case 1:
        n = bc_srtp_protect(srtp, bytes, len);
        return n > 0 ? (size_t)n : len;
    case 2:
        n = bc_srtp_protect_rtcp(srtp, bytes, len);
        return n > 0 ? (size_t)n : len;
    case 3:
        n = snprintf(username, sizeof(username), "%s:client", peer->names[0].ice.ufrag);
        stun_begin(&m, 1);
        stun_add(&m, 0x0006, username, (size_t)n);
        for (size_t at = 0; at + 4 <= len && at < 64; at += 4) {
            stun_add(&m, (uint16_t)(bytes[at] << 8 | bytes[at + 1]), bytes + at, 4);
        }
        stun_sign(&m, peer->names[0].ice.pwd);
        stun_seal(&m);
        memcpy(bytes, m.data, m.len);
        return m.len;
    default:
        return len;
    }
}

// Steps: kind and sender, length, bytes.
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bc_reader r = bc_reader_init(data, len);
    if (!g_port) {
        open_port();
    }
    struct bc_peer *peer = open_peer(bc_read_u8(&r) & 1);
    struct bc_srtp *srtp = bc_srtp_create(&CLIENT);
    for (int i = 0; i < 100 && !g_closed && bc_reader_left(&r) > 0; i++) {
        uint8_t bytes[2048];
        uint8_t step = bc_read_u8(&r);
        size_t n = bc_read_u16(&r) % 1500;
        n = n < bc_reader_left(&r) ? n : bc_reader_left(&r);
        bc_read_copy(&r, bytes, n);
        struct bc_source source = { .way = BC_WAY_UDP,
            .path.remote = { .ip = { [10] = 0xff, 0xff, 127, 0, 0, 1 },
                .port = (uint16_t)(9 + (step >> 4)) } };
        n = dress(peer, srtp, step & 3, bytes, n);
        bc_port_input(g_port, &source, bytes, n);
        if (step & 4) {
            bc_port_batch_end(g_port);
        }
    }
    bc_port_batch_end(g_port);
    bc_inbound_destroy(g_inbound);
    if (!g_closed) {
        bc_peer_close(peer, "the input is over");
    }
    bc_srtp_destroy(srtp);
    uv_run(&g_port->worker->loop, UV_RUN_NOWAIT);
    if (g_port->names || g_port->ids || g_port->routes) {
        abort(); // something was left behind
    }
    return 0;
}
