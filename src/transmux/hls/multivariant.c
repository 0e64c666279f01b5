// SPDX-License-Identifier: Apache-2.0
#include "transmux/hls.h"

#include <inttypes.h>

#include "base/writer.h"
#include "name.h"
#include "snapshot.h"

#define US_PER_S 1000000
// A segment shorter than this says nothing of the peak: one keyframe would look like a
// flood.
#define MIN_PEAK_US 500000
// Said of the sound alone until its first part is there, a moment after the picture's.
#define UNMEASURED_BPS 192000

struct bitrate {
    int64_t peak; // bits per second of the worst listed segment
    int64_t average;
};

static int64_t
bits_per_second(size_t bytes, int64_t us)
{
    return us > 0 ? (int64_t)((double)bytes * 8 * US_PER_S / (double)us) + 1 : 0;
}

static struct bitrate
measure(const struct hls_view *v)
{
    struct bitrate rate = { 0 };
    size_t bytes = 0;
    int64_t us = 0;
    for (size_t i = v->listed; i <= v->count; i++) {
        const struct hls_segment *s = i < v->count ? v->segments[i] : v->open;
        if (!s || s->gap) {
            continue;
        }
        int64_t length_us = s->end_us - s->start_us;
        int64_t bps = bits_per_second(s->bytes, length_us);
        if (length_us >= MIN_PEAK_US && bps > rate.peak) {
            rate.peak = bps;
        }
        bytes += s->bytes;
        us += length_us;
    }
    rate.average = us > 0 ? bits_per_second(bytes, us) : UNMEASURED_BPS;
    rate.peak = rate.peak > rate.average ? rate.peak : rate.average;
    return rate;
}

// What the stream says of itself, exactly, where it keeps to it; else what was measured.
static int64_t
frames_per_1000_s(const struct bc_track *video, int64_t us)
{
    int64_t num = video->fps_num;
    int64_t den = video->fps_den;
    if (num > 0 && den > 0 && den * US_PER_S / num == us) {
        return (num * 1000 + den / 2) / den;
    }
    return us > 0 ? ((int64_t)US_PER_S * 1000 + us / 2) / us : 0;
}

static void
write_frame_rate(struct bc_writer *w, const struct bc_track *video, int64_t frame_us)
{
    int64_t rate = frames_per_1000_s(video, frame_us);
    if (rate > 0) {
        bc_write_fmt(w, ",FRAME-RATE=%" PRId64 ".%03" PRId64, rate / 1000, rate % 1000);
    }
}

static void
write_variant(struct bc_writer *w, const struct bc_hls_snapshot *s,
    enum bc_hls_rendition rendition, const char *prefix)
{
    const struct hls_view *view = &s->views[rendition];
    bool main = rendition == BC_HLS_MAIN;
    const struct bc_track *video = main ? s->video
        : rendition == BC_HLS_AUDIO     ? NULL
                                        : view->track;
    struct bitrate rate = measure(view);
    bc_write_fmt(w, "#EXT-X-STREAM-INF:BANDWIDTH=%" PRId64 ",AVERAGE-BANDWIDTH=%" PRId64,
        rate.peak, rate.average);
    bc_write_str(w, ",CODECS=\"");
    if (video) {
        bc_write_fmt(w, "%s%s", video->codec_string, s->audio ? "," : "");
    }
    bc_write_fmt(w, "%s\"", s->audio ? s->audio->codec_string : "");
    if (video && video->width > 0) {
        bc_write_fmt(w, ",RESOLUTION=%" PRIu32 "x%" PRIu32, video->width, video->height);
    }
    if (video) {
        write_frame_rate(w, video, main ? s->frame_us : view->frame_us);
        bc_write_str(w, ",CLOSED-CAPTIONS=NONE");
    }
    bc_write_fmt(w, "\n%s%s.m3u8\n", prefix, hls_rendition_name(rendition));
}

struct bc_buf *
bc_hls_multivariant(const struct bc_hls_snapshot *s, const char *prefix)
{
    if (!bc_hls_snapshot_playable(s)) {
        return NULL;
    }
    struct bc_writer w = { 0 };
    bc_write_str(&w, "#EXTM3U\n#EXT-X-VERSION:9\n");
    bool independent = s->views[BC_HLS_MAIN].independent;
    for (int i = BC_HLS_V1; i < BC_HLS_RENDITIONS; i++) {
        const struct hls_view *v = &s->views[i];
        independent = independent && (!hls_view_is_offered(v) || v->independent);
    }
    if (independent) {
        bc_write_str(&w, "#EXT-X-INDEPENDENT-SEGMENTS\n");
    }
    write_variant(&w, s, BC_HLS_MAIN, prefix);
    for (int i = BC_HLS_V1; i < BC_HLS_RENDITIONS; i++) {
        if (s->video && hls_view_is_offered(&s->views[i])) {
            write_variant(&w, s, (enum bc_hls_rendition)i, prefix);
        }
    }
    // The sound alone is a variant of its own, for thin networks and screens that are
    // off. The main file has its sound inside, so it needs no audio group.
    if (s->video && s->audio) {
        write_variant(&w, s, BC_HLS_AUDIO, prefix);
    }
    struct bc_buf *buf = bc_buf_from_writer(&w);
    bc_writer_finish(&w);
    return buf;
}
