// SPDX-License-Identifier: Apache-2.0
#include "reporter.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "colors.h"
#include "ffmpeg.h"
#include "http.h"

#define EVERY_US 1000000
#define LOOK_MS 50 // whether there is a preview
#define TIMEOUT_MS 4000
#define ANSWER_MAX 65536
#define URL_BYTES 1100
#define QUALITY 5 // of JPEG, 2 (best) to 31

struct compose_reporter {
    struct compose_reporter_params params;
    pthread_t thread;

    // The thread's own.
    struct compose_http http;
    struct bc_writer answer;
    struct compose_report last;
    int64_t last_us;
    AVCodecContext *jpeg; // owned; for pictures of one size
};

static void
put(struct compose_reporter *r, const char *path, const char *type, const void *body,
    size_t len)
{
    char url[URL_BYTES];
    snprintf(url, sizeof(url), "%s%s", r->params.base, path);
    struct compose_request request = { .method = "PUT",
        .url = url,
        .content_type = type,
        .body = body,
        .body_len = len,
        .timeout_ms = TIMEOUT_MS };
    // Whatever it answers: the next one comes soon.
    (void)compose_http_call(&r->http, &request, &r->answer, ANSWER_MAX);
}

// --- status ---

static double
per_second(int64_t now, int64_t before, int64_t elapsed_us)
{
    return elapsed_us > 0 ? (double)(now - before) * 1000 / (double)elapsed_us : 0;
}

static void
send_status(struct compose_reporter *r, int64_t now_us)
{
    static const char *const STATES[] = { "away", "stalled", "live" };
    struct compose_report now;
    compose_engine_report(r->params.engine, &now);
    int64_t elapsed_us = now_us - r->last_us;
    struct compose_status status = { .version =
                                         compose_painter_version(r->params.painter),
        .fps = now.fps,
        .width = now.width,
        .height = now.height,
        .decode_ms = per_second(now.decode_us, r->last.decode_us, elapsed_us),
        .draw_ms = per_second(now.draw_us, r->last.draw_us, elapsed_us),
        .encode_ms = per_second(now.encode_us, r->last.encode_us, elapsed_us),
        .delay_ms = (double)now.delay_us / 1000,
        .late = now.late,
        .degraded = compose_level_text(now.level),
        .input_count = now.input_count };
    // Inputs and coders that went took their times with them.
    status.decode_ms = status.decode_ms < 0 ? 0 : status.decode_ms;
    status.encode_ms = status.encode_ms < 0 ? 0 : status.encode_ms;
    for (unsigned i = 0; i < now.input_count; i++) {
        status.inputs[i].name = now.inputs[i].name;
        status.inputs[i].state = STATES[now.inputs[i].state];
    }
    char *text = compose_status_json(&status);
    if (text) {
        put(r, "/status", "application/json", text, strlen(text));
    }
    free(text);
    r->last = now;
    r->last_us = now_us;
}

// --- preview ---

static bool
open_jpeg(struct compose_reporter *r, const AVFrame *f)
{
    if (r->jpeg && r->jpeg->width == f->width && r->jpeg->height == f->height) {
        return true;
    }
    const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_MJPEG);
    avcodec_free_context(&r->jpeg);
    r->jpeg = codec ? avcodec_alloc_context3(codec) : NULL;
    if (!r->jpeg) {
        return false;
    }
    r->jpeg->width = f->width;
    r->jpeg->height = f->height;
    r->jpeg->pix_fmt = AV_PIX_FMT_YUVJ420P;
    r->jpeg->color_range = AVCOL_RANGE_JPEG;
    r->jpeg->colorspace = AVCOL_SPC_BT470BG;
    r->jpeg->time_base = (AVRational){ 1, 25 };
    r->jpeg->thread_count = 1;
    r->jpeg->flags |= AV_CODEC_FLAG_QSCALE;
    r->jpeg->global_quality = FF_QP2LAMBDA * QUALITY;
    return avcodec_open2(r->jpeg, codec, NULL) == 0;
}

// A copy with the colours as a JPEG has them.
static AVFrame *
make_jpeg_colors(const AVFrame *f)
{
    const struct bc_draw_colors drawn = BC_DRAW_COLORS;
    const struct bc_draw_colors wanted = { 0.299, 0.114, true };
    AVFrame *to = av_frame_alloc();
    if (!to) {
        return NULL;
    }
    to->width = f->width;
    to->height = f->height;
    to->format = AV_PIX_FMT_YUVJ420P;
    if (av_frame_get_buffer(to, 0) < 0 || !compose_recode(f, &drawn, &wanted, to)) {
        av_frame_free(&to);
    }
    return to;
}

static void
send_preview(struct compose_reporter *r, const AVFrame *drawn)
{
    AVPacket *packet = av_packet_alloc();
    AVFrame *f = make_jpeg_colors(drawn);
    if (packet && f && open_jpeg(r, f)) {
        f->quality = r->jpeg->global_quality;
        if (avcodec_send_frame(r->jpeg, f) == 0
            && avcodec_receive_packet(r->jpeg, packet) == 0) {
            put(r, "/preview.jpg", "image/jpeg", packet->data, (size_t)packet->size);
        }
    }
    av_frame_free(&f);
    av_packet_free(&packet);
}

// --- the thread ---

static void *
run(void *user)
{
    struct compose_reporter *r = user;
    while (!atomic_load(r->params.stop)) {
        int64_t now_us = bc_clock_us();
        AVFrame *f = compose_engine_take_preview(r->params.engine);
        if (f) {
            send_preview(r, f);
            av_frame_free(&f);
        }
        if (now_us - r->last_us >= EVERY_US) {
            send_status(r, now_us);
        }
        struct timespec t = { 0, LOOK_MS * 1000000L };
        nanosleep(&t, NULL);
    }
    return NULL;
}

struct compose_reporter *
compose_reporter_create(const struct compose_reporter_params *params)
{
    struct compose_reporter *r = calloc(1, sizeof(*r));
    if (!r || !compose_http_init(&r->http, params->stop, params->token)) {
        free(r);
        return NULL;
    }
    r->params = *params;
    r->last_us = bc_clock_us();
    if (pthread_create(&r->thread, NULL, run, r) != 0) {
        compose_http_finish(&r->http);
        free(r);
        return NULL;
    }
    return r;
}

void
compose_reporter_destroy(struct compose_reporter *r)
{
    if (r) {
        pthread_join(r->thread, NULL);
        avcodec_free_context(&r->jpeg);
        bc_writer_finish(&r->answer);
        compose_http_finish(&r->http);
        free(r);
    }
}
