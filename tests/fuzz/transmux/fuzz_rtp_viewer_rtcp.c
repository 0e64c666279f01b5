// SPDX-License-Identifier: Apache-2.0
// A viewer by WebRTC with pictures to send, and any RTCP in between.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/reader.h"
#include "protocol/webrtc/port.h"
#include "protocol/webrtc/port_internal.h"
#include "stream/hub.h"
#include "stream/take.h"
#include "transmux/outputs.h"
#include "transmux/rtp.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define FRAMES 40

static struct bc_worker *g_worker;
static struct bc_webrtc *g_webrtc;
static struct bc_rtp_windows *g_windows;
static struct bc_channel *g_channel;
static struct bc_take *g_take;
static struct bc_track *g_track;
static int64_t g_ms;

static struct bc_outputs *
open_outputs(void *user, struct bc_channel *channel)
{
    (void)user;
    return bc_outputs_create(channel, NULL);
}

static void
close_outputs(void *user, struct bc_outputs *outputs)
{
    (void)user;
    bc_outputs_destroy(outputs);
}

static void
on_accepted(void *user)
{
    (void)user;
}

static void
on_refused(void *user, enum bc_take_refusal why, const char *text)
{
    (void)user;
    (void)why;
    (void)text;
    abort();
}

static void
on_kicked(void *user, const char *reason)
{
    (void)user;
    (void)reason;
}

static const struct bc_hub_ops HUB_OPS = {
    .open_outputs = open_outputs,
    .close_outputs = close_outputs,
};
static const struct bc_take_ops TAKE_OPS = { on_accepted, on_refused, on_kicked, NULL };

static void
turn(void)
{
    for (int i = 0; i < 6; i++) {
        uv_run(&g_worker->loop, UV_RUN_NOWAIT);
    }
}

static void
push_pictures(unsigned count)
{
    for (unsigned i = 0; i < count; i++, g_ms += 40) {
        size_t len = 4 + 3000;
        struct bc_buf *buf = bc_buf_create(len);
        memset(buf->data, 0x41, len);
        memcpy(buf->data, (uint8_t[]){ 0, 0, 3000 >> 8, 3000 & 0xff }, 4);
        struct bc_packet *p
            = bc_packet_create(BC_KIND_VIDEO, g_track, buf, buf->data, len);
        p->dts_us = p->pts_us = g_ms * 1000;
        p->arrived_us = bc_clock_us();
        p->flags = i % 20 == 0 ? BC_PACKET_KEY : 0;
        bc_take_push(g_take, p);
    }
    bc_take_flush(g_take);
    turn();
}

static void
begin(void)
{
    static const uint8_t AVCC[] = { 1, 0x64, 0, 31, 0xff, 0xe1, 0, 4, 0x67, 0x64, 0, 31,
        1, 0, 2, 0x68, 0xee };
    struct bc_config *config = NULL;
    bc_log_set_level(BC_LOG_ERROR);
    if (bc_config_load(NULL, NULL, 0, &config, NULL) != 0) {
        abort();
    }
    g_worker = bc_worker_create(0);
    g_webrtc = bc_webrtc_create();
    g_windows = bc_rtp_windows_create(g_worker);
    g_track = bc_track_create(BC_KIND_VIDEO, BC_CODEC_AVC);
    g_track->config = bc_buf_copy(AVCC, sizeof(AVCC));
    struct bc_take_params params = { .hub = bc_hub_create(&HUB_OPS, NULL, config),
        .worker = g_worker, .channel = "live/hq", .protocol = "test", .peer = "a",
        .peer_ip = "b", .encoder = "", .ops = &TAKE_OPS };
    g_take = bc_take_open(&params);
    turn();
    g_channel = bc_hub_find(params.hub, "live/hq");
    bc_take_set_track(g_take, g_track);
    push_pictures(FRAMES);
}

// --- the peer ---

static uint8_t g_room[BC_PACKET_MAX];

static uint8_t *
reserve(void *user, size_t len)
{
    (void)user;
    return len <= sizeof(g_room) ? g_room : NULL;
}

static void
commit(void *user, size_t len)
{
    (void)user;
    (void)len;
}

static void
on_end(void *user, const char *reason)
{
    (void)user;
    (void)reason;
    abort(); // no RTCP ends a viewer
}

static const struct bc_rtp_viewer_ops VIEWER_OPS = { on_end };

// The first byte tells what was agreed on; then steps: time, length, RTCP.
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const struct bc_srtp_keys KEYS = { .profile = BC_SRTP_AEAD_AES_128_GCM };
    static const struct bc_peer_ops PEER_OPS = { 0 };
    static struct bc_logger log;
    if (!g_worker) {
        begin();
    }
    struct bc_reader r = bc_reader_init(data, len);
    uint8_t agreed = bc_read_u8(&r);
    struct bc_sdp_session session = { .video = { .active = true, .codec = BC_CODEC_AVC,
        .pt = 102, .clock_rate = 90000, .nack = true } };
    if (agreed & 1) {
        session.video.rtx_pt = 103;
        session.video.transport_cc = agreed & 2;
        session.video.ext.transport_cc = agreed & 2 ? 3 : 0;
    }
    struct bc_peer_transport transport = { .reserve = reserve, .commit = commit };
    struct bc_peer_params p = { .ops = &PEER_OPS, .log = &log, .peer_ip = "x" };
    struct bc_peer *peer = bc_peer_create_over(g_webrtc, g_worker, &transport, &p);
    peer->srtp = bc_srtp_create(&KEYS);
    peer->connected = true;
    struct bc_rtp_viewer_params params = { .windows = g_windows, .channel = g_channel,
        .peer = peer, .session = &session, .video_ssrc = 1, .video_rtx_ssrc = 2,
        .audio_ssrc = 3, .cname = "c", .ops = &VIEWER_OPS };
    struct bc_rtp_viewer *v = bc_rtp_viewer_create(&params);
    turn();
    bc_rtp_viewer_start(v);
    int64_t now = bc_clock_us();
    for (int i = 0; i < 50 && bc_reader_left(&r) > 0; i++) {
        now += bc_read_u8(&r) * 1000;
        size_t n = bc_read_u16(&r) % 1500;
        n = n < bc_reader_left(&r) ? n : bc_reader_left(&r);
        bc_rtp_viewer_on_rtcp(v, bc_read_bytes(&r, n), n, now);
        if (i % 16 == 15) {
            push_pictures(2);
        }
    }
    bc_rtp_viewer_destroy(v);
    bc_peer_close(peer, "the input is over");
    turn();
    return 0;
}
