// SPDX-License-Identifier: Apache-2.0
#include "layout.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/whole_file.h"
#include "bounds.h"

#define FILE_DIGITS 6

void
record_file_name(char out[RECORD_FILE_NAME], uint32_t number)
{
    snprintf(out, RECORD_FILE_NAME, "%06u.mp4", (unsigned)number % 1000000);
}

bool
record_folder_id(const char *folder, char out[BC_RECORDING_ID_MAX + 1])
{
    size_t end = strlen(folder);
    while (end > 0 && folder[end - 1] == '/') {
        end--;
    }
    size_t begin = end;
    while (begin > 0 && folder[begin - 1] != '/') {
        begin--;
    }
    if (end - begin > BC_RECORDING_ID_MAX) {
        return false;
    }
    memcpy(out, folder + begin, end - begin);
    out[end - begin] = '\0';
    return bc_recording_id_is_valid(out);
}

void
record_id_make(char out[BC_RECORDING_ID_MAX + 1], int64_t wall_us)
{
    uint32_t random;
    if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random)) {
        random = (uint32_t)bc_clock_us() ^ (uint32_t)getpid() << 16;
    }
    time_t s = (time_t)(wall_us / 1000000);
    struct tm tm = { 0 };
    gmtime_r(&s, &tm);
    char date[24] = "";
    strftime(date, sizeof(date), "%Y%m%d-%H%M%S", &tm);
    snprintf(out, BC_RECORDING_ID_MAX + 1, "%s-%08x", date, (unsigned)random);
}

int
record_make_folders(const char *path)
{
    char copy[PATH_MAX];
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof(copy)) {
        return -ENAMETOOLONG;
    }
    memcpy(copy, path, len + 1);
    for (char *p = copy + 1; p <= copy + len; p++) {
        if (*p != '/' && *p != '\0') {
            continue;
        }
        char kept = *p;
        *p = '\0';
        if (mkdir(copy, 0755) != 0 && errno != EEXIST) {
            return -errno;
        }
        *p = kept;
    }
    return 0;
}

int
record_open_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd >= 0 ? fd : -errno;
}

int
record_open_file(int dir, const char *name, int flags, uint64_t *size)
{
    // Not blocking: a pipe of that name would hold us up for ever.
    int fd = openat(dir, name, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        return -errno;
    }
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return -EINVAL;
    }
    *size = (uint64_t)st.st_size;
    return fd;
}

int
record_create_file(int dir, const char *name)
{
    int fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    return fd >= 0 ? fd : -errno;
}

static uint32_t
number_of(const char *name)
{
    if (strspn(name, "0123456789") != FILE_DIGITS || strcmp(name + FILE_DIGITS, ".mp4")) {
        return 0;
    }
    return (uint32_t)strtoul(name, NULL, 10);
}

static int
compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

int
record_list_files(int dir, uint32_t **numbers, size_t *count)
{
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    if (!d) {
        int e = -errno;
        if (fd >= 0) {
            close(fd);
        }
        return e;
    }
    uint32_t *list = NULL;
    size_t n = 0;
    size_t cap = 0;
    int e = 0;
    for (struct dirent *entry; !e && (entry = readdir(d));) {
        uint32_t number = number_of(entry->d_name);
        if (number == 0 || number > RECORD_FILES_MAX) {
            continue;
        }
        if (n == cap) {
            cap = cap ? 2 * cap : 64;
            uint32_t *more = realloc(list, cap * sizeof(*list));
            if (!more) {
                e = -ENOMEM;
                break;
            }
            list = more;
        }
        list[n++] = number;
    }
    closedir(d);
    if (e) {
        free(list);
        return e;
    }
    if (n > 0) {
        qsort(list, n, sizeof(*list), compare);
    }
    *numbers = list;
    *count = n;
    return 0;
}

int
record_read(int fd, void *data, size_t len, uint64_t offset)
{
    uint8_t *p = data;
    while (len > 0) {
        ssize_t n = pread(fd, p, len, (off_t)offset);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return n < 0 ? -errno : -EIO;
        }
        p += n;
        len -= (size_t)n;
        offset += (uint64_t)n;
    }
    return 0;
}

int
record_write(int fd, struct iovec *iov, int count, uint64_t offset)
{
    while (count > 0) {
        ssize_t n = pwritev(fd, iov, count, (off_t)offset);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return n < 0 ? -errno : -EIO;
        }
        offset += (uint64_t)n;
        size_t left = (size_t)n;
        while (count > 0 && left >= iov->iov_len) {
            left -= iov->iov_len;
            iov++;
            count--;
        }
        if (count > 0) {
            iov->iov_base = (uint8_t *)iov->iov_base + left;
            iov->iov_len -= left;
        }
    }
    return 0;
}

int
record_replace_file(int dir, const char *name, const void *data, size_t len)
{
    static const struct bc_whole_file_options KEPT = { .mode = 0644, .sync = true };
    return bc_whole_file_replace(dir, name, data, len, &KEPT);
}

void
bc_recording_id_make(char out[BC_RECORDING_ID_MAX + 1], int64_t wall_us)
{
    record_id_make(out, wall_us);
}
