// SPDX-License-Identifier: Apache-2.0
#include "replay/playlist.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/writer.h"
#include "container/cmaf_read.h"
#include "segments.h"

#define US_PER_S 1000000
// A segment shorter than this says nothing of the peak: one keyframe would look like a
// flood.
#define MIN_PEAK_US 500000
// Distinct codec strings of one recording that are told; a host has no more formats.
#define CODECS_MAX 8

// What the one variant is said to be.
struct variant {
    int64_t peak_bps;
    int64_t average_bps;
    char codecs[CODECS_MAX][BC_CODEC_STRING];
    size_t codec_count;
    bool video;
    uint32_t width; // the largest picture
    uint32_t height;
    int64_t rate; // frames in 1000 s, the highest; 0 where it is not told
};

static int64_t
bits_per_second(uint64_t bytes, int64_t us)
{
    return us > 0 ? (int64_t)((double)bytes * 8 * US_PER_S / (double)us) + 1 : 0;
}

static void
measure(struct variant *v, const struct replay_segments *all)
{
    uint64_t bytes = 0;
    int64_t us = 0;
    for (size_t i = 0; i < all->count; i++) {
        const struct bc_recording_segment *s = &all->items[i];
        int64_t bps = bits_per_second(s->bytes, s->duration_us);
        if (s->duration_us >= MIN_PEAK_US && bps > v->peak_bps) {
            v->peak_bps = bps;
        }
        bytes += s->bytes;
        us += s->duration_us;
    }
    v->average_bps = bits_per_second(bytes, us);
    v->peak_bps = v->peak_bps > v->average_bps ? v->peak_bps : v->average_bps;
}

static void
add_codec(struct variant *v, const char *codec)
{
    for (size_t i = 0; i < v->codec_count; i++) {
        if (strcmp(v->codecs[i], codec) == 0) {
            return;
        }
    }
    if (v->codec_count < CODECS_MAX && codec[0] != '\0') {
        memcpy(v->codecs[v->codec_count++], codec, BC_CODEC_STRING);
    }
}

static void
add_track(struct variant *v, const struct bc_track *t)
{
    add_codec(v, t->codec_string);
    if (t->kind != BC_KIND_VIDEO) {
        return;
    }
    v->video = true;
    if ((uint64_t)t->width * t->height > (uint64_t)v->width * v->height) {
        v->width = t->width;
        v->height = t->height;
    }
    int64_t rate = t->fps_num > 0 && t->fps_den > 0
        ? ((int64_t)t->fps_num * 1000 + t->fps_den / 2) / t->fps_den
        : 0;
    v->rate = rate > v->rate ? rate : v->rate;
}

// Every format that the playlist leads to counts (HLS-17).
static void
add_format(struct variant *v, const struct bc_recording *r, uint32_t format)
{
    struct bc_cmaf_movie movie;
    struct bc_buf *init = bc_recording_init_section(r, format);
    if (init && bc_cmaf_movie_read(init->data, init->len, &movie) == 0) {
        for (size_t i = 0; i < movie.count; i++) {
            add_track(v, movie.tracks[i].track);
        }
        bc_cmaf_movie_finish(&movie);
    }
    bc_buf_unref(&init);
}

static void
write_variant(struct bc_writer *w, const struct variant *v, const char *uri)
{
    bc_write_fmt(w, "#EXT-X-STREAM-INF:BANDWIDTH=%" PRId64 ",AVERAGE-BANDWIDTH=%" PRId64,
        v->peak_bps, v->average_bps);
    for (size_t i = 0; i < v->codec_count; i++) {
        bc_write_fmt(w, "%s%s", i == 0 ? ",CODECS=\"" : ",", v->codecs[i]);
    }
    bc_write_str(w, v->codec_count > 0 ? "\"" : "");
    if (v->width > 0) {
        bc_write_fmt(w, ",RESOLUTION=%" PRIu32 "x%" PRIu32, v->width, v->height);
    }
    if (v->rate > 0) {
        bc_write_fmt(
            w, ",FRAME-RATE=%" PRId64 ".%03" PRId64, v->rate / 1000, v->rate % 1000);
    }
    bc_write_str(w, v->video ? ",CLOSED-CAPTIONS=NONE" : "");
    bc_write_fmt(w, "\n%s\n", uri);
}

struct bc_buf *
bc_replay_multivariant(const struct bc_recording *r, const char *uri)
{
    struct replay_segments all;
    struct bc_recording_info info;
    if (!replay_segments_take(&all, r)) {
        return NULL;
    }
    struct variant v = { 0 };
    measure(&v, &all);
    bc_recording_info(r, &info);
    for (uint32_t i = 0; i < info.formats; i++) {
        add_format(&v, r, i);
    }
    struct bc_writer w = { 0 };
    bc_write_str(&w, "#EXTM3U\n#EXT-X-VERSION:6\n");
    if (replay_segments_are_independent(&all)) {
        bc_write_str(&w, "#EXT-X-INDEPENDENT-SEGMENTS\n");
    }
    write_variant(&w, &v, uri);
    free(all.items);
    struct bc_buf *buf = bc_buf_from_writer(&w);
    bc_writer_finish(&w);
    return buf;
}
