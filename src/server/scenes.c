// SPDX-License-Identifier: Apache-2.0
// Composite channels.
#include "access/keys.h"
#include "control/control.h"
#include "scenes/scenes.h"
#include "parts.h"

bool
bc_server_scenes_open(struct bc_server *s)
{
    struct bc_scenes_params params = { .hub = s->hub,
        .cues = s->cues,
        .data_dir = s->config->data.dir,
        .token = bc_keys_compose_token(s->keys) };
    s->scenes = bc_scenes_open(&params);
    return s->scenes != NULL;
}

bool
bc_server_admit_composer(void *user, const char *name, const char *key)
{
    const struct bc_server *s = user;
    return bc_scenes_admit(s->scenes, name, key);
}

void
bc_server_scenes_totals(const struct bc_server *s, struct bc_control_totals *out)
{
    struct bc_scenes_totals t;
    bc_scenes_totals(s->scenes, &t);
    out->composites = t.composites;
    out->composers = t.composers;
    out->composers_running = t.running;
    out->composer_starts = t.starts;
}
