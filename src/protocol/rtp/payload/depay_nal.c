// SPDX-License-Identifier: Apache-2.0
// AVC (RFC 6184, packetization-mode 1) and HEVC (RFC 7798 without DONL) out of RTP
// payloads; the forms are drawn in packetise_nal.c.
#include <errno.h>
#include <string.h>

#include "base/bits.h"
#include "base/reader.h"
#include "depay.h"
#include "media/nal_types.h"
#include "media/nalu.h"

#define FU_START 0x80
#define FU_END 0x40

static enum bc_codec
codec_of(const struct bc_rtp_depacketiser *d)
{
    return d->format->codec;
}

static void
keep_set(struct bc_rtp_depacketiser *d, const uint8_t *nal, size_t len)
{
    if (bc_nal_is_set(codec_of(d), bc_nal_type(codec_of(d), nal))) {
        d->u.nal.sets_changed |= bc_nal_sets_put(&d->u.nal.sets, nal, len);
    }
}

static int
push_unit(struct bc_rtp_depacketiser *d, const uint8_t *nal, size_t len)
{
    if (len <= bc_nal_head_bytes(codec_of(d))) {
        return -EINVAL;
    }
    uint8_t type = bc_nal_type(codec_of(d), nal);
    if (!bc_nal_is_useful(codec_of(d), type)) {
        return 0;
    }
    keep_set(d, nal, len);
    return bc_rtp_piece_whole(d, nal, len);
}

static int
push_aggregation(struct bc_rtp_depacketiser *d, struct bc_reader *r)
{
    while (bc_reader_left(r) > 0) {
        uint16_t size = bc_read_u16(r);
        const uint8_t *nal = bc_read_bytes(r, size);
        if (r->failed) {
            return -EINVAL;
        }
        // Some senders' delimiters have no body, and some units are empty.
        int ret = size > bc_nal_head_bytes(codec_of(d)) ? push_unit(d, nal, size) : 0;
        if (ret < 0) {
            return ret;
        }
    }
    return 0;
}

// `head` is the NAL unit header that the fragments leave out.
static int
push_fragment(struct bc_rtp_depacketiser *d, const uint8_t *head, uint8_t fu,
    const struct bc_reader *r)
{
    bool start = (fu & FU_START) != 0;
    if (start == d->open || bc_reader_left(r) == 0) {
        return -EINVAL;
    }
    int ret = start ? bc_rtp_piece_begin(d, head, bc_nal_head_bytes(codec_of(d))) : 0;
    const uint8_t *nal = d->unit.data + d->open_at + 4;
    if (ret == 0 && bc_nal_type(codec_of(d), nal) != bc_nal_type(codec_of(d), head)) {
        return -EINVAL;
    }
    ret = ret < 0 ? ret : bc_rtp_piece_add(d, r->p, bc_reader_left(r));
    if (ret < 0 || !(fu & FU_END)) {
        return ret;
    }
    nal = d->unit.data + d->open_at + 4;
    keep_set(d, nal, d->unit.len - d->open_at - 4);
    return bc_rtp_piece_end(d);
}

static int
push_avc(struct bc_rtp_depacketiser *d, const struct bc_rtp_header *h)
{
    struct bc_reader r = bc_reader_init(h->payload, h->payload_len);
    uint8_t indicator = bc_read_u8(&r);
    uint8_t type = indicator & 0x1f;
    if (type == AVC_FU_A) {
        uint8_t fu = bc_read_u8(&r);
        uint8_t head = (indicator & 0xe0) | (fu & 0x1f);
        return r.failed ? -EINVAL : push_fragment(d, &head, fu, &r);
    }
    if (d->open || type == 0 || type > AVC_STAP_A) {
        return -EINVAL;
    }
    return type == AVC_STAP_A ? push_aggregation(d, &r)
                              : push_unit(d, h->payload, h->payload_len);
}

static int
push_hevc(struct bc_rtp_depacketiser *d, const struct bc_rtp_header *h)
{
    struct bc_reader r = bc_reader_init(h->payload, h->payload_len);
    uint8_t head[2];
    bc_read_copy(&r, head, sizeof(head));
    uint8_t type = bc_nal_type(BC_CODEC_HEVC, head);
    if (type == HEVC_FU) {
        uint8_t fu = bc_read_u8(&r);
        head[0] = (uint8_t)((head[0] & 0x81) | (fu & 0x3f) << 1);
        return r.failed ? -EINVAL : push_fragment(d, head, fu, &r);
    }
    if (d->open || r.failed || type > HEVC_AP) {
        return -EINVAL;
    }
    return type == HEVC_AP ? push_aggregation(d, &r)
                           : push_unit(d, h->payload, h->payload_len);
}

// --- the whole unit ---

struct slice {
    bool first; // of its picture
    uint32_t pps;
};

// H.264 7.3.3, H.265 7.3.6.1.
static bool
read_slice(enum bc_codec codec, const uint8_t *nal, size_t len, struct slice *slice)
{
    struct bc_bits b = bc_bits_init(nal, len, true);
    if (codec == BC_CODEC_HEVC) {
        bc_bits_skip(&b, 16);
        slice->first = bc_bits_flag(&b);
        // no_output_of_prior_pics_flag
        bc_bits_skip(&b, bc_nal_is_key(codec, bc_nal_type(codec, nal)) ? 1 : 0);
    } else {
        bc_bits_skip(&b, 8);
        slice->first = bc_bits_ue(&b) == 0;
        bc_bits_ue(&b); // slice_type
    }
    slice->pps = bc_bits_ue(&b);
    return !b.failed;
}

