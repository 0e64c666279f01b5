// SPDX-License-Identifier: Apache-2.0
// A host's video messages: sequence headers become tracks, frames become samples. What
// the messages say of their frames is a hint; the bitstream tells (RTMP-60).
#include <errno.h>
#include <string.h>

#include "container/flv.h"
#include "media/nalu.h"
#include "media/obu.h"
#include "media/track_build.h"
#include "protocol/rtmp/colour.h"
#include "publisher_internal.h"

// Another track that was silent for so long is no longer waited for.
#define LANE_SILENT_US 5000000
#define VPCC_HEAD_BYTES 4

// --- sequence headers ---

// The record stands alone, as enhanced RTMP says, or behind the version and flags of its
// box, as some send it.
static struct bc_track *
vp9_track(const uint8_t *data, size_t len)
{
    uint8_t vpcc[VPCC_HEAD_BYTES + 8] = { 1, 0, 0, 0 };
    struct bc_track *track = bc_vp9_track_from_config(data, len);
    if (!track && len >= sizeof(vpcc) - VPCC_HEAD_BYTES) {
        memcpy(vpcc + VPCC_HEAD_BYTES, data, sizeof(vpcc) - VPCC_HEAD_BYTES);
        track = bc_vp9_track_from_config(vpcc, sizeof(vpcc));
    }
    return track;
}

static struct bc_track *
track_of_header(const struct bc_flv_video *v)
{
    switch (v->codec) {
    case BC_CODEC_AVC:
        return bc_avc_track(v->payload, v->len);
    case BC_CODEC_HEVC:
        return bc_hevc_track(v->payload, v->len);
    case BC_CODEC_AV1:
        return bc_av1_track_from_config(v->payload, v->len);
    case BC_CODEC_VP9:
        return vp9_track(v->payload, v->len);
    default:
        return NULL;
    }
}

// Takes over the track, which nobody else has yet; it counts from the lane's next
// keyframe.
static void
set_next(struct bc_publisher *p, struct bc_publisher_lane *lane, struct bc_track *track)
{
    track->colour = lane->colour;
    bool first = !p->probing && !publisher_has_video(p);
    struct bc_track *known = lane->next ? lane->next : lane->track;
    if (bc_track_equal(known, track)) {
        bc_track_unref(&track);
        return;
    }
    bc_track_unref(&lane->next);
    if (bc_track_equal(lane->track, track)) {
        bc_track_unref(&track); // it was announced, and taken back before a keyframe
        return;
    }
    lane->next = track;
    if (first) {
        bc_take_set_track(p->take, track);
    }
}

static void
video_header(struct bc_publisher *p, struct bc_publisher_lane *lane,
    const struct bc_flv_video *v, int64_t now_us)
{
    struct bc_track *track = track_of_header(v);
    if (track) {
        set_next(p, lane, track);
    } else if (v->codec == BC_CODEC_AVC || v->codec == BC_CODEC_HEVC) {
        publisher_complain(p, "the video's sequence header is broken", now_us);
    }
    // The keyframes of the others tell all there is to know.
}

// Colours may be told before the header, or after it.
static void
video_metadata(struct bc_publisher *p, struct bc_publisher_lane *lane,
    const struct bc_flv_video *v, int64_t now_us)
{
    struct bc_colour colour;
    int ret = bc_rtmp_colour_parse(&colour, v->payload, v->len);
    if (ret == -EINVAL) {
        publisher_complain(p, "video metadata that makes no sense", now_us);
    }
    if (ret < 0) {
        return;
    }
    lane->colour = colour;
    const struct bc_track *known = lane->next ? lane->next : lane->track;
    struct bc_track *track = known ? bc_track_with_colour(known, &colour) : NULL;
    if (track) {
        set_next(p, lane, track);
    }
}

// --- frames ---

// A frame as the stream goes on with it.
struct frame {
    const uint8_t *data;
    size_t len;
    struct bc_buf *rewritten; // owned; NULL: as it came
    bool is_key;
    bool disposable;
};

