// SPDX-License-Identifier: Apache-2.0
// Looking at a name's cues.
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/writer.h"
#include "board.h"

#define LIST_MAX (2 * BC_CUES_RUNNING_MAX) // its own and its program's

static int
compare(const void *a, const void *b)
{
    const struct bc_cue *x = *(struct bc_cue *const *)a;
    const struct bc_cue *y = *(struct bc_cue *const *)b;
    return x->at_us < y->at_us ? -1 : x->at_us > y->at_us ? 1 : strcmp(x->id, y->id);
}

size_t
bc_cues_list(struct bc_cues *cues, const char *channel, enum bc_cue_which which,
    struct bc_cue **out, size_t max)
{
    size_t count = 0;
    cues_lock(cues);
    int64_t clock_us = cues_clock_us(cues);
    const struct board *board = board_find(cues, channel);
    for (size_t i = 0; board && i < board->shown_count; i++) {
        const struct shown *shown = &board->shown[i];
        if (which != BC_CUES_RECENT && !bc_cue_counts(shown->cue, clock_us)) {
            continue;
        }
        if (which == BC_CUES_OWN && shown->inherited) {
            continue;
        }
        if (count < max) {
            out[count] = bc_cue_ref(shown->cue);
        }
        count++;
    }
    cues_unlock(cues);
    size_t filled = count < max ? count : max;
    if (filled > 1) {
        qsort(out, filled, sizeof(*out), compare);
    }
    return count;
}

struct bc_cue *
bc_cues_find(struct bc_cues *cues, const char *channel, const char *id)
{
    cues_lock(cues);
    const struct board *board = board_find(cues, channel);
    const struct shown *shown = board ? board_shown(board, id) : NULL;
    struct bc_cue *cue = shown ? bc_cue_ref(shown->cue) : NULL;
    cues_unlock(cues);
    return cue;
}

struct bc_buf *
bc_cues_list_json(struct bc_cues *cues, const char *channel, enum bc_cue_which which)
{
    struct bc_writer w = { 0 };
    struct bc_cue *list[LIST_MAX];
    size_t count = bc_cues_list(cues, channel, which, list, LIST_MAX);
    bc_write_str(&w, "{\"cues\":[");
    for (size_t i = 0; i < count && i < LIST_MAX; i++) {
        const struct bc_buf *json = bc_cue_json(list[i]);
        bc_write_str(&w, i > 0 ? "," : "");
        bc_write_bytes(&w, json->data, json->len);
        bc_cue_unref(&list[i]);
    }
    bc_write_str(&w, "]}\n");
    struct bc_buf *buf = bc_buf_from_writer(&w);
    bc_writer_finish(&w);
    return buf;
}
