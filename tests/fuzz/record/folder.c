// SPDX-License-Identifier: Apache-2.0
#include "folder.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record/writer.h"

#include "base/log.h"

static char g_root[64];
static char g_path[128];

static void
remove_folder(void)
{
    static const char *const NAMES[] = { "index", "recording.json", "000001.mp4",
        "000002.mp4" };
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        folder_put(NAMES[i], NULL, 0);
    }
    rmdir(g_path);
    rmdir(g_root);
}

const char *
folder_path(void)
{
    if (g_path[0] == '\0') {
        bc_log_set_level(BC_LOG_ERROR);
        snprintf(g_root, sizeof(g_root), "%s/bc-fuzz-XXXXXX",
            access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
        if (!mkdtemp(g_root)) {
            abort();
        }
        snprintf(g_path, sizeof(g_path), "%s/20260101-000000-00000001", g_root);
        mkdir(g_path, 0700);
        atexit(remove_folder);
    }
    return g_path;
}

void
folder_put(const char *name, const uint8_t *data, size_t len)
{
    char path[192];
    snprintf(path, sizeof(path), "%s/%s", folder_path(), name);
    unlink(path);
    if (!data) {
        return;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (fd < 0 || write(fd, data, len) != (ssize_t)len) {
        abort();
    }
    close(fd);
}

static size_t
read_all(void)
{
    struct bc_recording *r = bc_recording_open(folder_path());
    if (!r) {
        abort();
    }
    struct bc_recording_info info;
    bc_recording_info(r, &info);
    int64_t last_us = 0;
    for (size_t i = 0; i < info.parts; i++) {
        struct bc_recording_part p;
        size_t at;
        bc_recording_parts(r, i, &p, 1);
        struct bc_buf *buf = bc_recording_read(r, &p);
        if (!buf || p.start_us < last_us || !bc_recording_find(r, p.start_us, &at)) {
            abort();
        }
        last_us = p.start_us;
        bc_buf_unref(&buf);
    }
    int64_t at_us;
    (void)bc_recording_at_wall(r, info.began_wall_us, &at_us, NULL);
    bc_recording_unref(&r);
    return info.parts;
}

void
folder_read(void)
{
    size_t before = read_all();
    if (bc_recording_repair(folder_path(), true) != 0 || read_all() < before) {
        abort();
    }
}
