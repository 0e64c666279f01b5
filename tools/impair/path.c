// SPDX-License-Identifier: Apache-2.0
#include "path.h"

enum { HEADER_BYTES = 28 }; // IPv4 and UDP fill the link too

#define US_PER_S 1000000LL

// SplitMix64.
static uint64_t
roll(uint64_t *dice)
{
    uint64_t z = *dice += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

// In [0, 1).
static double
chance(uint64_t *dice)
{
    return (double)(roll(dice) >> 11) / (double)(1ull << 53);
}

void
bc_path_init(struct bc_path *path, uint64_t seed, uint32_t flow, uint32_t direction)
{
    uint64_t dice = seed;
    path->dice = roll(&dice) ^ ((uint64_t)flow << 1 | direction);
    roll(&path->dice);
    path->link_free_us = 0;
    path->last_due_us = 0;
}

static int64_t
transmit_us(const struct bc_path_settings *s, size_t bytes)
{
    return s->rate_bps ? (int64_t)bytes * 8 * US_PER_S / s->rate_bps : 0;
}

int64_t
bc_path_datagram(struct bc_path *path, const struct bc_path_settings *s, size_t bytes,
    int64_t now_us, struct bc_path_counters *counters)
{
    // Always the same number of rolls, so that a setting does not shift the others' luck.
    double loss = chance(&path->dice) * 100;
    double reorder = chance(&path->dice) * 100;
    double jitter = chance(&path->dice) * 2 - 1;
    counters->packets++;
    counters->bytes += bytes;
    if (s->block_udp) {
        counters->blocked++;
        return -1;
    }
    if (loss < s->loss_percent) {
        counters->lost++;
        return -1;
    }
    int64_t start_us = path->link_free_us > now_us ? path->link_free_us : now_us;
    if (s->rate_bps && start_us - now_us > s->queue_us) {
        counters->overflowed++;
        return -1;
    }
    path->link_free_us = start_us + transmit_us(s, bytes + HEADER_BYTES);
    int64_t due_us =
        path->link_free_us + s->delay_us + (int64_t)(jitter * (double)s->jitter_us);
    if (reorder < s->reorder_percent) {
        counters->reordered++;
        return due_us + BC_PATH_REORDER_US;
    }
    // Jitter alone does not change the order, as in a real queue.
    path->last_due_us = due_us > path->last_due_us ? due_us : path->last_due_us;
    return path->last_due_us > now_us ? path->last_due_us : now_us;
}

int64_t
bc_path_bytes(
    struct bc_path *path, const struct bc_path_settings *s, size_t bytes, int64_t now_us)
{
    int64_t start_us = path->link_free_us > now_us ? path->link_free_us : now_us;
    path->link_free_us = start_us + transmit_us(s, bytes);
    int64_t due_us = path->link_free_us + s->delay_us;
    path->last_due_us = due_us > path->last_due_us ? due_us : path->last_due_us;
    return path->last_due_us;
}
