// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/whole_file.h"

#define MAX 100

static const struct bc_whole_file_options KEPT = { .mode = 0640, .sync = true };

static char g_folder[64];
static int g_dir;

static int
make_folder(void **state)
{
    (void)state;
    strcpy(g_folder, "/tmp/branchcast-whole-XXXXXX");
    g_dir = mkdtemp(g_folder) ? open(g_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    return g_dir >= 0 ? 0 : -1;
}

static int
remove_folder(void **state)
{
    (void)state;
    static const char *const NAMES[] = { "a", "a.new", "b" };
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        unlinkat(g_dir, NAMES[i], 0);
    }
    unlinkat(g_dir, "folder", AT_REMOVEDIR);
    close(g_dir);
    return rmdir(g_folder);
}

static void
expect(const char *name, const char *want)
{
    char *text;
    size_t len;
    assert_int_equal(bc_whole_file_read(g_dir, name, MAX, &text, &len), 0);
    assert_int_equal(len, strlen(want));
    assert_string_equal(text, want);
    free(text);
}

static void
expect_refused(const char *name, size_t max, int err)
{
    char *text;
    size_t len;
    assert_int_equal(bc_whole_file_read(g_dir, name, max, &text, &len), err);
    assert_null(text);
    assert_int_equal(len, 0);
}

static void
test_what_is_written_is_read(void **state)
{
    (void)state;
    assert_int_equal(bc_whole_file_replace(g_dir, "a", "first", 5, &KEPT), 0);
    expect("a", "first");
    assert_int_equal(bc_whole_file_replace(g_dir, "a", "", 0, &KEPT), 0);
    expect("a", "");
    assert_int_not_equal(faccessat(g_dir, "a.new", F_OK, 0), 0);
    struct stat st;
    assert_int_equal(fstatat(g_dir, "a", &st, 0), 0);
    assert_int_equal(st.st_mode & 07777 & ~0640u, 0);
}

static void
test_only_regular_files_that_fit_are_read(void **state)
{
    (void)state;
    assert_int_equal(bc_whole_file_replace(g_dir, "a", "12345678", 8, &KEPT), 0);
    expect_refused("a", 7, -EFBIG);
    expect_refused("none", MAX, -ENOENT);
    assert_int_equal(symlinkat("a", g_dir, "b"), 0);
    expect_refused("b", MAX, -EINVAL);
    assert_int_equal(unlinkat(g_dir, "b", 0), 0);
    assert_int_equal(mkfifoat(g_dir, "b", 0600), 0);
    expect_refused("b", MAX, -EINVAL);
    assert_int_equal(mkdirat(g_dir, "folder", 0700), 0);
    expect_refused("folder", MAX, -EINVAL);
}

static void
test_what_a_crash_left_beside_it_is_no_hindrance(void **state)
{
    (void)state;
    assert_int_equal(bc_whole_file_replace(g_dir, "b", "not mine", 8, &KEPT), 0);
    assert_int_equal(symlinkat("b", g_dir, "a.new"), 0);
    assert_int_equal(bc_whole_file_replace(g_dir, "a", "mine", 4, &KEPT), 0);
    expect("a", "mine");
    expect("b", "not mine");
}

static void
test_a_failure_leaves_the_old_one(void **state)
{
    (void)state;
    assert_int_equal(mkdirat(g_dir, "folder", 0700), 0);
    assert_true(bc_whole_file_replace(g_dir, "folder", "x", 1, &KEPT) < 0);
    assert_int_not_equal(faccessat(g_dir, "folder.new", F_OK, 0), 0);
    assert_int_equal(bc_whole_file_replace(g_dir, "none/a", "x", 1, &KEPT), -ENOENT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_what_is_written_is_read, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(
            test_only_regular_files_that_fit_are_read, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(
            test_what_a_crash_left_beside_it_is_no_hindrance, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(
            test_a_failure_leaves_the_old_one, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
