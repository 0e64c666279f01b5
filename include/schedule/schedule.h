// SPDX-License-Identifier: Apache-2.0
#ifndef SCHEDULE_SCHEDULE_H
#define SCHEDULE_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "stream/plan.h"

// Schedules that the API sets; the configuration may have some more.
#define BC_SCHEDULES_MAX 10000
// Keys are valid so long before the start when nothing else is told.
#define BC_SCHEDULE_KEYS_BEFORE_US ((int64_t)30 * 60 * 1000000)

enum bc_schedule_phase {
    BC_SCHEDULE_NONE,
    BC_SCHEDULE_EARLY, // keys are not valid yet
    BC_SCHEDULE_LOBBY, // hosts may come, viewers see the lobby
    BC_SCHEDULE_ON,
    BC_SCHEDULE_OVER,
};

// What a schedule means at one moment.
struct bc_schedule_now {
    enum bc_schedule_phase phase;
    struct bc_channel_plan plan;
    enum bc_record_mode record; // as in the schedule
};

// Reads no clock.
void
bc_schedule_at(const struct bc_config_schedule *schedule, int64_t now_wall_us,
    struct bc_schedule_now *out);

// When keys become valid; 0: they always are.
int64_t
bc_schedule_keys_from(const struct bc_config_schedule *schedule);

// "early", "lobby", "on", "over"; "" for none.
const char *
bc_schedule_phase_name(enum bc_schedule_phase phase);

// The schedules of all channels: those of the API are kept in DATA/schedules.json, those of
// the configuration come with each call and count where both exist. Owned by the server;
// any thread unless told otherwise.
struct bc_schedules;

// A damaged file is put aside (schedules.json.damaged). NULL after logging why: no memory, or
// a file that cannot be read.
struct bc_schedules *
bc_schedules_open(const char *data_dir);

// Writes what is not written yet. NULL is fine.
void
bc_schedules_close(struct bc_schedules *schedules);

struct bc_schedule_found {
    struct bc_config_schedule schedule;
    bool configured; // by the file, else by the API
    bool shadows;    // it is, and the API's is kept but does not count
};

// False: the channel has none.
bool
bc_schedules_get(struct bc_schedules *schedules, const struct bc_config *config,
    const char *channel, struct bc_schedule_found *out);

// Sets the API's; it is on the disk at the next tick. 0; -EINVAL
// (bc_config_schedule_problem); -EPERM: the configuration has one, which counts; -ENOSPC:
// there are too many; -ENOMEM.
int
bc_schedules_set(struct bc_schedules *schedules, const struct bc_config *config,
    const char *channel, const struct bc_config_schedule *schedule);

// Removes the API's. 0; -ENOENT: there is none; -EPERM: there is only the configuration's.
int
bc_schedules_remove(struct bc_schedules *schedules, const struct bc_config *config,
    const char *channel);

// Calls `each` for every channel with a schedule of the API, in no order; it must not call back.
void
bc_schedules_each(struct bc_schedules *schedules,
    void (*each)(void *user, const char *channel), void *user);

// Who is told when what a schedule says has changed; `now` is NULL when the channel has none
// any more. Called inside bc_schedules_tick(), without its lock.
struct bc_schedule_ops {
    void (*apply)(void *user, const char *channel, const struct bc_schedule_now *now);
};

// Once a second: writes what is new and tells what has changed. One thread.
void
bc_schedules_tick(struct bc_schedules *schedules, const struct bc_config *config,
    int64_t now_wall_us, const struct bc_schedule_ops *ops, void *user);

#endif
