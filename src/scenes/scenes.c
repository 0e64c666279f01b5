// SPDX-License-Identifier: Apache-2.0
// What other threads ask about composites and composers.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "cue/view.h"
#include "scenes_internal.h"
#include "stream/hub.h"
#include "stream/program.h"

#define CIRCLE_DEPTH 8

// --- what the board tells ---

static bool
make_key(char out[BC_SCENES_KEY_TEXT])
{
    unsigned char bytes[(BC_SCENES_KEY_TEXT - 1) / 2];
    if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes)) {
        return false;
    }
    for (size_t i = 0; i < sizeof(bytes); i++) {
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
    }
    return true;
}

static void
on_changed(struct scenes_board *board, struct scenes_composer *composer)
{
    struct bc_scenes *s = bc_container_of(board, struct bc_scenes, board);
    bc_list_for_each(node, tmp, &s->waiters)
    {
        struct bc_scenes_waiter *w = bc_container_of(node, struct bc_scenes_waiter, node);
        if (w->id == composer->id) {
            bc_list_remove(&w->node);
            w->posted = true;
            bc_worker_post(w->worker, &w->task);
        }
    }
    scenes_wake(s);
}

static void
on_shown(struct scenes_board *board, struct scenes_composite *c)
{
    struct bc_scenes *s = bc_container_of(board, struct bc_scenes, board);
    if (s->stopping) {
        return; // channels end by themselves, and workers hear nothing more
    }
    if (!c->program) {
        bc_hub_set_scene(s->params.hub, c->name, NULL);
        if (s->params.cues) {
            bc_cues_set_burnt(s->params.cues, c->name, false);
        }
        return;
    }
    struct bc_channel_scene shown;
    memset(&shown, 0, sizeof(shown)); // it is compared as a whole
    unsigned n = 0;
    if (c->now) {
        memcpy(shown.names[n++], c->now->hidden, sizeof(c->now->hidden));
    }
    if (c->before) {
        memcpy(shown.names[n++], c->before->hidden, sizeof(c->before->hidden));
    }
    const char *clean = scenes_clean_input(c->program);
    memcpy(shown.clean, clean, strnlen(clean, sizeof(shown.clean) - 1));
    bc_hub_set_scene(s->params.hub, c->name, &shown);
}

static struct bc_buf *
view_of(struct scenes_board *board, const char *channel)
{
    const struct bc_scenes *s = bc_container_of(board, struct bc_scenes, board);
    return s->params.cues ? bc_cues_view(s->params.cues, channel) : NULL;
}

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

// --- composers ---

int
bc_scenes_claim(struct bc_scenes *s, const char *channel, uint64_t *number)
{
    int64_t now_us = bc_clock_us();
    pthread_mutex_lock(&s->lock);
    struct scenes_composite *c = scenes_board_find(&s->board, channel);
    int ret = !c || !c->now ? -ENOENT
        : c->now->pid != 0 || scenes_composer_is_made(c->now, now_us) ? -EBUSY
        : scenes_board_claim(&s->board, c->now, now_us)               ? 0
                                                                      : -EIO;
    *number = ret == 0 ? scenes_composer_number(c->now) : 0;
    pthread_mutex_unlock(&s->lock);
    return ret;
}

uint64_t
bc_scenes_composer_id(struct bc_scenes *s, const char *text)
{
    uint64_t number = strtoull(text, NULL, 10);
    if (number < SCENES_TAG_END) {
        return number;
    }
    pthread_mutex_lock(&s->lock);
    const struct scenes_composer *c
        = scenes_board_composer(&s->board, number / SCENES_TAG_END);
    uint64_t id = c && c->tag == number % SCENES_TAG_END ? c->id : 0;
    pthread_mutex_unlock(&s->lock);
    return id;
}

