// SPDX-License-Identifier: Apache-2.0
#include "media/track.h"

#include <stdlib.h>
#include <string.h>

struct bc_track *
bc_track_create(enum bc_kind kind, enum bc_codec codec)
{
    struct bc_track *t = calloc(1, sizeof(*t));
    if (!t) {
        return NULL;
    }
    atomic_init(&t->refs, 1);
    t->kind = kind;
    t->codec = codec;
    t->reorder_frames = -1;
    return t;
}

struct bc_track *
bc_track_with_colour(const struct bc_track *track, const struct bc_colour *colour)
{
    struct bc_track *t = bc_track_create(track->kind, track->codec);
    if (!t) {
        return NULL;
    }
    t->config = track->config ? bc_buf_ref(track->config) : NULL;
    memcpy(t->codec_string, track->codec_string, sizeof(t->codec_string));
    t->width = track->width;
    t->height = track->height;
    t->fps_num = track->fps_num;
    t->fps_den = track->fps_den;
    t->reorder_frames = track->reorder_frames;
    t->colour = *colour;
    return t;
}

struct bc_track *
bc_track_ref(struct bc_track *track)
{
    atomic_fetch_add_explicit(&track->refs, 1, memory_order_relaxed);
    return track;
}

void
bc_track_unref(struct bc_track **holder)
{
    struct bc_track *t = *holder;
    *holder = NULL;
    if (t && atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel) == 1) {
        bc_buf_unref(&t->config);
        free(t);
    }
}

bool
bc_track_equal(const struct bc_track *a, const struct bc_track *b)
{
    if (!a || !b || a->codec != b->codec) {
        return a == b;
    }
    // VP8 and VP9 tell their size in the picture only.
    if (a->width != b->width || a->height != b->height
        || memcmp(&a->colour, &b->colour, sizeof(a->colour)) != 0) {
        return false;
    }
    if (!a->config || !b->config) {
        return a->config == b->config && a->sample_rate == b->sample_rate
            && a->channels == b->channels;
    }
    // dec3 begins with the rate of the frame it was made from.
    size_t skipped = a->codec == BC_CODEC_EAC3 ? 2 : 0;
    return a->config->len == b->config->len && a->config->len >= skipped
        && memcmp(a->config->data + skipped, b->config->data + skipped,
               a->config->len - skipped)
        == 0;
}

const char *
bc_codec_name(enum bc_codec codec)
{
    static const char *const NAMES[] = {
        [BC_CODEC_NONE] = "none",
        [BC_CODEC_AVC] = "h264",
        [BC_CODEC_HEVC] = "hevc",
        [BC_CODEC_AV1] = "av1",
        [BC_CODEC_VP8] = "vp8",
        [BC_CODEC_VP9] = "vp9",
        [BC_CODEC_AAC] = "aac",
        [BC_CODEC_OPUS] = "opus",
        [BC_CODEC_MP3] = "mp3",
        [BC_CODEC_FLAC] = "flac",
        [BC_CODEC_AC3] = "ac3",
        [BC_CODEC_EAC3] = "eac3",
        [BC_CODEC_PCMA] = "pcm_alaw",
        [BC_CODEC_PCMU] = "pcm_mulaw",
    };
    return NAMES[codec];
}
