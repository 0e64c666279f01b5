// SPDX-License-Identifier: Apache-2.0
// DATA/schedules.json: what is read is valid, and what is written of it is read again.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "schedule/file.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

// Of one pass.
struct pass {
    struct json_t *out;
    size_t count;
};

static void
on_schedule(void *user, const char *channel, const struct bc_config_schedule *s)
{
    struct pass *pass = user;
    struct bc_schedule_now now;
    if (!bc_channel_name_is_valid(channel) || !bc_config_schedule_is_set(s)
        || bc_config_schedule_problem(s) || !schedule_file_add(pass->out, channel, s)) {
        abort();
    }
    bc_schedule_at(s, s->starts_at_wall_us, &now);
    pass->count++;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    size_t skipped;
    struct pass first = { .out = schedule_file_begin() };
    struct pass again = { .out = schedule_file_begin() };
    schedule_file_parse((const char *)data, len, on_schedule, &first, &skipped);
    char *text = schedule_file_end(first.out);
    if (!text || !schedule_file_parse(text, strlen(text), on_schedule, &again, &skipped)
        || skipped > 0 || again.count != first.count) {
        abort();
    }
    free(schedule_file_end(again.out));
    free(text);
    return 0;
}
