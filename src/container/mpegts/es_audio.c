// SPDX-License-Identifier: Apache-2.0
// Sound: frames that begin with a sync word and tell their length. A PES packet holds any
// number of them and may end within one; its stamp belongs to the first frame that begins
// in it, and the others follow by their samples.
#include "es.h"

#include <errno.h>
#include <string.h>

#include "ts.h"

static const struct bc_ts_framing *
framing_of(enum bc_ts_form form)
{
    switch (form) {
    case BC_TS_ADTS:
        return &bc_ts_framing_adts;
    case BC_TS_LOAS:
        return &bc_ts_framing_loas;
    case BC_TS_MPEG_AUDIO:
        return &bc_ts_framing_mpeg;
    case BC_TS_AC3:
        return &bc_ts_framing_ac3;
    case BC_TS_OPUS:
        return &bc_ts_framing_opus;
    default:
        return NULL;
    }
}

void
bc_ts_audio_init(
    struct bc_ts_audio *a, struct bc_ts_sink *sink, const struct bc_ts_stream *stream)
{
    memset(a, 0, sizeof(*a));
    a->sink = sink;
    a->framing = framing_of(stream->form);
    a->channels = stream->channels;
}

void
bc_ts_audio_finish(struct bc_ts_audio *a)
{
    bc_track_unref(&a->track);
    bc_writer_finish(&a->in);
}

// From the next frame on samples count from the stamp.
static void
take_stamp(struct bc_ts_audio *a)
{
    a->marked = false;
    a->timed = true;
    a->base_us = bc_ts_ticks_to_us(a->mark_pts);
    a->samples = 0;
}

void
bc_ts_audio_begin(struct bc_ts_audio *a, const struct bc_ts_stamp *stamp)
{
    if (stamp->has) {
        // The stamp before is that of the frame which began with its PES packet and is
        // not whole yet.
        if (a->marked && a->mark == 0 && a->in.len > 0) {
            take_stamp(a);
        }
        a->marked = true;
        a->mark = a->in.len;
        a->mark_pts = stamp->pts;
    }
}

void
bc_ts_audio_lost(struct bc_ts_audio *a)
{
    a->sink->stats.damaged += a->in.len > 0;
    bc_writer_reset(&a->in);
    a->locked = false;
    a->marked = false;
    a->timed = false;
}

// Packets of Opus may differ in length; then the track tells none.
static bool
is_of_track(const struct bc_ts_audio *a, const struct bc_ts_frame *f)
{
    return a->track
        && (a->key == f->key
            || (a->track->codec == BC_CODEC_OPUS && a->track->frame_samples == 0));
}

static bool
update_track(struct bc_ts_audio *a, const uint8_t *p, const struct bc_ts_frame *f)
{
    if (is_of_track(a, f)) {
        return true;
    }
    struct bc_track *track = a->framing->track(a, p, f);
    if (!track) {
        return false;
    }
    a->key = f->key;
    if (bc_track_equal(a->track, track)
        && a->track->frame_samples == track->frame_samples) {
        bc_track_unref(&track);
        return true;
    }
    if (a->track) {
        // The samples so far were counted at the old one's rate.
        a->base_us += (int64_t)(a->samples * 1000000 / a->track->sample_rate);
        a->samples = 0;
    }
    bc_track_unref(&a->track);
    a->track = track;
    a->sink->ops->on_track(a->sink->user, track);
    return true;
}

// A whole frame lies at `p`.
static void
emit(struct bc_ts_audio *a, const uint8_t *p, struct bc_ts_frame *f)
{
    struct bc_buf *buf = a->framing->unpack
        ? a->framing->unpack(a, p, f)
        : bc_buf_copy(p + f->head, f->bytes - f->head);
    if (!buf || !update_track(a, p, f)) {
        bc_buf_unref(&buf);
        a->sink->stats.damaged++;
        return;
    }
    int64_t at_us = a->base_us + (int64_t)(a->samples * 1000000 / a->track->sample_rate);
    a->samples += f->samples ? f->samples : a->track->frame_samples;
    struct bc_packet *packet =
        bc_packet_create(BC_KIND_AUDIO, a->track, buf, buf->data, buf->len);
    if (!packet) {
        bc_buf_unref(&buf);
        return;
    }
    packet->dts_us = at_us;
    packet->pts_us = at_us;
    packet->arrived_us = a->sink->now_us;
    a->sink->ops->on_packet(a->sink->user, packet);
}

// Whether what looks like a frame at `at` is one: in step with those before it, at the
// begin of a PES packet, or with another one behind it. 0: that isn't there yet.
static int
confirm(const struct bc_ts_audio *a, size_t at, const struct bc_ts_frame *f)
{
    struct bc_ts_frame next;
    size_t behind = at + f->bytes;
    if (a->locked || (a->marked && at == a->mark)) {
        return 1;
    }
    return behind >= a->in.len
        ? 0
        : a->framing->parse(a->in.data + behind, a->in.len - behind, &next);
}

// The frame at `at`, if there is one: how many bytes to go on by; 0 when more are needed.
static size_t
take_frame(struct bc_ts_audio *a, size_t at)
{
    const uint8_t *p = a->in.data + at;
    struct bc_ts_frame f = { 0 };
    int ret = a->framing->parse(p, a->in.len - at, &f);
    ret = ret > 0 ? confirm(a, at, &f) : ret;
    if (ret < 0) {
        a->sink->stats.damaged += a->locked;
        a->locked = false;
        const uint8_t *next = memchr(p + 1, a->framing->sync, a->in.len - at - 1);
        return next ? (size_t)(next - p) : a->in.len - at;
    }
    if (ret == 0 || f.bytes > a->in.len - at) {
        return 0;
    }
    a->locked = true;
    if (a->marked && at >= a->mark) {
        take_stamp(a);
    }
    if (a->timed && !f.skip) {
        emit(a, p, &f);
    }
    return f.bytes;
}

void
bc_ts_audio_push(struct bc_ts_audio *a, const uint8_t *p, size_t len)
{
    if (!a->timed && !a->marked) {
        return; // the first stamp decides where sound begins
    }
    bc_write_bytes(&a->in, p, len);
    if (a->in.failed) {
        bc_ts_audio_lost(a);
        return;
    }
    size_t at = 0;
    while (at < a->in.len) {
        size_t step = take_frame(a, at);
        if (step == 0) {
            break;
        }
        at += step;
    }
    if (at > 0) {
        a->in.len -= at;
        memmove(a->in.data, a->in.data + at, a->in.len);
        a->mark = a->mark > at ? a->mark - at : 0;
    }
}
