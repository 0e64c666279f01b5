// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "compose/mixer.h"

#define SECOND 48000

// A second of a square wave.
static float *
wave(float level)
{
    float *samples = calloc(2 * SECOND, sizeof(*samples));
    for (int i = 0; i < SECOND; i++) {
        samples[2 * i] = samples[2 * i + 1] = i / 48 % 2 ? level : -level;
    }
    return samples;
}

static void
run(struct compose_mixer *m, const float *a, const float *b, float *out)
{
    const float *inputs[COMPOSE_INPUTS_MAX] = { a, b };
    compose_mixer_run(m, inputs, out, SECOND);
}

static float
peak(const float *out, int from, int to)
{
    float most = 0;
    for (int i = 2 * from; i < 2 * to; i++) {
        most = fmaxf(most, fabsf(out[i]));
    }
    return most;
}

static void
test_volumes_move_without_steps(void **state)
{
    (void)state;
    struct compose_mixer m;
    float *a = wave(0.5f);
    float *out = calloc(2 * SECOND, sizeof(*out));
    compose_mixer_init(&m);
    m.inputs[0].wanted.gain = 1;
    run(&m, a, NULL, out);
    assert_true(peak(out, 0, 48) < 0.01f);
    assert_true(peak(out, 2400, 2448) > 0.2f && peak(out, 2400, 2448) < 0.3f);
    assert_float_equal(peak(out, 5000, SECOND), 0.5f, 0.001f);
    m.inputs[0].wanted.gain = 0;
    run(&m, a, NULL, out);
    assert_true(peak(out, 0, 48) > 0.45f);
    assert_true(peak(out, 5000, SECOND) == 0);
    free(a);
    free(out);
}

static void
test_others_go_down_while_one_speaks(void **state)
{
    (void)state;
    struct compose_mixer m;
    float *a = wave(0.4f);
    float *guide = wave(0.1f);
    float *silence = calloc(2 * SECOND, sizeof(*silence));
    float *out = calloc(2 * SECOND, sizeof(*out));
    compose_mixer_init(&m);
    m.inputs[0].wanted = (struct compose_volume){ 1, false };
    m.inputs[1].wanted = (struct compose_volume){ 1, true };
    run(&m, a, silence, out);
    assert_float_equal(peak(out, SECOND / 2, SECOND), 0.4f, 0.001f);
    run(&m, a, guide, out); // 12 dB less, and the guide
    assert_float_equal(peak(out, SECOND / 2, SECOND), 0.1f + 0.1f, 0.001f);
    run(&m, a, silence, out);
    run(&m, a, silence, out);
    assert_float_equal(peak(out, SECOND / 2, SECOND), 0.4f, 0.001f);
    free(a);
    free(guide);
    free(silence);
    free(out);
}

static void
test_nothing_is_clipped(void **state)
{
    (void)state;
    struct compose_mixer m;
    float *a = wave(0.9f);
    float *out = calloc(2 * SECOND, sizeof(*out));
    compose_mixer_init(&m);
    m.inputs[0].wanted.gain = 2;
    m.inputs[1].wanted.gain = 1;
    run(&m, a, a, out);
    assert_true(peak(out, 0, SECOND) <= 0.951f);
    assert_true(peak(out, SECOND / 2, SECOND) > 0.9f);
    free(a);
    free(out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_volumes_move_without_steps),
        cmocka_unit_test(test_others_go_down_while_one_speaks),
        cmocka_unit_test(test_nothing_is_clipped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
