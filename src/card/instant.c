// SPDX-License-Identifier: Apache-2.0
#include "instant.h"

#include <stdio.h>
#include <time.h>

#include "base/clock.h"

#define US_PER_S 1000000
#define YEAR "\xe5\xb9\xb4"
#define MONTH "\xe6\x9c\x88"
#define DAY "\xe6\x97\xa5"

static bool
to_local(int64_t wall_us, struct tm *out)
{
    time_t t = (time_t)(wall_us / US_PER_S);
    return localtime_r(&t, out);
}

bool
card_instant_text(const char *text, int64_t wall_us, char out[CARD_INSTANT_BYTES])
{
    int64_t us;
    struct tm at;
    struct tm now;
    if (!bc_clock_parse(text, &us) || !to_local(us, &at) || !to_local(wall_us, &now)) {
        return false;
    }
    int month = at.tm_mon + 1;
    if (at.tm_year != now.tm_year) {
        snprintf(out, CARD_INSTANT_BYTES, "%d" YEAR "%d" MONTH "%d" DAY " %02d:%02d",
            at.tm_year + 1900, month, at.tm_mday, at.tm_hour, at.tm_min);
    } else if (at.tm_yday != now.tm_yday) {
        snprintf(out, CARD_INSTANT_BYTES, "%d" MONTH "%d" DAY " %02d:%02d", month,
            at.tm_mday, at.tm_hour, at.tm_min);
    } else {
        snprintf(out, CARD_INSTANT_BYTES, "%02d:%02d", at.tm_hour, at.tm_min);
    }
    return true;
}
