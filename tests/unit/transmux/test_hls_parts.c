// SPDX-License-Identifier: Apache-2.0
// The main playlist's parts, as a recorder takes them.
#include "transmux/hls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hls_source.h"

#define FIRST_MSN 5000
#define SECOND 1000000
#define SEEN_MAX 4000

static const struct hls_layout OBS = {
    .fps_num = 30, .fps_den = 1, .gop = 60, .rate = 48000,
};

// Who takes each new part as it comes; bufs are not kept.
struct scene {
    struct bc_hls_muxer *m;
    struct hls_source s;
    uint64_t next;
    struct bc_hls_part seen[SEEN_MAX];
    size_t count;
    size_t most; // new parts at one time
};

static void
take(void *user, struct bc_hls_snapshot *snapshot)
{
    struct scene *x = user;
    size_t n = bc_hls_snapshot_parts(
        snapshot, x->next, x->seen + x->count, SEEN_MAX - x->count);
    x->most = n > x->most ? n : x->most;
    x->count += n;
    if (n > 0) {
        x->next = x->seen[x->count - 1].number + 1;
    }
}

static int
setup(void **state)
{
    static const struct bc_hls_params PARAMS = { .first_msn = FIRST_MSN };
    struct scene *x = calloc(1, sizeof(*x));
    x->m = bc_hls_create(&PARAMS, take, x);
    assert_non_null(x->m);
    hls_source_init(&x->s, x->m);
    *state = x;
    return 0;
}

static int
teardown(void **state)
{
    struct scene *x = *state;
    hls_source_finish(&x->s);
    bc_hls_destroy(x->m);
    free(x);
    return 0;
}

static void
test_each_part_is_given_once(void **state)
{
    struct scene *x = *state;
    hls_source_run(&x->s, &OBS, 0, 10 * SECOND);
    bc_hls_end(x->m);
    struct bc_hls_stats stats;
    bc_hls_snapshot_stats(bc_hls_latest(x->m), &stats);
    assert_int_equal(x->count, stats.parts);
    assert_true(x->most <= 2);
    size_t segments = 0;
    for (size_t i = 0; i < x->count; i++) {
        const struct bc_hls_part *p = &x->seen[i];
        assert_int_equal(p->number, i);
        assert_int_equal(p->start_us, i == 0 ? 0 : p[-1].end_us);
        assert_int_equal(p->wall_us, WALL_START_US + p->start_us);
        segments += p->segment;
        assert_int_equal(p->msn, FIRST_MSN + segments - 1);
        assert_int_equal(p->dseq, x->seen[0].dseq);
        // A GOP of 2 s is a segment.
        assert_int_equal(p->independent, p->segment);
    }
    assert_int_equal(segments, 5);
    assert_in_range(x->seen[x->count - 1].end_us, 10 * SECOND - 1000, 10 * SECOND + 1000);
}

static void
test_new_epoch_has_another_number_and_init(void **state)
{
    struct scene *x = *state;
    hls_source_run(&x->s, &OBS, 0, 4 * SECOND);
    size_t before = x->count;
    x->s.epoch++;
    x->s.flags = BC_PACKET_NEW_EPOCH;
    hls_source_run(&x->s, &OBS, 4 * SECOND, 8 * SECOND);
    struct bc_hls_part all[200];
    size_t n = bc_hls_snapshot_parts(bc_hls_latest(x->m), 0, all, 200);
    assert_int_equal(n, x->count);
    size_t changes = 0;
    for (size_t i = 1; i < n; i++) {
        assert_non_null(all[i].buf);
        if (all[i].dseq != all[i - 1].dseq) {
            changes++;
            assert_int_equal(all[i].dseq, all[i - 1].dseq + 1);
            assert_true(all[i].segment && all[i].independent && i >= before);
            assert_ptr_not_equal(all[i].init, all[i - 1].init);
        } else {
            assert_ptr_equal(all[i].init, all[i - 1].init);
        }
    }
    assert_int_equal(changes, 1);
}

static void
test_who_comes_late_sees_what_is_missing(void **state)
{
    struct scene *x = *state;
    hls_source_run(&x->s, &OBS, 0, 200 * SECOND);
    struct bc_hls_part first[7];
    assert_int_equal(bc_hls_snapshot_parts(bc_hls_latest(x->m), 3, first, 7), 7);
    assert_true(first[0].number > 3 && first[0].segment);
    for (size_t i = 1; i < 7; i++) {
        assert_int_equal(first[i].number, first[i - 1].number + 1);
    }
    assert_int_equal(bc_hls_snapshot_parts(bc_hls_latest(x->m), x->next, first, 7), 0);
    assert_int_equal(bc_hls_snapshot_parts(bc_hls_latest(x->m), x->next - 1, first, 7), 1);
    assert_int_equal(bc_hls_snapshot_parts(bc_hls_latest(x->m), UINT64_MAX, first, 7), 0);
    assert_int_equal(bc_hls_snapshot_parts(bc_hls_latest(x->m), 0, first, 0), 0);
}

static void
test_independent_means_the_first_sample(void **state)
{
    struct scene *x = *state;
    // A GOP that no part's length divides: some keyframes stay inside their part.
    static const struct hls_layout ODD = {
        .fps_num = 30, .fps_den = 1, .gop = 16, .rate = 48000,
    };
    hls_source_run(&x->s, &ODD, 0, 20 * SECOND);
    for (size_t i = 0; i < x->count; i++) {
        int64_t frame = (x->seen[i].start_us * 30 + SECOND / 2) / SECOND;
        assert_int_equal(x->seen[i].independent, frame % 16 == 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_each_part_is_given_once, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_new_epoch_has_another_number_and_init, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_who_comes_late_sees_what_is_missing, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_independent_means_the_first_sample, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
