// SPDX-License-Identifier: Apache-2.0
// A host's audio messages. One track of sound is taken.
#include <errno.h>
#include <string.h>

#include "container/flv.h"
#include "media/track_build.h"
#include "publisher_internal.h"

#define MP3_FRAME_SAMPLES 1152
#define MP3_LOW_RATE_FRAME_SAMPLES 576 // MPEG-2 and 2.5: below 32 kHz
#define OPUS_CHANNELS 2 // where nothing is said of them

static void
set_audio(struct bc_publisher *p, struct bc_track *track)
{
    if (bc_track_equal(p->audio, track)) {
        bc_track_unref(&track);
        return;
    }
    bc_track_unref(&p->audio);
    p->audio = track;
    if (!p->probing) {
        bc_take_set_track(p->take, track);
    }
}

// What the legacy tag says, for frames that do not say it themselves.
static struct bc_track *
track_of_tag(const struct bc_flv_audio *a)
{
    struct bc_track *track = bc_track_create(BC_KIND_AUDIO, a->codec);
    if (!track) {
        return NULL;
    }
    track->sample_rate = a->sample_rate;
    track->channels = a->channels;
    if (a->codec == BC_CODEC_MP3) {
        track->frame_samples = a->sample_rate >= 32000 ? MP3_FRAME_SAMPLES
                                                       : MP3_LOW_RATE_FRAME_SAMPLES;
        memcpy(track->codec_string, "mp4a.40.34", sizeof("mp4a.40.34"));
    }
    return track;
}

// Of codecs that need no sequence header: each frame says what it is.
static struct bc_track *
track_of_frame(const struct bc_publisher *p, const struct bc_flv_audio *a)
{
    struct bc_track *track;
    bool known = p->audio && p->audio->codec == a->codec;
    switch (a->codec) {
    case BC_CODEC_MP3:
        // The tag has no number for 48 kHz, the frame has.
        track = bc_mpeg_audio_track(a->payload, a->len);
        return track || a->enhanced || known ? track : track_of_tag(a);
    case BC_CODEC_AC3:
    case BC_CODEC_EAC3:
        track = bc_ac3_track(a->payload, a->len);
        if (track && track->codec != a->codec) {
            bc_track_unref(&track);
        }
        return track;
    case BC_CODEC_PCMA:
    case BC_CODEC_PCMU:
        return track_of_tag(a);
    case BC_CODEC_OPUS:
        return known ? NULL : bc_opus_track_simple(OPUS_CHANNELS);
    default:
        return NULL;
    }
}

static struct bc_track *
track_of_header(const struct bc_flv_audio *a)
{
    switch (a->codec) {
    case BC_CODEC_AAC:
        return bc_aac_track(a->payload, a->len);
    case BC_CODEC_OPUS:
        // The header may be empty (RTMP-82).
        return a->len == 0 ? bc_opus_track_simple(OPUS_CHANNELS)
                           : bc_opus_track(a->payload, a->len);
    case BC_CODEC_FLAC:
        return bc_flac_track(a->payload, a->len);
    default:
        return NULL;
    }
}

static void
audio_header(struct bc_publisher *p, const struct bc_flv_audio *a, int64_t now_us)
{
    struct bc_track *track = track_of_header(a);
    bool needed = a->codec == BC_CODEC_AAC || a->codec == BC_CODEC_OPUS
        || a->codec == BC_CODEC_FLAC;
    if (track) {
        set_audio(p, track);
    } else if (needed) {
        publisher_complain(p, "the audio's sequence header is broken", now_us);
    }
}

static void
audio_frame(struct bc_publisher *p, const struct bc_rtmp_media *m,
    const struct bc_flv_audio *a, const struct stamp *t)
{
    struct bc_track *track = track_of_frame(p, a);
    if (track) {
        set_audio(p, track);
    }
    if (!p->audio || p->audio->codec != a->codec) {
        return; // raw frames before their header cannot be decoded (RTMP-66)
    }
    struct sample sample = {
        .track = p->audio,
        .buf = bc_buf_ref(m->buf),
        .data = a->payload,
        .len = a->len,
        .cts_us = a->pts_offset_ns / 1000,
    };
    publisher_emit(p, &sample, t);
}

static bool
is_taken(struct bc_publisher *p, const struct bc_flv_audio *a)
{
    if (!p->has_audio_id) {
        p->has_audio_id = true;
        p->audio_id = a->track_id;
    }
    if (a->track_id != p->audio_id && !p->told_more_audio) {
        p->told_more_audio = true;
        bc_info(p->log, "audio track %u is not taken, only track %u is", a->track_id,
            p->audio_id);
    }
    return a->track_id == p->audio_id;
}

void
publisher_audio(struct bc_publisher *p, const struct bc_rtmp_media *m, int64_t now_us)
{
    struct bc_flv_audio a;
    int ret = bc_flv_parse_audio(m->data, m->len, &a);
    struct stamp t = publisher_stamp(p, m, ret >= 0 && a.type == BC_FLV_FRAMES, now_us);
    for (;;) {
        if (ret == -ENOTSUP) {
            publisher_complain_codec(p, "audio", a.codec_id, a.enhanced, now_us);
        } else if (ret < 0) {
            publisher_complain(p, "broken audio message", now_us);
        } else if (a.type == BC_FLV_SEQUENCE_HEADER && is_taken(p, &a)) {
            audio_header(p, &a, now_us);
        } else if (a.type == BC_FLV_FRAMES && is_taken(p, &a)) {
            audio_frame(p, m, &a, &t);
        }
        if (ret < 0 && ret != -ENOTSUP) {
            return;
        }
        ret = bc_flv_next_audio(&a);
        if (ret == 0) {
            return;
        }
    }
}
