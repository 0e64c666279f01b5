// SPDX-License-Identifier: Apache-2.0
#include "record/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

int
bc_record_lock(const char *data_dir)
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof(path), "%s/lock", data_dir);
    if ((size_t)n >= sizeof(path)) {
        return -ENAMETOOLONG;
    }
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return -errno;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        int error = -errno;
        close(fd);
        return error;
    }
    return fd;
}
