// SPDX-License-Identifier: Apache-2.0
// Opus in transport streams: a control header before each packet.
//
//   3ff(11) start_trim(1) end_trim(1) extension(1) ..(2) | size: { 255 }, < 255
//   | [000 start_trim(13)] [000 end_trim(13)] [length(8) extension] | packet
#include <errno.h>
#include <string.h>

#include "base/reader.h"
#include "es.h"
#include "media/track_build.h"

#define START_TRIM 0x10
#define END_TRIM 0x08
#define EXTENSION 0x04
#define SIZE_MAX_BYTES 65536
#define SIZE_MORE 255
#define MAX_SAMPLES 5760 // 120 ms, RFC 6716 3.4 R5
#define CHANNELS_MAX 8

// Samples at 48 kHz in a packet (RFC 6716 3.1); 0 when it is none.
static uint32_t
packet_samples(const uint8_t *p, size_t len)
{
    static const uint16_t SILK[] = { 480, 960, 1920, 2880 };
    static const uint16_t HYBRID[] = { 480, 960 };
    static const uint16_t CELT[] = { 120, 240, 480, 960 };
    unsigned config = p[0] >> 3;
    uint32_t frame = config < 12 ? SILK[config & 3]
        : config < 16            ? HYBRID[config & 1]
                                 : CELT[config & 3];
    unsigned code = p[0] & 3;
    uint32_t count = code == 0 ? 1 : code < 3 ? 2 : len > 1 ? p[1] & 0x3f : 0;
    return frame * count <= MAX_SAMPLES ? frame * count : 0;
}

static int
parse_opus(const uint8_t *p, size_t len, struct bc_ts_frame *f)
{
    if (p[0] != 0x7f || (len > 1 && (p[1] & 0xe0) != 0xe0)) {
        return -EINVAL;
    }
    struct bc_reader r = bc_reader_init(p, len);
    bc_read_skip(&r, 1);
    uint8_t flags = bc_read_u8(&r);
    size_t size = 0;
    uint8_t more = SIZE_MORE;
    while (more == SIZE_MORE && !r.failed && size < SIZE_MAX_BYTES) {
        more = bc_read_u8(&r);
        size += more;
    }
    bc_read_skip(&r, flags & START_TRIM ? 2 : 0);
    bc_read_skip(&r, flags & END_TRIM ? 2 : 0);
    if (flags & EXTENSION) {
        bc_read_skip(&r, bc_read_u8(&r));
    }
    if (size == 0 || size >= SIZE_MAX_BYTES) {
        return r.failed ? 0 : -EINVAL;
    }
    f->head = len - bc_reader_left(&r);
    f->bytes = f->head + size;
    if (r.failed || bc_reader_left(&r) < 2) {
        // A packet of one byte is whole, yet may wait for what follows: nothing but
        // silence is so short.
        if (r.failed || size > 1 || bc_reader_left(&r) == 0) {
            return 0;
        }
    }
    f->samples = packet_samples(r.p, bc_reader_left(&r));
    f->key = f->samples;
    return f->samples > 0 ? 1 : -EINVAL;
}

// Channel configurations 1 to 8 are the layouts of mapping family 1 (RFC 7845 5.1.1.2).
static struct bc_track *
track_of_channels(unsigned channels)
{
    static const uint8_t STREAMS[CHANNELS_MAX][10] = {
        // streams, coupled ones, which channel of theirs each one is
        { 1, 0, 0 },
        { 1, 1, 0, 1 },
        { 2, 1, 0, 2, 1 },
        { 2, 2, 0, 1, 2, 3 },
        { 3, 2, 0, 4, 1, 2, 3 },
        { 4, 2, 0, 4, 1, 2, 3, 5 },
        { 4, 3, 0, 4, 1, 2, 3, 5, 6 },
        { 5, 3, 0, 6, 1, 2, 3, 4, 5, 7 },
    };
    if (channels == 0 || channels > CHANNELS_MAX) {
        return NULL;
    }
    if (channels <= 2) {
        return bc_opus_track_simple(channels);
    }
    uint8_t head[19 + 2 + CHANNELS_MAX] = { 'O', 'p', 'u', 's', 'H', 'e', 'a', 'd', 1,
        (uint8_t)channels, 0x38, 0x01, 0x80, 0xbb, 0, 0, 0, 0, 1 };
    memcpy(head + 19, STREAMS[channels - 1], 2 + channels);
    return bc_opus_track(head, 21 + channels);
}

// A packet's length counts in the timeline; where it varies the stamps do.
static struct bc_track *
track_opus(const struct bc_ts_audio *a, const uint8_t *p, const struct bc_ts_frame *f)
{
    (void)p;
    struct bc_track *track = track_of_channels(a->channels);
    if (track) {
        track->frame_samples = a->track ? 0 : f->samples;
    }
    return track;
}

const struct bc_ts_framing bc_ts_framing_opus = {
    .sync = 0x7f,
    .parse = parse_opus,
    .track = track_opus,
};
