// SPDX-License-Identifier: Apache-2.0
// Moments of a recording as the API takes them.
#include "moment.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "record/recording.h"

#define MS_MAX 1e12 // thirty years
// Times are rounded to milliseconds on their way, and people round them to seconds.
#define SLACK_US 1000000
// A running broadcast is recorded some seconds later than it is seen.
#define RUNNING_SLACK_US 10000000

// --- reading ---

bool
bc_moment_of_text(const char *text, struct bc_moment *out)
{
    out->kind = BC_MOMENT_WALL;
    return bc_clock_parse(text, &out->us);
}

bool
bc_moment_of_ms(double ms, struct bc_moment *out)
{
    if (!isfinite(ms) || fabs(ms) > MS_MAX) {
        return false;
    }
    out->kind = ms < 0 ? BC_MOMENT_BEFORE_END : BC_MOMENT_RECORDING;
    out->us = llround(fabs(ms) * 1000);
    return true;
}

// --- finding ---

// A recording's bounds, as they are now.
struct bounds {
    int64_t end_us; // recording time
    int64_t began_wall_us;
    int64_t ended_wall_us;
    bool running;
};

static bool
read_bounds(const struct bc_recording *r, struct bounds *out)
{
    struct bc_recording_info info;
    struct bc_recording_part last;
    bc_recording_info(r, &info);
    if (info.parts == 0 || bc_recording_parts(r, info.parts - 1, &last, 1) != 1) {
        return false;
    }
    out->end_us = last.start_us + last.duration_us;
    out->began_wall_us = info.began_wall_us;
    out->ended_wall_us = last.wall_us + last.duration_us;
    out->running = info.ended_wall_us == 0;
    return true;
}

// What is a little outside is an end. False: it is outside by more.
static bool
clamp(const struct bounds *b, int64_t at_us, int64_t *out)
{
    int64_t slack_us = b->running ? RUNNING_SLACK_US : SLACK_US;
    *out = at_us < 0 ? 0 : at_us > b->end_us ? b->end_us : at_us;
    return at_us >= -SLACK_US && at_us - b->end_us <= slack_us;
}

static bool
find_wall(const struct bc_recording *r, const struct bounds *b, int64_t wall_us,
    int64_t *out)
{
    if (bc_recording_at_wall(r, wall_us, out, NULL)) {
        return true;
    }
    int64_t at_us = wall_us >= b->ended_wall_us ? b->end_us + (wall_us - b->ended_wall_us)
                                                : wall_us - b->began_wall_us;
    return clamp(b, at_us, out);
}

static bool
find(const struct bc_recording *r, const struct bounds *b, const struct bc_moment *m,
    int64_t *out)
{
    switch (m->kind) {
    case BC_MOMENT_WALL:
        return find_wall(r, b, m->us, out);
    case BC_MOMENT_RECORDING:
        return clamp(b, m->us, out);
    case BC_MOMENT_BEFORE_END:
        return clamp(b, b->end_us - m->us, out);
    case BC_MOMENT_END:
        break;
    }
    *out = b->end_us;
    return true;
}

static void
say_outside(const struct bounds *b, const char *which, struct bc_moment_range *out)
{
    char began[BC_TIME_TEXT];
    char ended[BC_TIME_TEXT];
    bc_clock_format(b->began_wall_us, began);
    bc_clock_format(b->ended_wall_us, ended);
    out->code = "outside";
    snprintf(out->error, sizeof(out->error),
        "%s is outside the recording, which has 0 to %lld ms, %s to %s", which,
        (long long)(b->end_us / 1000), began, ended);
}

bool
bc_moment_resolve(const struct bc_recording *r, const struct bc_moment *from,
    const struct bc_moment *to, struct bc_moment_range *out)
{
    struct bounds b;
    out->code = "outside";
    if (!read_bounds(r, &b)) {
        snprintf(out->error, sizeof(out->error), "nothing is recorded yet");
        return false;
    }
    if (!find(r, &b, from, &out->from_us)) {
        say_outside(&b, "from", out);
        return false;
    }
    if (!find(r, &b, to, &out->to_us)) {
        say_outside(&b, "to", out);
        return false;
    }
    if (out->from_us >= out->to_us) {
        out->code = "bad_range";
        snprintf(out->error, sizeof(out->error),
            "from (%lld ms) must be before to (%lld ms)",
            (long long)(out->from_us / 1000), (long long)(out->to_us / 1000));
        return false;
    }
    return true;
}
