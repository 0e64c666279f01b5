// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

// What is opened is a regular file: reading a device or a pipe could block for ever.
static int
open_regular(const char *path)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;
    if (fd < 0) {
        return -1;
    }
    int err = fstat(fd, &st) != 0 ? errno : S_ISREG(st.st_mode) ? 0 : EINVAL;
    if (err != 0) {
        close(fd);
        errno = err;
        return -1;
    }
    return fd;
}

struct bc_file *
bc_file_open(const char *path)
{
    int fd = open_regular(path);
    if (fd < 0) {
        return NULL;
    }
    struct bc_file *file = malloc(sizeof(*file));
    if (!file) {
        close(fd);
        errno = ENOMEM;
        return NULL;
    }
    atomic_init(&file->refs, 1);
    file->fd = fd;
    return file;
}

struct bc_file *
bc_file_ref(struct bc_file *file)
{
    atomic_fetch_add_explicit(&file->refs, 1, memory_order_relaxed);
    return file;
}

void
bc_file_unref(struct bc_file **holder)
{
    struct bc_file *file = *holder;
    *holder = NULL;
    if (file && atomic_fetch_sub_explicit(&file->refs, 1, memory_order_acq_rel) == 1) {
        close(file->fd);
        free(file);
    }
}
