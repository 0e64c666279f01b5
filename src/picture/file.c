// SPDX-License-Identifier: Apache-2.0
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

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

static int
write_all(int fd, const struct bc_buf *bytes)
{
    size_t done = 0;
    while (done < bytes->len) {
        ssize_t n = write(fd, bytes->data + done, bytes->len - done);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return n < 0 ? -errno : -EIO;
        }
        done += (size_t)n;
    }
    return 0;
}

static int
open_new(const char *folder, const char *path)
{
    const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    int fd = open(path, flags, 0644);
    if (fd < 0 && errno == ENOENT) {
        char dir[PICTURE_PATH_MAX];
        // The recording's own folder is not made: it may just have been deleted.
        if (picture_path(folder, "", dir) == 0 && mkdir(dir, 0755) == 0) {
            fd = open(path, flags, 0644);
        }
    }
    return fd < 0 ? -errno : fd;
}

int
picture_file_write(const char *folder, const char *name, const struct bc_buf *bytes)
{
    char path[PICTURE_PATH_MAX];
    char part[64];
    char fresh[PICTURE_PATH_MAX];
    int n = snprintf(part, sizeof(part), "%s.tmp", name);
    if (n <= 0 || n >= (int)sizeof(part) || picture_path(folder, name, path) != 0
        || picture_path(folder, part, fresh) != 0) {
        return -ENAMETOOLONG;
    }
    int fd = open_new(folder, fresh);
    if (fd < 0) {
        return fd;
    }
    int err = write_all(fd, bytes);
    if (close(fd) != 0 && err == 0) {
        err = -errno;
    }
    if (err == 0 && rename(fresh, path) != 0) {
        err = -errno;
    }
    if (err != 0) {
        unlink(fresh);
    }
    return err;
}
