// SPDX-License-Identifier: Apache-2.0
#include "board_composers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "stream/channel.h"

// When the last input has gone.
#define LINGER_US 10000000
// Composers say something each second.
#define HEARD_US 4000000
#define TAG_DIGITS 8

struct scenes_composer *
scenes_board_composer(struct scenes_board *board, uint64_t id)
{
    bc_list_for_each(node, tmp, &board->composers)
    {
        struct scenes_composer *c = bc_container_of(node, struct scenes_composer, node);
        if (c->id == id && c->users > 0) {
            return c;
        }
    }
    return NULL;
}

uint64_t
scenes_composer_number(const struct scenes_composer *c)
{
    return c->id * SCENES_TAG_END + c->tag;
}

bool
scenes_same_view(const struct bc_buf *a, const struct bc_buf *b)
{
    return a == b
        || (a && b && a->len == b->len && memcmp(a->data, b->data, a->len) == 0);
}

void
scenes_keep_view(struct bc_buf **holder, struct bc_buf *view)
{
    struct bc_buf *old = *holder;
    *holder = view ? bc_buf_ref(view) : NULL;
    bc_buf_unref(&old);
}

struct scenes_composer *
scenes_composer_find_equal(struct scenes_board *board, const char *hash,
    const struct bc_buf *view, const struct scenes_composer *but)
{
    bc_list_for_each(node, tmp, &board->composers)
    {
        struct scenes_composer *c = bc_container_of(node, struct scenes_composer, node);
        if (c != but && c->users > 0 && strcmp(c->hash, hash) == 0
            && scenes_same_view(c->view, view)) {
            return c;
        }
    }
    return NULL;
}

static bool
make_secrets(struct scenes_board *board, struct scenes_composer *c)
{
    char tag[BC_SCENES_KEY_TEXT];
    if (!board->make_key(c->key) || !board->make_key(tag)) {
        return false;
    }
    tag[TAG_DIGITS] = '\0';
    c->tag = strtoull(tag, NULL, 16) % SCENES_TAG_END;
    return true;
}

struct scenes_composer *
scenes_composer_make(
    struct scenes_board *board, struct bc_scene *scene, const char *hash, int64_t now_us)
{
    struct scenes_composer *c
        = board->composer_count < board->composer_max ? calloc(1, sizeof(*c)) : NULL;
    if (!c || !make_secrets(board, c)) {
        free(c);
        return NULL;
    }
    c->id = ++board->last_id;
    snprintf(c->hidden, sizeof(c->hidden), BC_CHANNEL_SCENE "%" PRIu64, c->id);
    c->version = 1;
    c->scene = bc_scene_ref(scene);
    memcpy(c->hash, hash, sizeof(c->hash));
    c->changed_us = now_us;
    c->pipe = -1;
    bc_logger_init(&c->log, NULL, "composer %" PRIu64, c->id);
    bc_list_append(&board->composers, &c->node);
    board->composer_count++;
    return c;
}

void
scenes_composer_change(struct scenes_board *board, struct scenes_composer *c)
{
    c->version++;
    board->changed(board, c);
}

void
scenes_composer_drop_preview(struct scenes_composer *c)
{
    c->preview_of[0] = '\0';
    c->preview_until_us = 0;
    bc_scene_unref(&c->preview);
    bc_buf_unref(&c->picture);
}

void
scenes_composer_use(struct scenes_composer *c)
{
    c->users++;
}

void
scenes_composer_let_go(struct scenes_board *board, struct scenes_composer **holder)
{
    struct scenes_composer *c = *holder;
    *holder = NULL;
    if (c && --c->users == 0) {
        board->composer_count--;
        scenes_composer_drop_preview(c);
        scenes_composer_change(board, c);
    }
}

void
scenes_composer_free(struct scenes_composer *c)
{
    bc_list_remove(&c->node);
    scenes_composer_drop_preview(c);
    bc_scene_unref(&c->scene);
    bc_buf_unref(&c->view);
    bc_buf_unref(&c->report);
    memset(c->key, 0, sizeof(c->key));
    free(c);
}

void
scenes_board_sweep(struct scenes_board *board)
{
    bc_list_for_each(node, tmp, &board->composers)
    {
        struct scenes_composer *c = bc_container_of(node, struct scenes_composer, node);
        if (c->users == 0 && c->pid == 0) {
            board->starts += c->starts;
            scenes_composer_free(c);
        }
    }
}

// --- who makes it ---

bool
scenes_board_claim(struct scenes_board *board, struct scenes_composer *c, int64_t now_us)
{
    bool ok = make_secrets(board, c);
    if (ok) {
        c->heard_us = now_us;
        scenes_composer_change(board, c);
    }
    return ok;
}

bool
scenes_composer_is_made(const struct scenes_composer *c, int64_t now_us)
{
    return c->heard_us != 0 && now_us - c->heard_us < HEARD_US;
}

void
scenes_board_live(
    struct scenes_board *board, struct scenes_composer *c, bool live, int64_t now_us)
{
    c->live_us = live ? now_us : c->live_us;
    bool due = c->live_us != 0 && now_us - c->live_us < LINGER_US;
    if (c->due != due) {
        c->due = due;
        scenes_composer_change(board, c);
    }
}
