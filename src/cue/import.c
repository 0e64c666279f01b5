// SPDX-License-Identifier: Apache-2.0
// Cues that come with a host's or an upstream's media.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "data.h"
#include "jansson_glue.h"
#include "values.h"

#define MS_US 1000

// With the lock held.
static int
import(struct bc_cues *cues, const char *list, const struct cue_values *v, bool numbered,
    struct bc_cue **told)
{
    struct board *board = board_obtain(cues, list);
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

// Lacks the wall clock alone.
static int
take_in(struct bc_cues *cues, const char *list, struct cue_values *v, bool numbered)
{
    struct bc_cue *told = NULL;
    bool lasts = v->duration_us >= 0 && v->duration_us <= BC_CUE_DURATION_MAX_US;
    v->duration_us = lasts ? v->duration_us : 0;
    struct cue_moment now = cues_shown_now(cues, list);
    v->at_wall_us = now.wall_us + (v->at_us - now.clock_us);
    cues_lock(cues);
    int ret = import(cues, list, v, numbered, &told);
    cues_unlock(cues);
    cues_tell_own(cues, list, told);
    bc_cue_unref(&told);
    return ret;
}

int
bc_cues_import(
    struct bc_cues *cues, const char *channel, const struct bc_cue_import *in)
{
    char id[BC_CUE_ID_MAX + 1];
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
    struct cue_values v = { .id = id,
        .kind = in->kind,
        .channel = channel,
        .revision = in->revision > 0 ? in->revision : 1,
        .ended = in->ended,
        .at_us = in->at_us,
        .duration_us = in->duration_us,
        .data = data,
        .data_len = len };
    ret = take_in(cues, channel, &v, in->revision > 0);
    free(data);
    return ret;
}

// --- another channel's, behind a delay ---

static bool
mark_relayed(struct bc_cues *cues, const char *list)
{
    cues_lock(cues);
    struct board *board = board_obtain(cues, list);
    if (board) {
        board->relayed = true;
    }
    cues_unlock(cues);
    return board != NULL;
}

static int
take_relayed(struct bc_cues *cues, const char *list, const struct bc_cue_relayed *in,
    const json_t *cue)
{
    struct cue_values v = { .id = json_string_value(json_object_get(cue, "id")),
        .channel = json_string_value(json_object_get(cue, "channel")),
        .card_of = in->shower,
        .ended = json_is_true(json_object_get(cue, "ended")),
        .duration_us = json_integer_value(json_object_get(cue, "duration_ms")) * MS_US };
    const char *kind = json_string_value(json_object_get(cue, "kind"));
    int64_t at_us = json_integer_value(json_object_get(cue, "at_ms")) * MS_US;
    json_int_t revision = json_integer_value(json_object_get(cue, "revision"));
    char *data;
    if (!v.id || !bc_cue_id_is_valid(v.id) || !v.channel
        || strlen(v.channel) > BC_CHANNEL_NAME_MAX || !bc_cue_kind_parse(kind, &v.kind)
        || revision < 1 || revision > INT32_MAX
        || data_of(json_object_get(cue, "data"), &data, &v.data_len) != 0) {
        return -EINVAL;
    }
    v.data = data;
    v.revision = (uint32_t)revision;
    v.at_us = in->packet_us - (in->sent_us - at_us);
    int ret = mark_relayed(cues, list) ? take_in(cues, list, &v, true) : -ENOMEM;
    free(data);
    return ret;
}

int
bc_cues_import_json(
    struct bc_cues *cues, const char *list, const struct bc_cue_relayed *relayed)
{
    json_t *cue = json_loadb(relayed->text, relayed->len, JSON_REJECT_DUPLICATES, NULL);
    int ret = take_relayed(cues, list, relayed, cue);
    json_decref(cue);
    return ret;
}

void
bc_cues_forget_imported(struct bc_cues *cues, const char *channel)
{
    cues_lock(cues);
    struct board *board = board_find(cues, channel);
    if (board && board_forget_imported(board)) {
        board_changed(board);
    }
    cues_unlock(cues);
}
