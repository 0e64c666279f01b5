// SPDX-License-Identifier: Apache-2.0
// Times as people and programs write them (RFC 3339).
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

#define TEXT_MAX 64
#define SECOND_US 1000000
#define LAST_S INT64_C(253402300799) // the last second that has a text: 9999-12-31T23:59:59Z

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
bc_clock_parse(const char *text, int64_t *wall_us)
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
    *wall_us = seconds * SECOND_US + fraction_us;
    return seconds >= 0 && seconds <= LAST_S;
}
