// SPDX-License-Identifier: Apache-2.0
#include "input_flv.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/reader.h"
#include "container/flv.h"
#include "input_tracks.h"
#include "media/nalu.h"
#include "protocol/rtmp/cue_point.h"

#define TAG_OVERHEAD (BC_FLV_TAG_HEAD_BYTES + 4) // the head, the size after the tag
#define FLAG_VIDEO 1u
#define FLAG_AUDIO 4u
#define FLAGS_BOTH (FLAG_VIDEO | FLAG_AUDIO)
#define TAG_MAX_BYTES (8 * 1024 * 1024)

void
input_flv_init(struct input_flv *f, const struct input_sink *sink)
{
    memset(f, 0, sizeof(*f));
    f->sink = sink;
    f->wanted = BC_FLV_HEADER_BYTES;
}

void
input_flv_finish(struct input_flv *f)
{
    bc_track_unref(&f->video);
    bc_track_unref(&f->audio);
    bc_writer_finish(&f->pending);
    for (unsigned i = 0; i < f->script_count; i++) {
        bc_packet_unref(&f->scripts[i]);
    }
    f->script_count = 0;
}

// One message's place in time and its bytes.
struct body {
    int64_t dts_us;
    struct bc_buf *buf; // borrowed; what `data` is inside of
    const uint8_t *data;
    size_t len;
};

// The source's clock begins with the first picture or sound.
static bool
give(struct input_flv *f, struct bc_packet *p)
{
    f->has_media = true;
    bool go_on = f->sink->on_packet(f->sink->user, p);
    for (unsigned i = 0; i < f->script_count; i++) {
        if (go_on) {
            go_on = f->sink->on_packet(f->sink->user, f->scripts[i]);
        } else {
            bc_packet_unref(&f->scripts[i]);
        }
    }
    f->script_count = 0;
    return go_on;
}

static bool
emit(struct input_flv *f, struct bc_track *track, const struct body *b,
    const struct input_payload *payload, int64_t cts_us)
{
    struct bc_buf *buf = payload->rewritten ? payload->rewritten : bc_buf_ref(b->buf);
    struct bc_packet *p
        = bc_packet_create(track->kind, track, buf, payload->data, payload->len);
    if (!p) {
        bc_buf_unref(&buf);
        return true;
    }
    p->dts_us = b->dts_us;
    p->pts_us = b->dts_us + cts_us;
    p->arrived_us = bc_clock_us();
    p->flags = payload->flags;
    return give(f, p);
}

// Of scripts those that tell of cues. Their bytes are nobody else's, as their times may be
// moved.
static bool
script_body(struct input_flv *f, const struct body *b)
{
    struct bc_buf *buf
        = bc_cue_point_is(b->data, b->len) ? bc_buf_copy(b->data, b->len) : NULL;
    struct bc_packet *p
        = buf ? bc_packet_create(BC_KIND_SCRIPT, NULL, buf, buf->data, buf->len) : NULL;
    if (!p) {
        bc_buf_unref(&buf);
        return true;
    }
    p->dts_us = b->dts_us;
    p->pts_us = b->dts_us;
    p->arrived_us = bc_clock_us();
    if (f->has_media) {
        return f->sink->on_packet(f->sink->user, p);
    }
    if (f->script_count < INPUT_FLV_SCRIPTS) {
        f->scripts[f->script_count++] = p;
    } else {
        bc_packet_unref(&p);
    }
    return true;
}

// Takes over the reference.
static void
set_track(struct bc_track **place, struct bc_track *track)
{
    if (bc_track_equal(*place, track)) {
        bc_track_unref(&track);
        return;
    }
    bc_track_unref(place);
    *place = track;
}

static bool
video_frames(struct input_flv *f, const struct bc_flv_video *v, const struct body *b)
{
    if (v->codec == BC_CODEC_VP8 && v->key) {
        struct bc_track *track = input_track_of_frame(v->codec, v->payload, v->len);
        if (track) {
            set_track(&f->video, track);
        }
    }
    struct input_payload payload;
    if (!f->video || f->video->codec != v->codec
        || !input_payload_make(
            v->codec, v->payload, v->len, f->length_size, v->key, &payload)) {
        return true;
    }
    return emit(f, f->video, b, &payload,
        (int64_t)v->cts_ms * 1000 + v->pts_offset_ns / 1000);
}

static void
video_header(struct input_flv *f, const struct bc_flv_video *v)
{
    struct bc_track *track = input_track_of_config(v->codec, v->payload, v->len);
    if (!track) {
        return;
    }
    bool nalus = track->config && (v->codec == BC_CODEC_AVC || v->codec == BC_CODEC_HEVC);
    f->length_size
        = nalus ? bc_nalu_length_size(v->codec, track->config->data, track->config->len)
                : 0;
    set_track(&f->video, track);
}

static bool
video_body(struct input_flv *f, const struct body *b)
{
    struct bc_flv_video v;
    bool go_on = true;
    int ret = bc_flv_parse_video(b->data, b->len, &v);
    while (ret >= 0 && go_on) {
        // Further tracks are other qualities of the same picture.
        if (v.track_id == 0 && v.type == BC_FLV_SEQUENCE_HEADER) {
            video_header(f, &v);
        } else if (v.track_id == 0 && v.type == BC_FLV_FRAMES) {
            go_on = video_frames(f, &v, b);
        }
        ret = bc_flv_next_video(&v);
        if (ret == 0) {
            break;
        }
    }
    return go_on;
}

