// SPDX-License-Identifier: Apache-2.0
#ifndef MEDIA_PACKET_H
#define MEDIA_PACKET_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/buf.h"
#include "media/track.h"

#define BC_RENDITION_MAX 4

enum bc_packet_flag {
    BC_PACKET_KEY = 1 << 0,        // video: an IDR, a viewer can start here
    BC_PACKET_DISPOSABLE = 1 << 1, // video: no other frame refers to it
    BC_PACKET_NEW_EPOCH = 1 << 2,  // first packet of its epoch, any track
};

// One access unit with its place on the channel's timeline. The creator fills it while
// the count is 1; then it is immutable and any thread may hold a reference. Payload by
// codec: AVC and HEVC length-prefixed NAL units with 4-byte lengths (whatever the sender
// used); AAC one raw frame without ADTS; a script packet holds AMF0 values, starting with
// the handler's name ("onMetaData", "onCuePoint"), without "@setDataFrame".
struct bc_packet {
    atomic_uint refs;
    enum bc_kind kind;
    uint32_t flags; // enum bc_packet_flag
    // Video: 0 is the best and what most outputs carry; above are smaller versions of it
    // (simulcast layers, several qualities of one push), each with a track of its own.
    uint8_t rendition;
    uint32_t epoch; // counts up; a new one means DISCONTINUITY
    int64_t
        dts_us; // the server's media clock (bc_hub_clock_us), strictly rising per track
    int64_t pts_us; // >= dts_us
    int64_t arrived_us; // bc_clock_us() when its last byte arrived
    struct bc_track *track; // shared; NULL for script packets
    struct bc_buf *buf;     // shared; may hold more than the payload
    const uint8_t *data;    // the payload, inside buf
    size_t len;
};

// A packet with count 1 that takes over the caller's reference of `buf` and takes its own
// of `track` (which may be NULL). NULL without memory; `buf` then stays the caller's.
struct bc_packet *
bc_packet_create(enum bc_kind kind, struct bc_track *track, struct bc_buf *buf,
    const uint8_t *data, size_t len);

struct bc_packet *
bc_packet_ref(struct bc_packet *packet);

// Drops the reference and makes the holder NULL; a NULL holder is fine.
void
bc_packet_unref(struct bc_packet **holder);

#endif
