// SPDX-License-Identifier: Apache-2.0
// How long a clip takes: writes a recording of some hours (the same ten seconds over and over,
// 1280x720, 30 frames a second, keyframes every 2 s, two B-frames, AAC), then cuts frame-exact
// clips at random places, each with its MP4 and poster.
//
//   bcclip FOLDER [HOURS [CLIPS [SECONDS]]]
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "clip/cut.h"
#include "clip/ffmpeg.h"
#include "container/cmaf.h"
#include "media.h"
#include "record/writer.h"

#define PART_FRAMES 6 // 200 ms
#define FRAME_TICKS (BC_CMAF_VIDEO_TIMESCALE / MEDIA_FPS)
#define FRAME_US 33333
#define AAC_SAMPLES 1024
#define PART_SOUNDS 16
#define CLIPS_MAX 1000
#define SOURCE "source"

struct making {
    const struct media *media;
    struct bc_recording_writer *writer;
    struct bc_buf *init;
    int64_t sound;
    uint32_t sequence;
    int64_t wall_us;
};

static size_t
add_sound(struct making *m, int64_t end, struct bc_cmaf_sample out[PART_SOUNDS])
{
    size_t n = 0;
    while (n < PART_SOUNDS
        && m->sound * AAC_SAMPLES * BC_CMAF_VIDEO_TIMESCALE < end * MEDIA_RATE) {
        const struct bc_buf *data = m->media->sounds[m->sound++ % MEDIA_SOUNDS];
        out[n++] = (struct bc_cmaf_sample){
            .data = data->data, .len = data->len, .duration = AAC_SAMPLES, .sync = true
        };
    }
    return n;
}

static int
write_part(struct making *m, int64_t first)
{
    struct bc_cmaf_sample video[PART_FRAMES];
    struct bc_cmaf_sample audio[PART_SOUNDS];
    for (int i = 0; i < PART_FRAMES; i++) {
        const struct media_frame *f = &m->media->frames[(first + i) % MEDIA_FRAMES];
        video[i] = (struct bc_cmaf_sample){
            .data = f->data->data,
            .len = f->data->len,
            .duration = FRAME_TICKS,
            .cts = (int32_t)f->cts * FRAME_TICKS,
            .sync = f->sync,
        };
    }
    int64_t sound = m->sound;
    int64_t start = first * FRAME_TICKS;
    struct bc_cmaf_run runs[2] = {
        { .track_id = 1, .dts = (uint64_t)start, .samples = video, .count = PART_FRAMES },
        { .track_id = 2, .dts = (uint64_t)(sound * AAC_SAMPLES), .samples = audio,
            .count = add_sound(m, start + PART_FRAMES * FRAME_TICKS, audio) },
    };
    struct bc_buf *data = bc_cmaf_chunk(++m->sequence, runs, 2);
    int64_t start_us = bc_cmaf_us(start, BC_CMAF_VIDEO_TIMESCALE);
    struct bc_recording_append part = {
        .init = m->init,
        .data = data,
        .start_us = start_us,
        .duration_us = PART_FRAMES * FRAME_US,
        .wall_us = m->wall_us + start_us,
        .independent = video[0].sync,
        .segment = video[0].sync,
    };
    int err = data ? bc_recording_append(m->writer, &part) : -ENOMEM;
    bc_buf_unref(&data);
    return err;
}

// A new reference, or NULL.
static struct bc_recording *
make_source(const char *folder, double hours)
{
    static struct media media;
    if (!media_make(&media)) {
        fprintf(stderr, "libx264 and FFmpeg's AAC are needed\n");
        return NULL;
    }
    const struct bc_track *tracks[2] = { media.video, media.audio };
    struct making m = { .media = &media, .init = bc_cmaf_init(tracks, 2) };
    m.wall_us = bc_clock_wall_us();
    struct bc_recording_params params = { .root = folder, .id = SOURCE,
        .kind = BC_RECORDING_REPLAY, .channel = "live/bench", .title = "",
        .wall_us = m.wall_us };
    m.writer = bc_recording_create(&params);
    int64_t frames = (int64_t)(hours * 3600 * MEDIA_FPS);
    int err = m.writer ? 0 : -errno;
    for (int64_t i = 0; i < frames && err == 0; i += PART_FRAMES) {
        err = write_part(&m, i);
    }
    struct bc_recording *r =
        err == 0 ? bc_recording_ref(bc_recording_of(m.writer)) : NULL;
    if (m.writer) {
        (void)bc_recording_finish(&m.writer, true, m.wall_us + frames * FRAME_US);
    }
    bc_buf_unref(&m.init);
    media_free(&media);
    if (err != 0) {
        fprintf(stderr, "%s: %s\n", folder, strerror(-err));
    }
    return r;
}

static int
compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int64_t
cut(const char *root, struct bc_recording *source, int number, int64_t seconds)
{
    struct bc_recording_info info;
    struct clip_progress progress = { 0 };
    struct clip_cut_result result;
    char id[32];
    bc_recording_info(source, &info);
    (void)snprintf(id, sizeof(id), "clip-%04d", number);
    int64_t frames = info.duration_us * MEDIA_FPS / 1000000 - (seconds + 2) * MEDIA_FPS;
    int64_t from = (int64_t)((double)rand() / RAND_MAX * (double)frames);
    int64_t from_us = from * 1000000 / MEDIA_FPS;
    struct clip_cut job = { .root = root, .id = id, .title = "bench", .source = source,
        .from_us = from_us, .to_us = from_us + seconds * 1000000, .exact = true,
        .poster = true, .progress = &progress };
    int64_t began_us = bc_clock_us();
    int err = clip_cut_run(&job, &result);
    if (err != 0 || !result.info.frame_exact) {
        fprintf(stderr, "%s: %s\n", id, result.note);
        exit(1);
    }
    return bc_clock_us() - began_us;
}

int
main(int argc, char **argv)
{
    static int64_t took_us[CLIPS_MAX];
    if (argc < 2) {
        fprintf(stderr, "usage: bcclip FOLDER [HOURS [CLIPS [SECONDS]]]\n");
        return 2;
    }
    double hours = argc > 2 ? atof(argv[2]) : 4;
    int count = argc > 3 ? atoi(argv[3]) : 20;
    int64_t seconds = argc > 4 ? atoi(argv[4]) : 60;
    char path[CLIP_PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s/" SOURCE, argv[1]);
    av_log_set_level(AV_LOG_QUIET);
    struct bc_recording *source = bc_recording_open(path);
    source = source ? source : make_source(argv[1], hours);
    if (!source || count < 1 || count > CLIPS_MAX) {
        return 1;
    }
    (void)snprintf(path, sizeof(path), "%s/clips-%d", argv[1], (int)getpid());
    for (int i = 0; i < count; i++) {
        took_us[i] = cut(path, source, i, seconds);
    }
    qsort(took_us, (size_t)count, sizeof(took_us[0]), compare);
    struct bc_recording_info info;
    bc_recording_info(source, &info);
    printf("%d clips of %lld s from %.2f h: median %lld ms, slowest %lld ms\n", count,
        (long long)seconds, (double)info.duration_us / 3.6e9,
        (long long)took_us[count / 2] / 1000, (long long)took_us[count - 1] / 1000);
    bc_recording_unref(&source);
    return 0;
}
