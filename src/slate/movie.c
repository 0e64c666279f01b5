// SPDX-License-Identifier: Apache-2.0
// A video file at a slate's constant rate: of each picture's time the newest frame is shown.
#include "movie.h"

#include "demux.h"
#include "encoder.h"
#include "picture.h"
#include "sound.h"
#include "still.h"

#define QUALITY 26
#define US_PER_S 1000000

// One file at work. On its caller's stack.
struct work {
    const struct slate_movie_job *job;
    struct slate_media *out;
    struct slate_encoder encoder;
    struct slate_sound sound;
    AVFrame *held;   // the newest decoded picture
    AVFrame *scaled; // of the format's size
    struct SwsContext *sws;
    bool is_scaled;  // `scaled` is `held`
    int64_t held_us;
    uint64_t pictures; // that went into the encoder
    const char *why;
};

static bool
scale_held(struct work *w)
{
    if (!w->is_scaled && av_frame_make_writable(w->scaled) < 0) {
        w->why = "no memory";
        return false;
    }
    if (!w->is_scaled) {
        w->why = slate_picture_fit(w->held, w->scaled, &w->sws);
        w->is_scaled = !w->why;
    }
    return !w->why;
}

// The picture that is held, until that time. False: enough, or an error.
static bool
show_until(struct work *w, int64_t until_us)
{
    const struct slate_format *f = w->job->format;
    while (slate_picture_us(f, w->pictures) < until_us) {
        size_t bytes = w->out->pictures.bytes + w->out->sounds.bytes;
        if (bytes > w->job->bytes_max || atomic_load(w->job->stop)
            || slate_picture_us(f, w->pictures) >= (int64_t)SLATE_MOVIE_MAX_S * US_PER_S
            || !scale_held(w)) {
            return false;
        }
        bool key = w->pictures % (uint64_t)f->gop == 0;
        if (!slate_encoder_push(&w->encoder, w->scaled, key, &w->out->pictures)) {
            w->why = "it cannot be encoded";
            return false;
        }
        w->pictures++;
    }
    return true;
}

static bool
hold(struct work *w, AVFrame *frame, int64_t at_us)
{
    av_frame_unref(w->held);
    w->is_scaled = false;
    w->held_us = at_us;
    if (av_frame_ref(w->held, frame) < 0) {
        w->why = "no memory";
        return false;
    }
    return true;
}

static bool
on_picture(void *user, AVFrame *frame, int64_t at_us)
{
    struct work *w = user;
    if (!w->held->data[0]) {
        return hold(w, frame, at_us);
    }
    // A stamp that goes back or far ahead tells nothing.
    bool sane = at_us > w->held_us
        && at_us - w->held_us < (int64_t)SLATE_MOVIE_MAX_S * US_PER_S;
    return !sane || (show_until(w, at_us) && hold(w, frame, at_us));
}

static bool
on_sound(void *user, AVFrame *frame, int64_t at_us)
{
    struct work *w = user;
    if (at_us > (int64_t)SLATE_MOVIE_MAX_S * US_PER_S) {
        return true;
    }
    int64_t at = av_rescale(at_us, w->job->format->sample_rate, US_PER_S);
    if (!slate_sound_push(&w->sound, frame, at)) {
        w->why = "its sound cannot be encoded";
    }
    return !w->why;
}

// As long as the pictures are.
static void
finish_sound(struct work *w)
{
    const struct slate_format *f = w->job->format;
    int64_t end_us = slate_picture_us(f, w->pictures);
    int64_t end = av_rescale(end_us, f->sample_rate, US_PER_S);
    if (!slate_sound_fill(&w->sound, end + 2 * SLATE_SOUND_SAMPLES)) {
        w->why = "its sound cannot be encoded";
        return;
    }
    struct slate_units *sounds = &w->out->sounds;
    while (sounds->count > 0 && slate_sound_us(f, sounds->count - 1) >= end_us) {
        struct slate_unit *last = &sounds->items[--sounds->count];
        sounds->bytes -= last->buf->len;
        bc_buf_unref(&last->buf);
    }
}

static void
convert(struct work *w, struct slate_demux *d)
{
    struct slate_demux_sink sink = { on_picture, on_sound, w };
    slate_demux_run(d, &sink);
    if (!w->why && !w->held->data[0]) {
        w->why = "there is no picture in it that can be decoded";
    }
    if (w->why) {
        return;
    }
    // The last picture is shown for as long as any.
    (void)show_until(w, w->held_us + 1);
    if (!w->why && !slate_encoder_push(&w->encoder, NULL, false, &w->out->pictures)) {
        w->why = "it cannot be encoded";
    }
    if (!w->why && d->audio) {
        finish_sound(w);
    }
    w->out->video = bc_track_ref(w->encoder.track);
}

static const char *
open_encoders(struct work *w, bool has_audio)
{
    const char *why = slate_encoder_init(
        &w->encoder, w->job->format, SLATE_EFFORT_MOVIE, QUALITY);
    if (!why && has_audio) {
        why = slate_sound_init(&w->sound, w->job->format, &w->out->sounds);
    }
    return why ? why : slate_silence_make(w->out);
}

const char *
slate_movie_make(const struct slate_movie_job *job, struct slate_media *out)
{
    struct work w = { .job = job, .out = out };
    struct slate_demux d;
    w.why = slate_demux_init(&d, job->fd, job->format->has_sound, job->stop);
    w.held = av_frame_alloc();
    w.scaled = slate_picture_create(job->format);
    if (!w.why && (!w.held || !w.scaled)) {
        w.why = "no memory";
    }
    if (!w.why) {
        w.why = open_encoders(&w, d.audio != NULL);
    }
    if (!w.why) {
        convert(&w, &d);
    }
    if (!w.why && atomic_load(job->stop)) {
        w.why = "stopped";
    }
    slate_encoder_finish(&w.encoder);
    slate_sound_finish(&w.sound);
    av_frame_free(&w.held);
    av_frame_free(&w.scaled);
    sws_freeContext(w.sws);
    slate_demux_finish(&d);
    return w.why;
}

// --- the first picture ---

struct first {
    AVFrame *to; // borrowed
    const char *why;
};

static bool
on_first(void *user, AVFrame *frame, int64_t at_us)
{
    struct first *first = user;
    (void)at_us;
    first->why = slate_picture_fit(frame, first->to, NULL);
    return false;
}

const char *
slate_movie_first(int fd, const atomic_bool *stop, AVFrame *out)
{
    struct slate_demux d;
    struct first first = { out, "there is no picture in it that can be decoded" };
    struct slate_demux_sink sink = { on_first, NULL, &first };
    const char *why = slate_demux_init(&d, fd, false, stop);
    if (!why) {
        slate_demux_run(&d, &sink);
        why = first.why;
    }
    slate_demux_finish(&d);
    return why;
}
