// SPDX-License-Identifier: Apache-2.0
#include "base/reader.h"
#include "transmux/hls_splice.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct bc_hls_snapshot *newest[3];

static void
on_update(void *user, struct bc_hls_snapshot *s)
{
    struct bc_hls_snapshot **slot = user;
    bc_hls_snapshot_unref(slot);
    *slot = bc_hls_snapshot_ref(s);
}

// Three streams of any times, and a splice that shows any of them, or none: what happens,
// to which, a step in 3 bytes.
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bc_hls_params params = { .first_msn = 1, .window_bytes = 100000 };
    struct bc_hls_splice *sp = bc_hls_splice_create(&params);
    struct bc_track *tracks[2] = { bc_track_create(BC_KIND_VIDEO, BC_CODEC_AVC),
        bc_track_create(BC_KIND_AUDIO, BC_CODEC_AAC) };
    for (int i = 0; i < 2; i++) {
        static const uint8_t CONFIG[23] = { 1, 2, 3, 4 };
        tracks[i]->config = bc_buf_copy(CONFIG, sizeof(CONFIG));
        tracks[i]->sample_rate = i ? 48000 : 0;
        tracks[i]->frame_samples = i ? 1024 : 0;
    }
    struct bc_hls_muxer *muxers[3] = { 0 };
    struct bc_hls_splice_input in = { 0 };
    unsigned shown = 0;
    unsigned before = 0;
    int64_t now_us = 0;
    for (struct bc_reader r = bc_reader_init(data, len); bc_reader_left(&r) >= 3;) {
        uint8_t what = bc_read_u8(&r);
        unsigned i = bc_read_u8(&r) % 4;
        now_us += (int64_t)(int8_t)bc_read_u8(&r) * (what & 8 ? 100000 : 5000);
        if (what & 0x80) {
            before = shown;
            shown = i;
            in.from_us = what & 4 ? INT64_MIN : now_us;
        } else if (i < 3 && what & 0x40) {
            bc_hls_destroy(muxers[i]);
            muxers[i] = NULL;
        } else if (i < 3) {
            params.first_msn += muxers[i] ? 0 : 100;
            muxers[i] = muxers[i] ? muxers[i] : bc_hls_create(&params, on_update, &newest[i]);
            struct bc_track *t = tracks[what & 1];
            struct bc_buf *buf = bc_buf_copy(data, len < 100 ? len : 100);
            struct bc_packet *p = bc_packet_create(t->kind, t, buf, buf->data, buf->len);
            p->flags = what >> 1 & 1 ? BC_PACKET_KEY : 0;
            p->rendition = what & 1 ? 0 : what >> 4 & 3;
            p->epoch = 1;
            p->dts_us = p->pts_us = now_us;
            bc_hls_push(muxers[i], p, now_us);
            bc_packet_unref(&p);
        }
        in.now = shown < 3 ? newest[shown] : NULL;
        in.before = before < 3 ? newest[before] : NULL;
        in.over = what == 0xff;
        struct bc_hls_snapshot *s = bc_hls_splice_apply(sp, &in);
        for (int k = 0; s && k < BC_HLS_RENDITIONS; k++) {
            struct bc_buf *text = bc_hls_playlist(s, (enum bc_hls_rendition)k, true, false);
            bc_buf_unref(&text);
        }
    }
    for (int i = 0; i < 3; i++) {
        bc_hls_destroy(muxers[i]);
        bc_hls_snapshot_unref(&newest[i]);
        bc_track_unref(&tracks[i % 2]);
    }
    bc_hls_splice_destroy(sp);
    return 0;
}
