// SPDX-License-Identifier: Apache-2.0
#include "secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/whole_file.h"

#define KEYS_DIR "keys"

// Ours (or root's, who may do anything anyway) and for nobody else's eyes: a copied or
// restored data directory often comes back readable by all.
static int
make_private(int fd, mode_t mode)
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return -errno;
    }
    if (st.st_uid != geteuid() && st.st_uid != 0) {
        return -EPERM;
    }
    if ((st.st_mode & 07777) != mode && fchmod(fd, mode) != 0) {
        return -errno;
    }
    return 0;
}

int
bc_secret_dir_open(const char *data_dir, const char **what)
{
    *what = "";
    // Where the data directory itself lies is the operator's business, links included.
    if (mkdir(data_dir, 0700) != 0 && errno != EEXIST) {
        return -errno;
    }
    int data = open(data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (data < 0) {
        return -errno;
    }
    *what = "/" KEYS_DIR;
    int ret = mkdirat(data, KEYS_DIR, 0700) != 0 && errno != EEXIST ? -errno : 0;
    int dir = -1;
    if (ret == 0) {
        dir = openat(data, KEYS_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        ret = dir < 0 ? -errno : make_private(dir, 0700);
    }
    close(data);
    if (ret != 0 && dir >= 0) {
        close(dir);
    }
    return ret != 0 ? ret : dir;
}

static bool
is_secret(const char *text)
{
    return strspn(text, "abcdefghijklmnopqrstuvwxyz234567") == BC_SECRET_TEXT - 1
        && text[BC_SECRET_TEXT - 1] == '\0';
}

// One line, as written below; an editor may have changed its end.
static int
read_secret(int fd, char out[BC_SECRET_TEXT])
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return -errno;
    }
    char text[BC_SECRET_TEXT + 8];
    if (!S_ISREG(st.st_mode) || st.st_size >= (off_t)sizeof(text)) {
        return -EINVAL;
    }
    int ret = make_private(fd, 0600);
    if (ret != 0) {
        return ret;
    }
    ssize_t n = read(fd, text, sizeof(text) - 1);
    if (n < 0) {
        return -errno;
    }
    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r')) {
        n--;
    }
    text[n] = '\0';
    bool ok = is_secret(text);
    if (ok) {
        memcpy(out, text, BC_SECRET_TEXT);
    }
    bc_secret_wipe(text, sizeof(text));
    return ok ? 0 : -EINVAL;
}

// A crash leaves the whole secret or none.
static int
write_secret(int dir, const char *name, const char *secret)
{
    static const struct bc_whole_file_options KEPT = { .mode = 0600, .sync = true };
    char line[BC_SECRET_TEXT + 1];
    size_t len = (size_t)snprintf(line, sizeof(line), "%s\n", secret);
    int ret = bc_whole_file_replace(dir, name, line, len, &KEPT);
    bc_secret_wipe(line, sizeof(line));
    return ret;
}

int
bc_secret_file_open(int dir, const char *name, char out[BC_SECRET_TEXT], bool *created)
{
    // O_NONBLOCK: opening a FIFO must not wait for a writer.
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0) {
        int ret = read_secret(fd, out);
        close(fd);
        return ret;
    }
    if (errno != ENOENT) {
        return -errno;
    }
    int ret = bc_secret_create(out);
    ret = ret == 0 ? write_secret(dir, name, out) : ret;
    *created = *created || ret == 0;
    return ret;
}
