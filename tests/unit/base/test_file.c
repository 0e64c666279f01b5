// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"

static char g_folder[64];

static int
make_folder(void **state)
{
    (void)state;
    strcpy(g_folder, "/tmp/branchcast-file-XXXXXX");
    return mkdtemp(g_folder) ? 0 : -1;
}

static int
remove_folder(void **state)
{
    (void)state;
    return rmdir(g_folder);
}

static void
path_of(char out[128], const char *name)
{
    snprintf(out, 128, "%s/%s", g_folder, name);
}

static void
test_reads_to_its_end_after_a_delete(void **state)
{
    (void)state;
    char path[128];
    char got[8] = "";
    path_of(path, "a");
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs("bytes", f);
    fclose(f);
    struct bc_file *file = bc_file_open(path);
    assert_non_null(file);
    struct bc_file *second = bc_file_ref(file);
    unlink(path);
    bc_file_unref(&file);
    assert_null(file);
    assert_int_equal(pread(second->fd, got, sizeof(got), 0), 5);
    assert_string_equal(got, "bytes");
    int fd = second->fd;
    bc_file_unref(&second);
    assert_int_equal(pread(fd, got, 1, 0), -1);
    assert_int_equal(errno, EBADF);
    bc_file_unref(&second); // a NULL holder is fine
}

static void
test_opens_nothing_but_regular_files(void **state)
{
    (void)state;
    char path[128];
    path_of(path, "missing");
    assert_null(bc_file_open(path));
    assert_int_equal(errno, ENOENT);
    path_of(path, "link");
    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_null(bc_file_open(path));
    assert_int_equal(errno, ELOOP);
    unlink(path);
    path_of(path, "pipe");
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_null(bc_file_open(path));
    assert_int_equal(errno, EINVAL);
    unlink(path);
    assert_null(bc_file_open(g_folder));
    assert_int_equal(errno, EINVAL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_to_its_end_after_a_delete),
        cmocka_unit_test(test_opens_nothing_but_regular_files),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
