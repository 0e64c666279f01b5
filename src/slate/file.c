// SPDX-License-Identifier: Apache-2.0
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool
slate_file_is_same(const struct slate_file_mark *a, const struct slate_file_mark *b)
{
    return a->device == b->device && a->inode == b->inode && a->bytes == b->bytes
        && a->changed_s == b->changed_s && a->changed_ns == b->changed_ns;
}

int
slate_file_open(const char *path, struct slate_file_mark *mark, const char **why)
{
    struct stat st;
    *mark = (struct slate_file_mark){ 0 };
    // Who names a pipe must not make the thread wait for its other end.
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        *why = errno == ENOENT ? "there is no such file"
            : errno == EACCES  ? "it may not be read"
                               : "it cannot be opened";
        return -1;
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        *why = "it is not a file";
        close(fd);
        return -1;
    }
    mark->device = st.st_dev;
    mark->inode = st.st_ino;
    mark->bytes = st.st_size;
    mark->changed_s = st.st_mtim.tv_sec;
    mark->changed_ns = st.st_mtim.tv_nsec;
    return fd;
}

struct bc_buf *
slate_file_read(int fd, const struct slate_file_mark *mark, size_t max, const char **why)
{
    if ((uintmax_t)mark->bytes > max) {
        *why = "the file is too large";
        return NULL;
    }
    struct bc_buf *buf = bc_buf_create((size_t)mark->bytes);
    if (!buf) {
        *why = "no memory";
        return NULL;
    }
    for (size_t at = 0; at < buf->len;) {
        ssize_t n = read(fd, buf->data + at, buf->len - at);
        if (n <= 0) {
            *why = "it cannot be read";
            bc_buf_unref(&buf);
            return NULL;
        }
        at += (size_t)n;
    }
    return buf;
}
