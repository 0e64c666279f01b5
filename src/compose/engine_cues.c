// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "cue/view.h"
#include "engine_internal.h"
#include "protocol/rtmp/cue_point.h"

// A cue out of an onCuePoint. False: it is not of ours.
static bool
read_cue(struct compose_cue *cue, const struct bc_buf *buf)
{
    struct bc_cue_point point;
    memset(cue, 0, sizeof(*cue));
    if (bc_cue_point_parse(&point, buf->data, buf->len) != 0) {
        return false;
    }
    bool ours = !point.foreign;
    if (ours) {
        snprintf(cue->id, sizeof(cue->id), "%s", point.id);
        snprintf(cue->kind, sizeof(cue->kind), "%s", point.kind);
        cue->ended = point.ended;
        // The input made it the time since the message.
        cue->in_ms = point.time_s < 0 ? (int64_t)(point.time_s * 1000) : 0;
        cue->duration_ms = point.duration_ms;
        cue->data = point.data ? strndup(point.data, point.data_len) : NULL;
        cue->burnt = bc_cue_data_is_burnt(point.data ? point.data : "", point.data_len);
    }
    bc_cue_point_finish(&point);
    return ours;
}

static void
take(struct compose_engine *e, const char *name, struct bc_buf *buf,
    struct compose_job *job)
{
    struct compose_cue cue;
    if (read_cue(&cue, buf)) {
        // Whoever's cue it is: it runs on what is shown under this name.
        snprintf(cue.channel, sizeof(cue.channel), "%s", name);
        e->params.on_cue(e->params.user, &cue);
    }
    if (bc_scene_passes_cues(e->now.look->scene, name) && job->script_count < COMPOSE_JOB_SCRIPTS) {
        job->scripts[job->script_count++] = buf;
    } else {
        bc_buf_unref(&buf);
    }
}

void
compose_engine_cues(struct compose_engine *e, int64_t now_us, struct compose_job *job)
{
    for (unsigned i = 0; i < COMPOSE_INPUTS_MAX; i++) {
        struct compose_input *input = e->slots[i].input;
        unsigned connections = input ? compose_input_connections(input) : 0;
        if (input && connections != e->slots[i].connections) {
            e->slots[i].connections = connections;
            e->params.on_forget(e->params.user, compose_input_name(input));
        }
        struct bc_buf *buf = input ? compose_input_script(input, now_us) : NULL;
        while (buf) {
            take(e, compose_input_name(input), buf, job);
            buf = compose_input_script(input, now_us);
        }
    }
}
