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

#include "compose/sound_ring.h"

#define CHUNK 1600

static struct compose_ring ring;

// A tone that tells its place: both channels rise by a little with every sample.
static void
write_ramp(int64_t place, int count)
{
    float samples[2 * 2048];
    for (int i = 0; i < count; i++) {
        samples[2 * i] = samples[2 * i + 1] = (float)(place + i) * 1e-5f;
    }
    compose_ring_write(&ring, place, samples, count);
}

static void
fill(int64_t from, int64_t to)
{
    for (int64_t at = from; at < to; at += 1024) {
        write_ramp(at, 1024);
    }
}

static void
test_plays_what_was_written(void **state)
{
    (void)state;
    float out[2 * CHUNK];
    compose_ring_init(&ring);
    fill(1000, 1000 + 20 * 1024);
    assert_true(compose_ring_read(&ring, 2000, out, CHUNK));
    assert_true(fabsf(out[0]) < 1e-4f); // it begins softly
    assert_float_equal(out[2 * 1000], 3000e-5f, 1e-5f);
    assert_true(compose_ring_read(&ring, 2000 + CHUNK, out, CHUNK));
    assert_float_equal(out[0], (2000 + CHUNK) * 1e-5f, 1e-5f);
}

static void
test_small_offsets_are_made_up_by_speed(void **state)
{
    (void)state;
    float out[2 * CHUNK];
    compose_ring_init(&ring);
    fill(0, 40 * 1024);
    double place = 0;
    compose_ring_read(&ring, place, out, CHUNK);
    // Now everything is due 10 ms earlier than it was.
    place += 480;
    for (int i = 0; i < 20; i++) {
        place += CHUNK;
        float before = out[2 * CHUNK - 2];
        assert_true(compose_ring_read(&ring, place, out, CHUNK));
        assert_float_equal(out[0], before, 3e-5f); // no step
    }
    assert_true(fabs(ring.at - (place + CHUNK)) < 400);
}

static void
test_silence_where_there_is_none(void **state)
{
    (void)state;
    float out[2 * CHUNK];
    compose_ring_init(&ring);
    assert_false(compose_ring_read(&ring, 5000, out, CHUNK));
    assert_true(out[0] == 0 && out[2 * CHUNK - 1] == 0);
    fill(0, 2 * 1024);
    assert_true(compose_ring_read(&ring, 0, out, CHUNK));
    // It ends in the middle: the last sample fades.
    assert_true(compose_ring_read(&ring, CHUNK, out, CHUNK));
    assert_true(out[2 * 440] > 0 && out[2 * 460] > out[2 * 600]);
    assert_true(out[2 * CHUNK - 1] == 0);
    assert_false(compose_ring_read(&ring, 2 * CHUNK, out, CHUNK));
}

static void
test_gaps_and_jumps_of_stamps(void **state)
{
    (void)state;
    compose_ring_init(&ring);
    fill(0, 10 * 1024);
    // Stamps in milliseconds are off by a few samples: that is no gap.
    write_ramp(10 * 1024 + 30, 1024);
    assert_int_equal(ring.end, 11 * 1024);
    // A real one is silence.
    write_ramp(11 * 1024 + 9600, 1024);
    assert_int_equal(ring.end, 12 * 1024 + 9600);
    assert_true(ring.samples[(11 * 1024 + 5000) % COMPOSE_RING][0] == 0);
    // And what goes far back, or very far on, is another beginning.
    write_ramp(500, 1024);
    assert_int_equal(ring.begin, 500);
    write_ramp(INT64_C(1) << 40, 1024);
    assert_int_equal(ring.begin, INT64_C(1) << 40);
    compose_ring_write(&ring, -1, (float[2]){ 0, 0 }, 1); // no place
    assert_int_equal(ring.begin, INT64_C(1) << 40);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plays_what_was_written),
        cmocka_unit_test(test_small_offsets_are_made_up_by_speed),
        cmocka_unit_test(test_silence_where_there_is_none),
        cmocka_unit_test(test_gaps_and_jumps_of_stamps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
