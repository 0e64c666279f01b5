// SPDX-License-Identifier: Apache-2.0
// The file on the disk.
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME "schedules.json"
#define ASIDE NAME ".damaged"
#define FRESH NAME ".new"

static int
open_dir(const char *data_dir)
{
    int fd = open(data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static int
read_all(int fd, char *text, size_t size, size_t *len)
{
    *len = 0;
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
read_open(int fd, char **text, size_t *len)
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return -errno;
    }
    if (!S_ISREG(st.st_mode) || st.st_size > SCHEDULE_FILE_BYTES_MAX) {
        return -EFBIG;
    }
    char *read = malloc((size_t)st.st_size + 1);
    if (!read) {
        return -ENOMEM;
    }
    int ret = read_all(fd, read, (size_t)st.st_size, len);
    if (ret != 0) {
        free(read);
        return ret;
    }
    read[*len] = '\0';
    *text = read;
    return 0;
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
    int fd = openat(dir, NAME, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    int ret = fd < 0 ? -errno : read_open(fd, text, len);
    if (fd >= 0) {
        close(fd);
    }
    close(dir);
    return ret == -ENOENT ? 0 : ret;
}

static int
write_all(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, text, len);
        if (n < 0 && errno != EINTR) {
            return -errno;
        }
        if (n > 0) {
            text += n;
            len -= (size_t)n;
        }
    }
    return fsync(fd) != 0 ? -errno : 0;
}

static int
write_in(int dir, const char *text)
{
    if (unlinkat(dir, FRESH, 0) != 0 && errno != ENOENT) {
        return -errno;
    }
    int fd = openat(
        dir, FRESH, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
    if (fd < 0) {
        return -errno;
    }
    int ret = write_all(fd, text, strlen(text));
    if (close(fd) != 0 && ret == 0) {
        ret = -errno;
    }
    if (ret == 0 && renameat(dir, FRESH, dir, NAME) != 0) {
        ret = -errno;
    }
    if (ret != 0) {
        unlinkat(dir, FRESH, 0);
        return ret;
    }
    return fsync(dir) != 0 ? -errno : 0;
}

int
schedule_file_write(const char *data_dir, const char *text)
{
    int dir = open_dir(data_dir);
    if (dir < 0) {
        return dir;
    }
    int ret = write_in(dir, text);
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
