// SPDX-License-Identifier: Apache-2.0
// Which replays go: arithmetic alone.
#include "retention_plan.h"

#include <stdlib.h>
#include <string.h>

// Recording stops below record.min_free_bytes, so the oldest go a little earlier, and some
// more of them than must, lest one goes every minute.
#define SHORT_PART 8
#define ENOUGH_PART 4

static uint64_t
free_soon(const struct bc_retention_disk *disk)
{
    return disk->free_bytes + disk->going_bytes;
}

bool
bc_retention_is_short(
    const struct bc_retention_limits *limits, const struct bc_retention_disk *disk)
{
    uint64_t least = limits->min_free_bytes;
    return disk->total_bytes > 0 && free_soon(disk) < least + least / SHORT_PART;
}

static int
compare(const void *a, const void *b)
{
    const struct bc_retention_item *x = a;
    const struct bc_retention_item *y = b;
    if (x->ended_wall_us != y->ended_wall_us) {
        return x->ended_wall_us < y->ended_wall_us ? -1 : 1;
    }
    return strcmp(x->id, y->id);
}

static bool
is_free_to_go(const struct bc_retention_item *item)
{
    return item->ended_wall_us > 0 && !item->used && item->why == BC_RETENTION_KEEP;
}

// Lets the oldest go until `bytes` are; returns how many bytes went.
static uint64_t
let_go(struct bc_retention_item *items, size_t count, uint64_t bytes,
    enum bc_retention_why why)
{
    uint64_t gone = 0;
    for (size_t i = 0; i < count && gone < bytes; i++) {
        if (is_free_to_go(&items[i])) {
            items[i].why = why;
            gone += items[i].bytes;
        }
    }
    return gone;
}

static uint64_t
size_limit(const struct bc_retention_limits *limits, const struct bc_retention_disk *disk)
{
    if (limits->max_bytes > 0) {
        return limits->max_bytes;
    }
    return disk->total_bytes > 0 ? disk->total_bytes / 10 * 9 : UINT64_MAX;
}

void
bc_retention_plan(struct bc_retention_item *items, size_t count,
    const struct bc_retention_limits *limits, const struct bc_retention_disk *disk,
    int64_t now_wall_us)
{
    qsort(items, count, sizeof(*items), compare);
    uint64_t all = 0;
    uint64_t gone = 0;
    for (size_t i = 0; i < count; i++) {
        all += items[i].bytes;
        items[i].why = BC_RETENTION_KEEP;
        if (limits->max_age_us > 0 && is_free_to_go(&items[i])
            && now_wall_us - items[i].ended_wall_us > limits->max_age_us) {
            items[i].why = BC_RETENTION_AGE;
            gone += items[i].bytes;
        }
    }
    uint64_t most = size_limit(limits, disk);
    if (all - gone > most) {
        gone += let_go(items, count, all - gone - most, BC_RETENTION_SIZE);
    }
    uint64_t enough = limits->min_free_bytes + limits->min_free_bytes / ENOUGH_PART;
    struct bc_retention_disk then = *disk;
    then.going_bytes += gone;
    if (bc_retention_is_short(limits, &then)) {
        let_go(items, count, enough - free_soon(&then), BC_RETENTION_DISK);
    }
}
