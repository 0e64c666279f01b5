// SPDX-License-Identifier: Apache-2.0
#include "media.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clip/ffmpeg.h"
#include "clip/sets.h"
#include "media/track_build.h"

#define WIDTH 1280
#define HEIGHT 720
#define GOP (2 * MEDIA_FPS)
#define BIT_RATE 2000000
#define SOUND_RATE 128000

// Waves that move past each other, with a little noise as cameras have it.
static void
draw(AVFrame *f, int n)
{
    static unsigned seed = 1;
    for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
            seed = seed * 1664525u + 1013904223u;
            int wave = ((x + 3 * n) * (y + 2 * n) >> 9 & 63) + ((x - n) >> 3 & 31);
            f->data[0][y * f->linesize[0] + x] = (uint8_t)(60 + wave + (seed >> 30));
        }
    }
    for (int y = 0; y < HEIGHT / 2; y++) {
        memset(f->data[1] + y * f->linesize[1], 100 + (y + n) / 16 % 40, WIDTH / 2);
        memset(f->data[2] + y * f->linesize[2], 150 - (y + n) / 16 % 40, WIDTH / 2);
    }
}

static AVCodecContext *
open_video(void)
{
    const AVCodec *codec = avcodec_find_encoder_by_name("libx264");
    AVCodecContext *c = codec ? avcodec_alloc_context3(codec) : NULL;
    if (!c) {
        return NULL;
    }
    c->width = WIDTH;
    c->height = HEIGHT;
    c->pix_fmt = AV_PIX_FMT_YUV420P;
    c->time_base = (AVRational){ 1, MEDIA_FPS };
    c->framerate = (AVRational){ MEDIA_FPS, 1 };
    c->gop_size = GOP;
    c->max_b_frames = 2;
    c->bit_rate = BIT_RATE;
    c->rc_max_rate = BIT_RATE;
    c->rc_buffer_size = BIT_RATE;
    c->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    av_opt_set(c->priv_data, "preset", "veryfast", 0);
    av_opt_set(c->priv_data, "x264-params", "scenecut=0", 0);
    if (avcodec_open2(c, codec, NULL) < 0) {
        avcodec_free_context(&c);
    }
    return c;
}

static struct bc_track *
video_track(const AVCodecContext *c)
{
    struct bc_param_set sets[2] = { 0 };
    const uint8_t *data = c->extradata;
    size_t len = (size_t)c->extradata_size;
    for (size_t at = 0; at + 4 < len;) {
        size_t next = at + 4;
        while (next < len && (next + 4 > len || memcmp(data + next, "\0\0\0\1", 4) != 0)) {
            next++;
        }
        unsigned type = data[at + 4] & 0x1f;
        if (type == 7 || type == 8) {
            sets[type - 7] = (struct bc_param_set){ data + at + 4, next - at - 4 };
        }
        at = next;
    }
    struct bc_param_sets all = {
        .sps = &sets[0], .sps_count = 1, .pps = &sets[1], .pps_count = 1
    };
    return bc_avc_track_from_sets(&all);
}

static bool
make_video(struct media *m)
{
    AVCodecContext *c = open_video();
    AVFrame *f = av_frame_alloc();
    AVPacket *p = av_packet_alloc();
    int count = 0;
    if (!c || !f || !p) {
        return false;
    }
    f->width = WIDTH;
    f->height = HEIGHT;
    f->format = AV_PIX_FMT_YUV420P;
    bool ok = av_frame_get_buffer(f, 0) == 0;
    for (int i = 0; ok && i <= MEDIA_FRAMES; i++) {
        ok = av_frame_make_writable(f) == 0;
        f->pts = i;
        if (ok && i < MEDIA_FRAMES) {
            draw(f, i);
        }
        ok = ok && avcodec_send_frame(c, i < MEDIA_FRAMES ? f : NULL) == 0;
        while (ok && count < MEDIA_FRAMES && avcodec_receive_packet(c, p) == 0) {
            m->frames[count++] = (struct media_frame){
                .data = clip_sets_sample(p->data, (size_t)p->size),
                .cts = p->pts - p->dts,
                .sync = p->flags & AV_PKT_FLAG_KEY,
            };
            av_packet_unref(p);
        }
    }
    m->video = video_track(c);
    av_packet_free(&p);
    av_frame_free(&f);
    avcodec_free_context(&c);
    return ok && count == MEDIA_FRAMES && m->video;
}

static bool
make_audio(struct media *m)
{
    const AVCodec *codec = avcodec_find_encoder_by_name("aac");
    AVCodecContext *c = codec ? avcodec_alloc_context3(codec) : NULL;
    AVFrame *f = av_frame_alloc();
    AVPacket *p = av_packet_alloc();
    if (!c || !f || !p) {
        return false;
    }
    c->sample_rate = MEDIA_RATE;
    c->sample_fmt = AV_SAMPLE_FMT_FLTP;
    c->bit_rate = SOUND_RATE;
    c->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    av_channel_layout_default(&c->ch_layout, 2);
    bool ok = avcodec_open2(c, codec, NULL) == 0;
    f->format = c->sample_fmt;
    f->nb_samples = c->frame_size;
    ok = ok && av_channel_layout_copy(&f->ch_layout, &c->ch_layout) == 0
        && av_frame_get_buffer(f, 0) == 0;
    int count = 0;
    for (int i = 0; ok && count < MEDIA_SOUNDS; i++) {
        ok = av_frame_make_writable(f) == 0;
        for (int k = 0; ok && k < f->nb_samples; k++) {
            float x = 0.3f * sinf(0.06f * (float)(i * f->nb_samples + k));
            ((float *)f->data[0])[k] = ((float *)f->data[1])[k] = x;
        }
        f->pts = (int64_t)i * f->nb_samples;
        ok = ok && avcodec_send_frame(c, f) == 0;
        while (ok && count < MEDIA_SOUNDS && avcodec_receive_packet(c, p) == 0) {
            m->sounds[count++] = bc_buf_copy(p->data, (size_t)p->size);
            av_packet_unref(p);
        }
    }
    m->audio = ok ? bc_aac_track(c->extradata, (size_t)c->extradata_size) : NULL;
    av_packet_free(&p);
    av_frame_free(&f);
    avcodec_free_context(&c);
    return ok && m->audio;
}

bool
media_make(struct media *m)
{
    av_log_set_level(AV_LOG_QUIET);
    return make_video(m) && make_audio(m);
}

void
media_free(struct media *m)
{
    for (int i = 0; i < MEDIA_FRAMES; i++) {
        bc_buf_unref(&m->frames[i].data);
    }
    for (int i = 0; i < MEDIA_SOUNDS; i++) {
        bc_buf_unref(&m->sounds[i]);
    }
    bc_track_unref(&m->video);
    bc_track_unref(&m->audio);
}
