// SPDX-License-Identifier: Apache-2.0
#include "board.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "board_composers.h"

// Channels whose scenes became equal share a composer when both rest for so long.
#define MERGE_US 5000000
// The same where cues made them differ, which they soon may do again.
#define VIEW_MERGE_US 60000000
// How long the composer before is shown at most while the new one starts.
#define BEFORE_US 30000000
#define LOOK_US 5000000

void
scenes_board_init(struct scenes_board *board)
{
    bc_list_init(&board->composites);
    bc_list_init(&board->composers);
}

struct scenes_composite *
scenes_board_find(struct scenes_board *board, const char *channel)
{
    bc_list_for_each(node, tmp, &board->composites)
    {
        struct scenes_composite *c = bc_container_of(node, struct scenes_composite, node);
        if (strcmp(c->name, channel) == 0) {
            return c;
        }
    }
    return NULL;
}

const char *
scenes_clean_input(const struct bc_scene *scene)
{
    return scene && scene->n_inputs > 0 ? scene->inputs[0] : "";
}

// --- composites ---

static struct scenes_composite *
obtain(struct scenes_board *board, const char *channel)
{
    struct scenes_composite *c = scenes_board_find(board, channel);
    if (c || strlen(channel) > BC_CHANNEL_NAME_MAX) {
        return c;
    }
    c = calloc(1, sizeof(*c));
    if (c) {
        snprintf(c->name, sizeof(c->name), "%s", channel);
        bc_list_append(&board->composites, &c->node);
    }
    return c;
}

static void
free_composite(struct scenes_board *board, struct scenes_composite *c)
{
    scenes_composer_let_go(board, &c->before);
    scenes_composer_let_go(board, &c->now);
    bc_scene_unref(&c->program);
    bc_scene_unref(&c->preview);
    bc_scene_unref(&c->configured);
    bc_buf_unref(&c->view);
    board->shown(board, c);
    bc_list_remove(&c->node);
    free(c);
}

// Shows another composer; the one before goes when that is on air.
static void
move(struct scenes_board *board, struct scenes_composite *c, struct scenes_composer *to,
    int64_t now_us)
{
    scenes_composer_use(to);
    if (c->before) {
        // Two changes in a row: what viewers see is the oldest.
        scenes_composer_let_go(board, &c->now);
    } else {
        c->before = c->now;
    }
    c->now = to;
    c->before_until_us = now_us + BEFORE_US;
    board->shown(board, c);
}

static void
renew_view(struct scenes_board *board, struct scenes_composite *c,
    const struct bc_scene *scene)
{
    bc_buf_unref(&c->view);
    if (board->view && bc_scene_burns_cues(scene)) {
        c->view = board->view(board, c->name);
    }
}

// What nobody else shows.
static void
change_own(struct scenes_board *board, struct scenes_composite *c, struct bc_scene *scene,
    const struct bc_scene_transition *transition, int64_t now_us)
{
    struct scenes_composer *now = c->now;
    bool other_view = !scenes_same_view(now->view, c->view);
    bc_scene_unref(&now->scene);
    now->scene = bc_scene_ref(scene);
    scenes_keep_view(&now->view, c->view);
    now->transition = *transition;
    now->changed_us = now_us;
    now->rest_us = other_view ? VIEW_MERGE_US : MERGE_US;
    scenes_composer_change(board, now);
    board->shown(board, c);
}

// The composer for a scene: its own changes, when nobody else shows that. NULL: too many.
static int
show(struct scenes_board *board, struct scenes_composite *c, struct bc_scene *scene,
    const struct bc_scene_transition *transition, int64_t now_us)
{
    char hash[BC_SCENE_HASH_TEXT];
    if (!bc_scene_hash(scene, hash)) {
        return -ENOMEM;
    }
    struct scenes_composer *now = c->now;
    renew_view(board, c, scene);
    if (now && strcmp(now->hash, hash) == 0 && scenes_same_view(now->view, c->view)) {
        return 0;
    }
    if (now && now->users == 1) {
        memcpy(now->hash, hash, sizeof(hash));
        change_own(board, c, scene, transition, now_us);
        return 0;
    }
    bool parts = now && strcmp(now->hash, hash) == 0;
    struct scenes_composer *to = scenes_composer_find_equal(board, hash, c->view, NULL);
    if (!to) {
        to = scenes_composer_make(board, scene, hash, now_us);
        if (!to) {
            return -ENOSPC;
        }
        scenes_keep_view(&to->view, c->view);
        to->rest_us = parts ? VIEW_MERGE_US : MERGE_US;
    }
    move(board, c, to, now_us);
    return 0;
}

static void
keep(struct bc_scene **holder, struct bc_scene *scene)
{
    struct bc_scene *old = *holder;
    *holder = scene ? bc_scene_ref(scene) : NULL;
    bc_scene_unref(&old);
}

int
scenes_board_set(struct scenes_board *board, const char *channel, struct bc_scene *scene,
    const struct bc_scene_transition *transition, int64_t now_us)
{
    bool fresh = !scenes_board_find(board, channel);
    struct scenes_composite *c = obtain(board, channel);
    int ret = c ? show(board, c, scene, transition, now_us) : -ENOMEM;
    if (ret == 0) {
        keep(&c->program, scene);
        c->by_api = true;
        board->shown(board, c);
    } else if (c && fresh) {
        free_composite(board, c);
    }
    return ret;
}

