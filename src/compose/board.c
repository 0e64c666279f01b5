// SPDX-License-Identifier: Apache-2.0
#include "board.h"

#include <string.h>

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

void
compose_board_note(
    struct compose_board *b, struct compose_cue *cue, bool told, int64_t now_us)
{
    for (unsigned i = 0; i < b->count; i++) {
        if (is_same(&b->cues[i].cue, cue)) {
            told |= b->cues[i].told;
            // A change keeps its place, and its end.
            if (!cue->ended) {
                compose_cue_finish(&b->cues[i].cue);
                b->cues[i].cue = *cue;
                b->cues[i].told = told;
                return;
            }
            drop(b, i);
            break;
        }
    }
    if (cue->ended) {
        compose_cue_finish(cue);
        return;
    }
    if (b->count == COMPOSE_CUES_MAX) {
        drop(b, 0);
    }
    b->cues[b->count].cue = *cue;
    b->cues[b->count].told = told;
    b->cues[b->count].until_us =
        cue->duration_ms > 0 ? now_us + cue->duration_ms * 1000 : 0;
    b->count++;
}

void
compose_board_tell(
    struct compose_board *b, struct compose_cue *cues, unsigned count, int64_t now_us)
{
    for (unsigned i = b->count; i-- > 0;) {
        bool named = !b->cues[i].told;
        for (unsigned k = 0; k < count; k++) {
            named |= is_same(&b->cues[i].cue, &cues[k]);
        }
        if (!named) {
            drop(b, i);
        }
    }
    for (unsigned k = 0; k < count; k++) {
        compose_board_note(b, &cues[k], true, now_us);
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

const struct compose_cue *
compose_board_find(struct compose_board *b, const char *channel, int64_t now_us)
{
    for (unsigned i = b->count; i-- > 0;) {
        if (b->cues[i].until_us > 0 && b->cues[i].until_us <= now_us) {
            drop(b, i);
        }
    }
    for (unsigned i = b->count; i-- > 0;) {
        const struct compose_cue *cue = &b->cues[i].cue;
        if (channel && strcmp(cue->channel, channel) == 0
            && (strcmp(cue->kind, "product") == 0 || strcmp(cue->kind, "coupon") == 0)) {
            return cue;
        }
    }
    return NULL;
}
