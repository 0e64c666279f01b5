// SPDX-License-Identifier: Apache-2.0
#include "sound_ring.h"

#include <math.h>
#include <string.h>

#define TOLERANCE (COMPOSE_RATE * 40 / 1000) // of stamps against counting
#define STEP_MAX 0.005
#define OFF_MAX (COMPOSE_RATE * 120 / 1000.0) // more is not made up by playing quicker
#define FADE 240 // samples: 5 ms

void
compose_ring_init(struct compose_ring *r)
{
    memset(r, 0, sizeof(*r));
}

static void
put(struct compose_ring *r, const float *samples, int count)
{
    for (int i = 0; i < count; i++, r->end++) {
        float *to = r->samples[r->end % COMPOSE_RING];
        to[0] = samples ? samples[2 * i] : 0;
        to[1] = samples ? samples[2 * i + 1] : 0;
    }
    if (r->end - r->begin > COMPOSE_RING) {
        r->begin = r->end - COMPOSE_RING;
    }
}

void
compose_ring_write(struct compose_ring *r, int64_t place, const float *samples, int count)
{
    int64_t gap = place - r->end;
    if (place < 0 || count <= 0) {
        return;
    }
    if (r->begin == r->end || gap < -TOLERANCE || gap > COMPOSE_RING) {
        r->begin = r->end = place;
    } else if (gap > TOLERANCE) {
        put(r, NULL, (int)gap);
    }
    put(r, samples, count);
}

// What comes after the last sample, or before the first: no click.
static void
fade_out(struct compose_ring *r, float *out, int count)
{
    for (int i = 0; i < count; i++) {
        float part = i < FADE ? 1 - (float)i / FADE : 0;
        out[2 * i] = r->last[0] * part;
        out[2 * i + 1] = r->last[1] * part;
    }
    r->last[0] = r->last[1] = 0;
    r->playing = false;
}

static void
fade_in(float *out, int count)
{
    for (int i = 0; i < count && i < FADE; i++) {
        out[2 * i] *= (float)i / FADE;
        out[2 * i + 1] *= (float)i / FADE;
    }
}

static int
play(struct compose_ring *r, double step, float *out, int count)
{
    int i = 0;
    for (; i < count; i++) {
        int64_t p = (int64_t)r->at;
        float part = (float)(r->at - (double)p);
        if (p < r->begin || p + 1 >= r->end) {
            break;
        }
        const float *a = r->samples[p % COMPOSE_RING];
        const float *b = r->samples[(p + 1) % COMPOSE_RING];
        out[2 * i] = a[0] + (b[0] - a[0]) * part;
        out[2 * i + 1] = a[1] + (b[1] - a[1]) * part;
        r->at += step;
    }
    return i;
}

bool
compose_ring_read(struct compose_ring *r, double place, float *out, int count)
{
    bool fresh = !r->playing;
    if (r->playing && fabs(place - r->at) > OFF_MAX) {
        // What was heard last ends softly, and the new place begins so with the next
        // turn.
        fade_out(r, out, count);
        return true;
    }
    if (fresh) {
        r->at = place;
    }
    double step = 1 + (place - r->at) / COMPOSE_RATE;
    step = step > 1 + STEP_MAX ? 1 + STEP_MAX : step < 1 - STEP_MAX ? 1 - STEP_MAX : step;
    bool any = r->last[0] != 0 || r->last[1] != 0;
    int n = place < 0 ? 0 : play(r, step, out, count);
    if (fresh) {
        fade_in(out, n);
    }
    if (n > 0) {
        r->playing = true;
        r->last[0] = out[2 * n - 2];
        r->last[1] = out[2 * n - 1];
    }
    if (n < count) {
        fade_out(r, out + 2 * n, count - n);
    }
    return n > 0 || any;
}
