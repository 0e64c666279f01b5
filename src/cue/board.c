// SPDX-License-Identifier: Apache-2.0
// What one name has: its own cues, and those of its program after its rules.
#include "board.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "values.h"

#define GROW 8

int64_t
cues_clock_us(const struct bc_cues *cues)
{
    int64_t clock_us = cues->ops->clock_us(cues->user);
    return cues->anchored && clock_us > 0 ? clock_us : bc_clock_us() - cues->opened_us;
}

struct board *
board_find(struct bc_cues *cues, const char *name)
{
    struct board *board;
    HASH_FIND_STR(cues->boards, name, board);
    return board;
}

struct board *
board_obtain(struct bc_cues *cues, const char *name)
{
    struct board *board = board_find(cues, name);
    if (board || HASH_COUNT(cues->boards) >= BOARDS_MAX) {
        return board;
    }
    board = calloc(1, sizeof(*board));
    if (board) {
        board->cues = cues;
        bc_list_init(&board->lanes);
        snprintf(board->name, sizeof(board->name), "%s", name);
        HASH_ADD_STR(cues->boards, name, board);
    }
    return board;
}

static void
finish_shown(struct shown *shown)
{
    bc_cue_unref(&shown->source);
    bc_cue_unref(&shown->cue);
}

void
board_free(struct board *board)
{
    HASH_DEL(board->cues->boards, board);
    if (board->program) {
        board->program->shown_by--;
    }
    for (size_t i = 0; i < board->own_count; i++) {
        bc_cue_unref(&board->own[i].cue);
    }
    for (size_t i = 0; i < board->shown_count; i++) {
        finish_shown(&board->shown[i]);
    }
    free(board->own);
    free(board->shown);
    rules_finish(&board->by_sku);
    rules_finish(&board->by_id);
    free(board->products);
    free(board);
}

struct own *
board_own(const struct board *board, const char *id)
{
    for (size_t i = 0; i < board->own_count; i++) {
        if (strcmp(board->own[i].cue->id, id) == 0) {
            return &board->own[i];
        }
    }
    return NULL;
}

struct shown *
board_shown(const struct board *board, const char *id)
{
    for (size_t i = 0; i < board->shown_count; i++) {
        if (strcmp(board->shown[i].cue->id, id) == 0) {
            return &board->shown[i];
        }
    }
    return NULL;
}

size_t
board_counting(const struct board *board, int64_t clock_us)
{
    size_t count = 0;
    for (size_t i = 0; i < board->own_count; i++) {
        count += bc_cue_counts(board->own[i].cue, clock_us);
    }
    return count;
}

// Room for one more. False without memory.
static bool
grow(void **items, size_t count, size_t size)
{
    if (count % GROW != 0) {
        return true;
    }
    void *more = realloc(*items, (count + GROW) * size);
    if (more) {
        *items = more;
    }
    return more != NULL;
}

// Makes room among what is remembered, and not counted any more, where there is none.
static void
forget_oldest_own(struct board *board)
{
    int64_t clock_us = cues_clock_us(board->cues);
    for (size_t i = 0; i < board->own_count; i++) {
        if (!bc_cue_counts(board->own[i].cue, clock_us)) {
            bc_cue_unref(&board->own[i].cue);
            board->own_count--;
            memmove(&board->own[i], &board->own[i + 1],
                (board->own_count - i) * sizeof(*board->own));
            return;
        }
    }
}

static void
forget_oldest_shown(struct board *board)
{
    int64_t clock_us = cues_clock_us(board->cues);
    for (size_t i = 0; i < board->shown_count; i++) {
        if (!bc_cue_counts(board->shown[i].cue, clock_us)) {
            finish_shown(&board->shown[i]);
            board->shown_count--;
            memmove(&board->shown[i], &board->shown[i + 1],
                (board->shown_count - i) * sizeof(*board->shown));
            return;
        }
    }
}

int
board_add(struct board *board, struct bc_cue *cue, bool imported)
{
    if (board->own_count >= BOARD_CUES_MAX) {
        forget_oldest_own(board);
    }
    void *items = board->own;
    int ret = board->own_count >= BOARD_CUES_MAX              ? -ENOSPC
        : !grow(&items, board->own_count, sizeof(*board->own)) ? -ENOMEM
                                                               : 0;
    board->own = items;
    if (ret != 0) {
        bc_cue_unref(&cue);
        return ret;
    }
    board->own[board->own_count++] = (struct own){ .cue = cue, .imported = imported };
    return 0;
}

void
board_replace(struct own *own, struct bc_cue *cue)
{
    bc_cue_unref(&own->cue);
    own->cue = cue;
}