static int
look_at_nalus(const struct bc_track *track, const struct bc_flv_video *v, struct frame *f)
{
    if (!track || track->codec != v->codec) {
        return -ENOENT;
    }
    unsigned length_size =
        bc_nalu_length_size(track->codec, track->config->data, track->config->len);
    if (bc_nalu_normalise(v->payload, v->len, length_size, &f->rewritten) != 0) {
        return -EINVAL;
    }
    if (f->rewritten) {
        f->data = f->rewritten->data;
        f->len = f->rewritten->len;
    }
    struct bc_nalu_info info;
    bc_nalu_scan(track->codec, f->data, f->len, &info);
    f->is_key = info.is_idr;
    f->disposable = info.disposable;
    return info.has_slice ? 0 : -ENODATA; // SEI or parameter sets alone are no picture
}

// The sequence header that a keyframe brings is the one that counts.
static int
look_at_obus(struct bc_publisher *p, struct bc_publisher_lane *lane, struct frame *f)
{
    struct bc_obu_unit unit;
    if (bc_obu_scan(f->data, f->len, &unit) < 0) {
        return -EINVAL;
    }
    if (!unit.has_frame) {
        return -ENODATA;
    }
    f->is_key = unit.is_key;
    if (unit.is_key && unit.sequence.payload) {
        struct bc_writer w = { 0 };
        bc_obu_write(&w, &unit.sequence);
        struct bc_track *track = w.failed ? NULL : bc_av1_track(w.data, w.len);
        bc_writer_finish(&w);
        if (track) {
            set_next(p, lane, track);
        }
    }
    if (!unit.is_plain) {
        f->rewritten = bc_obu_rewrite(f->data, f->len);
        if (!f->rewritten) {
            return -ENOMEM;
        }
        f->data = f->rewritten->data;
        f->len = f->rewritten->len;
    }
    return 0;
}

static int
look_at_vp8(struct bc_publisher *p, struct bc_publisher_lane *lane, struct frame *f)
{
    f->is_key = bc_vp8_is_key(f->data, f->len);
    struct bc_track *track = f->is_key ? bc_vp8_track(f->data, f->len) : NULL;
    if (track) {
        set_next(p, lane, track);
    }
    return f->is_key && !track ? -EINVAL : 0;
}

// The header knows the colours and the level, the keyframe the size.
static int
look_at_vp9(struct bc_publisher *p, struct bc_publisher_lane *lane, struct frame *f)
{
    f->is_key = bc_vp9_is_key(f->data, f->len);
    if (!f->is_key) {
        return 0;
    }
    struct bc_track *track = bc_vp9_track(f->data, f->len);
    if (!track) {
        return -EINVAL;
    }
    const struct bc_track *told = lane->next ? lane->next : lane->track;
    if (told && told->codec == BC_CODEC_VP9) {
        struct bc_track *both
            = bc_vp9_track_from_config(told->config->data, told->config->len);
        if (both && both->config->data[VPCC_HEAD_BYTES]
                == track->config->data[VPCC_HEAD_BYTES]) {
            both->width = track->width;
            both->height = track->height;
            bc_track_unref(&track);
            track = both;
        } else {
            bc_track_unref(&both);
        }
    }
    set_next(p, lane, track);
    return 0;
}

static int
look_at_frame(struct bc_publisher *p, struct bc_publisher_lane *lane,
    const struct bc_flv_video *v, struct frame *f)
{
    switch (v->codec) {
    case BC_CODEC_AV1:
        return look_at_obus(p, lane, f);
    case BC_CODEC_VP8:
        return look_at_vp8(p, lane, f);
    case BC_CODEC_VP9:
        return look_at_vp9(p, lane, f);
    default:
        return look_at_nalus(lane->next ? lane->next : lane->track, v, f);
    }
}

static void
begin_at_key(struct bc_publisher *p, struct bc_publisher_lane *lane, int64_t now_us)
{
    if (lane->next) {
        struct bc_track *old = lane->track;
        p->rank_due |= !old || old->width != lane->next->width
            || old->height != lane->next->height;
        lane->track = lane->next;
        lane->next = NULL;
        bc_track_unref(&old);
    }
    for (unsigned i = 0; i < p->lane_count; i++) {
        struct bc_publisher_lane *other = &p->lanes[i];
        if (other != lane && other->track && now_us - other->last_us > LANE_SILENT_US) {
            publisher_retire(p, other);
        }
    }
    if (!p->probing && lane->track) {
        publisher_rank_at_key(p, lane);
    }
    lane->wants_key = !lane->track;
}

