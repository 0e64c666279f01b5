// SPDX-License-Identifier: Apache-2.0
#include "tick.h"

#define US_PER_S INT64_C(1000000)

static int64_t
offset_us(const struct compose_tick *t, int64_t n)
{
    return n * US_PER_S / t->fps;
}

void
compose_tick_init(struct compose_tick *t, int64_t now_us, unsigned fps)
{
    *t = (struct compose_tick){ .base_us = now_us, .fps = fps > 0 ? fps : 1 };
}

void
compose_tick_set_fps(struct compose_tick *t, unsigned fps)
{
    int64_t past_us = offset_us(t, t->n);
    if (fps == t->fps || fps == 0) {
        return;
    }
    t->base_us += past_us;
    t->base_media_us += past_us;
    t->n = 0;
    t->fps = fps;
}

int64_t
compose_tick_due_us(const struct compose_tick *t)
{
    return t->base_us + offset_us(t, t->n);
}

bool
compose_tick_take(struct compose_tick *t, int64_t now_us, struct compose_turn *turn)
{
    int64_t late_us = now_us - compose_tick_due_us(t);
    if (late_us < 0) {
        return false;
    }
    int64_t last = t->n + late_us * t->fps / US_PER_S;
    // Divisions round: what is not due is not taken.
    while (last > t->n && t->base_us + offset_us(t, last) > now_us) {
        last--;
    }
    turn->dropped = last - t->n > UINT32_MAX ? UINT32_MAX : (unsigned)(last - t->n);
    turn->clock_us = t->base_us + offset_us(t, last);
    turn->media_us = t->base_media_us + offset_us(t, last);
    t->n = last + 1;
    return true;
}