bool
board_forget_imported(struct board *board)
{
    size_t kept = 0;
    for (size_t i = 0; i < board->own_count; i++) {
        if (board->own[i].imported) {
            bc_cue_unref(&board->own[i].cue);
        } else {
            board->own[kept++] = board->own[i];
        }
    }
    bool any = kept < board->own_count;
    board->own_count = kept;
    return any;
}

// --- what the name shows ---

// Whose cues it has after those of `from`; at first itself. NULL: nobody's.
static struct board *
next_source(const struct board *board, const struct board *from)
{
    struct board *program = from->program;
    bool second = from == board->program && program && program->relayed;
    return from == board || second ? program : NULL;
}

// Those of a hidden channel are told as the name's.
static bool
is_nobodys(const struct board *board, const struct bc_cue *source)
{
    return source->channel[0] == '~' && strcmp(source->channel, board->name) != 0;
}

// Whether viewers of the name would see the same.
static bool
is_same(const struct bc_cue *a, const struct cue_values *b)
{
    return a->kind == b->kind && a->ended == b->ended && a->at_us == b->at_us
        && a->duration_us == b->duration_us && strcmp(a->channel, b->channel) == 0
        && a->data_len == b->data_len && memcmp(a->data, b->data, b->data_len) == 0;
}

// Remembers and tells a cue as the name has it from now on.
static void
tell(struct board *board, struct shown *shown, struct bc_cue *cue)
{
    bc_cue_unref(&shown->cue);
    shown->cue = cue;
    lanes_tell(board, cue);
}

// An inherited cue as the name has it: shared with the others that have it so, while its
// number of changes can be the same too. NULL without memory.
static struct bc_cue *
make_view(const struct board *board, const struct bc_cue *source,
    const struct rules_outcome *outcome, uint32_t last)
{
    struct cue_values v = cue_values_of(source);
    bool nobodys = is_nobodys(board, source);
    if (!outcome->changed && !nobodys && source->revision > last) {
        return bc_cue_ref(source);
    }
    v.data = outcome->data;
    v.data_len = outcome->data_len;
    v.revision = source->revision > last ? source->revision : last + 1;
    v.channel = nobodys ? board->name : source->channel;
    v.card_of = board->name;
    return cue_create(&v);
}

static struct shown *
add_shown(struct board *board)
{
    if (board->shown_count >= 2 * BOARD_CUES_MAX) {
        forget_oldest_shown(board);
    }
    void *items = board->shown;
    bool room = board->shown_count < 2 * BOARD_CUES_MAX
        && grow(&items, board->shown_count, sizeof(*board->shown));
    board->shown = items;
    if (!room) {
        return NULL;
    }
    struct shown *shown = &board->shown[board->shown_count++];
    *shown = (struct shown){ 0 };
    return shown;
}

static void
set_source(struct shown *shown, struct bc_cue *source, bool inherited)
{
    struct bc_cue *old = shown->source;
    shown->source = bc_cue_ref(source);
    shown->inherited = inherited;
    bc_cue_unref(&old);
}

// Whether the picture of the name has it; what is over stays as it was.
static bool
is_burnt(const struct board *board, const struct shown *shown, const struct bc_cue *source,
    int64_t clock_us)
{
    if (source->kind != BC_CUE_PRODUCT && source->kind != BC_CUE_COUPON) {
        return false;
    }
    return bc_cue_counts(source, clock_us)
        ? board->burnt
        : shown && strstr(shown->cue->data, "\"burnt\":true");
}

// Viewers are told, so that none draws it once more; not without room for that in its data.
static void
mark_burnt(struct rules_outcome *out)
{
    static const char MARK[] = "{\"burnt\":true}";
    char *text;
    size_t len;
    if (data_merge(out->data, out->data_len, MARK, sizeof(MARK) - 1, &text, &len) != 0) {
        return;
    }
    free(out->merged);
    out->merged = text;
    out->data = text;
    out->data_len = len;
    out->changed = true;
}

