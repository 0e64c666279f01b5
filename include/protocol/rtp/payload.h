// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_RTP_PAYLOAD_H
#define PROTOCOL_RTP_PAYLOAD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/writer.h"
#include "media/packet.h"
#include "protocol/rtp/packet.h"

// --- out: an access unit becomes RTP payloads, once per stream ---

// Where one payload lies in bc_rtp_frame.bytes.
struct bc_rtp_slice {
    uint32_t offset;
    uint16_t len;
};

// An access unit as RTP payloads, in sending order; the marker belongs to the last (sound
// has none). As many payloads as the format allows are of exactly the size limit, so that
// they leave by one segmented send. Immutable and reference-counted once published; any
// thread.
struct bc_rtp_frame {
    atomic_uint refs;
    enum bc_kind kind;
    enum bc_codec codec;
    uint32_t flags;      // enum bc_packet_flag
    uint8_t rendition;   // of the packet
    int64_t pts_us;      // of the packet: broadcast time
    int64_t wall_us;     // wall clock of pts; set by the feed
    int64_t base_us;     // how far pts is ahead of arrivals, smoothed; set by the feed
    uint32_t clock;      // of the feed: frames of one have times that go on as they are
    int64_t arrived_us;
    uint64_t number;     // counts the feed's frames of its kind and rendition; set by the feed
    uint32_t timestamp;  // pts in the RTP clock: 90 kHz for video, 48 kHz for Opus
    uint32_t count;      // of slices
    uint32_t total;      // bytes of all payloads
    const struct bc_rtp_slice *slices; // behind the struct, in the same allocation
    const uint8_t *bytes;
};

struct bc_rtp_frame *
bc_rtp_frame_ref(struct bc_rtp_frame *frame);

// Drops the reference and makes the holder NULL; a NULL holder is fine.
void
bc_rtp_frame_unref(struct bc_rtp_frame **holder);

// What a packetiser keeps between access units (picture ids of VP8 and VP9). Embedded in
// the feed; zero-initialised is a start.
struct bc_rtp_packetiser {
    uint16_t picture_id;
    uint8_t tl0;
    struct bc_writer scratch;
};

void
bc_rtp_packetiser_finish(struct bc_rtp_packetiser *p);

// Payloads of at most `max_payload` bytes (at least 200) for one packet of AVC, HEVC, AV1,
// VP8, VP9 or Opus. AVC and HEVC: delimiters and filler are left out; before each IDR the
// parameter sets of the packet's track go in one aggregation packet unless the access unit
// brings its own (RFC 6184 packetization-mode 1, RFC 7798). A frame with count 1; NULL
// when the codec has no RTP form here, nothing is left to send, or there is no memory.
struct bc_rtp_frame *
bc_rtp_packetise(
    struct bc_rtp_packetiser *p, const struct bc_packet *packet, size_t max_payload);

// --- in: payloads become access units ---

// A complete access unit of one RTP stream. AVC and HEVC: NAL units with 4-byte lengths.
struct bc_rtp_unit {
    struct bc_buf *buf;     // the whole buf is the payload; a reference for the callee
    struct bc_track *track; // its codec parameters; borrowed. A new one when they changed
    uint32_t timestamp;
    uint32_t flags;         // BC_PACKET_KEY, BC_PACKET_DISPOSABLE
    int64_t arrived_us;     // of its last packet
};

struct bc_rtp_depacketiser_params {
    enum bc_codec codec;
    uint32_t sample_rate; // sound: from the SDP (Opus 48000)
    uint32_t channels;    // sound
    // sprop-parameter-sets and the like as in the SDP's fmtp, or NULL
    const char *fmtp;
    void (*on_unit)(void *user, const struct bc_rtp_unit *unit);
    // Something was lost for good and units were dropped: the next unit that is let
    // through is a keyframe. The owner asks its host for one (PLI). Repeated with every
    // unit that is dropped.
    void (*on_broken)(void *user);
    void *user;
};

// Puts the access units of one RTP stream together. Owned by its receiver's owner; one
// thread; reads no clock.
struct bc_rtp_depacketiser;

struct bc_rtp_depacketiser *
bc_rtp_depacketiser_create(const struct bc_rtp_depacketiser_params *params);

void
bc_rtp_depacketiser_destroy(struct bc_rtp_depacketiser *d);

// The next packet in sequence. `lost_before`: at least one packet before it is missing for
// good. Broken payloads are counted and treated as lost. An access unit ends with its
// marker or with the next one's timestamp. Units before the first keyframe with parameter
// sets are dropped.
void
bc_rtp_depacketiser_push(struct bc_rtp_depacketiser *d, const struct bc_rtp_header *h,
    bool lost_before, int64_t arrived_us);

// Payloads that made no sense so far.
uint64_t
bc_rtp_depacketiser_errors(const struct bc_rtp_depacketiser *d);

#endif
