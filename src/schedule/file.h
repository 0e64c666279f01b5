// SPDX-License-Identifier: Apache-2.0
#ifndef FILE_H
#define FILE_H

#include <stddef.h>

#include "schedule/schedule.h"

// DATA/schedules.json:
// {"version":1,"schedules":{"live/hq":{"starts_at":…,"ends_at":…,"keys_from":…,"record":…,
// "title":…}}}

#define SCHEDULE_FILE_BYTES_MAX (16 * 1024 * 1024)

typedef void
schedule_file_each(
    void *user, const char *channel, const struct bc_config_schedule *schedule);

// Calls `each` for what is valid; *skipped counts the rest. False: this is no such file, and
// nothing was called.
bool
schedule_file_parse(const char *text, size_t len, schedule_file_each *each, void *user,
    size_t *skipped);

struct json_t;

// What grows into such a file; NULL without memory.
struct json_t *
schedule_file_begin(void);

bool
schedule_file_add(struct json_t *file, const char *channel,
    const struct bc_config_schedule *schedule);

// The text, to be freed; takes over `file`. NULL without memory.
char *
schedule_file_end(struct json_t *file);

// *text is to be freed, and NULL when there is no file. 0 or negative errno.
int
schedule_file_read(const char *data_dir, char **text, size_t *len);

// Written aside and renamed, so that a crash leaves the old file or the new one.
int
schedule_file_write(const char *data_dir, const char *text);

// Renames what is no such file, so that it can be looked at.
int
schedule_file_put_aside(const char *data_dir);

#endif