static const struct bc_scene_transition CUT = { .fade = false };

void
scenes_board_reset(
    struct scenes_board *board, struct scenes_composite *c, int64_t now_us)
{
    c->by_api = false;
    if (!c->configured) {
        free_composite(board, c);
        return;
    }
    keep(&c->program, c->configured);
    keep(&c->preview, NULL);
    // Without room what is there stays, until the next tick finds some.
    (void)show(board, c, c->program, &CUT, now_us);
    board->shown(board, c);
}

void
scenes_board_configure(struct scenes_board *board, const char *channel,
    struct bc_scene *scene, int64_t now_us)
{
    struct scenes_composite *c
        = scene ? obtain(board, channel) : scenes_board_find(board, channel);
    if (!c) {
        return;
    }
    keep(&c->configured, scene);
    if (!c->by_api) {
        scenes_board_reset(board, c, now_us);
    }
}

// --- previews ---

static void
update_preview(struct scenes_board *board, struct scenes_composite *c)
{
    if (c->now && strcmp(c->now->preview_of, c->name) == 0) {
        keep(&c->now->preview, c->preview);
        scenes_composer_change(board, c->now);
    }
}

int
scenes_board_set_preview(
    struct scenes_board *board, const char *channel, struct bc_scene *scene)
{
    struct scenes_composite *c = scenes_board_find(board, channel);
    if (!c) {
        return -ENOENT;
    }
    keep(&c->preview, scene);
    update_preview(board, c);
    return 0;
}

void
scenes_board_look(
    struct scenes_board *board, struct scenes_composite *c, int64_t now_us)
{
    struct scenes_composer *to = c->now;
    if (!to) {
        return;
    }
    bool other = strcmp(to->preview_of, c->name) != 0;
    to->preview_until_us = now_us + LOOK_US;
    if (other) {
        bc_buf_unref(&to->picture);
        snprintf(to->preview_of, sizeof(to->preview_of), "%s", c->name);
        update_preview(board, c);
    }
}

int
scenes_board_take(struct scenes_board *board, const char *channel,
    const struct bc_scene_transition *transition, int64_t now_us)
{
    struct scenes_composite *c = scenes_board_find(board, channel);
    if (!c || !c->preview) {
        return -ENOENT;
    }
    struct bc_scene *next = bc_scene_ref(c->preview);
    struct bc_scene *last = bc_scene_ref(c->program);
    int ret = show(board, c, next, transition, now_us);
    if (ret == 0) {
        keep(&c->program, next);
        keep(&c->preview, last);
        c->by_api = true;
        update_preview(board, c);
    }
    bc_scene_unref(&next);
    bc_scene_unref(&last);
    return ret;
}

// --- now and then ---

void
scenes_board_settle(struct scenes_board *board, struct scenes_composite *c)
{
    if (c->before) {
        scenes_composer_let_go(board, &c->before);
        board->shown(board, c);
    }
}

static void
merge(struct scenes_board *board, struct scenes_composite *c, int64_t now_us)
{
    struct scenes_composer *now = c->now;
    if (c->before || now->users != 1 || now_us - now->changed_us < now->rest_us) {
        return;
    }
    struct scenes_composer *equal
        = scenes_composer_find_equal(board, now->hash, now->view, now);
    if (equal && now_us - equal->changed_us >= equal->rest_us) {
        move(board, c, equal, now_us);
    }
}

// Cues of the channel, or its rules for them, may have changed.
static void
look_at_view(struct scenes_board *board, struct scenes_composite *c, int64_t now_us)
{
    if (!bc_scene_burns_cues(c->program)) {
        return;
    }
    renew_view(board, c, c->program);
    bool fits = scenes_same_view(c->view, c->now->view)
        || show(board, c, c->program, &CUT, now_us) == 0;
    if (!fits && !c->crowded) {
        bc_warn(&c->now->log,
            "%s has other cues than who shares its picture, and compose.max is reached", c->name);
    }
    c->crowded = !fits;
}

void
scenes_board_tick(struct scenes_board *board, int64_t now_us)
{
    bc_list_for_each(node, tmp, &board->composites)
    {
        struct scenes_composite *c = bc_container_of(node, struct scenes_composite, node);
        if (c->before && now_us >= c->before_until_us) {
            scenes_board_settle(board, c);
        }
        if (!c->now) {
            (void)show(board, c, c->program, &CUT, now_us);
        } else {
            look_at_view(board, c, now_us);
            merge(board, c, now_us);
        }
    }
    bc_list_for_each(node, tmp, &board->composers)
    {
        struct scenes_composer *c = bc_container_of(node, struct scenes_composer, node);
        if (c->preview_until_us > 0 && now_us >= c->preview_until_us) {
            scenes_composer_drop_preview(c);
            scenes_composer_change(board, c);
        }
    }
}

void
scenes_board_finish(struct scenes_board *board)
{
    bc_list_for_each(node, tmp, &board->composites)
    {
        free_composite(board, bc_container_of(node, struct scenes_composite, node));
    }
    bc_list_for_each(node, tmp, &board->composers)
    {
        scenes_composer_free(bc_container_of(node, struct scenes_composer, node));
    }
}