bool
bc_scenes_wish(struct bc_scenes *s, uint64_t id, struct bc_scenes_wish *out)
{
    *out = (struct bc_scenes_wish){ .version = 0 };
    pthread_mutex_lock(&s->lock);
    const struct scenes_composer *c
        = s->stopping ? NULL : scenes_board_composer(&s->board, id);
    if (c) {
        out->version = c->version;
        memcpy(out->hidden, c->hidden, sizeof(out->hidden));
        memcpy(out->key, c->key, sizeof(out->key));
        out->scene = bc_scene_ref(c->scene);
        out->preview = c->preview ? bc_scene_ref(c->preview) : NULL;
        out->view = c->view ? bc_buf_ref(c->view) : NULL;
        out->transition = c->transition;
        out->want_preview = c->preview_until_us > 0;
        out->idle = !c->due;
    }
    pthread_mutex_unlock(&s->lock);
    return c != NULL;
}

void
bc_scenes_wish_finish(struct bc_scenes_wish *wish)
{
    bc_scene_unref(&wish->scene);
    bc_scene_unref(&wish->preview);
    bc_buf_unref(&wish->view);
    explicit_bzero(wish->key, sizeof(wish->key));
}

// `host`: NULL: it is a picture.
static bool
put(struct bc_scenes *s, uint64_t id, const char *host, struct bc_buf *buf)
{
    struct bc_buf *old = NULL;
    pthread_mutex_lock(&s->lock);
    struct scenes_composer *c = scenes_board_composer(&s->board, id);
    // What comes when nobody looks any more would be old when somebody does.
    if (c && (host || c->preview_until_us > 0)) {
        struct bc_buf **holder = host ? &c->report : &c->picture;
        old = *holder;
        *holder = bc_buf_ref(buf);
    }
    if (c && host) {
        c->heard_us = bc_clock_us();
    }
    if (c && host && strcmp(c->host, host) != 0) {
        snprintf(c->host, sizeof(c->host), "%s", host);
        bc_info(&c->log, "runs on %s", c->host);
    }
    pthread_mutex_unlock(&s->lock);
    bc_buf_unref(&old);
    return c != NULL;
}

bool
bc_scenes_report(
    struct bc_scenes *s, uint64_t id, const char *host, struct bc_buf *json)
{
    return put(s, id, host, json);
}

bool
bc_scenes_put_picture(struct bc_scenes *s, uint64_t id, struct bc_buf *jpeg)
{
    return put(s, id, NULL, jpeg);
}

// In the same time for right and wrong keys.
static bool
is_key(const char *expected, const char *key)
{
    unsigned char differs = strlen(key) != BC_SCENES_KEY_TEXT - 1;
    for (size_t i = 0; !differs && i < BC_SCENES_KEY_TEXT - 1; i++) {
        differs |= (unsigned char)(expected[i] ^ key[i]);
    }
    return !differs;
}

bool
bc_scenes_admit(struct bc_scenes *s, const char *hidden, const char *key)
{
    bool admitted = false;
    pthread_mutex_lock(&s->lock);
    bc_list_for_each(node, tmp, &s->board.composers)
    {
        const struct scenes_composer *c = bc_container_of(node, struct scenes_composer, node);
        admitted = admitted
            || (!s->stopping && c->users > 0 && strcmp(c->hidden, hidden) == 0
                && is_key(c->key, key));
    }
    pthread_mutex_unlock(&s->lock);
    return admitted;
}

// --- waiting ---

static void
run_waiter(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct bc_scenes_waiter *w = bc_container_of(task, struct bc_scenes_waiter, task);
    w->posted = false;
    w->news(w);
}

bool
bc_scenes_wait(struct bc_scenes *s, struct bc_scenes_waiter *waiter, int64_t version)
{
    bc_list_init(&waiter->node);
    bc_list_init(&waiter->task.node);
    waiter->task.run = run_waiter;
    waiter->posted = false;
    pthread_mutex_lock(&s->lock);
    const struct scenes_composer *c
        = s->stopping ? NULL : scenes_board_composer(&s->board, waiter->id);
    bool waits = c && c->version == version;
    if (waits) {
        bc_list_append(&s->waiters, &waiter->node);
    }
    pthread_mutex_unlock(&s->lock);
    return waits;
}

