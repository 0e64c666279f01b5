// SPDX-License-Identifier: Apache-2.0
#include "mixer.h"

#include <math.h>
#include <string.h>

#define RATE 48000.0f
#define RAMP_STEP (1 / (RATE * 0.1f)) // from nothing to full in 100 ms
#define LEVEL_FALL 0.9996f // of the envelope, a sample: by half in 36 ms
#define SPEAKS 0.02f // -34 dBFS
#define SPEAKS_HOLD (48000 * 3 / 10)
#define DUCKED 0.25f // -12 dB
#define DUCK_DOWN (0.75f / (RATE * 0.06f))
#define DUCK_UP (0.75f / (RATE * 0.4f))
#define CEILING 0.95f
#define LIMIT_UP (1 / (RATE * 0.2f))

void
compose_mixer_init(struct compose_mixer *m)
{
    memset(m, 0, sizeof(*m));
    m->ducked = 1;
    m->limited = 1;
}

static float
towards(float value, float goal, float down, float up)
{
    if (value < goal) {
        return value + up < goal ? value + up : goal;
    }
    return value - down > goal ? value - down : goal;
}

// Whether an input speaks for which the others go down.
static bool
listen(struct compose_mixer *m, const float *const inputs[COMPOSE_INPUTS_MAX], int i)
{
    bool speaks = false;
    for (int k = 0; k < COMPOSE_INPUTS_MAX; k++) {
        if (!m->inputs[k].wanted.duck) {
            m->inputs[k].level = 0;
            m->inputs[k].speaks = 0;
            continue;
        }
        float now = inputs[k]
            ? fmaxf(fabsf(inputs[k][2 * i]), fabsf(inputs[k][2 * i + 1]))
                * m->inputs[k].gain
            : 0;
        float level = m->inputs[k].level * LEVEL_FALL;
        m->inputs[k].level = now > level ? now : level;
        m->inputs[k].speaks = m->inputs[k].level > SPEAKS ? SPEAKS_HOLD
            : m->inputs[k].speaks > 0                     ? m->inputs[k].speaks - 1
                                                          : 0;
        speaks |= m->inputs[k].speaks > 0;
    }
    return speaks;
}

static void
limit(struct compose_mixer *m, float *left, float *right)
{
    float peak = fmaxf(fabsf(*left), fabsf(*right));
    m->limited = towards(m->limited, 1, 0, LIMIT_UP);
    if (peak * m->limited > CEILING) {
        m->limited = CEILING / peak;
    }
    *left *= m->limited;
    *right *= m->limited;
}

void
compose_mixer_run(struct compose_mixer *m, const float *const inputs[COMPOSE_INPUTS_MAX],
    float *out, int count)
{
    for (int i = 0; i < count; i++) {
        float left = 0;
        float right = 0;
        bool speaks = listen(m, inputs, i);
        m->ducked = towards(m->ducked, speaks ? DUCKED : 1, DUCK_DOWN, DUCK_UP);
        for (int k = 0; k < COMPOSE_INPUTS_MAX; k++) {
            float gain = towards(
                m->inputs[k].gain, m->inputs[k].wanted.gain, RAMP_STEP, RAMP_STEP);
            m->inputs[k].gain = gain;
            if (inputs[k]) {
                gain *= m->inputs[k].wanted.duck ? 1 : m->ducked;
                left += inputs[k][2 * i] * gain;
                right += inputs[k][2 * i + 1] * gain;
            }
        }
        limit(m, &left, &right);
        out[2 * i] = left;
        out[2 * i + 1] = right;
    }
}
