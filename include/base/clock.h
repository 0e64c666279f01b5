// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Monotonic microseconds; unaffected by steps of the wall clock. For timers and media.
int64_t
bc_clock_us(void);

// Microseconds since 1970 UTC. Only for anchors of wall-clock time and for logs.
int64_t
bc_clock_wall_us(void);

// RFC 3339 in UTC with milliseconds, "2026-03-01T20:00:00.123Z"; `out` has BC_TIME_TEXT
// bytes.
#define BC_TIME_TEXT 32

void
bc_clock_format(int64_t wall_us, char out[BC_TIME_TEXT]);

// The other way round, with any fraction and offset. False: it is none, or before 1970.
bool
bc_clock_parse(const char *text, int64_t *wall_us);

#endif
