// SPDX-License-Identifier: Apache-2.0
#include "board.h"

#include <stdlib.h>
#include <string.h>

#include "cue/view.h"

void
compose_board_finish(struct compose_board *b)
{
    while (b->count > 0) {
        compose_cue_finish(&b->cues[--b->count].cue);
    }
}

static void
drop(struct compose_board *b, unsigned i)
{
    compose_cue_finish(&b->cues[i].cue);
    b->count--;
    memmove(b->cues + i, b->cues + i + 1, (b->count - i) * sizeof(b->cues[0]));
}

static bool
is_same(const struct compose_cue *a, const struct compose_cue *b)
{
    return strcmp(a->id, b->id) == 0 && strcmp(a->channel, b->channel) == 0;
}

// `count`: it is not known.
static unsigned
place_of(const struct compose_board *b, const struct compose_cue *cue, bool told)
{
    unsigned i = 0;
    while (i < b->count && !(b->cues[i].told == told && is_same(&b->cues[i].cue, cue))) {
        i++;
    }
    return i;
}

static void
end(struct compose_board *b, struct compose_cue *cue)
{
    unsigned i = place_of(b, cue, false);
    if (i < b->count) {
        drop(b, i);
    }
    compose_cue_finish(cue);
}

static void
note(struct compose_board *b, struct compose_cue *cue, bool told, int64_t now_us)
{
    unsigned i = place_of(b, cue, told);
    if (i == b->count) {
        if (b->count == COMPOSE_CUES_MAX) {
            drop(b, 0);
        }
        i = b->count++;
        memset(&b->cues[i], 0, sizeof(b->cues[i]));
    }
    compose_cue_finish(&b->cues[i].cue);
    b->cues[i].cue = *cue;
    b->cues[i].told = told;
    if (b->cues[i].begin_us == 0 || b->cues[i].begin_us > now_us) {
        b->cues[i].begin_us = now_us + cue->in_ms * 1000; // one that runs does not move
    }
    b->cues[i].until_us =
        cue->duration_ms > 0 ? b->cues[i].begin_us + cue->duration_ms * 1000 : 0;
}

void
compose_board_note(struct compose_board *b, struct compose_cue *cue, int64_t now_us)
{
    if (cue->ended) {
        end(b, cue);
    } else {
        note(b, cue, false, now_us);
    }
}

void
compose_board_tell(
    struct compose_board *b, struct compose_cue *cues, unsigned count, int64_t now_us)
{
    for (unsigned i = b->count; i-- > 0;) {
        bool named = !b->cues[i].told;
        for (unsigned k = 0; k < count && !named; k++) {
            named = is_same(&b->cues[i].cue, &cues[k]);
        }
        if (!named) {
            drop(b, i);
        }
    }
    for (unsigned k = 0; k < count; k++) {
        note(b, &cues[k], true, now_us);
    }
}

void
compose_board_forget(struct compose_board *b, const char *channel)
{
    for (unsigned i = b->count; i-- > 0;) {
        if (!b->cues[i].told && strcmp(b->cues[i].cue.channel, channel) == 0) {
            drop(b, i);
        }
    }
}

int64_t
compose_board_next_us(const struct compose_board *b, int64_t now_us)
{
    int64_t next_us = INT64_MAX;
    for (unsigned i = 0; i < b->count; i++) {
        int64_t begin_us = b->cues[i].begin_us;
        int64_t at_us = begin_us > now_us ? begin_us : b->cues[i].until_us;
        next_us = at_us > now_us && at_us < next_us ? at_us : next_us;
    }
    return next_us;
}

// --- what is shown ---

// One of the channel's own stands for one of that id which it inherits.
static bool
is_replaced(const struct compose_board *b, const char *id)
{
    for (unsigned i = 0; i < b->count; i++) {
        if (b->cues[i].told && strcmp(b->cues[i].cue.id, id) == 0) {
            return true;
        }
    }
    return false;
}

// Whether the layer may show it; `data` is what the channel makes of its data, NULL: nothing.
static bool
is_shown(const struct compose_board *b, unsigned i, const struct compose_ask *ask,
    int64_t now_us, char **data)
{
    const struct compose_cue *cue = &b->cues[i].cue;
    *data = NULL;
    if (b->cues[i].begin_us > now_us || cue->burnt
        || (strcmp(cue->kind, "product") != 0 && strcmp(cue->kind, "coupon") != 0)) {
        return false;
    }
    if (b->cues[i].told || !ask->channel) {
        return b->cues[i].told && ask->own;
    }
    if (strcmp(cue->channel, ask->channel) != 0) {
        return false;
    }
    const char *text = cue->data ? cue->data : "{}";
    return !ask->own
        || (!is_replaced(b, cue->id)
            && bc_cue_view_apply(ask->view, cue->id, text, strlen(text), data));
}

bool
compose_board_find(struct compose_board *b, const struct compose_ask *ask, int64_t now_us,
    struct compose_cue *out)
{
    char *data = NULL;
    int best = -1;
    for (unsigned i = b->count; i-- > 0;) {
        if (b->cues[i].until_us > 0 && b->cues[i].until_us <= now_us) {
            drop(b, i);
        }
    }
    for (unsigned i = 0; i < b->count; i++) {
        char *made;
        if ((best < 0 || b->cues[i].begin_us >= b->cues[best].begin_us)
            && is_shown(b, i, ask, now_us, &made)) {
            free(data);
            data = made;
            best = (int)i;
        }
    }
    if (best < 0) {
        return false;
    }
    *out = b->cues[best].cue;
    out->data = data ? data : out->data ? strdup(out->data) : NULL;
    return true;
}
