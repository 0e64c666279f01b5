// SPDX-License-Identifier: Apache-2.0
#ifndef MEDIA_NAL_SETS_H
#define MEDIA_NAL_SETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "media/track.h"

#define BC_NAL_VPS_MAX 16
#define BC_NAL_SPS_MAX 16
#define BC_NAL_PPS_MAX 64
#define BC_NAL_SET_MAX_BYTES 1024

// One parameter set.
struct bc_nal_set {
    struct bc_buf *nal; // owned; NULL: an empty place
    uint32_t id;
    uint32_t parent; // PPS: its SPS; SPS of HEVC: its VPS
};

// All parameter sets that a stream sent, by id. Inside its reader of RTP or MPEG-TS;
// zero-initialised and `codec` set is a start.
struct bc_nal_sets {
    enum bc_codec codec;
    bool changed; // since the last track was made; cleared by the owner
    bool sps_came; // in the stream since the last keyframe; cleared by the owner
    bool pps_came;
    struct bc_nal_set vps[BC_NAL_VPS_MAX];
    struct bc_nal_set sps[BC_NAL_SPS_MAX];
    struct bc_nal_set pps[BC_NAL_PPS_MAX];
};

// Keeps a set; one with the same id is replaced. Returns whether it says anything new.
// What can't be read or is too large is left out.
bool
bc_nal_sets_put(struct bc_nal_sets *s, const uint8_t *nal, size_t len);

// The track for pictures with this PPS; NULL while a set is missing.
struct bc_track *
bc_nal_sets_track(const struct bc_nal_sets *s, uint32_t pps_id);

// Which SPS a picture with this PPS has; false while it is not known.
bool
bc_nal_sets_sps_of(const struct bc_nal_sets *s, uint32_t pps_id, uint32_t *sps_id);

void
bc_nal_sets_finish(struct bc_nal_sets *s);

#endif