static void
show(struct board *board, struct bc_cue *source, bool inherited, int64_t clock_us)
{
    struct shown *shown = board_shown(board, source->id);
    if (shown && shown->seen) {
        return; // the name has one of its own of that id
    }
    struct rules_outcome out = { .data = source->data, .data_len = source->data_len };
    if (inherited) {
        out = rules_judge(&board->by_sku, &board->by_id, source->id, source->data,
            source->data_len);
    }
    if (is_burnt(board, shown, source, clock_us)) {
        mark_burnt(&out);
    }
    struct cue_values wanted = cue_values_of(source);
    wanted.data = out.data;
    wanted.data_len = out.data_len;
    wanted.channel = is_nobodys(board, source) ? board->name : source->channel;
    bool same = shown && is_same(shown->cue, &wanted);
    bool news = shown || bc_cue_counts(source, clock_us);
    if (!out.hidden && !same) {
        struct bc_cue *cue
            = make_view(board, source, &out, shown ? shown->cue->revision : 0);
        shown = shown ? shown : cue ? add_shown(board) : NULL;
        if (shown && cue && news) {
            tell(board, shown, cue);
        } else if (shown && cue) {
            shown->cue = cue; // is over already
        } else {
            bc_cue_unref(&cue);
        }
    }
    if (shown && !out.hidden) {
        set_source(shown, source, inherited);
        shown->seen = true;
    }
    free(out.merged);
}

// What does not count for the name any more comes as ended.
static void
end_unseen(struct board *board, struct shown *shown, int64_t clock_us)
{
    bc_cue_unref(&shown->source);
    if (!bc_cue_counts(shown->cue, clock_us)) {
        return;
    }
    struct cue_values v = cue_values_of(shown->cue);
    v.ended = true;
    v.revision++;
    v.duration_us = clock_us > v.at_us ? clock_us - v.at_us : 0;
    v.card_of = board->name;
    struct bc_cue *cue = cue_create(&v);
    if (cue) {
        tell(board, shown, cue);
    }
}

const struct own *
board_inherited(const struct board *board, const char *id)
{
    const struct own *own = NULL;
    const struct board *from = board;
    while (!own && (from = next_source(board, from)) != NULL) {
        own = board_own(from, id);
    }
    return own;
}

void
board_refresh(struct board *board)
{
    int64_t clock_us = cues_clock_us(board->cues);
    for (size_t i = 0; i < board->shown_count; i++) {
        board->shown[i].seen = false;
    }
    for (size_t i = 0; i < board->own_count; i++) {
        show(board, board->own[i].cue, false, clock_us);
    }
    const struct board *from = board;
    while ((from = next_source(board, from)) != NULL) {
        for (size_t i = 0; i < from->own_count; i++) {
            show(board, from->own[i].cue, true, clock_us);
        }
    }
    for (size_t i = 0; i < board->shown_count; i++) {
        if (!board->shown[i].seen) {
            end_unseen(board, &board->shown[i], clock_us);
        }
    }
}

void
board_changed(struct board *board)
{
    board_refresh(board);
    struct board *other;
    struct board *next;
    unsigned left = board->shown_by;
    HASH_ITER(hh, board->cues->boards, other, next)
    {
        if (left > 0 && other->program == board) {
            left--;
            if (board->relayed) {
                board_changed(other); // others may show that one
            } else {
                board_refresh(other);
            }
        }
    }
}

void
board_set_program(struct board *board, struct board *program)
{
    if (board->program == program) {
        return;
    }
    if (board->program) {
        board->program->shown_by--;
    }
    board->program = program;
    if (program) {
        program->shown_by++;
    }
    board_refresh(board);
}

// --- forgetting ---

static bool
is_forgotten(const struct bc_cue *cue, int64_t clock_us)
{
    int64_t end_us = bc_cue_end_us(cue);
    return end_us != INT64_MAX && end_us + BC_CUE_KEPT_US < clock_us;
}

static bool
is_remembered(void *user, const char *id)
{
    return board_shown(user, id) != NULL;
}

bool
board_sweep(struct board *board, int64_t clock_us)
{
    size_t kept = 0;
    for (size_t i = 0; i < board->own_count; i++) {
        if (!is_forgotten(board->own[i].cue, clock_us)) {
            board->own[kept++] = board->own[i];
        } else {
            board->dirty = board->dirty || !board->own[i].imported;
            bc_cue_unref(&board->own[i].cue);
        }
    }
    board->own_count = kept;
    kept = 0;
    for (size_t i = 0; i < board->shown_count; i++) {
        if (!is_forgotten(board->shown[i].cue, clock_us)) {
            board->shown[kept++] = board->shown[i];
        } else {
            finish_shown(&board->shown[i]);
        }
    }
    board->shown_count = kept;
    bool pruned = board->by_id.count > 0
        && rules_prune(&board->by_id, is_remembered, board);
    board->dirty = board->dirty || pruned;
    return board->own_count == 0 && board->shown_count == 0 && !board->program
        && !board->burnt && board->shown_by == 0 && bc_list_empty(&board->lanes)
        && !board->products && board->by_sku.count == 0 && board->by_id.count == 0
        && !board->dirty;
}
