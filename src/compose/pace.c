// SPDX-License-Identifier: Apache-2.0
#include "pace.h"

#include <stdlib.h>
#include <string.h>

#define WINDOW_US 4000000
// A server sends what came since the last keyframe at once; only then it is as it will
// be.
#define SETTLE_US 600000
#define RESTART_US 5000000 // stamps that are so far off are another timeline's
#define JUMP_US 250000 // too much to be made up little by little
#define SLEW_PARTS 50 // 2 %: nobody sees or hears that
#define SKEW_MAX_US 400000 // sound behind the picture for which we wait
#define MARGIN_US 8000

void
compose_pace_init(struct compose_pace *p)
{
    memset(p, 0, sizeof(*p));
}

static void
restart(struct compose_pace *p, int64_t off_us, int64_t now_us)
{
    memset(p, 0, sizeof(*p));
    p->started = true;
    p->began_us = p->window_us = p->moved_us = now_us;
    p->shift_us = off_us + COMPOSE_DELAY_MIN_US;
}

static int64_t
least(const struct compose_arrivals *a)
{
    return a->least_us[0] < a->least_us[1] ? a->least_us[0] : a->least_us[1];
}

static int64_t
latest(const struct compose_arrivals *a)
{
    return a->late_us[0] > a->late_us[1] ? a->late_us[0] : a->late_us[1];
}

static void
turn_window(struct compose_pace *p, int64_t now_us)
{
    if (now_us - p->window_us < WINDOW_US) {
        return;
    }
    p->window_us = now_us;
    for (int i = 0; i < 2; i++) {
        struct compose_arrivals *a = &p->kinds[i];
        a->least_us[1] = a->least_us[0];
        a->late_us[1] = a->late_us[0];
        a->least_us[0] = INT64_MAX;
        a->late_us[0] = 0;
        a->seen = a->seen && a->least_us[1] != INT64_MAX;
    }
}

static void
note(struct compose_pace *p, struct compose_arrivals *a, int64_t off_us, int64_t now_us)
{
    if (!a->seen) {
        *a = (struct compose_arrivals){ true, { off_us, off_us }, { 0, 0 } };
    }
    a->least_us[0] = off_us < a->least_us[0] ? off_us : a->least_us[0];
    int64_t late_us = off_us - least(a);
    if (now_us - p->began_us > SETTLE_US && late_us > a->late_us[0]) {
        a->late_us[0] = late_us;
    }
}

static int64_t
wanted_shift(const struct compose_pace *p)
{
    const struct compose_arrivals *picture = &p->kinds[0];
    const struct compose_arrivals *sound = &p->kinds[1];
    int64_t base = picture->seen ? least(picture) : least(sound);
    int64_t late = picture->seen ? latest(picture) : 0;
    if (sound->seen) {
        int64_t skew = least(sound) - base;
        skew = skew < 0 ? 0 : skew > SKEW_MAX_US ? SKEW_MAX_US : skew;
        base += skew;
        late = latest(sound) > late ? latest(sound) : late;
    }
    late += MARGIN_US;
    late = late < COMPOSE_DELAY_MIN_US ? COMPOSE_DELAY_MIN_US : late;
    return base + (late > COMPOSE_DELAY_MAX_US ? COMPOSE_DELAY_MAX_US : late);
}

static void
move(struct compose_pace *p, int64_t now_us)
{
    int64_t off_us = wanted_shift(p) - p->shift_us;
    int64_t step_us = (now_us - p->moved_us) / SLEW_PARTS;
    if (step_us <= 0) {
        return;
    }
    p->moved_us = now_us;
    if (now_us - p->began_us <= SETTLE_US || llabs(off_us) > JUMP_US) {
        p->shift_us += off_us;
    } else if (llabs(off_us) <= step_us) {
        p->shift_us += off_us;
    } else {
        p->shift_us += off_us > 0 ? step_us : -step_us;
    }
}

bool
compose_pace_arrive(
    struct compose_pace *p, enum bc_kind kind, int64_t dts_us, int64_t now_us)
{
    int64_t off_us = now_us - dts_us;
    bool again = p->started && llabs(off_us - p->shift_us) > RESTART_US;
    if (!p->started || again) {
        restart(p, off_us, now_us);
    }
    turn_window(p, now_us);
    note(p, &p->kinds[kind == BC_KIND_AUDIO], off_us, now_us);
    move(p, now_us);
    return again;
}

int64_t
compose_pace_due_us(const struct compose_pace *p, int64_t pts_us)
{
    return pts_us + p->shift_us;
}

int64_t
compose_pace_stamp_us(const struct compose_pace *p, int64_t now_us)
{
    return now_us - p->shift_us;
}
