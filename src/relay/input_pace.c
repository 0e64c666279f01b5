// SPDX-License-Identifier: Apache-2.0
#include "input_pace.h"

#define JUMP_US 10000000
#define LATE_US 1000000
#define WINDOW_US 100000
// 512 Mbit/s: far above any stream, and what keeps a thread from filling a worker with
// packets whose stamps stand still.
#define WINDOW_BYTES (6400u * 1024u)

static int64_t
wait_for_rate(struct input_pace *p, size_t bytes, int64_t now_us)
{
    if (now_us - p->window_us >= WINDOW_US) {
        p->window_us = now_us;
        p->bytes = 0;
    }
    p->bytes += bytes;
    return p->bytes > WINDOW_BYTES ? p->window_us + WINDOW_US - now_us : 0;
}

int64_t
input_pace_wait_us(
    struct input_pace *p, int64_t stamp_us, size_t bytes, int64_t now_us)
{
    int64_t moved = stamp_us - p->last_us;
    p->last_us = stamp_us;
    // Also what comes late moves the base: otherwise all that follows would be late too,
    // and nothing would be left against the next delay.
    if (!p->started || moved > JUMP_US || moved < -JUMP_US
        || now_us - (p->base_us + stamp_us) > LATE_US) {
        p->started = true;
        p->base_us = now_us - stamp_us;
    }
    int64_t due = p->base_us + stamp_us - p->lead_us - now_us;
    int64_t rate = wait_for_rate(p, bytes, now_us);
    return due > rate ? due : rate;
}
