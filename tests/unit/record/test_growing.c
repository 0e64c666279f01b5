// SPDX-License-Identifier: Apache-2.0
// A recording that is read by several threads while it is written.
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "stage.h"

// A bit more than ten minutes, after which another file begins.
#define PARTS 3100
#define READERS 3

struct reading {
    pthread_t thread;
    struct bc_recording *r; // a reference
    atomic_bool *done;
    unsigned seed;
    bool failed;
};

static bool
part_is_whole(const struct bc_recording *r, size_t i)
{
    struct bc_recording_part p;
    struct bc_recording_segment s;
    uint32_t format;
    uint32_t head;
    size_t at;
    if (bc_recording_parts(r, i, &p, 1) != 1 || bc_recording_segments(r, 0, &s, 1) != 1
        || !bc_recording_find(r, p.start_us, &at) || at != i
        || !bc_recording_file_head(r, p.file, &format, &head) || format != 0) {
        return false;
    }
    struct bc_buf *buf = bc_recording_read(r, &p);
    bool whole = buf && memcmp(buf->data + p.head_bytes + 4, "mdat", 4) == 0;
    bc_buf_unref(&buf);
    return whole;
}

static void *
read_on(void *user)
{
    struct reading *x = user;
    while (!atomic_load(x->done) && !x->failed) {
        struct bc_recording_info info;
        bc_recording_info(x->r, &info);
        x->seed = x->seed * 1103515245 + 12345;
        x->failed = info.parts > 0 && !part_is_whole(x->r, (x->seed >> 8) % info.parts);
    }
    bc_recording_unref(&x->r);
    return NULL;
}

static void
test_it_is_read_while_it_grows(void **state)
{
    struct stage *s = *state;
    struct bc_recording_writer *w = stage_create(s);
    struct reading readers[READERS];
    atomic_bool done;
    atomic_init(&done, false);
    for (unsigned i = 0; i < READERS; i++) {
        readers[i] = (struct reading){
            .r = bc_recording_ref(bc_recording_of(w)), .done = &done, .seed = i
        };
        assert_int_equal(
            pthread_create(&readers[i].thread, NULL, read_on, &readers[i]), 0);
    }
    int e = 0;
    for (unsigned i = 0; i < PARTS && !e; i++) {
        e = stage_append(s, w, 0, i);
    }
    atomic_store(&done, true);
    bool failed = false;
    for (unsigned i = 0; i < READERS; i++) {
        pthread_join(readers[i].thread, NULL);
        failed = failed || readers[i].failed;
    }
    assert_int_equal(e, 0);
    assert_false(failed);
    struct bc_recording_part p[2];
    assert_int_equal(bc_recording_parts(bc_recording_of(w), PARTS - 1, p, 1), 1);
    assert_int_equal(p[0].file, 2);
    // The file begins with a segment and is no break: times go on without a step.
    assert_int_equal(bc_recording_parts(bc_recording_of(w), 3004, p, 2), 2);
    assert_int_equal(p[0].file, 1);
    assert_int_equal(p[1].file, 2);
    assert_true(p[1].segment);
    assert_false(p[1].discontinuity);
    assert_int_equal(p[1].start_us, INT64_C(3005) * STAGE_PART_US);
    assert_int_equal(bc_recording_finish(&w, true, STAGE_WALL_US + 1), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_it_is_read_while_it_grows, stage_setup, stage_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