static bool
is_let_through(const struct bc_publisher *p, struct bc_publisher_lane *lane,
    const struct bc_flv_video *v)
{
    bool ranked = p->probing || lane->ranked;
    lane->wants_key |= !ranked;
    return ranked && !lane->wants_key && lane->track && lane->track->codec == v->codec;
}

static void
complain_of_frame(struct bc_publisher *p, int why, int64_t now_us)
{
    if (why == -ENOENT) {
        publisher_complain(p, "video frames without a sequence header", now_us);
    } else if (why == -EINVAL) {
        publisher_complain(p, "a video frame that makes no sense", now_us);
    }
}

static void
video_frame(struct bc_publisher *p, struct bc_publisher_lane *lane,
    const struct bc_rtmp_media *m, const struct bc_flv_video *v, const struct stamp *t)
{
    struct frame f = { .data = v->payload, .len = v->len };
    int ret = look_at_frame(p, lane, v, &f);
    if (ret == 0 && f.is_key) {
        begin_at_key(p, lane, t->now_us);
    }
    if (ret < 0 || !is_let_through(p, lane, v)) {
        complain_of_frame(p, ret, t->now_us);
        bc_buf_unref(&f.rewritten);
        return;
    }
    lane->last_us = t->now_us;
    struct sample sample = {
        .track = lane->track,
        .buf = f.rewritten ? f.rewritten : bc_buf_ref(m->buf),
        .data = f.data,
        .len = f.len,
        .cts_us = (int64_t)v->cts_ms * 1000 + v->pts_offset_ns / 1000,
        .flags = (f.is_key ? BC_PACKET_KEY : 0u)
            | (f.disposable || (v->disposable && !f.is_key) ? BC_PACKET_DISPOSABLE : 0u),
        .lane = (unsigned)(lane - p->lanes),
    };
    publisher_emit(p, &sample, t);
}

// --- messages ---

static void
video_part(struct bc_publisher *p, const struct bc_rtmp_media *m,
    const struct bc_flv_video *v, const struct stamp *t)
{
    bool wanted = v->type == BC_FLV_SEQUENCE_HEADER || v->type == BC_FLV_FRAMES
        || v->type == BC_FLV_SEQUENCE_END || v->type == BC_FLV_METADATA;
    struct bc_publisher_lane *lane = wanted ? publisher_lane(p, v->track_id) : NULL;
    if (!lane) {
        return;
    }
    if (v->type == BC_FLV_SEQUENCE_HEADER) {
        video_header(p, lane, v, t->now_us);
    } else if (v->type == BC_FLV_FRAMES) {
        video_frame(p, lane, m, v, t);
    } else if (v->type == BC_FLV_METADATA) {
        video_metadata(p, lane, v, t->now_us);
    } else if (p->lane_count > 1 && !p->probing) {
        publisher_retire(p, lane);
    }
}

void
publisher_video(struct bc_publisher *p, const struct bc_rtmp_media *m, int64_t now_us)
{
    struct bc_flv_video v;
    int ret = bc_flv_parse_video(m->data, m->len, &v);
    struct stamp t = publisher_stamp(p, m, ret >= 0 && v.type == BC_FLV_FRAMES, now_us);
    for (;;) {
        if (ret >= 0) {
            video_part(p, m, &v, &t);
        } else if (ret == -ENOTSUP) {
            publisher_complain_codec(p, "video", v.codec_id, v.enhanced, now_us);
        } else {
            publisher_complain(p, "broken video message", now_us);
        }
        // The tracks behind one of an unknown codec are as good as any.
        if (ret < 0 && ret != -ENOTSUP) {
            return;
        }
        ret = bc_flv_next_video(&v);
        if (ret == 0) {
            return;
        }
    }
}
