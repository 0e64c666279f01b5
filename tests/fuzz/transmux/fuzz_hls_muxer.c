// SPDX-License-Identifier: Apache-2.0
#include "base/reader.h"
#include "transmux/hls_dates.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
on_update(void *user, struct bc_hls_snapshot *s)
{
    struct bc_buf *dates = bc_hls_dates_text(user, s);
    for (int i = 0; i < BC_HLS_RENDITIONS; i++) {
        struct bc_buf *text =
            bc_hls_playlist_dated(s, (enum bc_hls_rendition)i, true, false, dates);
        bc_buf_unref(&text);
    }
    bc_buf_unref(&dates);
}

// A cue in the media, and in the lists of a name.
static void
push_cue(struct bc_hls_muxer *m, struct bc_hls_dates *dates, struct bc_packet *p, int64_t us)
{
    struct bc_hls_cue cue = { .id = p->flags & 1 ? "a" : "b", .revision = p->len % 4 + 1,
        .kind = "text", .channel = "live/hq", .data = p->data, .data_len = p->len,
        .at_us = us, .duration_us = p->rendition * INT64_C(400000), .ended = p->flags & 2 };
    p->kind = BC_KIND_CUE;
    bc_hls_push(m, p, us);
    bc_hls_dates_change(dates, &cue, us + p->pts_us - p->dts_us);
}

// Packets of any time, flag and order: kind and flags, a track or a cue, a step, a length in 5
// bytes.
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const struct bc_hls_params PARAMS = { .first_msn = 1, .window_bytes = 100000 };
    struct bc_hls_dates *dates = bc_hls_dates_create();
    struct bc_hls_muxer *m = bc_hls_create(&PARAMS, on_update, dates);
    struct bc_track *tracks[4] = { bc_track_create(BC_KIND_VIDEO, BC_CODEC_AVC),
        bc_track_create(BC_KIND_VIDEO, BC_CODEC_HEVC),
        bc_track_create(BC_KIND_AUDIO, BC_CODEC_AAC),
        bc_track_create(BC_KIND_AUDIO, BC_CODEC_AAC) };
    for (uint32_t i = 0; i < 4; i++) {
        static const uint8_t CONFIG[26] = { 1, 2, 3, 4 };
        tracks[i]->config = bc_buf_copy(CONFIG, 23 + i);
        tracks[i]->sample_rate = i < 2 ? 0 : 44100 + i;
        tracks[i]->frame_samples = i < 3 ? 1024 : 0;
        tracks[i]->fps_num = i == 0 ? 30 : 0;
        tracks[i]->fps_den = 1;
    }
    struct bc_reader r = bc_reader_init(data, len);
    uint32_t epoch = 0;
    for (int64_t now_us = 0; bc_reader_left(&r) >= 5 && now_us < INT64_MAX / 4;) {
        uint8_t flags = bc_read_u8(&r);
        uint8_t which = bc_read_u8(&r);
        struct bc_track *t = tracks[which % 4];
        now_us += (int64_t)(int16_t)bc_read_u16(&r) * (flags & 0x40 ? 1000 : 10);
        struct bc_buf *buf = bc_buf_copy(data, len < 100 ? len : 100);
        struct bc_packet *p = bc_packet_create(t->kind, t, buf, buf->data, buf->len);
        p->flags = flags & 7;
        p->rendition = flags >> 4 & 3;
        p->epoch = epoch += flags >> 3 & 1;
        p->dts_us = p->pts_us = now_us;
        p->pts_us += bc_read_u8(&r) * 1000;
        if (which >= 0xc0) {
            push_cue(m, dates, p, now_us);
        } else {
            bc_hls_push(m, p, now_us);
        }
        bc_packet_unref(&p);
        if (flags & 0x80) {
            bc_hls_pause(m);
        }
    }
    bc_hls_end(m);
    bc_hls_destroy(m);
    bc_hls_dates_destroy(dates);
    for (int i = 0; i < 4; i++) {
        bc_track_unref(&tracks[i]);
    }
    return 0;
}