bool
bc_scenes_wait_cancel(struct bc_scenes *s, struct bc_scenes_waiter *waiter)
{
    pthread_mutex_lock(&s->lock);
    bool cancelled = !waiter->posted;
    bc_list_remove(&waiter->node);
    pthread_mutex_unlock(&s->lock);
    return cancelled;
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

// --- life ---

struct bc_scenes *
bc_scenes_open(const struct bc_scenes_params *params)
{
    struct bc_scenes *s = calloc(1, sizeof(*s));
    if (!s) {
        return NULL;
    }
    s->params = *params;
    s->data_dir = strdup(params->data_dir);
    s->token = strdup(params->token);
    s->wake[0] = s->wake[1] = -1;
    bc_logger_init(&s->log, NULL, "scenes");
    pthread_mutex_init(&s->lock, NULL);
    bc_list_init(&s->waiters);
    scenes_board_init(&s->board);
    s->board.make_key = make_key;
    s->board.changed = on_changed;
    s->board.shown = on_shown;
    s->board.view = view_of;
    if (!s->data_dir || !s->token || pipe2(s->wake, O_CLOEXEC | O_NONBLOCK) != 0) {
        bc_scenes_close(s);
        return NULL;
    }
    return s;
}

bool
bc_scenes_start(struct bc_scenes *s, struct bc_config *config)
{
    bc_scenes_follow(s, config);
    scenes_read_config(s); // what was set goes before it
    scenes_file_load(s);
    s->started = pthread_create(&s->thread, NULL, scenes_thread, s) == 0;
    if (!s->started) {
        bc_error(&s->log, "no thread");
    }
    return s->started;
}

void
bc_scenes_follow(struct bc_scenes *s, struct bc_config *config)
{
    pthread_mutex_lock(&s->lock);
    bc_config_unref(&s->config);
    s->config = bc_config_ref(config);
    s->config_is_new = true;
    s->board.composer_max = (unsigned)config->compose.max;
    pthread_mutex_unlock(&s->lock);
    scenes_wake(s);
}

// Whoever waits is told that its composer is not wanted.
void
bc_scenes_let_go(struct bc_scenes *s)
{
    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    char *text = s->dirty ? scenes_file_text(s) : NULL;
    s->dirty = false;
    bc_list_for_each(node, tmp, &s->board.composers)
    {
        on_changed(&s->board, bc_container_of(node, struct scenes_composer, node));
    }
    pthread_mutex_unlock(&s->lock);
    if (text) {
        scenes_file_write(s, text);
        free(text);
    }
    scenes_wake(s);
}

void
bc_scenes_stop(struct bc_scenes *s)
{
    if (s && s->started) {
        bc_scenes_let_go(s);
        pthread_join(s->thread, NULL);
        s->started = false;
    }
}

void
bc_scenes_close(struct bc_scenes *s)
{
    if (!s) {
        return;
    }
    bc_scenes_stop(s);
    scenes_board_finish(&s->board);
    for (int i = 0; i < 2; i++) {
        if (s->wake[i] >= 0) {
            close(s->wake[i]);
        }
    }
    bc_config_unref(&s->config);
    pthread_mutex_destroy(&s->lock);
    if (s->token) {
        explicit_bzero(s->token, strlen(s->token));
    }
    free(s->token);
    free(s->data_dir);
    free(s);
}

void
bc_scenes_look(struct bc_scenes *s)
{
    scenes_wake(s);
}

void
scenes_wake(struct bc_scenes *s)
{
    // A full pipe wakes it too.
    if (write(s->wake[1], "", 1) < 0) {
        bc_debug(&s->log, "the thread is awake");
    }
}
