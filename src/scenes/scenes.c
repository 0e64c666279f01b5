// SPDX-License-Identifier: Apache-2.0
// What other threads ask about composites.
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "scenes_internal.h"
#include "stream/hub.h"
#include "stream/program.h"

#define CIRCLE_DEPTH 8

// --- circles ---

// Whether what `scene` shows is made out of `channel`.
static bool
shows_channel(struct bc_scenes *s, const struct bc_scene *scene, const char *channel,
    unsigned depth);

static bool
is_made_of(struct bc_scenes *s, const char *name, const char *channel, unsigned depth)
{
    if (strcmp(name, channel) == 0 || depth >= CIRCLE_DEPTH) {
        return true;
    }
    const struct scenes_composite *c = scenes_board_find(&s->board, name);
    bool found = c && c->program && shows_channel(s, c->program, channel, depth + 1);
    const struct bc_config_channel *own
        = s->config ? bc_config_channel(s->config, name) : NULL;
    for (size_t i = 0; own && !found && i < own->sources.n; i++) {
        const struct bc_config_source *source = &own->sources.items[i];
        found = source->kind == BC_SOURCE_CHANNEL
            && is_made_of(s, source->value, channel, depth + 1);
    }
    return found;
}

static bool
shows_channel(struct bc_scenes *s, const struct bc_scene *scene, const char *channel,
    unsigned depth)
{
    bool found = false;
    for (size_t i = 0; i < scene->n_inputs && !found; i++) {
        found = is_made_of(s, scene->inputs[i], channel, depth);
    }
    return found;
}

// --- what channels show ---

int
bc_scenes_set(struct bc_scenes *s, const char *channel, struct bc_scene *scene,
    const struct bc_scene_transition *transition)
{
    pthread_mutex_lock(&s->lock);
    int ret = shows_channel(s, scene, channel, 0) ? -ELOOP : 0;
    if (ret == 0) {
        ret = scenes_board_set(&s->board, channel, scene, transition, bc_clock_us());
    }
    s->dirty = s->dirty || ret == 0;
    pthread_mutex_unlock(&s->lock);
    scenes_wake(s);
    return ret;
}

int
bc_scenes_reset(struct bc_scenes *s, const char *channel)
{
    pthread_mutex_lock(&s->lock);
    struct scenes_composite *c = scenes_board_find(&s->board, channel);
    int ret = c && (c->by_api || c->preview) ? 0 : -ENOENT;
    if (ret == 0) {
        scenes_board_reset(&s->board, c, bc_clock_us());
        s->dirty = true;
    }
    pthread_mutex_unlock(&s->lock);
    scenes_wake(s);
    return ret;
}

int
bc_scenes_set_preview(struct bc_scenes *s, const char *channel, struct bc_scene *scene)
{
    pthread_mutex_lock(&s->lock);
    int ret = shows_channel(s, scene, channel, 0)
        ? -ELOOP
        : scenes_board_set_preview(&s->board, channel, scene);
    s->dirty = s->dirty || ret == 0;
    pthread_mutex_unlock(&s->lock);
    scenes_wake(s);
    return ret;
}

int
bc_scenes_take(struct bc_scenes *s, const char *channel,
    const struct bc_scene_transition *transition)
{
    pthread_mutex_lock(&s->lock);
    int ret = scenes_board_take(&s->board, channel, transition, bc_clock_us());
    s->dirty = s->dirty || ret == 0;
    pthread_mutex_unlock(&s->lock);
    scenes_wake(s);
    return ret;
}

struct bc_scene *
bc_scenes_program(struct bc_scenes *s, const char *channel)
{
    pthread_mutex_lock(&s->lock);
    struct scenes_composite *c = scenes_board_find(&s->board, channel);
    struct bc_scene *scene = c && c->program ? bc_scene_ref(c->program) : NULL;
    pthread_mutex_unlock(&s->lock);
    return scene;
}

struct bc_scene *
bc_scenes_preview(struct bc_scenes *s, const char *channel)
{
    pthread_mutex_lock(&s->lock);
    struct scenes_composite *c = scenes_board_find(&s->board, channel);
    struct bc_scene *scene = c && c->preview ? bc_scene_ref(c->preview) : NULL;
    pthread_mutex_unlock(&s->lock);
    return scene;
}

