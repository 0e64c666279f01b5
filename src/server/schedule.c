// SPDX-License-Identifier: Apache-2.0
// What schedules say, and who must know.
#include "base/clock.h"
#include "record/recorder.h"
#include "schedule/schedule.h"
#include "parts.h"
#include "stream/plan.h"

static void
apply(void *user, const char *channel, const struct bc_schedule_now *now)
{
    struct bc_server *s = user;
    bc_hub_set_plan(s->hub, channel, now ? &now->plan : NULL);
    bc_recorder_look_again(s->recorder, channel);
}

static const struct bc_schedule_ops OPS = { apply };

void
bc_server_schedule_tick(struct bc_server *s)
{
    bc_schedules_tick(s->schedules, s->config, bc_clock_wall_us(), &OPS, s);
}
