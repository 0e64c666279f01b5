// SPDX-License-Identifier: Apache-2.0
#include "base/whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

// --- reading ---

// At most `size` bytes: it may have become shorter meanwhile.
static int
read_bytes(int fd, char *text, size_t size, size_t *len)
{
    while (*len < size) {
        ssize_t n = read(fd, text + *len, size - *len);
        if (n < 0 && errno != EINTR) {
            return -errno;
        }
        if (n == 0) {
            break;
        }
        *len += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

static int
read_open(int fd, size_t max, char **text, size_t *len)
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return -errno;
    }
    if (!S_ISREG(st.st_mode)) {
        return -EINVAL;
    }
    if ((uintmax_t)st.st_size > max) {
        return -EFBIG;
    }
    char *bytes = malloc((size_t)st.st_size + 1);
    if (!bytes) {
        return -ENOMEM;
    }
    int ret = read_bytes(fd, bytes, (size_t)st.st_size, len);
    if (ret != 0) {
        free(bytes);
        return ret;
    }
    bytes[*len] = '\0';
    *text = bytes;
    return 0;
}

int
bc_whole_file_read(int dir, const char *name, size_t max, char **text, size_t *len)
{
    *text = NULL;
    *len = 0;
    // O_NONBLOCK: opening a FIFO must not wait for a writer.
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        return errno == ELOOP ? -EINVAL : -errno;
    }
    int ret = read_open(fd, max, text, len);
    close(fd);
    return ret;
}

// --- writing ---

static int
write_bytes(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno != EINTR) {
            return -errno;
        }
        if (n > 0) {
            bytes += n;
            len -= (size_t)n;
        }
    }
    return 0;
}

// Its owner can read it whatever the umask.
static int
let_owner(int fd, mode_t mode)
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return -errno;
    }
    mode_t wanted = (st.st_mode & 0777) | (mode & 0700);
    return wanted != (st.st_mode & 0777) && fchmod(fd, wanted) != 0 ? -errno : 0;
}

static int
write_fresh(int dir, const char *name, const void *bytes, size_t len,
    const struct bc_whole_file_options *options)
{
    // What an earlier crash left behind, or a link that somebody put there.
    if (unlinkat(dir, name, 0) != 0 && errno != ENOENT) {
        return -errno;
    }
    int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
        options->mode);
    if (fd < 0) {
        return -errno;
    }
    int ret = let_owner(fd, options->mode);
    ret = ret == 0 ? write_bytes(fd, bytes, len) : ret;
    ret = ret == 0 && options->sync && fsync(fd) != 0 ? -errno : ret;
    return close(fd) != 0 && ret == 0 ? -errno : ret;
}

int
bc_whole_file_replace(int dir, const char *name, const void *bytes, size_t len,
    const struct bc_whole_file_options *options)
{
    char fresh[PATH_MAX];
    if (snprintf(fresh, sizeof(fresh), "%s.new", name) >= (int)sizeof(fresh)) {
        return -ENAMETOOLONG;
    }
    int ret = write_fresh(dir, fresh, bytes, len, options);
    ret = ret == 0 && renameat(dir, fresh, dir, name) != 0 ? -errno : ret;
    if (ret != 0) {
        unlinkat(dir, fresh, 0);
        return ret;
    }
    return options->sync && dir != AT_FDCWD && fsync(dir) != 0 ? -errno : 0;
}
