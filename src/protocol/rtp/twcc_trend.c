// SPDX-License-Identifier: Apache-2.0
#include "twcc_trend.h"

#include <math.h>

// How it works: packets that leave within GROUP_US form a group, and its delay is that of
// the fastest of them, so that a group's own length (a keyframe's burst) is no delay. A
// line through the delays of the last LINE_US, by least squares, tells how much the delay
// grew. It is overuse when that is more than the points' own scatter and the path's
// jitter explain, when the queue it built is really there, when it still grows, when it
// isn't just a moment in which a radio held its breath, and when a second look says the
// same. A pause in sending begins a new line: there is nothing to compare with.
#define GROUP_US 12000
#define LINE_US 800000
#define LINE_MIN_US 100000
#define LINE_POINTS_MIN 5
#define PAUSE_US 400000
#define NEWEST 3 // points that are averaged for "now"

// The least delay is of the last 10 to 20 s, so that clocks may drift apart and routes
// change.
#define BASE_SPAN_US 10000000

#define QUEUE_OVERUSE_US 20000
#define QUEUE_CONGESTED_US 100000
// A long queue that doesn't change for so long is none: the route became longer.
#define FLAT_US 3000000

#define THRESHOLD_START_MS 15.0
#define THRESHOLD_MIN_MS 10.0
#define THRESHOLD_MAX_MS 120.0
#define THRESHOLD_OUTLIER_MS 15.0 // so far above it is congestion, not jitter
#define THRESHOLD_UP_PER_MS 0.002
#define THRESHOLD_DOWN_PER_MS 0.0004
#define CERTAIN 3.0 // so many thresholds need no second look
#define SIGNIFICANT 3.0 // standard errors

void
twcc_trend_init(struct bc_twcc_trend *t)
{
    *t = (struct bc_twcc_trend){ .threshold_ms = THRESHOLD_START_MS };
}

void
twcc_trend_reset(struct bc_twcc_trend *t)
{
    double threshold_ms = t->threshold_ms;
    twcc_trend_init(t);
    t->threshold_ms = threshold_ms;
}

static const struct bc_twcc_point *
point(const struct bc_twcc_trend *t, uint32_t i)
{
    return &t->points[i & (BC_TWCC_POINTS - 1)];
}

static void
update_base(struct bc_twcc_trend *t, int64_t delay_us, int64_t sent_us)
{
    if (!t->has_base) {
        t->has_base = true;
        t->base_us[0] = t->base_us[1] = delay_us;
        t->base_since_us = sent_us;
    }
    if (sent_us - t->base_since_us > BASE_SPAN_US) {
        t->base_us[1] = t->base_us[0];
        t->base_us[0] = delay_us;
        t->base_since_us = sent_us;
    }
    if (delay_us < t->base_us[0]) {
        t->base_us[0] = delay_us;
    }
}

static void
end_group(struct bc_twcc_trend *t)
{
    const struct bc_twcc_point *last = point(t, t->head - 1);
    if (t->head != t->tail && t->group.sent_us - last->sent_us > PAUSE_US) {
        t->tail = t->head;
        t->growing = 0;
    }
    t->points[t->head++ & (BC_TWCC_POINTS - 1)] = t->group;
    while (t->head - t->tail > BC_TWCC_POINTS
        || t->group.sent_us - point(t, t->tail)->sent_us > LINE_US) {
        t->tail++;
    }
    update_base(t, t->group.delay_us, t->group.sent_us);
    t->grouping = false;
}

void
twcc_trend_add(
    struct bc_twcc_trend *t, int64_t sent_us, int64_t arrival_us, int64_t bytes)
{
    if (t->grouping && sent_us < t->group.sent_us) {
        return; // late feedback about what lies behind us
    }
    if (t->grouping && sent_us - t->group.sent_us > GROUP_US) {
        end_group(t);
    }
    int64_t delay_us = arrival_us - sent_us;
    if (!t->grouping) {
        t->group = (struct bc_twcc_point){ sent_us, delay_us, arrival_us, 0 };
        t->grouping = true;
    }
    t->group.bytes += bytes;
    if (delay_us < t->group.delay_us) {
        t->group.delay_us = delay_us;
    }
    if (arrival_us > t->group.arrival_us) {
        t->group.arrival_us = arrival_us;
    }
}

// How much a line through the points rises between its ends, and that number's standard
// error, in ms.
static double
growth_of_line(const struct bc_twcc_trend *t, double *error_ms)
{
    uint32_t n = t->head - t->tail;
    const struct bc_twcc_point *first = point(t, t->tail);
    double mean_x = 0;
    double mean_y = 0;
    for (uint32_t i = 0; i < n; i++) {
        mean_x += (double)(point(t, t->tail + i)->sent_us - first->sent_us) / n;
        mean_y += (double)(point(t, t->tail + i)->delay_us - first->delay_us) / n;
    }
    double xx = 0;
    double xy = 0;
    double yy = 0;
    for (uint32_t i = 0; i < n; i++) {
        const struct bc_twcc_point *p = point(t, t->tail + i);
        double x = (double)(p->sent_us - first->sent_us) - mean_x;
        double y = (double)(p->delay_us - first->delay_us) - mean_y;
        xx += x * x;
        xy += x * y;
        yy += y * y;
    }
    double span_us = (double)(point(t, t->head - 1)->sent_us - first->sent_us);
    double scatter = xx > 0 ? fmax(yy - xy * xy / xx, 0) / (n - 2) : 0;
    *error_ms = xx > 0 ? sqrt(scatter / xx) * span_us / 1000 : 0;
    return xx > 0 ? xy / xx * span_us / 1000 : 0;
}

