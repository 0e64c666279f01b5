// SPDX-License-Identifier: Apache-2.0
#ifndef RELAY_MEDIA_FILE_H
#define RELAY_MEDIA_FILE_H

#include <stdbool.h>
#include <stddef.h>

// Files of the media directory, and lists of them.

#define MEDIA_PATH_MAX 1024
#define MEDIA_PLAYLIST_ENTRIES_MAX 1000

// Opens a regular file for reading. `path` is relative to the directory, or absolute and
// inside of it; it has no "..", and no part of it may be a symbolic link, so it cannot
// lead out. A descriptor or negative errno.
int
media_file_open(const char *directory, const char *path);

// Whether the name is that of a playlist: .m3u, .m3u8, .txt.
bool
media_file_is_playlist(const char *path);

struct media_playlist {
    char **entries; // owned, each owned; relative to the media directory
    size_t count;
};

// Reads a list: a path a line, as seen from the list's own folder; empty lines and those
// that begin with # count nothing. 0 or negative errno.
int
media_playlist_read(
    const char *directory, const char *path, struct media_playlist *out);

// From memory; `path` is that of the list.
int
media_playlist_parse(
    const char *path, const char *text, size_t len, struct media_playlist *out);

void
media_playlist_finish(struct media_playlist *list);

#endif
