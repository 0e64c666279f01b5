// SPDX-License-Identifier: Apache-2.0
#include "rtc_host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "flow_source.h"

#define PAYLOAD_MAX 1100
#define SOUND_BYTES 40

void
rtc_host_start(struct rtc_host *h)
{
    const struct bc_sdp_session *s = &h->c.session;
    h->video = (struct rtc_stream){ .track = flow_source_track(BC_CODEC_AVC),
        .pt = s->video.pt, .rtx_pt = s->video.rtx_pt, .ssrc = h->c.video_ssrc,
        .rtx_ssrc = h->c.video_rtx_ssrc, .seq = 0xfff0, .base = 0x12345678 };
    h->low = (struct rtc_stream){ .track = flow_source_track(BC_CODEC_AVC),
        .pt = s->video.pt, .rtx_pt = s->video.rtx_pt, .ssrc = h->c.video_ssrc + 100,
        .rtx_ssrc = h->c.video_ssrc + 101, .seq = 77, .base = 0x22222222 };
    h->audio = (struct rtc_stream){ .track = flow_source_track(BC_CODEC_OPUS),
        .pt = s->audio.pt, .ssrc = h->c.audio_ssrc, .seq = 5000, .base = 0x87654321 };
    h->twcc = s->video.transport_cc;
}

void
rtc_host_open(struct flow *f, struct rtc_host *h, int worker, const char *key)
{
    memset(h, 0, sizeof(*h));
    rtc_offer_host(f, &h->c, worker, key);
    rtc_connect(&h->c, false, -1);
    assert_true(h->c.connected);
    rtc_host_start(h);
}

// One-byte elements (RFC 8285), padded.
static size_t
write_extensions(struct rtc_host *h, const struct rtc_stream *s, uint8_t out[32])
{
    size_t n = 0;
    memset(out, 0, 32);
    if (h->twcc) {
        out[n++] = (uint8_t)(h->c.session.video.ext.transport_cc << 4 | 1);
        out[n++] = (uint8_t)(h->twcc_seq >> 8);
        out[n++] = (uint8_t)h->twcc_seq++;
    }
    if (s->rid[0] && h->rid_id) {
        out[n++] = (uint8_t)(h->rid_id << 4 | (strlen(s->rid) - 1));
        memcpy(out + n, s->rid, strlen(s->rid));
        n += strlen(s->rid);
    }
    return (n + 3) / 4 * 4;
}

static void
add_packet(struct rtc_host *h, struct rtc_stream *s, const uint8_t *payload, size_t len,
    bool marker)
{
    uint8_t ext[32];
    size_t ext_len = write_extensions(h, s, ext);
    struct rtc_rtp rtp = { .pt = s->pt, .marker = marker, .seq = s->seq++,
        .timestamp = h->unit.timestamp, .ssrc = s->ssrc, .ext = ext_len ? ext : NULL,
        .ext_len = ext_len, .payload = payload, .len = len };
    assert_true(h->unit.count < RTC_HOST_PACKETS && len <= 1300);
    unsigned i = h->unit.count++;
    h->unit.packets[i].len = rtc_protect(&h->c, &rtp, h->unit.packets[i].data);
    memcpy(h->unit.packets[i].payload, payload, len);
    h->unit.packets[i].payload_len = len;
    h->unit.packets[i].marker = marker;
}

static void
put_u32(uint8_t *out, size_t v)
{
    for (int i = 0; i < 4; i++) {
        out[i] = (uint8_t)(v >> (24 - 8 * i));
    }
}