bool
bc_scenes_has(struct bc_scenes *s, const char *channel)
{
    pthread_mutex_lock(&s->lock);
    bool has = scenes_board_find(&s->board, channel) != NULL;
    pthread_mutex_unlock(&s->lock);
    return has;
}

bool
bc_scenes_any_showing(struct bc_scenes *s, const char *input,
    bool (*is)(void *user, const char *channel), void *user)
{
    bool any = false;
    pthread_mutex_lock(&s->lock);
    bc_list_for_each(node, tmp, &s->board.composites)
    {
        const struct scenes_composite *c =
            bc_container_of(node, struct scenes_composite, node);
        for (size_t i = 0; c->program && !any && i < c->program->n_inputs; i++) {
            any = strcmp(c->program->inputs[i], input) == 0 && is(user, c->name);
        }
    }
    pthread_mutex_unlock(&s->lock);
    return any;
}

static bool
is_live(struct bc_scenes *s, const char *name)
{
    struct bc_channel *channel = bc_hub_find(s->params.hub, name);
    bool live = channel && bc_channel_state(channel) == BC_CHANNEL_LIVE;
    bc_channel_unref(&channel);
    return live;
}

static bool
is_shown(struct bc_scenes *s, const char *name, const char *hidden)
{
    struct bc_channel *channel = bc_hub_find(s->params.hub, name);
    struct bc_channel *program = channel ? bc_channel_program(channel) : NULL;
    bool shown = program && strcmp(bc_channel_name(program), hidden) == 0;
    bc_channel_unref(&program);
    bc_channel_unref(&channel);
    return shown;
}

// Without those that still show it until something else is there.
static unsigned
count_users(struct bc_scenes *s, const struct scenes_composer *composer)
{
    unsigned n = 0;
    bc_list_for_each(node, tmp, &s->board.composites)
    {
        n += bc_container_of(node, struct scenes_composite, node)->now == composer;
    }
    return n;
}

static void
fill_status(const struct scenes_composite *c, struct bc_scenes_status *out,
    char hidden[BC_SCENES_HIDDEN_TEXT])
{
    const struct scenes_composer *now = c->now;
    *out = (struct bc_scenes_status){ .by_api = c->by_api,
        .has_preview = c->preview != NULL };
    hidden[0] = '\0';
    if (now) {
        out->composer = now->id;
        out->version = now->version;
        out->starts = now->starts;
        out->report = now->report ? bc_buf_ref(now->report) : NULL;
        memcpy(out->host, now->host, sizeof(out->host));
        memcpy(hidden, now->hidden, sizeof(now->hidden));
    }
}

bool
bc_scenes_status(
    struct bc_scenes *s, const char *channel, struct bc_scenes_status *out)
{
    char hidden[BC_SCENES_HIDDEN_TEXT];
    pthread_mutex_lock(&s->lock);
    const struct scenes_composite *c = scenes_board_find(&s->board, channel);
    if (c) {
        fill_status(c, out, hidden);
        out->shared = c->now ? count_users(s, c->now) : 0;
    }
    pthread_mutex_unlock(&s->lock);
    if (c && hidden[0]) {
        out->running = is_live(s, hidden);
        out->on_air = is_shown(s, channel, hidden);
    }
    return c != NULL;
}

struct bc_buf *
bc_scenes_preview_picture(struct bc_scenes *s, const char *channel)
{
    struct bc_buf *picture = NULL;
    pthread_mutex_lock(&s->lock);
    struct scenes_composite *c = scenes_board_find(&s->board, channel);
    if (c && c->now) {
        scenes_board_look(&s->board, c, bc_clock_us());
        picture = c->now->picture ? bc_buf_ref(c->now->picture) : NULL;
    }
    pthread_mutex_unlock(&s->lock);
    return picture;
}

void
bc_scenes_totals(struct bc_scenes *s, struct bc_scenes_totals *out)
{
    *out = (struct bc_scenes_totals){ .composites = 0 };
    pthread_mutex_lock(&s->lock);
    bc_list_for_each(node, tmp, &s->board.composites)
    {
        out->composites++;
    }
    out->composers = s->board.composer_count;
    out->starts = s->board.starts;
    bc_list_for_each(node, tmp, &s->board.composers)
    {
        const struct scenes_composer *c = bc_container_of(node, struct scenes_composer, node);
        out->running += c->pid != 0;
        out->starts += c->starts;
    }
    pthread_mutex_unlock(&s->lock);
}
