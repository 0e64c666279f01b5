// SPDX-License-Identifier: Apache-2.0
#include "load.h"

#define BAD_S 3 // so many bad seconds in a row make it less
#define SLACK_S 30 // so many good ones more again
#define LATE_PART 10 // a second is bad when one of ten pictures is late
#define BUSY_MAX 0.7 // that would be reached one level up

// How much more work the next better level is.
static double
growth(enum compose_level level)
{
    switch (level) {
    case COMPOSE_HALF_RATE:
        return 2;
    case COMPOSE_TWO_THIRDS:
        return 2.25;
    case COMPOSE_HALF_SIZE:
        return 1.78;
    case COMPOSE_FULL:
        break;
    }
    return 1;
}

bool
compose_load_note(struct compose_load *l, const struct compose_second *s)
{
    bool bad = s->late * LATE_PART > s->due;
    bool slack = s->late == 0 && s->busy * growth(l->level) < BUSY_MAX;
    l->bad_s = bad ? l->bad_s + 1 : 0;
    l->slack_s = slack ? l->slack_s + 1 : 0;
    if (l->bad_s >= BAD_S && l->level < COMPOSE_HALF_SIZE) {
        l->level++;
    } else if (l->slack_s >= SLACK_S && l->level > COMPOSE_FULL) {
        l->level--;
    } else {
        return false;
    }
    l->bad_s = l->slack_s = 0;
    return true;
}

const char *
compose_level_text(enum compose_level level)
{
    static const char *const TEXTS[] = { "", "half the frame rate",
        "half the frame rate, two thirds of the size", "half the frame rate and size" };
    return TEXTS[level];
}

unsigned
compose_level_fps(enum compose_level level, unsigned fps)
{
    return level == COMPOSE_FULL ? fps : fps > 1 ? fps / 2 : 1;
}

int
compose_level_size(enum compose_level level, int pixels)
{
    int size = level == COMPOSE_TWO_THIRDS ? pixels * 2 / 3
        : level == COMPOSE_HALF_SIZE       ? pixels / 2
                                           : pixels;
    return size & ~1;
}
