// SPDX-License-Identifier: Apache-2.0
// The samples of chunks that cmaf_chunk.c wrote, and moofs in other forms and torn ones.
#include "container/cmaf_read.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/reader.h"
#include "base/writer.h"

// Times only depend on these; there is no sample entry to look at.
static const struct bc_cmaf_movie MOVIE = { { { 1, 90000, NULL }, { 2, 44100, NULL } },
    2 };

struct seen {
    struct bc_cmaf_read_sample samples[16];
    size_t count;
    size_t stop_at; // 0: never
};

static bool
see(void *user, const struct bc_cmaf_read_sample *s)
{
    struct seen *seen = user;
    if (seen->count < 16) {
        seen->samples[seen->count] = *s;
    }
    return ++seen->count != seen->stop_at;
}

static const struct bc_cmaf_sample VIDEO[] = {
    { (const uint8_t *)"key", 3, 3000, 6000, true, false },
    { (const uint8_t *)"bb", 2, 3003, -3000, false, true },
    { (const uint8_t *)"", 0, 2997, 0, false, false },
};
static const struct bc_cmaf_sample AUDIO[] = {
    { (const uint8_t *)"a", 1, 1024, 0, true, false },
    { (const uint8_t *)"cd", 2, 1024, 0, true, false },
};
static const struct bc_cmaf_run RUNS[] = {
    { 1, 0x123456789a, false, VIDEO, 3 },
    { 2, 44100, true, AUDIO, 2 },
};

static struct bc_buf *
make_chunk(size_t *moof)
{
    struct bc_buf *chunk = bc_cmaf_chunk(7, RUNS, 2);
    struct bc_cmaf_box box;
    assert_int_equal(bc_cmaf_box_read(chunk->data, chunk->len, &box), 0);
    *moof = (size_t)box.size;
    return chunk;
}

static void
assert_sample(const struct bc_buf *chunk, const struct bc_cmaf_read_sample *s,
    size_t track, uint64_t dts, const struct bc_cmaf_sample *expected)
{
    assert_int_equal(s->track, track);
    assert_int_equal(s->dts, dts);
    assert_int_equal(s->duration, expected->duration);
    assert_int_equal(s->cts, expected->cts);
    assert_int_equal(s->sync, expected->sync);
    assert_int_equal(s->len, expected->len);
    assert_true(s->offset + s->len <= chunk->len);
    assert_memory_equal(chunk->data + s->offset, expected->data, expected->len);
}

static void
test_samples_come_back(void **state)
{
    (void)state;
    size_t len;
    struct bc_buf *chunk = make_chunk(&len);
    struct seen seen = { .count = 0 };
    assert_int_equal(bc_cmaf_moof_read(chunk->data, len, &MOVIE, see, &seen), 0);
    assert_int_equal(seen.count, 5);
    assert_sample(chunk, &seen.samples[0], 0, 0x123456789a, &VIDEO[0]);
    assert_sample(chunk, &seen.samples[1], 0, 0x123456789a + 3000, &VIDEO[1]);
    assert_sample(chunk, &seen.samples[2], 0, 0x123456789a + 6003, &VIDEO[2]);
    assert_sample(chunk, &seen.samples[3], 1, 44100, &AUDIO[0]);
    assert_sample(chunk, &seen.samples[4], 1, 45124, &AUDIO[1]);
    seen = (struct seen){ .stop_at = 4 };
    assert_int_equal(bc_cmaf_moof_read(chunk->data, len, &MOVIE, see, &seen), 0);
    assert_int_equal(seen.count, 4);
    struct bc_cmaf_movie one = MOVIE;
    one.count = 1; // nothing is told of a chunk that is not understood as a whole
    seen = (struct seen){ .count = 0 };
    assert_int_equal(bc_cmaf_moof_read(chunk->data, len, &one, see, &seen), -ENOENT);
    assert_int_equal(seen.count, 0);
    bc_buf_unref(&chunk);
}

// trun without fields of its samples but the first one's flags; 32 bits of tfdt.
static void
test_other_forms(void **state)
{
    (void)state;
    uint8_t moof[] = {
        0, 0, 0, 92, 'm', 'o', 'o', 'f', 0, 0, 0, 84, 't', 'r', 'a', 'f', 0, 0, 0, 32,
        't', 'f', 'h', 'd', 0, 2, 0, 0x3a, 0, 0, 0, 1, 0, 0, 0,
        1, // track, sample description
        0, 0, 0x0b, 0xb8, 0, 0, 0, 9, 1, 1, 0, 0, // duration, size, flags: no sync
        0, 0, 0, 16, 't', 'f', 'd', 't', 0, 0, 0, 0, 0, 0, 0x03, 0xe8, 0, 0, 0, 28, 't',
        'r', 'u', 'n', 0, 0, 0, 5, 0, 0, 0, 2, 0, 0, 0, 100, 2, 0, 0,
        0, // data offset, first flags: sync
        0, 0, 0, 0, // what is behind the samples is nobody's
    };
    struct seen seen = { .count = 0 };
    assert_int_equal(bc_cmaf_moof_read(moof, sizeof(moof), &MOVIE, see, &seen), 0);
    assert_int_equal(seen.count, 2);
    static const struct bc_cmaf_read_sample EXPECTED[] = {
        { 0, 1000, 3000, 0, true, 100, 9 },
        { 0, 4000, 3000, 0, false, 109, 9 },
    };
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(seen.samples[i].dts, EXPECTED[i].dts);
        assert_int_equal(seen.samples[i].duration, 3000);
        assert_int_equal(seen.samples[i].sync, EXPECTED[i].sync);
        assert_int_equal(seen.samples[i].offset, EXPECTED[i].offset);
        assert_int_equal(seen.samples[i].len, 9);
    }
    // a shift that 32 bits do not hold changes nothing
    assert_int_equal(
        bc_cmaf_moof_shift(moof, sizeof(moof), &MOVIE, 48000000000), -EINVAL);
    assert_int_equal(moof[63], 0xe8);
    assert_int_equal(bc_cmaf_moof_shift(moof, sizeof(moof), &MOVIE, 1000000), 0);
    assert_memory_equal(moof + 60, "\0\1\x63\x78", 4); // 91000
    moof[78] = 0x20; // 8194 samples that need no byte here
    assert_int_equal(bc_cmaf_moof_read(moof, sizeof(moof), &MOVIE, see, &seen), -EINVAL);
}

