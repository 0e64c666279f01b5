// SPDX-License-Identifier: Apache-2.0
#include "cue/view.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "board.h"
#include "jansson_glue.h"

// Before it begins, who draws a cue has so long to get ready.
#define SOON_US ((int64_t)10 * 1000000)
#define TEXT_MAX (1u << 20) // 200 rules of either kind and 64 cues stay below
#define MS_US 1000

// See cue/view.h.
struct bc_cue_view {
    struct rules by_sku;
    struct rules by_id;
};

// --- making ---

static bool
is_drawn(const struct bc_cue *cue, int64_t clock_us)
{
    return (cue->kind == BC_CUE_PRODUCT || cue->kind == BC_CUE_COUPON)
        && bc_cue_counts(cue, clock_us) && cue->at_us <= clock_us + SOON_US;
}

static json_t *
print_cue(const struct bc_cue *cue)
{
    return json_pack("{s:s,s:s,s:I,s:I,s:o}", "id", cue->id, "kind",
        bc_cue_kind_name(cue->kind), "at_ms", (json_int_t)(cue->at_us / MS_US),
        "duration_ms", (json_int_t)(cue->duration_us / MS_US), "data",
        json_loadb(cue->data, cue->data_len, 0, NULL));
}

static json_t *
print_cues(const struct board *board, int64_t clock_us)
{
    json_t *cues = json_array();
    for (size_t i = 0; i < board->own_count; i++) {
        if (is_drawn(board->own[i].cue, clock_us)) {
            json_array_append_new(cues, print_cue(board->own[i].cue));
        }
    }
    return cues;
}

// With the lock held. NULL: nothing is special with that name.
static char *
print(const struct board *board, int64_t clock_us)
{
    json_t *cues = print_cues(board, clock_us);
    size_t count = board->by_sku.count + board->by_id.count + json_array_size(cues);
    if (count == 0) {
        json_decref(cues);
        return NULL;
    }
    json_t *view = json_pack("{s:o,s:o,s:o}", "rules", rules_write(&board->by_sku, "sku"),
        "cue_rules", rules_write(&board->by_id, "id"), "cues", cues);
    char *text = view ? json_dumps(view, JSON_COMPACT | JSON_REAL_PRECISION(15)) : NULL;
    json_decref(view);
    return text;
}

struct bc_buf *
bc_cues_view(struct bc_cues *cues, const char *channel)
{
    cues_lock(cues);
    struct board *board = board_find(cues, channel);
    char *text = board ? print(board, cues_clock_us(cues)) : NULL;
    cues_unlock(cues);
    struct bc_buf *buf = text ? bc_buf_copy(text, strlen(text)) : NULL;
    free(text);
    return buf;
}

void
bc_cues_set_burnt(struct bc_cues *cues, const char *channel, bool burnt)
{
    cues_lock(cues);
    struct board *board
        = burnt ? board_obtain(cues, channel) : board_find(cues, channel);
    if (board && board->burnt != burnt) {
        board->burnt = burnt;
        board_refresh(board);
    }
    cues_unlock(cues);
}

bool
bc_cue_data_is_burnt(const char *data, size_t len)
{
    json_t *value = json_loadb(data, len, 0, NULL);
    bool burnt = json_is_true(json_object_get(value, "burnt"));
    json_decref(value);
    return burnt;
}

// --- reading ---

struct bc_cue_view *
bc_cue_view_read(const char *text, size_t len)
{
    json_t *value = len <= TEXT_MAX ? json_loadb(text, len, 0, NULL) : NULL;
    struct bc_cue_view *view = json_is_object(value) ? calloc(1, sizeof(*view)) : NULL;
    if (view
        && (rules_read(json_object_get(value, "rules"), "sku", &view->by_sku)
            || rules_read(json_object_get(value, "cue_rules"), "id", &view->by_id))) {
        bc_cue_view_free(view);
        view = NULL;
    }
    json_decref(value);
    return view;
}

void
bc_cue_view_free(struct bc_cue_view *view)
{
    if (view) {
        rules_finish(&view->by_sku);
        rules_finish(&view->by_id);
        free(view);
    }
}

bool
bc_cue_view_apply(const struct bc_cue_view *view, const char *id, const char *data,
    size_t len, char **out)
{
    *out = NULL;
    if (!view) {
        return true;
    }
    struct rules_outcome o = rules_judge(&view->by_sku, &view->by_id, id, data, len);
    if (o.hidden) {
        free(o.merged);
    } else {
        *out = o.merged;
    }
    return !o.hidden;
}
