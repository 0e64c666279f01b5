// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine_internal.h"
#include "protocol/rtmp/amf.h"

#define DATA_MAX 8192

// A cue out of an onCuePoint's parameters. False: it is not of ours.
static bool
read_cue(struct compose_cue *cue, const struct bc_buf *buf)
{
    struct bc_amf amf = { 0 };
    memset(cue, 0, sizeof(*cue));
    bool ok = bc_amf_parse(&amf, buf->data, buf->len) == 0;
    const struct bc_amf_value *all = ok ? bc_amf_get(&amf, bc_amf_at(&amf, 1), "parameters")
                                        : NULL;
    const struct bc_amf_value *data = bc_amf_get(&amf, all, "data");
    ok = ok && bc_amf_copy_text(bc_amf_get(&amf, all, "id"), cue->id, sizeof(cue->id))
        && bc_amf_copy_text(bc_amf_get(&amf, all, "kind"), cue->kind, sizeof(cue->kind));
    if (ok) {
        cue->ended = bc_amf_number(bc_amf_get(&amf, all, "ended"), 0) != 0;
        double ms = bc_amf_number(bc_amf_get(&amf, all, "duration_ms"), 0);
        cue->duration_ms = ms > 0 && ms < 1e12 ? (int64_t)ms : 0;
        if (data && data->type == BC_AMF_STRING && data->text_len <= DATA_MAX) {
            cue->data = strndup(data->text, data->text_len);
        }
    }
    bc_amf_finish(&amf);
    return ok;
}

// Whether the scene passes this channel's cues on.
static bool
passes_on(const struct compose_engine *e, const char *name)
{
    const struct bc_scene *scene = e->now.look->scene;
    for (size_t i = 0; i < scene->n_layers; i++) {
        const struct bc_scene_layer *l = &scene->layers[i];
        if (l->type == BC_LAYER_CHANNEL && l->cues && l->channel
            && strcmp(l->channel, name) == 0) {
            return true;
        }
    }
    return false;
}

static void
take(struct compose_engine *e, const char *name, struct bc_buf *buf, struct compose_job *job)
{
    struct compose_cue cue;
    if (read_cue(&cue, buf)) {
        // Whoever's cue it is: it runs on what is shown under this name.
        snprintf(cue.channel, sizeof(cue.channel), "%s", name);
        e->params.on_cue(e->params.user, &cue);
    }
    if (passes_on(e, name) && job->script_count < COMPOSE_JOB_SCRIPTS) {
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
        struct bc_buf *buf = input ? compose_input_script(input, now_us) : NULL;
        while (buf) {
            take(e, compose_input_name(input), buf, job);
            buf = compose_input_script(input, now_us);
        }
    }
}
