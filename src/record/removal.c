// SPDX-License-Identifier: Apache-2.0
#include "removal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 8 // of folders in folders; ours have one

// False: too long for a path.
static bool
path_of(char out[PATH_MAX], const char *root, const char *id, const char *name)
{
    int n = snprintf(out, PATH_MAX, "%s/%s/%s", root, id, name);
    return n > 0 && n < PATH_MAX;
}

static int
sync_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return -errno;
    }
    int ret = fsync(fd) == 0 ? 0 : -errno;
    close(fd);
    return ret;
}

int
bc_removal_mark(const char *root, const char *id)
{
    char path[PATH_MAX];
    if (!path_of(path, root, id, BC_REMOVAL_MARK)) {
        return -ENAMETOOLONG;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return -errno;
    }
    close(fd);
    path[strlen(path) - strlen("/" BC_REMOVAL_MARK)] = '\0';
    return sync_folder(path);
}

bool
bc_removal_is_marked(const char *root, const char *id)
{
    char path[PATH_MAX];
    return path_of(path, root, id, BC_REMOVAL_MARK) && access(path, F_OK) == 0;
}

static int
delete_in(int folder, const char *name, int depth);

static int
delete_all(int folder, int depth)
{
    DIR *dir = fdopendir(folder);
    if (!dir) {
        int error = -errno;
        close(folder);
        return error;
    }
    int ret = 0;
    for (const struct dirent *d; ret == 0 && (d = readdir(dir)) != NULL;) {
        if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0) {
            ret = delete_in(dirfd(dir), d->d_name, depth);
        }
    }
    closedir(dir);
    return ret;
}

// Links are deleted, not followed.
static int
delete_in(int folder, const char *name, int depth)
{
    if (unlinkat(folder, name, 0) == 0) {
        return 0;
    }
    if (errno != EISDIR && errno != EPERM) {
        return -errno;
    }
    int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return -errno;
    }
    if (depth == DEPTH_MAX) {
        close(fd);
        return -ELOOP;
    }
    int ret = delete_all(fd, depth + 1);
    if (ret == 0 && unlinkat(folder, name, AT_REMOVEDIR) != 0) {
        ret = -errno;
    }
    return ret;
}

int
bc_removal_delete(const char *root, const char *name)
{
    int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return -errno;
    }
    int ret = delete_in(fd, name, 0);
    close(fd);
    return ret;
}

int
bc_removal_finish(const char *root, const char *id)
{
    char from[PATH_MAX];
    char to[PATH_MAX];
    char name[BC_RECORDING_ID_MAX + 16];
    snprintf(name, sizeof(name), ".deleted-%.*s", BC_RECORDING_ID_MAX, id);
    int n = snprintf(from, sizeof(from), "%s/%s", root, id);
    int m = snprintf(to, sizeof(to), "%s/%s", root, name);
    if (n >= PATH_MAX || m >= PATH_MAX) {
        return -ENAMETOOLONG;
    }
    // Half of it may have gone before already.
    if (rename(from, to) != 0 && errno != ENOENT) {
        return -errno;
    }
    return bc_removal_delete(root, name);
}

void
bc_removal_leftovers(
    const char *root, void (*found)(void *user, const char *name), void *user)
{
    DIR *dir = opendir(root);
    if (!dir) {
        return; // nothing was recorded yet
    }
    for (const struct dirent *d; (d = readdir(dir)) != NULL;) {
        const char *name = d->d_name;
        bool hidden = name[0] == '.' && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
        if (hidden
            || (bc_recording_id_is_valid(name) && bc_removal_is_marked(root, name))) {
            found(user, name);
        }
    }
    closedir(dir);
}
