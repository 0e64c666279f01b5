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

#include "stage.h"

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

// Of one part.
void
data_dir_add(const char *dir, enum bc_recording_kind kind, const char *id, bool ended)
{
    struct stage s;
    char root[512];
    stage_open(&s);
    snprintf(root, sizeof(root), "%s/%s", dir, ROOTS[kind]);
    bool clip = kind == BC_RECORDING_CLIP;
    struct bc_recording_params params = { .root = root,
        .id = id,
        .kind = kind,
        .channel = "live/hq",
        .title = "",
        .source = clip ? "20251231-000000-00" : NULL,
        .source_from_us = clip ? 5000000 : 0,
        .source_to_us = clip ? DATA_DIR_SOURCE_TO_US : 0,
        .frame_exact = clip,
        .wall_us = DATA_DIR_BEGAN_WALL_US };
    struct bc_recording_writer *w = bc_recording_create(&params);
    assert_non_null(w);
    assert_int_equal(stage_append(&s, w, 0, 0), 0);
    assert_int_equal(bc_recording_finish(&w, ended, DATA_DIR_ENDED_WALL_US), 0);
    stage_close(&s);
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
    char from[512];
    char to[512];
    folder_of(from, dir, kind, id);
    folder_of(to, dir, to_kind, to_id);
    assert_int_equal(mkdir(to, 0700), 0);
    DIR *d = opendir(from);
    assert_non_null(d);
    for (const struct dirent *e; (e = readdir(d)) != NULL;) {
        if (e->d_type == DT_REG) {
            struct bc_buf *bytes = stage_read(from, e->d_name);
            stage_write(to, e->d_name, bytes->data, bytes->len);
            bc_buf_unref(&bytes);
        }
    }
    closedir(d);
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
