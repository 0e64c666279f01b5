// SPDX-License-Identifier: Apache-2.0
// What all codecs have in common: where access units begin and end, and what a hole in
// the stream costs. Pictures refer to earlier ones, so after a loss nothing passes but a
// keyframe that is whole. Whether a unit behind a hole is whole, only the codec can tell:
// by its first slice, or by a mark in the payload.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "depay.h"

#define PIECE_LENGTH_BYTES 4
#define KEEP_MAX_BYTES (1u << 20)

static const struct bc_rtp_depay_format *const FORMATS[] = {
    &bc_rtp_depay_avc,
    &bc_rtp_depay_hevc,
    &bc_rtp_depay_av1,
    &bc_rtp_depay_vp8,
    &bc_rtp_depay_vp9,
    &bc_rtp_depay_opus,
};

// --- pieces ---

int
bc_rtp_piece_add(struct bc_rtp_depacketiser *d, const uint8_t *p, size_t len)
{
    if (len > BC_RTP_UNIT_MAX_BYTES - d->unit.len) {
        return -EMSGSIZE;
    }
    bc_write_bytes(&d->unit, p, len);
    return d->unit.failed ? -ENOMEM : 0;
}

int
bc_rtp_piece_begin(struct bc_rtp_depacketiser *d, const uint8_t *head, size_t len)
{
    static const uint8_t LENGTH[PIECE_LENGTH_BYTES];
    d->open = true;
    d->open_at = d->unit.len;
    int ret = bc_rtp_piece_add(d, LENGTH, sizeof(LENGTH));
    return ret < 0 ? ret : bc_rtp_piece_add(d, head, len);
}

int
bc_rtp_piece_end(struct bc_rtp_depacketiser *d)
{
    d->open = false;
    size_t len = d->unit.len - d->open_at - PIECE_LENGTH_BYTES;
    bc_write_be_at(&d->unit, d->open_at, len, PIECE_LENGTH_BYTES);
    return 0;
}

int
bc_rtp_piece_whole(struct bc_rtp_depacketiser *d, const uint8_t *p, size_t len)
{
    int ret = bc_rtp_piece_begin(d, p, len);
    return ret < 0 ? ret : bc_rtp_piece_end(d);
}

struct bc_buf *
bc_rtp_build_plain(struct bc_rtp_depacketiser *d, const struct bc_rtp_found *found)
{
    (void)found;
    return bc_buf_from_writer(&d->unit);
}

// --- units ---

int
bc_rtp_depay_set_track(struct bc_rtp_depacketiser *d, struct bc_track *track)
{
    if (!track) {
        return -EINVAL;
    }
    if (d->track && bc_track_equal(d->track, track)) {
        bc_track_unref(&track);
        return 0;
    }
    bc_track_unref(&d->track);
    d->track = track;
    return 0;
}

static void
reset_unit(struct bc_rtp_depacketiser *d)
{
    // One huge keyframe must not hold its memory for the rest of the stream.
    if (d->unit.cap > KEEP_MAX_BYTES) {
        bc_writer_finish(&d->unit);
    }
    bc_writer_reset(&d->unit);
    d->active = false;
    d->damaged = false;
    d->open = false;
}

static void
drop_unit(struct bc_rtp_depacketiser *d)
{
    if (!d->format->alone) {
        d->waiting = true;
        d->on_broken(d->user);
    }
}

static void
pass_unit(struct bc_rtp_depacketiser *d, const struct bc_rtp_found *found)
{
    struct bc_rtp_unit unit = {
        .buf = d->format->build(d, found),
        .track = d->track,
        .timestamp = d->timestamp,
        .flags = found->flags,
        .arrived_us = d->arrived_us,
    };
    if (!unit.buf) {
        drop_unit(d);
        return;
    }
    d->waiting = false;
    d->on_unit(d->user, &unit);
}

static void
end_unit(struct bc_rtp_depacketiser *d)
{
    struct bc_rtp_found found = { 0 };
    int ret = d->damaged || d->open ? -EINVAL : d->format->finish(d, &found);
    bool key = (found.flags & BC_PACKET_KEY) != 0;
    if (ret == 0 && (!d->waiting || (key && (found.from_start || !d->after_hole)))) {
        pass_unit(d, &found);
    } else if (ret != -ENODATA) {
        drop_unit(d);
    }
    reset_unit(d);
}

static void
begin_unit(struct bc_rtp_depacketiser *d, const struct bc_rtp_header *h)
{
    d->active = true;
    d->timestamp = h->timestamp;
    d->after_hole =
        d->hole && !d->format->alone && !(d->format->goes_on && d->format->goes_on(d, h));
    d->waiting |= d->after_hole;
    if (d->format->begin) {
        d->format->begin(d);
    }
}

void
bc_rtp_depacketiser_push(struct bc_rtp_depacketiser *d, const struct bc_rtp_header *h,
    bool lost_before, int64_t arrived_us)
{
    d->hole |= lost_before;
    d->damaged |= lost_before && d->active;
    if (h->payload_len == 0) {
        return;
    }
    if (d->active && h->timestamp != d->timestamp) {
        end_unit(d);
    }
    if (!d->active) {
        begin_unit(d, h);
    }
    d->hole = false;
    d->arrived_us = arrived_us;
    if (!d->damaged) {
        int ret = d->format->push(d, h);
        d->errors += ret < 0;
        d->damaged = ret < 0;
    }
    if (h->marker || d->format->alone) {
        end_unit(d);
    }
}

// --- the rest ---

struct bc_rtp_depacketiser *
bc_rtp_depacketiser_create(const struct bc_rtp_depacketiser_params *params)
{
    const struct bc_rtp_depay_format *format = NULL;
    for (size_t i = 0; i < sizeof(FORMATS) / sizeof(FORMATS[0]); i++) {
        if (FORMATS[i]->codec == params->codec) {
            format = FORMATS[i];
        }
    }
    struct bc_rtp_depacketiser *d = format ? calloc(1, sizeof(*d)) : NULL;
    if (!d) {
        return NULL;
    }
    d->format = format;
    d->on_unit = params->on_unit;
    d->on_broken = params->on_broken;
    d->user = params->user;
    // Who comes in the middle has missed all before.
    d->hole = true;
    d->waiting = !format->alone;
    if (format->init && format->init(d, params) < 0) {
        bc_rtp_depacketiser_destroy(d);
        d = NULL;
    }
    return d;
}

void
bc_rtp_depacketiser_destroy(struct bc_rtp_depacketiser *d)
{
    if (!d) {
        return;
    }
    if (d->format->release) {
        d->format->release(d);
    }
    bc_track_unref(&d->track);
    bc_writer_finish(&d->unit);
    free(d);
}

uint64_t
bc_rtp_depacketiser_errors(const struct bc_rtp_depacketiser *d)
{
    return d->errors;
}
