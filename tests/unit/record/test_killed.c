// SPDX-License-Identifier: Apache-2.0
// kill -9 at random moments: what was acknowledged is there, but for one part at most.
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "container/cmaf_read.h"
#include "stage.h"

#define ROUNDS 100
#define KILL_WITHIN_US 20000

// Appends without end; says each part's number when it is acknowledged. Files change often.
static void
append_until_killed(struct stage *s, struct bc_recording_writer *w, int pipe_fd)
{
    for (unsigned i = 0;; i++) {
        struct bc_recording_append a = stage_part(s, 3000000, i);
        a.discontinuity = i % 25 == 20;
        uint32_t number = i + 1;
        if (bc_recording_append(w, &a) != 0
            || write(pipe_fd, &number, sizeof(number)) != (ssize_t)sizeof(number)) {
            _exit(1);
        }
        bc_buf_unref(&a.data);
    }
}

// The number of the last acknowledged part.
static uint32_t
drain(int fd)
{
    uint32_t number = 0;
    uint32_t last = 0;
    while (read(fd, &number, sizeof(number)) == (ssize_t)sizeof(number)) {
        last = number;
    }
    return last;
}

static uint32_t
run_and_kill(struct stage *s, struct bc_recording_writer *w, unsigned round)
{
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(fds[0]);
        append_until_killed(s, w, fds[1]);
    }
    close(fds[1]);
    uint32_t first;
    assert_int_equal(read(fds[0], &first, sizeof(first)), sizeof(first));
    // The moment is what is tested, not waited for.
    long ns = (long)(round * 7919u % KILL_WITHIN_US) * 1000;
    nanosleep(&(struct timespec){ .tv_nsec = ns }, NULL);
    assert_int_equal(kill(pid, SIGKILL), 0);
    uint32_t last = drain(fds[0]);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    close(fds[0]);
    return last > first ? last : first;
}

static void
assert_whole(const struct bc_recording *r, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct bc_recording_part p;
        assert_int_equal(bc_recording_parts(r, i, &p, 1), 1);
        struct bc_buf *buf = bc_recording_read(r, &p);
        assert_non_null(buf);
        struct bc_cmaf_box mdat;
        assert_int_equal(
            bc_cmaf_box_read(buf->data + p.head_bytes, buf->len - p.head_bytes, &mdat),
            0);
        assert_int_equal(mdat.size, p.bytes - p.head_bytes);
        bc_buf_unref(&buf);
    }
}

static size_t
parts_of(const struct bc_recording *r)
{
    struct bc_recording_info info;
    bc_recording_info(r, &info);
    return info.parts;
}

static void
test_a_kill_costs_at_most_the_part_it_hit(void **state)
{
    struct stage *s = *state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct bc_recording_writer *w = stage_create(s);
        char folder[256];
        snprintf(folder, sizeof(folder), "%s", bc_recording_folder(bc_recording_of(w)));
        uint32_t acknowledged = run_and_kill(s, w, round);
        assert_int_equal(
            bc_recording_finish(&w, false, 0), 0); // the parent's own handles
        struct bc_recording *r = bc_recording_open(folder);
        assert_non_null(r);
        size_t before = parts_of(r);
        assert_true(before + 1 >= acknowledged);
        assert_whole(r, before);
        bc_recording_unref(&r);
        w = bc_recording_resume(folder);
        assert_non_null(w);
        size_t kept = parts_of(bc_recording_of(w));
        assert_true(kept + 1 >= acknowledged && kept >= before);
        assert_int_equal(stage_append(s, w, 9000000, 0), 0);
        assert_whole(bc_recording_of(w), kept + 1);
        assert_int_equal(bc_recording_finish(&w, true, STAGE_WALL_US), 0);
        r = bc_recording_open(folder);
        assert_int_equal(parts_of(r), kept + 1);
        bc_recording_unref(&r);
        stage_remove(folder);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_a_kill_costs_at_most_the_part_it_hit, stage_setup, stage_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
