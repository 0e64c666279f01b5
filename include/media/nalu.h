// SPDX-License-Identifier: Apache-2.0
#ifndef MEDIA_NALU_H
#define MEDIA_NALU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "media/track.h"

// What a look at the NAL units of one AVC or HEVC access unit found.
struct bc_nalu_info {
    bool has_slice;  // at least one coded slice; an access unit without one is no sample
    bool is_idr;     // AVC type 5; HEVC 19 and 20 (IDR) or 21 (CRA)
    bool
        disposable; // no slice is a reference (AVC nal_ref_idc 0; HEVC sub-layer non-reference)
    bool has_parameter_sets;
};

// Scans 4-byte length-prefixed NAL units. Broken lengths end the scan and return -EINVAL,
// with what was found before in `*info`.
int
bc_nalu_scan(
    enum bc_codec codec, const uint8_t *data, size_t len, struct bc_nalu_info *info);

// Brings an access unit as hosts send it to 4-byte length prefixes: lengths of 1, 2 or 4
// bytes (from avcC/hvcC), Annex B start codes from broken devices, zero-length units and
// trailing garbage. Returns 0 with *out NULL when `data` is fine as it stands; 0 with
// *out a new buf when it had to be rewritten; -EINVAL when nothing usable is in it;
// -ENOMEM.
int
bc_nalu_normalise(
    const uint8_t *data, size_t len, unsigned length_size, struct bc_buf **out);

// lengthSizeMinusOne + 1 out of an avcC or hvcC: 1, 2 or 4; 0 when the record is broken.
unsigned
bc_nalu_length_size(enum bc_codec codec, const uint8_t *config, size_t len);

#endif