static bool
count_samples(void *user, const struct bc_cmaf_read_sample *s)
{
    (void)s;
    ++*(size_t *)user;
    return true;
}

static void
test_samples_have_a_maximum(void **state)
{
    (void)state;
    static struct bc_cmaf_sample many[4097];
    for (size_t i = 0; i < 4097; i++) {
        many[i] = (struct bc_cmaf_sample){ NULL, 0, 1, 0, true, false };
    }
    for (size_t count = 4096; count <= 4097; count++) {
        struct bc_cmaf_run run = { 1, 0, false, many, count };
        struct bc_buf *chunk = bc_cmaf_chunk(1, &run, 1);
        size_t seen = 0;
        int rc =
            bc_cmaf_moof_read(chunk->data, chunk->len - 8, &MOVIE, count_samples, &seen);
        assert_int_equal(rc, count == 4096 ? 0 : -EINVAL);
        assert_int_equal(seen, count == 4096 ? 4096 : 0);
        bc_buf_unref(&chunk);
    }
}

static uint64_t
first_dts(const struct bc_buf *chunk, size_t len, size_t track)
{
    struct seen seen = { .count = 0 };
    assert_int_equal(bc_cmaf_moof_read(chunk->data, len, &MOVIE, see, &seen), 0);
    return seen.samples[track == 0 ? 0 : 3].dts;
}

static void
test_shift_rounds_each_track(void **state)
{
    (void)state;
    size_t len;
    struct bc_buf *chunk = make_chunk(&len);
    struct bc_buf *original = bc_buf_copy(chunk->data, chunk->len);
    assert_int_equal(bc_cmaf_moof_shift(chunk->data, len, &MOVIE, 1000), 0);
    assert_int_equal(first_dts(chunk, len, 0), 0x123456789a + 90);
    assert_int_equal(first_dts(chunk, len, 1), 44100 + 44);
    assert_int_equal(bc_cmaf_moof_shift(chunk->data, len, &MOVIE, -1000), 0);
    assert_memory_equal(chunk->data, original->data, chunk->len);
    // no time is before zero
    assert_int_equal(bc_cmaf_moof_shift(chunk->data, len, &MOVIE, -2000000), 0);
    assert_int_equal(first_dts(chunk, len, 0), 0x123456789a - 180000);
    assert_int_equal(first_dts(chunk, len, 1), 0);
    assert_int_equal(bc_cmaf_moof_shift(chunk->data, len, &MOVIE, INT64_MAX), -EINVAL);
    assert_int_equal(bc_cmaf_moof_shift(chunk->data, len, &MOVIE, INT64_MIN), -EINVAL);
    bc_buf_unref(&original);
    bc_buf_unref(&chunk);
}

static void
test_torn_moofs(void **state)
{
    (void)state;
    size_t len;
    struct bc_buf *chunk = make_chunk(&len);
    struct seen seen = { .count = 0 };
    for (size_t cut = 0; cut < len; cut++) {
        uint8_t *copy = malloc(cut + (cut == 0));
        memcpy(copy, chunk->data, cut);
        assert_int_equal(bc_cmaf_moof_read(copy, cut, &MOVIE, see, &seen), -EINVAL);
        assert_int_equal(bc_cmaf_moof_shift(copy, cut, &MOVIE, 1), -EINVAL);
        free(copy);
    }
    assert_int_equal(seen.count, 0);
    // with a byte more than the box has
    assert_int_equal(
        bc_cmaf_moof_read(chunk->data, len + 1, &MOVIE, see, &seen), -EINVAL);
    bc_buf_unref(&chunk);
}

static void
test_changed_bytes(void **state)
{
    (void)state;
    size_t len;
    struct bc_buf *chunk = make_chunk(&len);
    uint8_t *copy = malloc(len);
    for (size_t i = 0; i < len; i++) {
        for (int value = 0; value < 256; value++) {
            memcpy(copy, chunk->data, len);
            copy[i] = (uint8_t)value;
            struct seen seen = { .count = 0 };
            int rc = bc_cmaf_moof_read(copy, len, &MOVIE, see, &seen);
            assert_true(rc == 0 || rc == -EINVAL || rc == -ENOENT);
            assert_true(rc == 0 || seen.count == 0);
            rc = bc_cmaf_moof_shift(copy, len, &MOVIE, -500000);
            assert_true(rc == 0 || memcmp(copy, chunk->data, i) == 0);
        }
    }
    free(copy);
    bc_buf_unref(&chunk);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples_come_back),
        cmocka_unit_test(test_other_forms),
        cmocka_unit_test(test_samples_have_a_maximum),
        cmocka_unit_test(test_shift_rounds_each_track),
        cmocka_unit_test(test_torn_moofs),
        cmocka_unit_test(test_changed_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
