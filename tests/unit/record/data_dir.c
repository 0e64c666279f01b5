// SPDX-License-Identifier: Apache-2.0
#include "data_dir.h"

#include <dirent.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const ROOTS[] = { "recordings", "clips" };

static void
folder_of(char out[512], const char *dir, enum bc_recording_kind kind, const char *id)
{
    snprintf(out, 512, "%s/%s/%s", dir, ROOTS[kind], id);
}

int
data_dir_setup(void **state)
{
    char *dir = strdup("/tmp/bc-record-XXXXXX");
    assert_non_null(mkdtemp(dir));
    for (int kind = 0; kind < 2; kind++) {
        char path[512];
        folder_of(path, dir, (enum bc_recording_kind)kind, "");
        assert_int_equal(mkdir(path, 0700), 0);
    }
    *state = dir;
    return 0;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

int
data_dir_teardown(void **state)
{
    assert_int_equal(nftw(*state, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
    free(*state);
    return 0;
}

static void
write_recording(const char *folder, const char *id, enum bc_recording_kind kind, bool ended)
{
    char path[600];
    snprintf(path, sizeof(path), "%s/recording", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "%s %d %lld %lld\n", id, kind, (long long)DATA_DIR_BEGAN_WALL_US,
        ended ? (long long)DATA_DIR_ENDED_WALL_US : 0LL);
    fclose(file);
}

void
data_dir_add(const char *dir, enum bc_recording_kind kind, const char *id, bool ended)
{
    char path[512];
    folder_of(path, dir, kind, id);
    assert_int_equal(mkdir(path, 0700), 0);
    write_recording(path, id, kind, ended);
}

void
data_dir_remove(const char *dir, enum bc_recording_kind kind, const char *id)
{
    char path[512];
    folder_of(path, dir, kind, id);
    assert_int_equal(nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

void
data_dir_copy(const char *dir, enum bc_recording_kind kind, const char *id,
    enum bc_recording_kind to_kind, const char *to_id)
{
    char path[512];
    folder_of(path, dir, to_kind, to_id);
    assert_int_equal(mkdir(path, 0700), 0);
    write_recording(path, id, kind, true);
}

size_t
data_dir_count(const char *dir, const char *prefix)
{
    DIR *d = opendir(dir);
    size_t count = 0;
    for (const struct dirent *e; (e = readdir(d)) != NULL;) {
        const char *name = e->d_name;
        size_t len = strlen(name);
        bool side = len > 4 && (strcmp(name + len - 4, "-wal") == 0
                        || strcmp(name + len - 4, "-shm") == 0);
        count += strncmp(name, prefix, strlen(prefix)) == 0 && !side;
    }
    closedir(d);
    return count;
}
