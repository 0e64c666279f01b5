// SPDX-License-Identifier: Apache-2.0
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/whole_file.h"

int
picture_path(const char *folder, const char *name, char out[PICTURE_PATH_MAX])
{
    int n = snprintf(out, PICTURE_PATH_MAX, "%s/pictures/%s", folder, name);
    return n > 0 && n < PICTURE_PATH_MAX ? 0 : -ENAMETOOLONG;
}

// --- reading ---

static bool
read_all(int fd, uint8_t *data, size_t len)
{
    size_t got = 0;
    while (got < len) {
        ssize_t n = read(fd, data + got, len - got);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        got += (size_t)n;
    }
    return true;
}

struct bc_buf *
picture_file_read(const char *folder, const char *name, size_t max)
{
    char path[PICTURE_PATH_MAX];
    struct stat st;
    if (picture_path(folder, name, path) != 0) {
        return NULL;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        return NULL;
    }
    struct bc_buf *bytes = NULL;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (uintmax_t)st.st_size <= max) {
        bytes = bc_buf_create((size_t)st.st_size);
    }
    if (bytes && !read_all(fd, bytes->data, bytes->len)) {
        bc_buf_unref(&bytes);
    }
    close(fd);
    return bytes;
}

// --- writing ---

int
picture_file_write(const char *folder, const char *name, const struct bc_buf *bytes)
{
    static const struct bc_whole_file_options PUBLIC = { .mode = 0644, .sync = false };
    char path[PICTURE_PATH_MAX];
    char dir[PICTURE_PATH_MAX];
    if (picture_path(folder, name, path) != 0 || picture_path(folder, "", dir) != 0) {
        return -ENAMETOOLONG;
    }
    int err = bc_whole_file_replace(AT_FDCWD, path, bytes->data, bytes->len, &PUBLIC);
    // The recording's own folder is not made: it may just have been deleted.
    if (err == -ENOENT && mkdir(dir, 0755) == 0) {
        err = bc_whole_file_replace(AT_FDCWD, path, bytes->data, bytes->len, &PUBLIC);
    }
    return err;
}
