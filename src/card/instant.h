// SPDX-License-Identifier: Apache-2.0
#ifndef INSTANT_H
#define INSTANT_H

#include <stdbool.h>
#include <stdint.h>

#define CARD_INSTANT_BYTES 48

// A point in time as RFC 3339 writes it, as people read it at this server's place: "20:30"
// today, "12月3日 20:30" on another day, with the year in another one. False: `text` is none.
bool
card_instant_text(const char *text, int64_t wall_us, char out[CARD_INSTANT_BYTES]);

#endif