static bool
audio_frames(struct input_flv *f, const struct bc_flv_audio *a, const struct body *b)
{
    // Raw AAC may look like a header of its own.
    struct bc_track *track = a->codec != BC_CODEC_AAC
        ? input_track_of_frame(a->codec, a->payload, a->len)
        : NULL;
    if (!track && (a->codec == BC_CODEC_PCMA || a->codec == BC_CODEC_PCMU)) {
        track = bc_track_create(BC_KIND_AUDIO, a->codec);
        if (track) {
            track->sample_rate = a->sample_rate;
            track->channels = a->channels;
        }
    }
    if (track) {
        set_track(&f->audio, track);
    }
    if (!f->audio || f->audio->codec != a->codec) {
        return true;
    }
    struct input_payload payload = { .data = a->payload, .len = a->len };
    return emit(f, f->audio, b, &payload, 0);
}

static bool
audio_body(struct input_flv *f, const struct body *b)
{
    struct bc_flv_audio a;
    bool go_on = true;
    int ret = bc_flv_parse_audio(b->data, b->len, &a);
    while (ret >= 0 && go_on) {
        if (a.track_id == 0 && a.type == BC_FLV_SEQUENCE_HEADER) {
            struct bc_track *track = input_track_of_config(a.codec, a.payload, a.len);
            if (track) {
                set_track(&f->audio, track);
            }
        } else if (a.track_id == 0 && a.type == BC_FLV_FRAMES) {
            go_on = audio_frames(f, &a, b);
        }
        ret = bc_flv_next_audio(&a);
        if (ret == 0) {
            break;
        }
    }
    return go_on;
}

bool
input_flv_body(struct input_flv *f, enum bc_kind kind, uint32_t timestamp,
    struct bc_buf *buf, const uint8_t *data, size_t len)
{
    if (kind != BC_KIND_VIDEO && kind != BC_KIND_AUDIO && kind != BC_KIND_SCRIPT) {
        return true;
    }
    // What is told about the stream must not move its clock (RTMP-81).
    struct bc_unwrap copy = f->clock;
    struct bc_unwrap *clock = kind == BC_KIND_SCRIPT ? &copy : &f->clock;
    struct body b = { .dts_us = bc_unwrap_rtmp(clock, timestamp) * 1000, .buf = buf,
        .data = data, .len = len };
    if (kind == BC_KIND_SCRIPT) {
        return script_body(f, &b);
    }
    return kind == BC_KIND_VIDEO ? video_body(f, &b) : audio_body(f, &b);
}

// --- the file format ---

static int
read_header(struct input_flv *f)
{
    if (memcmp(f->pending.data, "FLV\1", 4) != 0) {
        return -EINVAL;
    }
    f->began = true;
    // Flags that name nothing are wrong; those that leave a track out may be.
    unsigned flags = f->pending.data[4];
    if (f->sink->on_kinds && flags & FLAGS_BOTH) {
        f->sink->on_kinds(f->sink->user, flags & FLAG_VIDEO, flags & FLAG_AUDIO);
    }
    bc_writer_reset(&f->pending);
    f->wanted = BC_FLV_TAG_HEAD_BYTES;
    return 0;
}

static int
read_tag(struct input_flv *f)
{
    struct bc_reader r = bc_reader_init(f->pending.data, f->pending.len);
    unsigned type = bc_read_u8(&r) & 31u;
    uint32_t size = bc_read_u24(&r);
    uint32_t ms = bc_read_u24(&r);
    ms |= (uint32_t)bc_read_u8(&r) << 24;
    if (f->wanted == BC_FLV_TAG_HEAD_BYTES) {
        f->wanted = TAG_OVERHEAD + (size_t)size;
        return size > TAG_MAX_BYTES ? -EINVAL : 0;
    }
    enum bc_kind kind = type == BC_FLV_TAG_VIDEO ? BC_KIND_VIDEO
        : type == BC_FLV_TAG_AUDIO               ? BC_KIND_AUDIO
        : type == BC_FLV_TAG_SCRIPT              ? BC_KIND_SCRIPT
                                                 : BC_KIND_NONE;
    struct bc_buf *buf = kind != BC_KIND_NONE
        ? bc_buf_copy(f->pending.data + BC_FLV_TAG_HEAD_BYTES, size)
        : NULL;
    bool go_on = !buf || input_flv_body(f, kind, ms, buf, buf->data, size);
    bc_buf_unref(&buf);
    bc_writer_reset(&f->pending);
    f->wanted = BC_FLV_TAG_HEAD_BYTES;
    return go_on ? 0 : -ECANCELED;
}

int
input_flv_bytes(struct input_flv *f, const uint8_t *data, size_t len)
{
    while (len > 0) {
        size_t n = f->wanted - f->pending.len;
        n = n < len ? n : len;
        bc_write_bytes(&f->pending, data, n);
        if (f->pending.failed) {
            return -ENOMEM;
        }
        data += n;
        len -= n;
        if (f->pending.len == f->wanted) {
            int ret = f->began ? read_tag(f) : read_header(f);
            if (ret != 0) {
                return ret;
            }
        }
    }
    return 0;
}
