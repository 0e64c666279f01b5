// SPDX-License-Identifier: Apache-2.0
#ifndef RECORD_LAYOUT_H
#define RECORD_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "record/recording.h"

// Names and plain file work of a recording's folder. Links are never followed, and only
// what is an ordinary file is opened, so that nothing in a folder can lead elsewhere or
// block.

#define RECORD_INDEX_NAME "index"
#define RECORD_JSON_NAME "recording.json"
#define RECORD_FILE_NAME 16

// "000001.mp4"
void
record_file_name(char out[RECORD_FILE_NAME], uint32_t number);

// The last name of a path; false when that is no id.
bool
record_folder_id(const char *folder, char out[BC_RECORDING_ID_MAX + 1]);

// A new id of a moment: date, time and eight random digits.
void
record_id_make(char out[BC_RECORDING_ID_MAX + 1], int64_t wall_us);

// Makes a folder and those above it. 0 or negative errno.
int
record_make_folders(const char *path);

// A descriptor of the folder, or negative errno.
int
record_open_folder(const char *folder);

// A descriptor of an ordinary file and its size, or negative errno.
int
record_open_file(int dir, const char *name, int flags, uint64_t *size);

// A new file; there must be none of that name. A descriptor or negative errno.
int
record_create_file(int dir, const char *name);

// The numbers of the media files, rising; owned by the caller. 0 or negative errno.
int
record_list_files(int dir, uint32_t **numbers, size_t *count);

// All of it, or a negative errno (-EIO at the file's end); restarts where the kernel
// stops.
int
record_read(int fd, void *data, size_t len, uint64_t offset);

// Writes all of it or fails; what was written then stays and is the caller's to cut off.
// Changes `iov`.
int
record_write(int fd, struct iovec *iov, int count, uint64_t offset);

// Makes a file with these bytes under a temporary name, has it on the disk and gives it
// its name. 0 or negative errno.
int
record_replace_file(int dir, const char *name, const void *data, size_t len);

#endif
