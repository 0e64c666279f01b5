// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t
read_clock(clockid_t id)
{
    struct timespec ts;
    clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t
bc_clock_us(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t
bc_clock_wall_us(void)
{
    return read_clock(CLOCK_REALTIME);
}

void
bc_clock_format(int64_t wall_us, char out[BC_TIME_TEXT])
{
    int64_t ms = wall_us / 1000;
    int64_t part = ms % 1000;
    if (part < 0) {
        part += 1000;
    }
    time_t secs = (time_t)((ms - part) / 1000);
    struct tm tm;
    char date[24];
    if (!gmtime_r(&secs, &tm)
        || strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm) == 0) {
        date[0] = '\0';
    }
    snprintf(out, BC_TIME_TEXT, "%s.%03dZ", date, (int)part);
}
