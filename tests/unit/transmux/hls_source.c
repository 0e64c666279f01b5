// SPDX-License-Identifier: Apache-2.0
#include "hls_source.h"

#include <stdio.h>
#include <string.h>

#define US_PER_S 1000000

void
hls_source_init(struct hls_source *s, struct bc_hls_muxer *m)
{
    *s = (struct hls_source){ .m = m, .epoch = 1, .wall_offset_us = WALL_START_US };
    hls_source_set_video(s, 30, 1, 31);
    hls_source_set_audio(s, 48000);
}

void
hls_source_finish(struct hls_source *s)
{
    bc_track_unref(&s->video);
    bc_track_unref(&s->audio);
    for (int i = 0; i < 3; i++) {
        bc_track_unref(&s->small[i]);
    }
}

static struct bc_track *
make_video(uint32_t width, uint32_t height, uint8_t level)
{
    const uint8_t avcc[] = {
        1, 0x64, 0, level, 0xff, 0xe1, 0, 4, 0x67, 0x64, 0, level, 1, 0, 2, 0x68, 0xee,
    };
    struct bc_track *t = bc_track_create(BC_KIND_VIDEO, BC_CODEC_AVC);
    t->config = bc_buf_copy(avcc, sizeof(avcc));
    snprintf(t->codec_string, BC_CODEC_STRING, "avc1.6400%02x", level);
    t->width = width;
    t->height = height;
    return t;
}

void
hls_source_set_video(struct hls_source *s, uint32_t fps_num, uint32_t fps_den,
    uint8_t level)
{
    bc_track_unref(&s->video);
    s->video = make_video(1280, 720, level);
    s->video->fps_num = fps_num;
    s->video->fps_den = fps_den;
}

void
hls_source_set_audio(struct hls_source *s, uint32_t rate)
{
    const uint8_t asc[] = { 0x11, rate == 44100 ? 0x10 : 0x90 };
    bc_track_unref(&s->audio);
    s->audio = bc_track_create(BC_KIND_AUDIO, BC_CODEC_AAC);
    s->audio->config = bc_buf_copy(asc, sizeof(asc));
    strcpy(s->audio->codec_string, "mp4a.40.2");
    s->audio->sample_rate = rate;
    s->audio->channels = 2;
    s->audio->frame_samples = 1024;
}

static void
push(struct hls_source *s, struct bc_packet *p, int64_t dts_us, int64_t cts_us)
{
    p->dts_us = dts_us;
    p->pts_us = dts_us + cts_us;
    p->arrived_us = dts_us;
    p->epoch = s->epoch;
    p->flags |= s->flags;
    s->flags = 0;
    bc_hls_push(s->m, p, p->pts_us + s->wall_offset_us);
    bc_packet_unref(&p);
}

static struct bc_packet *
make_packet(struct hls_source *s, enum bc_kind kind, struct bc_track *track, size_t len)
{
    struct bc_buf *buf = bc_buf_create(len);
    memset(buf->data, kind, len);
    memcpy(buf->data, &s->count, sizeof(s->count));
    s->count++;
    return bc_packet_create(kind, track, buf, buf->data, len);
}

void
hls_source_video(struct hls_source *s, int64_t dts_us, int64_t cts_us, bool key)
{
    struct bc_packet *p = make_packet(s, BC_KIND_VIDEO, s->video, key ? 900 : 120);
    p->flags = key ? BC_PACKET_KEY : 0;
    push(s, p, dts_us, cts_us);
}

void
hls_source_small(struct hls_source *s, uint8_t rendition, int64_t dts_us, bool key)
{
    struct bc_track **track = &s->small[rendition - 1];
    if (!*track) {
        *track = make_video(640 >> (rendition - 1), 360 >> (rendition - 1), 30);
    }
    struct bc_packet *p = make_packet(s, BC_KIND_VIDEO, *track, key ? 300 : 60);
    p->flags = key ? BC_PACKET_KEY : 0;
    p->rendition = rendition;
    push(s, p, dts_us, 0);
}

void
hls_source_audio(struct hls_source *s, int64_t dts_us)
{
    push(s, make_packet(s, BC_KIND_AUDIO, s->audio, 40), dts_us, 0);
}

static int64_t
stamp(const struct hls_layout *l, int64_t us, uint32_t salt)
{
    // a small scramble instead of rand(): the same in every run
    us += l->jitter_us > 0 ? (int64_t)(salt * 2654435761u >> 8) % l->jitter_us : 0;
    return l->whole_ms ? us / 1000 * 1000 : us;
}

void
hls_source_run(struct hls_source *s, const struct hls_layout *l, int64_t from_us,
    int64_t to_us)
{
    int64_t frame = 0;
    int64_t sound = 0;
    for (;;) {
        int64_t video_us = l->fps_num > 0
            ? from_us + frame * l->fps_den * US_PER_S / l->fps_num : INT64_MAX;
        int64_t audio_us = l->rate > 0
            ? from_us + (sound * 1024 * US_PER_S + l->rate / 2) / l->rate : INT64_MAX;
        bool video_ends = video_us >= to_us;
        bool audio_ends = audio_us >= to_us;
        if (video_ends && audio_ends) {
            return;
        }
        if (audio_ends || (!video_ends && video_us <= audio_us + l->lag_us)) {
            bool key = frame % l->gop == 0;
            int64_t cts_us = key ? l->b_us : frame % 2 * 2 * l->b_us;
            int64_t at_us = stamp(l, video_us, (uint32_t)frame);
            for (uint8_t i = 0; i < 3; i++) {
                if (s->small_bits >> i & 1) {
                    bool small_key = (frame + i) % s->small_gop == 0;
                    hls_source_small(s, (uint8_t)(i + 1), at_us + s->small_late_us, small_key);
                }
            }
            hls_source_video(s, at_us, cts_us, key);
            frame++;
        } else {
            hls_source_audio(s, audio_us);
            sound++;
        }
    }
}
