// SPDX-License-Identifier: Apache-2.0
// Cues that come with a host's or an upstream's media.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "board.h"
#include "values.h"

// With the lock held.
static int
import(struct bc_cues *cues, struct cue_values *v, bool numbered, struct bc_cue **told)
{
    struct board *board = board_obtain(cues, v->channel);
    struct own *own = board ? board_own(board, v->id) : NULL;
    if (!board) {
        return -ENOMEM;
    }
    if (own && (!own->imported || !numbered || v->revision <= own->cue->revision)) {
        return 0;
    }
    if (!own && board_counting(board, cues_clock_us(cues)) >= BC_CUES_RUNNING_MAX) {
        return -ENOSPC;
    }
    struct bc_cue *cue = cue_create(v);
    if (!cue) {
        return -ENOMEM;
    }
    *told = bc_cue_ref(cue);
    int ret = 0;
    if (own) {
        board_replace(own, cue);
    } else {
        ret = board_add(board, cue, true);
    }
    if (ret == 0) {
        board_changed(board);
    } else {
        bc_cue_unref(told);
    }
    return ret;
}

int
bc_cues_import(
    struct bc_cues *cues, const char *channel, const struct bc_cue_import *in)
{
    char id[BC_CUE_ID_MAX + 1];
    struct bc_cue *told = NULL;
    char *data;
    size_t len;
    int ret = data_read(in->data, in->data_len, &data, &len);
    if (ret != 0) {
        return ret;
    }
    if (bc_cue_id_is_valid(in->id)) {
        snprintf(id, sizeof(id), "%s", in->id);
    } else {
        cues_make_id(channel, data, len, in->at_us, id);
    }
    bool lasts = in->duration_us >= 0 && in->duration_us <= BC_CUE_DURATION_MAX_US;
    struct cue_values v = { .id = id, .kind = in->kind, .channel = channel,
        .revision = in->revision > 0 ? in->revision : 1, .ended = in->ended,
        .at_us = in->at_us, .duration_us = lasts ? in->duration_us : 0, .data = data,
        .data_len = len };
    struct cue_moment now = cues_shown_now(cues, channel);
    v.at_wall_us = now.wall_us + (in->at_us - now.clock_us);
    cues_lock(cues);
    ret = import(cues, &v, in->revision > 0, &told);
    cues_unlock(cues);
    free(data);
    cues_tell_own(cues, told);
    bc_cue_unref(&told);
    return ret;
}
