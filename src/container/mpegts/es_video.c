// SPDX-License-Identifier: Apache-2.0
// AVC and HEVC byte streams (H.264, H.265 annex B) as they come in TS packets. Each piece
// is appended to the access unit's buffer and searched for start codes there; a start code
// becomes the length of its unit in place, so only the rest of one TS packet ever moves.
// An access unit ends where the next one begins (H.264 7.4.1.2.3, H.265 7.4.2.4.4).
#include <errno.h>
#include <string.h>

#include "base/bits.h"
#include "base/reader.h"
#include "es.h"
#include "media/nal_types.h"
#include "media/nalu.h"
#include "ts.h"

#define LENGTH_BYTES 4
#define START_CODE_BYTES 3
#define FIRST_CAP 16384
// Where nothing says how long a frame lasts: 30 a second.
#define DEFAULT_STEP 3000
#define STEP_MAX 90000

void
bc_ts_video_init(struct bc_ts_video *v, struct bc_ts_sink *sink, enum bc_codec codec)
{
    memset(v, 0, sizeof(*v));
    v->sink = sink;
    v->codec = codec;
    v->sets.codec = codec;
    v->waiting = true;
}

void
bc_ts_video_finish(struct bc_ts_video *v)
{
    bc_nal_sets_finish(&v->sets);
    bc_track_unref(&v->track);
    bc_buf_unref(&v->buf);
}

// --- the buffer ---

static bool
make_room(struct bc_ts_video *v, size_t need)
{
    if (v->len + need <= v->cap) {
        return true;
    }
    size_t cap = v->cap ? v->cap * 2 : FIRST_CAP;
    while (cap < v->len + need) {
        cap *= 2;
    }
    bool ok = cap <= BC_TS_UNIT_MAX_BYTES;
    if (ok && v->buf) {
        ok = bc_buf_resize(&v->buf, cap);
    } else if (ok) {
        v->buf = bc_buf_create(cap);
        ok = v->buf != NULL;
    }
    v->cap = ok ? cap : v->cap;
    return ok;
}

static void
reset_unit(struct bc_ts_video *v)
{
    v->len = 0;
    v->nal_open = false;
    v->classified = false;
    v->has_slice = false;
    v->has_key = false;
    v->sets_kept = false;
    v->damaged = false;
    v->after_hole = false;
    v->stamp.has = false;
}

// --- the whole access unit ---

// The PPS that the first slice refers to (H.264 7.3.3, H.265 7.3.6.1), and whether that
// slice is the first one of its picture.
static bool
read_slice(const struct bc_ts_video *v, uint32_t *pps)
{
    struct bc_reader r = bc_reader_init(v->buf->data + v->slice_at, v->len - v->slice_at);
    uint32_t size = bc_read_u32(&r);
    const uint8_t *nal = bc_read_bytes(&r, size);
    if (!nal || size <= bc_nal_head_bytes(v->codec)) {
        return false;
    }
    struct bc_bits b = bc_bits_init(nal, size, true);
    bool first;
    if (v->codec == BC_CODEC_HEVC) {
        bc_bits_skip(&b, 16);
        first = bc_bits_flag(&b);
        bc_bits_skip(&b, 1); // no_output_of_prior_pics_flag, as this is a keyframe
    } else {
        bc_bits_skip(&b, 8);
        first = bc_bits_ue(&b) == 0;
        bc_bits_ue(&b); // slice_type
    }
    *pps = bc_bits_ue(&b);
    return first && !b.failed;
}

// A keyframe's track is up to date, or it can't be used.
static bool
update_track(struct bc_ts_video *v)
{
    struct bc_nal_sets *sets = &v->sets;
    uint32_t pps;
    uint32_t sps;
    if (!read_slice(v, &pps) || !bc_nal_sets_sps_of(sets, pps, &sps)) {
        return false;
    }
    bool came = sets->sps_came && sets->pps_came;
    // These might be others than the ones that went missing.
    if (v->after_hole && v->sets_in_band && !came) {
        return false;
    }
    v->sets_in_band = came;
    sets->sps_came = false;
    sets->pps_came = false;
    if (v->track && !sets->changed && sps == v->sps) {
        return true;
    }
    struct bc_track *track = bc_nal_sets_track(sets, pps);
    if (!track) {
        return false;
    }
    sets->changed = false;
    v->sps = sps;
    if (bc_track_equal(v->track, track)) {
        bc_track_unref(&track);
        return true;
    }
    bc_track_unref(&v->track);
    v->track = track;
    v->sink->ops->on_track(v->sink->user, track);
    return true;
}