void
rtc_host_picture(struct rtc_host *h, struct rtc_stream *s, int64_t ms, bool key,
    size_t len)
{
    struct bc_buf *buf = bc_buf_create(4 + len);
    memset(buf->data, 0x55, buf->len);
    put_u32(buf->data, len);
    buf->data[4] = key ? 0x65 : 0x41;
    memcpy(buf->data + 5, FLOW_SLICE, sizeof(FLOW_SLICE));
    put_u32(buf->data + 5 + sizeof(FLOW_SLICE), s->number++);
    struct bc_packet *p
        = bc_packet_create(BC_KIND_VIDEO, s->track, buf, buf->data, buf->len);
    p->flags = key ? BC_PACKET_KEY : 0;
    struct bc_rtp_frame *frame = bc_rtp_packetise(&s->packetiser, p, PAYLOAD_MAX);
    assert_non_null(frame);
    h->unit.count = 0;
    h->unit.first_seq = s->seq;
    h->unit.timestamp = s->base + (uint32_t)(ms * 90);
    for (unsigned i = 0; i < frame->count; i++) {
        add_packet(h, s, frame->bytes + frame->slices[i].offset, frame->slices[i].len,
            i + 1 == frame->count);
    }
    bc_rtp_frame_unref(&frame);
    bc_packet_unref(&p);
}

void
rtc_host_send(struct rtc_host *h, unsigned packet)
{
    assert_true(packet < h->unit.count);
    rtc_send(&h->c, h->unit.packets[packet].data, h->unit.packets[packet].len);
}

void
rtc_host_send_picture(struct rtc_host *h, int64_t ms, bool key)
{
    rtc_host_picture(h, &h->video, ms, key, key ? 5000 : 2500);
    for (unsigned i = 0; i < h->unit.count; i++) {
        rtc_host_send(h, i);
    }
}

void
rtc_host_send_sound(struct rtc_host *h, int64_t ms)
{
    uint8_t bytes[SOUND_BYTES] = { 0xfc };
    put_u32(bytes + 1, h->audio.number++);
    struct rtc_rtp rtp = { .pt = h->audio.pt, .seq = h->audio.seq++,
        .timestamp = h->audio.base + (uint32_t)(ms * 48), .ssrc = h->audio.ssrc,
        .payload = bytes, .len = sizeof(bytes) };
    rtc_send_rtp(&h->c, &rtp);
}

void
rtc_host_send_rtx(struct rtc_host *h, struct rtc_stream *s, unsigned packet)
{
    uint8_t bytes[1400];
    uint16_t seq = (uint16_t)(h->unit.first_seq + packet);
    bytes[0] = (uint8_t)(seq >> 8);
    bytes[1] = (uint8_t)seq;
    memcpy(bytes + 2, h->unit.packets[packet].payload,
        h->unit.packets[packet].payload_len);
    struct rtc_rtp rtp = { .pt = s->rtx_pt, .marker = h->unit.packets[packet].marker,
        .seq = s->rtx_seq++, .timestamp = h->unit.timestamp, .ssrc = s->rtx_ssrc,
        .payload = bytes, .len = 2 + h->unit.packets[packet].payload_len };
    rtc_send_rtp(&h->c, &rtp);
}

void
rtc_host_send_empty(struct rtc_host *h, struct rtc_stream *s, int64_t ms)
{
    struct rtc_rtp rtp = { .pt = s->pt, .seq = s->seq++,
        .timestamp = s->base + (uint32_t)(ms * 90), .ssrc = s->ssrc,
        .payload = (const uint8_t *)"", .len = 0 };
    rtc_send_rtp(&h->c, &rtp);
}

void
rtc_host_send_report(
    struct rtc_host *h, const struct rtc_stream *s, int64_t ms, int64_t wall_us)
{
    struct bc_writer w = { 0 };
    int64_t rate = s->track->kind == BC_KIND_AUDIO ? 48 : 90;
    bc_rtcp_write_sr(&w, s->ssrc, bc_ntp_from_wall_us(wall_us),
        s->base + (uint32_t)(ms * rate), s->number, s->number * 1000);
    rtc_send_rtcp(&h->c, &w);
}

static void
close_stream(struct rtc_stream *s)
{
    bc_track_unref(&s->track);
    bc_rtp_packetiser_finish(&s->packetiser);
}

void
rtc_host_close(struct rtc_host *h)
{
    close_stream(&h->video);
    close_stream(&h->low);
    close_stream(&h->audio);
    rtc_close(&h->c);
}
