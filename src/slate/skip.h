// SPDX-License-Identifier: Apache-2.0
#ifndef SLATE_SKIP_H
#define SLATE_SKIP_H

#include <stdbool.h>

#include "base/buf.h"
#include "media/track_build.h"

// What is needed of a stream's parameter sets to write pictures that repeat the one before
// them: a slice in which every macroblock is skipped. A dozen bytes, and no encoder at work.
struct slate_skip {
    unsigned blocks;      // macroblocks of a picture
    unsigned number_bits; // of frame_num
    unsigned pps;         // its id
    bool weighted;        // weighted_pred_flag
    bool deblocking_told; // deblocking_filter_control_present_flag
};

// False when the sets are of a kind that it does not write (CABAC, fields, an
// order of output other than that of decoding).
bool
slate_skip_init(struct slate_skip *skip, const struct bc_param_set *sps,
    const struct bc_param_set *pps);

// The n-th picture after a keyframe (from 1), with a length of 4 bytes before it. NULL
// without memory.
struct bc_buf *
slate_skip_write(const struct slate_skip *skip, unsigned n);

#endif
