// SPDX-License-Identifier: Apache-2.0
// A disk that is broken or slow, for a server that is started with this in LD_PRELOAD: writes
// to files of recordings fail with EIO while the file that BAD_DISK names holds "eio", and
// take a second and a half while it holds "slow".
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static int
is_of_recording(int fd)
{
    char link[64];
    char path[PATH_MAX];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof(path) - 1);
    path[n > 0 ? n : 0] = '\0';
    return strstr(path, "/recordings/") != NULL;
}

static char
mood(void)
{
    char first = 0;
    const char *path = getenv("BAD_DISK");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        if (read(fd, &first, 1) != 1) {
            first = 0;
        }
        close(fd);
    }
    return first;
}

static ssize_t
write_badly(int fd, const struct iovec *iov, int count, off_t offset)
{
    char now = is_of_recording(fd) ? mood() : 0;
    if (now == 'e') {
        errno = EIO;
        return -1;
    }
    if (now == 's') {
        const struct timespec long_time = { .tv_sec = 1, .tv_nsec = 500000000 };
        nanosleep(&long_time, NULL);
    }
    return syscall(SYS_pwritev, fd, iov, count, offset, 0L);
}

ssize_t
pwritev(int fd, const struct iovec *iov, int count, off_t offset)
{
    return write_badly(fd, iov, count, offset);
}

ssize_t
pwritev64(int fd, const struct iovec *iov, int count, off_t offset)
{
    return write_badly(fd, iov, count, offset);
}
