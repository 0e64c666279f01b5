// SPDX-License-Identifier: Apache-2.0
#ifndef MOMENT_H
#define MOMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bc_recording;

// How somebody names a moment of a recording.
struct bc_moment {
    enum {
        BC_MOMENT_END,        // or now
        BC_MOMENT_WALL,       // of the wall clock
        BC_MOMENT_RECORDING,  // recording time
        BC_MOMENT_BEFORE_END, // so long before the end, or now
    } kind;
    int64_t us;
};

// RFC 3339, with any fraction and offset. False: it is none, or before 1970.
bool
bc_moment_of_text(const char *text, struct bc_moment *out);

// Milliseconds of recording time; negative: before the end. False: no time that a recording
// may have.
bool
bc_moment_of_ms(double ms, struct bc_moment *out);

// The part of a recording that two moments name.
struct bc_moment_range {
    int64_t from_us; // recording time
    int64_t to_us;
    const char *code; // why it is none: "bad_range" or "outside"
    char error[240];
};

// False: there is no such part; `code` and `error` tell why. What is outside by less than a
// second, or behind what is recorded of a running broadcast by less than some seconds, is
// taken for its end.
bool
bc_moment_resolve(const struct bc_recording *r, const struct bc_moment *from,
    const struct bc_moment *to, struct bc_moment_range *out);

#endif