static bool
find_first_slice(const struct bc_rtp_depacketiser *d, struct slice *slice)
{
    enum bc_codec codec = codec_of(d);
    struct bc_reader r = bc_reader_init(d->unit.data, d->unit.len);
    while (bc_reader_left(&r) > 0) {
        uint32_t size = bc_read_u32(&r);
        const uint8_t *nal = bc_read_bytes(&r, size);
        if (nal && bc_nal_is_slice(codec, bc_nal_type(codec, nal))) {
            return read_slice(codec, nal, size, slice);
        }
    }
    return false;
}

static int
update_track(struct bc_rtp_depacketiser *d, uint32_t pps)
{
    struct bc_nal_sets *sets = &d->u.nal.sets;
    uint32_t sps;
    if (!bc_nal_sets_sps_of(sets, pps, &sps)) {
        return -EINVAL;
    }
    if (d->track && !sets->changed && sps == d->u.nal.sps) {
        return 0;
    }
    int ret = bc_rtp_depay_set_track(d, bc_nal_sets_track(sets, pps));
    if (ret == 0) {
        sets->changed = false;
        d->u.nal.sps = sps;
    }
    return ret;
}

// A keyframe behind a hole counts as whole when its first slice is there, and its sets
// too if the last one had them: these might be others.
static int
finish_nal(struct bc_rtp_depacketiser *d, struct bc_rtp_found *found)
{
    struct bc_nal_sets *sets = &d->u.nal.sets;
    struct bc_nalu_info info;
    struct slice slice = { 0 };
    bc_nalu_scan(codec_of(d), d->unit.data, d->unit.len, &info);
    if (!info.has_slice) {
        return -ENODATA;
    }
    if (!find_first_slice(d, &slice)) {
        return -EINVAL;
    }
    found->flags = (info.is_idr ? BC_PACKET_KEY : 0u)
        | (info.disposable ? BC_PACKET_DISPOSABLE : 0u);
    bool sets_came = sets->sps_came && sets->pps_came;
    found->from_start = slice.first && (sets_came || !d->u.nal.sets_in_band);
    if (!info.is_idr) {
        return 0;
    }
    d->u.nal.sets_in_band = sets_came;
    sets->sps_came = false;
    sets->pps_came = false;
    return update_track(d, slice.pps);
}

// Parameter sets live in the track. Only those that change in the middle of a sequence
// stay where they are, as the track changes with the next keyframe.
static bool
stays(const struct bc_rtp_depacketiser *d, const uint8_t *nal, bool key)
{
    enum bc_codec codec = codec_of(d);
    return !bc_nal_is_set(codec, bc_nal_type(codec, nal))
        || (d->u.nal.sets_changed && !key);
}

static struct bc_buf *
build_nal(struct bc_rtp_depacketiser *d, const struct bc_rtp_found *found)
{
    bool key = (found->flags & BC_PACKET_KEY) != 0;
    struct bc_buf *buf = NULL;
    size_t total = 0;
    for (unsigned round = 0; round < 2; round++) { // count, copy
        struct bc_reader r = bc_reader_init(d->unit.data, d->unit.len);
        total = 0;
        while (bc_reader_left(&r) > 0) {
            const uint8_t *from = r.p;
            uint32_t size = bc_read_u32(&r);
            const uint8_t *nal = bc_read_bytes(&r, size);
            if (!nal || !stays(d, nal, key)) {
                continue;
            }
            if (buf) {
                memcpy(buf->data + total, from, size + 4u);
            }
            total += size + 4u;
        }
        buf = buf ? buf : bc_buf_create(total);
        if (!buf) {
            return NULL;
        }
    }
    return buf;
}

static void
begin_nal(struct bc_rtp_depacketiser *d)
{
    d->u.nal.sets_changed = false;
}

static int
init_nal(struct bc_rtp_depacketiser *d, const struct bc_rtp_depacketiser_params *params)
{
    d->u.nal.sets.codec = params->codec;
    if (params->fmtp) {
        bc_rtp_sets_from_fmtp(&d->u.nal.sets, params->fmtp);
    }
    return 0;
}

static void
release_nal(struct bc_rtp_depacketiser *d)
{
    bc_nal_sets_finish(&d->u.nal.sets);
}

const struct bc_rtp_depay_format bc_rtp_depay_avc = {
    .codec = BC_CODEC_AVC,
    .init = init_nal,
    .release = release_nal,
    .begin = begin_nal,
    .push = push_avc,
    .finish = finish_nal,
    .build = build_nal,
};

const struct bc_rtp_depay_format bc_rtp_depay_hevc = {
    .codec = BC_CODEC_HEVC,
    .init = init_nal,
    .release = release_nal,
    .begin = begin_nal,
    .push = push_hevc,
    .finish = finish_nal,
    .build = build_nal,
};
