// SPDX-License-Identifier: Apache-2.0
// What a schedule means at one moment.
#include "schedule/schedule.h"

int64_t
bc_schedule_keys_from(const struct bc_config_schedule *s)
{
    if (s->keys_from_wall_us != 0 || s->starts_at_wall_us == 0) {
        return s->keys_from_wall_us;
    }
    int64_t from_us = s->starts_at_wall_us - BC_SCHEDULE_KEYS_BEFORE_US;
    return from_us > 0 ? from_us : 1;
}

void
bc_schedule_at(const struct bc_config_schedule *s, int64_t now_wall_us,
    struct bc_schedule_now *out)
{
    int64_t keys_from_us = bc_schedule_keys_from(s);
    bool early = now_wall_us < keys_from_us;
    bool before = now_wall_us < s->starts_at_wall_us;
    bool over = s->ends_at_wall_us != 0 && now_wall_us >= s->ends_at_wall_us;
    *out = (struct bc_schedule_now){
        .phase = over ? BC_SCHEDULE_OVER
            : early   ? BC_SCHEDULE_EARLY
            : before  ? BC_SCHEDULE_LOBBY
                      : BC_SCHEDULE_ON,
        .record = s->record,
    };
    out->plan = (struct bc_channel_plan){
        // Earlier a broadcast that runs goes on, and a store shows what it shows every day.
        .lobby = before && !early && !over,
        .countdown_to_wall_us = before && !over ? s->starts_at_wall_us : 0,
        .keys_from_wall_us = keys_from_us,
        .over = over,
    };
}

const char *
bc_schedule_phase_name(enum bc_schedule_phase phase)
{
    switch (phase) {
    case BC_SCHEDULE_EARLY:
        return "early";
    case BC_SCHEDULE_LOBBY:
        return "lobby";
    case BC_SCHEDULE_ON:
        return "on";
    case BC_SCHEDULE_OVER:
        return "over";
    case BC_SCHEDULE_NONE:
        break;
    }
    return "";
}
