// SPDX-License-Identifier: Apache-2.0
#ifndef REPLAY_SEGMENTS_H
#define REPLAY_SEGMENTS_H

#include "record/recording.h"

// The closed segments of a recording at one moment. On the stack of who writes a text.
struct replay_segments {
    struct bc_recording_segment *items; // owned; free()
    size_t count;
};

// False: without memory or while there are none; nothing to free then.
bool
replay_segments_take(struct replay_segments *out, const struct bc_recording *r);

// Whether each begins with a keyframe.
bool
replay_segments_are_independent(const struct replay_segments *s);

#endif
