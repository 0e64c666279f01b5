// SPDX-License-Identifier: Apache-2.0
// From the start to the end, and what the board tells meanwhile.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "cue/view.h"
#include "scenes_internal.h"
#include "stream/hub.h"
#include "stream/program.h"

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
