// SPDX-License-Identifier: Apache-2.0
// Changing cues: a name's own, or by a rule of the name those that it inherits.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "values.h"

// With the lock held.
static int
change_own(struct board *board, struct own *own, const struct bc_cue_change *change,
    struct bc_cue **told)
{
    struct cue_values v = cue_values_of(own->cue);
    char *merged = NULL;
    if (change->has_hidden) {
        return -EPERM;
    }
    if (!bc_cue_counts(own->cue, cues_clock_us(board->cues))) {
        return -EALREADY;
    }
    if (change->data) {
        int ret = data_merge(v.data, v.data_len, change->data, change->data_len, &merged,
            &v.data_len);
        if (ret != 0) {
            return ret;
        }
        v.data = merged;
    }
    v.duration_us = change->has_duration ? change->duration_us : v.duration_us;
    v.revision++;
    struct bc_cue *cue = cue_create(&v);
    free(merged);
    if (!cue) {
        return -ENOMEM;
    }
    board_replace(own, cue);
    *told = bc_cue_ref(cue);
    board->dirty = true;
    board_changed(board);
    return 0;
}

// What the rule's data becomes with the change in it; the cue's own must have room for that
// too. 0 and the text to be freed.
static int
merge_rule(const struct rule *rule, const struct bc_cue *source,
    const struct bc_cue_change *change, char **out, size_t *out_len)
{
    const char *base = rule && rule->data ? rule->data : "{}";
    char *full;
    size_t full_len;
    int ret = data_merge(source->data, source->data_len, change->data, change->data_len,
        &full, &full_len);
    if (ret != 0) {
        return ret;
    }
    free(full);
    return data_overlay(base, strlen(base), change->data, change->data_len, out, out_len);
}

// With the lock held. Nothing is left behind when it fails.
static int
change_rule(struct board *board, const char *id, const struct bc_cue_change *change)
{
    char *merged = NULL;
    size_t merged_len = 0;
    if (change->has_duration) {
        return -EPERM;
    }
    if (change->data) {
        int ret = merge_rule(rules_find(&board->by_id, id),
            board_inherited(board, id)->cue, change, &merged, &merged_len);
        if (ret != 0) {
            return ret;
        }
    }
    struct rule *rule = rules_obtain(&board->by_id, id);
    if (!rule) {
        free(merged);
        return board->by_id.count >= RULES_MAX ? -ENOSPC : -ENOMEM;
    }
    if (merged) {
        free(rule->data);
        rule->data = merged;
        rule->data_len = merged_len;
    }
    rule->hidden = change->has_hidden ? change->hidden : rule->hidden;
    if (!rule->hidden && !rule->data) {
        rules_remove(&board->by_id, id);
    }
    board->dirty = true;
    board_refresh(board);
    return 0;
}

// With the lock held.
static int
change(struct bc_cues *cues, const char *channel, const char *id,
    const struct bc_cue_change *wanted, struct bc_cue **out, struct bc_cue **told)
{
    struct board *board = board_find(cues, channel);
    struct own *own = board ? board_own(board, id) : NULL;
    if (!own && !(board && board_inherited(board, id))) {
        return -ENOENT;
    }
    int ret = own ? change_own(board, own, wanted, told)
                  : change_rule(board, id, wanted);
    struct shown *shown = board_shown(board, id);
    if (ret == 0) {
        *out = bc_cue_ref(shown ? shown->cue : board_inherited(board, id)->cue);
    }
    return ret;
}

int
bc_cues_change(struct bc_cues *cues, const char *channel, const char *id,
    const struct bc_cue_change *wanted, struct bc_cue **out)
{
    struct bc_cue *told = NULL;
    if (wanted->duration_us < 0 || wanted->duration_us > BC_CUE_DURATION_MAX_US) {
        return -ERANGE;
    }
    cues_lock(cues);
    int ret = change(cues, channel, id, wanted, out, &told);
    cues_unlock(cues);
    cues_tell_own(cues, channel, told);
    bc_cue_unref(&told);
    if (ret == 0) {
        cues_tell_change(cues, channel);
    }
    return ret;
}