// New parameter sets are in the keyframe's track now.
static void
remove_sets(struct bc_ts_video *v)
{
    uint8_t *data = v->buf->data;
    size_t to = 0;
    for (size_t at = 0; at + LENGTH_BYTES < v->len;) {
        struct bc_reader r = bc_reader_init(data + at, v->len - at);
        size_t size = bc_read_u32(&r) + LENGTH_BYTES;
        if (!bc_nal_is_set(v->codec, bc_nal_type(v->codec, data + at + LENGTH_BYTES))) {
            memmove(data + to, data + at, size);
            to += size;
        }
        at += size;
    }
    v->len = to;
}

static int64_t
usual_step(const struct bc_ts_video *v)
{
    const struct bc_track *t = v->track;
    if (v->step > 0) {
        return v->step;
    }
    if (t->fps_num && t->fps_den) {
        return (int64_t)t->fps_den * 90000 / t->fps_num;
    }
    return DEFAULT_STEP;
}

// The unit's times: its PES packet's, or those that follow from the unit before.
static bool
place(struct bc_ts_video *v, int64_t *dts, int64_t *pts)
{
    if (v->stamp.has) {
        *dts = v->stamp.dts;
        *pts = v->stamp.pts;
    } else if (v->placed) {
        *dts = v->last_dts + usual_step(v);
        *pts = *dts + v->last_cts;
    } else {
        return false;
    }
    int64_t step = *dts - v->last_dts;
    if (v->placed && step > 0 && step <= STEP_MAX) {
        v->step = step;
    }
    v->placed = true;
    v->last_dts = *dts;
    v->last_cts = *pts - *dts;
    return true;
}

static void
emit(struct bc_ts_video *v, uint32_t flags)
{
    int64_t dts;
    int64_t pts;
    if (!place(v, &dts, &pts) || !bc_buf_resize(&v->buf, v->len)) {
        return;
    }
    v->cap = 0;
    struct bc_packet *p =
        bc_packet_create(BC_KIND_VIDEO, v->track, v->buf, v->buf->data, v->len);
    if (!p) {
        bc_buf_unref(&v->buf);
        return;
    }
    v->buf = NULL;
    p->dts_us = bc_ts_ticks_to_us(dts);
    p->pts_us = bc_ts_ticks_to_us(pts);
    p->arrived_us = v->arrived_us;
    p->flags = flags;
    v->waiting = false;
    v->sink->ops->on_packet(v->sink->user, p);
}

// The NAL units before `v->len` are all of the access unit.
static void
end_unit(struct bc_ts_video *v)
{
    if (v->damaged) {
        v->sink->stats.damaged++;
        // What follows refers to it.
        v->waiting |= v->has_key;
        return;
    }
    struct bc_nalu_info info;
    bc_nalu_scan(v->codec, v->buf->data, v->len, &info);
    if (!info.has_slice || (!info.is_idr && v->waiting)) {
        return; // quietly: what is no picture, and hosts begin anywhere (SRT-10)
    }
    if (info.is_idr && !update_track(v)) {
        v->waiting = true;
        return;
    }
    if (info.is_idr && v->sets_kept) {
        remove_sets(v);
    }
    emit(v,
        (info.is_idr ? BC_PACKET_KEY : 0u)
            | (info.disposable ? BC_PACKET_DISPOSABLE : 0u));
}

// --- NAL units ---

// Whether a unit of this kind is the first of an access unit when slices came before.
static bool
begins_unit(enum bc_codec codec, uint8_t type, bool first_slice)
{
    if (bc_nal_is_slice(codec, type)) {
        return first_slice;
    }
    if (codec == BC_CODEC_HEVC) {
        // Sets, delimiter, prefix SEI, reserved and unspecified ones of the kind.
        return (type >= 32 && type <= 35) || type == 39 || (type >= 41 && type <= 44)
            || (type >= 48 && type <= 55);
    }
    return (type >= AVC_NAL_SEI && type <= AVC_NAL_AUD) || (type >= 14 && type <= 18);
}

// Ends the access unit before the open NAL unit, which has come with this TS packet and so
// is short, and begins the next one with it.
static void
split(struct bc_ts_video *v)
{
    uint8_t tail[2 * BC_TS_PACKET_BYTES];
    size_t len = v->len - v->nal_at;
    bool hole = v->damaged;
    memcpy(tail, v->buf->data + v->nal_at, len);
    v->len = v->nal_at;
    end_unit(v);
    reset_unit(v);
    v->after_hole = hole;
    if (!make_room(v, FIRST_CAP)) {
        bc_ts_video_lost(v);
        return;
    }
    memcpy(v->buf->data, tail, len);
    v->len = len;
    v->nal_at = 0;
    v->nal_open = true;
    v->classified = true;
}

