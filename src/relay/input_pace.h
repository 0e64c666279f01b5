// SPDX-License-Identifier: Apache-2.0
#ifndef RELAY_INPUT_PACE_H
#define RELAY_INPUT_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// When a packet may go on, so that a file plays in real time, the segments of HLS do not
// come in bursts, and nobody sends faster than that for long. No clock inside. Zeroed,
// but for the lead.
struct input_pace {
    int64_t lead_us; // how far ahead of real time a packet may be
    bool started;
    int64_t base_us; // clock - stamp
    int64_t last_us; // stamp
    int64_t window_us; // when the bytes began to be counted
    uint64_t bytes;
};

// How long to wait with this packet, in us; 0: it is due.
int64_t
input_pace_wait_us(
    struct input_pace *pace, int64_t stamp_us, size_t bytes, int64_t now_us);

#endif
