// SPDX-License-Identifier: Apache-2.0
// Moments of a recording as the API takes them.
#include "moment.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "record/recording.h"

#define TEXT_MAX 64
#define MS_MAX 1e12 // thirty years
#define SECOND_US 1000000
// Times are rounded to milliseconds on their way, and people round them to seconds.
#define SLACK_US 1000000
// A running broadcast is recorded some seconds later than it is seen.
#define RUNNING_SLACK_US 10000000

// --- reading ---

// A number of exactly `digits` digits; -1: there is none. Moves on behind it.
static int
read_number(const char **at, int digits)
{
    int value = 0;
    for (int i = 0; i < digits; i++) {
        char c = (*at)[i];
        if (c < '0' || c > '9') {
            return -1;
        }
        value = value * 10 + (c - '0');
    }
    *at += digits;
    return value;
}

static bool
skip(const char **at, const char *one_of)
{
    if (**at == '\0' || !strchr(one_of, **at)) {
        return false;
    }
    (*at)++;
    return true;
}

static int
days_of(int year, int month)
{
    static const int DAYS[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return DAYS[month - 1] + (month == 2 && leap ? 1 : 0);
}

static bool
read_date(const char **at, struct tm *tm)
{
    int year = read_number(at, 4);
    bool ok = year >= 0 && skip(at, "-");
    int month = ok ? read_number(at, 2) : -1;
    ok = month >= 1 && month <= 12 && skip(at, "-");
    int day = ok ? read_number(at, 2) : -1;
    if (day < 1 || day > days_of(year, month)) {
        return false;
    }
    tm->tm_year = year - 1900;
    tm->tm_mon = month - 1;
    tm->tm_mday = day;
    return true;
}

static bool
read_time(const char **at, struct tm *tm)
{
    tm->tm_hour = read_number(at, 2);
    bool ok = tm->tm_hour >= 0 && tm->tm_hour <= 23 && skip(at, ":");
    tm->tm_min = ok ? read_number(at, 2) : -1;
    ok = tm->tm_min >= 0 && tm->tm_min <= 59 && skip(at, ":");
    tm->tm_sec = ok ? read_number(at, 2) : -1;
    return tm->tm_sec >= 0 && tm->tm_sec <= 60; // 60: RFC 3339 5.7
}

// Microseconds of ".123"; digits beyond the sixth say nothing here.
static bool
read_fraction(const char **at, int64_t *us)
{
    *us = 0;
    if (!skip(at, ".")) {
        return true;
    }
    int64_t unit = SECOND_US / 10;
    const char *begin = *at;
    for (; **at >= '0' && **at <= '9'; (*at)++) {
        *us += (**at - '0') * unit;
        unit /= 10;
    }
    return *at > begin;
}

static bool
read_offset(const char **at, int64_t *seconds)
{
    *seconds = 0;
    if (skip(at, "Zz")) {
        return true;
    }
    bool west = **at == '-';
    if (!skip(at, "+-")) {
        return false;
    }
    int hours = read_number(at, 2);
    bool ok = hours >= 0 && hours <= 23 && skip(at, ":");
    int minutes = ok ? read_number(at, 2) : -1;
    if (minutes < 0 || minutes > 59) {
        return false;
    }
    *seconds = (hours * 60 + minutes) * (west ? -60 : 60);
    return true;
}

bool
bc_moment_of_text(const char *text, struct bc_moment *out)
{
    struct tm tm = { 0 };
    int64_t fraction_us;
    int64_t offset_s;
    const char *at = text;
    if (strlen(text) > TEXT_MAX || !read_date(&at, &tm) || !skip(&at, "Tt ")
        || !read_time(&at, &tm) || !read_fraction(&at, &fraction_us)
        || !read_offset(&at, &offset_s) || *at != '\0') {
        return false;
    }
    int64_t seconds = (int64_t)timegm(&tm) - offset_s;
    out->kind = BC_MOMENT_WALL;
    out->us = seconds * SECOND_US + fraction_us;
    return seconds >= 0;
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