// The open unit's `avail` first bytes are there: does an access unit begin with it?
static void
classify(struct bc_ts_video *v, size_t avail)
{
    size_t head = bc_nal_head_bytes(v->codec);
    const uint8_t *nal = v->buf->data + v->nal_at + LENGTH_BYTES;
    uint8_t type = bc_nal_type(v->codec, nal);
    // first_mb_in_slice is 0, or first_slice_segment_in_pic_flag: a bit that is set.
    bool first = avail > head && (nal[head] & 0x80);
    v->classified = true;
    if (v->has_slice && begins_unit(v->codec, type, first)) {
        split(v);
    }
    if (bc_nal_is_slice(v->codec, type) && v->nal_open) {
        if (!v->has_slice) {
            v->slice_at = v->nal_at;
            v->stamp = v->next;
            v->next.has = false;
        }
        v->has_slice = true;
        v->has_key |= bc_nal_is_key(v->codec, type);
    }
}

// The open unit ends at `end`. Returns where the next one's length goes: delimiters,
// filler and sets that are known already leave no trace.
static size_t
close_nal(struct bc_ts_video *v, size_t end)
{
    size_t body = v->nal_at + LENGTH_BYTES;
    uint8_t *data = v->buf->data;
    while (end > body && data[end - 1] == 0) {
        end--;
    }
    size_t size = end - body;
    if (size <= bc_nal_head_bytes(v->codec)) {
        return v->nal_at;
    }
    uint8_t type = bc_nal_type(v->codec, data + body);
    if (!bc_nal_is_useful(v->codec, type)) {
        return v->nal_at;
    }
    if (bc_nal_is_set(v->codec, type)) {
        if (!bc_nal_sets_put(&v->sets, data + body, size)) {
            return v->nal_at;
        }
        v->sets_kept = true;
    }
    for (unsigned i = 0; i < LENGTH_BYTES; i++) {
        data[v->nal_at + i] = (uint8_t)(size >> (24 - 8 * i));
    }
    return end;
}

static size_t
body_at(const struct bc_ts_video *v)
{
    return v->nal_open ? v->nal_at + LENGTH_BYTES : 0;
}

// A start code lies at `at`, in bytes that came just now.
static void
open_nal(struct bc_ts_video *v, size_t at)
{
    size_t to = v->nal_open ? close_nal(v, at) : 0;
    size_t from = at + START_CODE_BYTES;
    memmove(v->buf->data + to + LENGTH_BYTES, v->buf->data + from, v->len - from);
    v->len = v->len - from + to + LENGTH_BYTES;
    v->nal_at = to;
    v->nal_open = true;
    v->classified = false;
}

// Enough of the open unit to know it: its header and one byte.
static void
look(struct bc_ts_video *v)
{
    size_t avail = v->len - body_at(v);
    if (v->nal_open && !v->classified && avail > bc_nal_head_bytes(v->codec)) {
        classify(v, avail);
    }
}

void
bc_ts_video_begin(struct bc_ts_video *v, const struct bc_ts_stamp *stamp)
{
    if (stamp->has) {
        v->next = *stamp;
    }
}

void
bc_ts_video_push(struct bc_ts_video *v, const uint8_t *p, size_t len)
{
    // Start codes of three bytes become lengths of four.
    if (!make_room(v, len + len / 3 + LENGTH_BYTES)) {
        bc_ts_video_lost(v);
        if (!make_room(v, len + len / 3 + LENGTH_BYTES)) {
            return;
        }
    }
    memcpy(v->buf->data + v->len, p, len);
    v->len += len;
    look(v);
    size_t from = v->len > len ? v->len - len : 0;
    while (v->buf) {
        const uint8_t *data = v->buf->data;
        size_t first = body_at(v) + 2;
        from = from > first ? from : first;
        const uint8_t *one = from < v->len ? memchr(data + from, 1, v->len - from) : NULL;
        if (!one) {
            break;
        }
        size_t at = (size_t)(one - data);
        from = at + 1;
        if (data[at - 1] == 0 && data[at - 2] == 0) {
            open_nal(v, at - 2);
            look(v);
            from = body_at(v);
        }
    }
    look(v);
    if (!v->nal_open && v->len > 2) {
        memmove(v->buf->data, v->buf->data + v->len - 2, 2);
        v->len = 2;
    }
    v->arrived_us = v->sink->now_us;
}

// Forgets the bytes, not that there is an access unit: its other slices may follow, and
// the next one's first slice ends it.
void
bc_ts_video_lost(struct bc_ts_video *v)
{
    bool has_key = v->has_key;
    reset_unit(v);
    v->has_key = has_key;
    v->has_slice = true;
    v->damaged = true;
    v->next.has = false;
}

void
bc_ts_video_flush(struct bc_ts_video *v)
{
    if (v->nal_open) {
        v->len = close_nal(v, v->len);
    }
    if (v->has_slice) {
        end_unit(v);
    }
    reset_unit(v);
    v->next.has = false;
}
