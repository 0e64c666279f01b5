// SPDX-License-Identifier: Apache-2.0
#ifndef CLIP_WISH_H
#define CLIP_WISH_H

#include <stdbool.h>
#include <stddef.h>

#include "moment.h"
#include "record/recording.h"

// What somebody wants cut.
struct bc_clip_wish {
    struct bc_moment from;
    struct bc_moment to;
    bool frame_exact;
    char title[BC_RECORDING_TITLE_MAX + 1];
};

// Reads a request's body. Why it is refused, with the error's code; NULL: it is not.
const char *
bc_clip_wish_read(
    const void *body, size_t len, struct bc_clip_wish *out, const char **code);

#endif