// The mean delay of NEWEST points, `back` points before the end.
static int64_t
mean_delay(const struct bc_twcc_trend *t, uint32_t back)
{
    int64_t sum = 0;
    int64_t origin = point(t, t->tail)->delay_us;
    for (uint32_t i = 1; i <= NEWEST; i++) {
        sum += point(t, t->head - back - i)->delay_us - origin;
    }
    return origin + sum / NEWEST;
}

static int64_t
median_delay(const struct bc_twcc_trend *t, uint32_t from, uint32_t n)
{
    int64_t sorted[BC_TWCC_POINTS];
    for (uint32_t i = 0; i < n; i++) {
        int64_t delay_us = point(t, from + i)->delay_us;
        uint32_t at = i;
        for (; at > 0 && sorted[at - 1] > delay_us; at--) {
            sorted[at] = sorted[at - 1];
        }
        sorted[at] = delay_us;
    }
    return sorted[n / 2];
}

// Between the middles of the line's halves there is half of its growth. A stall shorter
// than a quarter of the line leaves both where they were.
static bool
is_lasting(const struct bc_twcc_trend *t)
{
    uint32_t half = (t->head - t->tail) / 2;
    int64_t step_us =
        median_delay(t, t->head - half, half) - median_delay(t, t->tail, half);
    return (double)step_us * 2 / 1000 > t->threshold_ms;
}

// Rises with jitter soon, so that it is not taken for a queue; falls slowly.
static void
adapt_threshold(struct bc_twcc_trend *t, int64_t now_us)
{
    int64_t passed_us = now_us - t->updated_us;
    double ms = passed_us > 100000 ? 100 : passed_us > 0 ? (double)passed_us / 1000 : 0;
    double growth_ms = fabs(t->growth_ms);
    if (growth_ms < t->threshold_ms) {
        t->threshold_ms -= (t->threshold_ms - growth_ms) * THRESHOLD_DOWN_PER_MS * ms;
    } else if (growth_ms < t->threshold_ms + THRESHOLD_OUTLIER_MS) {
        t->threshold_ms += (growth_ms - t->threshold_ms) * THRESHOLD_UP_PER_MS * ms;
    }
    t->threshold_ms = fmin(fmax(t->threshold_ms, THRESHOLD_MIN_MS), THRESHOLD_MAX_MS);
    t->updated_us = now_us;
}

static void
adapt_base(struct bc_twcc_trend *t, int64_t newest_us, int64_t now_us)
{
    if (t->queue_us < QUEUE_CONGESTED_US || fabs(t->growth_ms) > t->threshold_ms) {
        t->flat_since_us = 0;
    } else if (t->flat_since_us == 0) {
        t->flat_since_us = now_us;
    } else if (now_us - t->flat_since_us > FLAT_US) {
        t->base_us[0] = t->base_us[1] = newest_us;
        t->flat_since_us = 0;
    }
}

bool
twcc_trend_update(struct bc_twcc_trend *t, int64_t now_us)
{
    uint32_t n = t->head - t->tail;
    int64_t base_us = t->base_us[0] < t->base_us[1] ? t->base_us[0] : t->base_us[1];
    t->queue_us = n > 0 ? point(t, t->head - 1)->delay_us - base_us : 0;
    if (t->head == t->judged) {
        return t->verdict; // a second look needs something new
    }
    t->judged = t->head;
    t->verdict = false;
    t->growth_ms = 0;
    if (n < LINE_POINTS_MIN
        || point(t, t->head - 1)->sent_us - point(t, t->tail)->sent_us < LINE_MIN_US) {
        t->growing = 0;
        return false;
    }
    double error_ms;
    int64_t newest_us = mean_delay(t, 0);
    t->queue_us = newest_us - base_us;
    t->growth_ms = growth_of_line(t, &error_ms);
    bool rising = newest_us > mean_delay(t, LINE_POINTS_MIN - NEWEST)
        && t->growth_ms > t->threshold_ms && t->growth_ms > error_ms * SIGNIFICANT
        && t->queue_us > QUEUE_OVERUSE_US && is_lasting(t);
    t->growing = rising ? t->growing + 1 : 0;
    bool certain = t->growth_ms > t->threshold_ms * CERTAIN;
    adapt_threshold(t, now_us);
    adapt_base(t, newest_us, now_us);
    t->verdict = t->growing >= (certain ? 1 : 2);
    return t->verdict;
}

bool
twcc_trend_is_congested(const struct bc_twcc_trend *t)
{
    return t->growing > 0 || t->queue_us > QUEUE_CONGESTED_US
        || (t->growth_ms < -t->threshold_ms && t->queue_us > QUEUE_OVERUSE_US);
}

int64_t
twcc_trend_delivered_bps(const struct bc_twcc_trend *t)
{
    uint32_t n = t->head - t->tail;
    if (n < 2) {
        return 0;
    }
    const struct bc_twcc_point *last = point(t, t->head - 1);
    int64_t bytes = 0;
    for (uint32_t i = 1; i < n; i++) {
        const struct bc_twcc_point *p = point(t, t->head - i);
        const struct bc_twcc_point *before = point(t, t->head - i - 1);
        bytes += p->bytes;
        int64_t span_us = last->arrival_us - before->arrival_us;
        if (span_us >= LINE_US / 3 || i == n - 1) {
            return span_us >= LINE_MIN_US ? bytes * 8 * 1000000 / span_us : 0;
        }
    }
    return 0;
}
