// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_RTP_PAYLOAD_DEPAY_H
#define PROTOCOL_RTP_PAYLOAD_DEPAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/writer.h"
#include "media/nal_sets.h"
#include "media/track.h"
#include "protocol/rtp/payload.h"

#define BC_RTP_UNIT_MAX_BYTES (8u << 20)

// What a whole access unit turned out to be.
struct bc_rtp_found {
    uint32_t flags; // enum bc_packet_flag
    // Its first slice, frame header or partition is there: even after a hole nothing of
    // it is missing.
    bool from_start;
};

// One codec's part of a depacketiser. What may be NULL does nothing then.
struct bc_rtp_depay_format {
    enum bc_codec codec;
    bool alone; // every payload is a unit that needs no other one: sound
    // May be NULL. Negative errno: the depacketiser can't be.
    int (*init)(
        struct bc_rtp_depacketiser *d, const struct bc_rtp_depacketiser_params *params);
    void (*release)(struct bc_rtp_depacketiser *d); // may be NULL
    // A unit begins; may be NULL.
    void (*begin)(struct bc_rtp_depacketiser *d);
    // Before the first payload of a unit behind a hole: whether what is missing was no
    // part of a picture, as the pictures' numbers go on. May be NULL.
    bool (*goes_on)(struct bc_rtp_depacketiser *d, const struct bc_rtp_header *h);
    // Adds one payload to the unit. Negative errno when it makes no sense.
    int (*push)(struct bc_rtp_depacketiser *d, const struct bc_rtp_header *h);
    // Looks at the whole unit and brings d->track up to date when it is a keyframe.
    // -ENODATA: nothing to pass on, nothing lost. -EINVAL: it can't be used.
    int (*finish)(struct bc_rtp_depacketiser *d, struct bc_rtp_found *found);
    // The unit's bytes as other folders know them; NULL without memory.
    struct bc_buf *(*build)(
        struct bc_rtp_depacketiser *d, const struct bc_rtp_found *found);
};

// The depacketiser's own memory beside what codecs keep. `unit` holds pieces (NAL units,
// OBUs) with 4-byte lengths before them; for VP8 and VP9 just the frame.
struct bc_rtp_depacketiser {
    const struct bc_rtp_depay_format *format;
    void (*on_unit)(void *user, const struct bc_rtp_unit *unit);
    void (*on_broken)(void *user);
    void *user;
    struct bc_track *track; // owned; of the newest unit, NULL before the first
    struct bc_writer unit; // owned; under assembly
    uint64_t errors;
    int64_t arrived_us;
    uint32_t timestamp;
    bool waiting; // for a keyframe
    bool hole; // something is missing before the next payload
    bool active; // a unit has begun
    bool after_hole; // something is missing just before this unit
    bool damaged; // something of this unit is missing or makes no sense
    bool open; // a fragmented piece has begun at open_at
    size_t open_at;
    union {
        struct {
            struct bc_nal_sets sets;
            uint32_t sps; // of the track
            bool sets_changed; // in this unit
            bool sets_in_band; // they came with the last keyframe
        } nal;
        struct {
            bool numbered; // the last whole picture was
            uint16_t picture_id;
            bool current_numbered; // of the unit under assembly
            uint16_t current_id;
            bool predicted;
            bool disposable;
            uint16_t width;
            uint16_t height;
        } vpx;
        struct {
            bool started;
        } opus;
    } u;
};

extern const struct bc_rtp_depay_format bc_rtp_depay_avc;
extern const struct bc_rtp_depay_format bc_rtp_depay_hevc;
extern const struct bc_rtp_depay_format bc_rtp_depay_av1;
extern const struct bc_rtp_depay_format bc_rtp_depay_vp8;
extern const struct bc_rtp_depay_format bc_rtp_depay_vp9;
extern const struct bc_rtp_depay_format bc_rtp_depay_opus;

// Writing pieces. Each returns 0 or a negative errno; a begun piece counts only after its
// end.
int
bc_rtp_piece_begin(struct bc_rtp_depacketiser *d, const uint8_t *head, size_t len);

int
bc_rtp_piece_add(struct bc_rtp_depacketiser *d, const uint8_t *p, size_t len);

int
bc_rtp_piece_end(struct bc_rtp_depacketiser *d);

int
bc_rtp_piece_whole(struct bc_rtp_depacketiser *d, const uint8_t *p, size_t len);

// The sets in an SDP's fmtp: sprop-parameter-sets (RFC 6184 8.1), sprop-vps, sprop-sps,
// sprop-pps (RFC 7798 7.1).
void
bc_rtp_sets_from_fmtp(struct bc_nal_sets *s, const char *fmtp);

// d->unit as it stands.
struct bc_buf *
bc_rtp_build_plain(struct bc_rtp_depacketiser *d, const struct bc_rtp_found *found);

// Takes over `track`, unless it says nothing new. -EINVAL when it is NULL.
int
bc_rtp_depay_set_track(struct bc_rtp_depacketiser *d, struct bc_track *track);

#endif
