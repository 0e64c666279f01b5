// SPDX-License-Identifier: Apache-2.0
#include "media_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define PLAYLIST_MAX_BYTES (256 * 1024)

// --- opening ---

// The part of an absolute path that lies inside of the directory; NULL: it does not.
static const char *
inside(const char *directory, const char *path)
{
    if (path[0] != '/') {
        return path;
    }
    size_t len = strlen(directory);
    while (len > 1 && directory[len - 1] == '/') {
        len--;
    }
    if (strncmp(path, directory, len) != 0 || path[len] != '/') {
        return NULL;
    }
    return path + len + strspn(path + len, "/");
}

// Opens the next name of a path below `at`. No link is followed, whoever puts one there
// and when.
static int
open_below(int at, const char *name, bool is_last)
{
    if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
        return -EACCES;
    }
    // A pipe must not block.
    int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
        | (is_last ? 0 : O_DIRECTORY);
    int fd = openat(at, name, flags);
    if (fd < 0) {
        return errno == ELOOP || errno == ENOTDIR ? -EACCES : -errno;
    }
    return fd;
}

static int
check_regular(int fd)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return -EACCES;
    }
    return fd;
}

int
media_file_open(const char *directory, const char *path)
{
    char rest[MEDIA_PATH_MAX + 1];
    const char *start = inside(directory, path);
    if (!start) {
        return -EACCES;
    }
    if (strlen(start) > MEDIA_PATH_MAX) {
        return -ENAMETOOLONG;
    }
    memcpy(rest, start, strlen(start) + 1);
    int fd = open(directory, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
    if (fd < 0) {
        return -errno;
    }
    char *name = rest;
    while (name && fd >= 0) {
        char *slash = strchr(name, '/');
        if (slash) {
            *slash = '\0';
        }
        int below = open_below(fd, name, !slash);
        close(fd);
        fd = below;
        name = slash ? slash + 1 : NULL;
    }
    return fd < 0 ? fd : check_regular(fd);
}

// --- playlists ---

bool
media_file_is_playlist(const char *path)
{
    static const char *const ENDS[] = { ".m3u", ".m3u8", ".txt" };
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < sizeof(ENDS) / sizeof(ENDS[0]); i++) {
        if (strcasecmp(dot, ENDS[i]) == 0) {
            return true;
        }
    }
    return false;
}

void
media_playlist_finish(struct media_playlist *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->entries[i]);
    }
    free(list->entries);
    *list = (struct media_playlist){ NULL, 0 };
}

static int
add_entry(
    struct media_playlist *list, const char *path, const char *line, size_t line_len)
{
    const char *slash = strrchr(path, '/');
    size_t folder = slash && line[0] != '/' ? (size_t)(slash - path) + 1 : 0;
    if (folder + line_len > MEDIA_PATH_MAX) {
        return -ENAMETOOLONG;
    }
    if (list->count == MEDIA_PLAYLIST_ENTRIES_MAX) {
        return -E2BIG;
    }
    char *entry = malloc(folder + line_len + 1);
    if (!entry) {
        return -ENOMEM;
    }
    memcpy(entry, path, folder);
    memcpy(entry + folder, line, line_len);
    entry[folder + line_len] = '\0';
    list->entries[list->count++] = entry;
    return 0;
}

static size_t
trim(const char **line, size_t len)
{
    while (len > 0 && (**line == ' ' || **line == '\t')) {
        ++*line;
        len--;
    }
    while (len > 0 && strchr(" \t\r", (*line)[len - 1])) {
        len--;
    }
    return len;
}

int
media_playlist_parse(
    const char *path, const char *text, size_t len, struct media_playlist *out)
{
    *out = (struct media_playlist){ .entries
        = calloc(MEDIA_PLAYLIST_ENTRIES_MAX, sizeof(*out->entries)) };
    int ret = out->entries ? 0 : -ENOMEM;
    const char *end = text + len;
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3; // a byte order mark
    }
    while (ret == 0 && text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *line = text;
        size_t line_len = (size_t)((newline ? newline : end) - text);
        text += line_len + (newline ? 1 : 0);
        line_len = trim(&line, line_len);
        if (memchr(line, '\0', line_len)) {
            ret = -EINVAL;
        } else if (line_len > 0 && line[0] != '#') {
            ret = add_entry(out, path, line, line_len);
        }
    }
    if (ret == 0 && out->count == 0) {
        ret = -ENODATA;
    }
    if (ret != 0) {
        media_playlist_finish(out);
    }
    return ret;
}

int
media_playlist_read(const char *directory, const char *path, struct media_playlist *out)
{
    const char *relative = inside(directory, path);
    int fd = media_file_open(directory, path);
    if (fd < 0) {
        return fd;
    }
    char *text = malloc(PLAYLIST_MAX_BYTES + 1);
    size_t len = 0;
    int ret = text ? 0 : -ENOMEM;
    while (ret == 0 && len <= PLAYLIST_MAX_BYTES) {
        ssize_t n = read(fd, text + len, PLAYLIST_MAX_BYTES + 1 - len);
        if (n <= 0) {
            ret = n < 0 ? -errno : 0;
            break;
        }
        len += (size_t)n;
    }
    close(fd);
    if (ret == 0) {
        ret = len > PLAYLIST_MAX_BYTES ? -EFBIG
                                       : media_playlist_parse(relative, text, len, out);
    }
    free(text);
    return ret;
}
