// SPDX-License-Identifier: Apache-2.0
// The file on the disk.
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/whole_file.h"

#define NAME "schedules.json"
#define ASIDE NAME ".damaged"

static int
open_dir(const char *data_dir)
{
    int fd = open(data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int
schedule_file_read(const char *data_dir, char **text, size_t *len)
{
    *text = NULL;
    *len = 0;
    int dir = open_dir(data_dir);
    if (dir < 0) {
        return dir;
    }
    int ret = bc_whole_file_read(dir, NAME, SCHEDULE_FILE_BYTES_MAX, text, len);
    close(dir);
    return ret == -ENOENT ? 0 : ret;
}

int
schedule_file_write(const char *data_dir, const char *text)
{
    int dir = open_dir(data_dir);
    if (dir < 0) {
        return dir;
    }
    static const struct bc_whole_file_options KEPT = { .mode = 0640, .sync = true };
    int ret = bc_whole_file_replace(dir, NAME, text, strlen(text), &KEPT);
    close(dir);
    return ret;
}

int
schedule_file_put_aside(const char *data_dir)
{
    int dir = open_dir(data_dir);
    if (dir < 0) {
        return dir;
    }
    int ret = renameat(dir, NAME, dir, ASIDE) != 0 ? -errno : 0;
    close(dir);
    return ret;
}
