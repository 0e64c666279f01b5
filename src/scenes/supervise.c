// SPDX-License-Identifier: Apache-2.0
// The thread: looks whether composers should run, and keeps what the API set.
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cue/view.h"
#include "scenes_internal.h"
#include "stream/hub.h"
#include "stream/program.h"

#define LOOK_MS 200
#define POLLED_MAX 129
#define END_US 5000000

// --- what is live; with the lock held ---

static bool
is_live(struct bc_scenes *s, const char *name)
{
    struct bc_channel *channel = bc_hub_find(s->params.hub, name);
    bool live = channel && bc_channel_state(channel) == BC_CHANNEL_LIVE;
    bc_channel_unref(&channel);
    return live;
}

static bool
any_live(struct bc_scenes *s, const struct bc_scene *scene)
{
    for (size_t i = 0; i < scene->n_inputs; i++) {
        if (is_live(s, scene->inputs[i])) {
            return true;
        }
    }
    return scene->n_inputs == 0; // pictures and texts alone
}

// The composite's channel is there while there is something to show, as pages, recordings
// and pushes want it.
static void
look_at_composite(struct bc_scenes *s, struct scenes_composite *c, int64_t now_us)
{
    bool live = c->now && c->now->live_us == now_us;
    struct bc_channel *channel = live ? bc_hub_find(s->params.hub, c->name) : NULL;
    bool burns = s->params.cues && c->program && bc_scene_burns_cues(c->program);
    struct bc_channel *program
        = channel && (c->before || burns) ? bc_channel_program(channel) : NULL;
    bool on_air = program && strcmp(bc_channel_name(program), c->now->hidden) == 0;
    bool other = program && !on_air && !bc_channel_is_hidden(program, BC_CHANNEL_DELAY)
        && !(c->before && strcmp(bc_channel_name(program), c->before->hidden) == 0);
    if (s->params.cues) {
        bc_cues_set_burnt(s->params.cues, c->name, burns && program && !other);
    }
    if (on_air && c->before) {
        scenes_board_settle(&s->board, c);
    }
    bc_channel_unref(&program);
    bc_channel_unref(&channel);
}

static void
look(struct bc_scenes *s)
{
    int64_t now_us = bc_clock_us();
    bc_list_for_each(node, tmp, &s->board.composers)
    {
        struct scenes_composer *c = bc_container_of(node, struct scenes_composer, node);
        scenes_process_reap(c, now_us);
        bool live = c->users > 0 && !s->stopping && any_live(s, c->scene);
        scenes_board_live(&s->board, c, live, now_us);
        scenes_process_look(s, c, live, now_us);
    }
    if (!s->stopping) {
        bc_list_for_each(node, tmp, &s->board.composites)
        {
            look_at_composite(
                s, bc_container_of(node, struct scenes_composite, node), now_us);
        }
        scenes_board_tick(&s->board, now_us);
    }
    scenes_board_sweep(&s->board);
}

// --- the configuration; without the lock but where it says so ---

// The scene of a channel with burn_cues and no other: its first channel, with cards.
static struct bc_scene *
burnt_scene(struct bc_scenes *s, const struct bc_config_channel *channel)
{
    const char *from = NULL;
    for (size_t i = 0; i < channel->sources.n && !from; i++) {
        const struct bc_config_source *source = &channel->sources.items[i];
        from = source->kind == BC_SOURCE_CHANNEL ? source->value : NULL;
    }
    if (!from) {
        bc_error(&s->log, "channels.%s.burn_cues: needs a scene, or another channel among "
                          "its sources", channel->name);
        return NULL;
    }
    char text[1024];
    struct bc_scene_error error = { "" };
    snprintf(text, sizeof(text),
        "{\"inputs\":[\"%s\"],\"layers\":["
        "{\"id\":\"main\",\"type\":\"channel\",\"channel\":\"%s\",\"x\":0,\"y\":0,\"w\":1,"
        "\"h\":1},"
        "{\"id\":\"cues\",\"type\":\"cues\",\"channel\":\"%s\",\"x\":0.03,\"y\":0.55,"
        "\"w\":0.34,\"h\":0.4,\"z\":10}]}",
        from, from, from);
    struct bc_scene *scene = bc_scene_parse_json(text, strlen(text), &error);
    if (!scene) {
        bc_error(&s->log, "channels.%s.burn_cues: %s", channel->name, error.text);
    }
    return scene;
}

static void
read_channel(struct bc_scenes *s, const struct bc_config_channel *channel)
{
    struct bc_scene *scene = NULL;
    if (channel->scene[0]) {
        scene = scenes_file_read_scene(s, channel->name, channel->scene);
    } else if (channel->burn_cues) {
        scene = burnt_scene(s, channel);
    }
    if (!scene) {
        return;
    }
    pthread_mutex_lock(&s->lock);
    scenes_board_configure(&s->board, channel->name, scene, bc_clock_us());
    struct scenes_composite *c = scenes_board_find(&s->board, channel->name);
    if (c) {
        c->seen = true;
    }
    pthread_mutex_unlock(&s->lock);
    bc_scene_unref(&scene);
}

static void
read_config(struct bc_scenes *s, struct bc_config *config)
{
    for (size_t i = 0; i < config->n_channels; i++) {
        read_channel(s, &config->channels[i]);
    }
    pthread_mutex_lock(&s->lock);
    bc_list_for_each(node, tmp, &s->board.composites)
    {
        struct scenes_composite *c = bc_container_of(node, struct scenes_composite, node);
        bool gone = !c->seen && c->configured;
        c->seen = false;
        if (gone) {
            scenes_board_configure(&s->board, c->name, NULL, bc_clock_us());
        }
    }
    pthread_mutex_unlock(&s->lock);
}

// --- the loop ---

// Waits, and reads what the processes write.
static void
wait_for_news(struct bc_scenes *s)
{
    struct pollfd fds[POLLED_MAX] = { { .fd = s->wake[0], .events = POLLIN } };
    struct scenes_composer *from[POLLED_MAX] = { NULL };
    nfds_t n = 1;
    pthread_mutex_lock(&s->lock);
    bc_list_for_each(node, tmp, &s->board.composers)
    {
        struct scenes_composer *c = bc_container_of(node, struct scenes_composer, node);
        if (c->pipe >= 0 && n < POLLED_MAX) {
            from[n] = c;
            fds[n++] = (struct pollfd){ .fd = c->pipe, .events = POLLIN };
        }
    }
    pthread_mutex_unlock(&s->lock);
    // Composers are freed by this thread alone, and so are their pipes closed.
    if (poll(fds, n, LOOK_MS) <= 0) {
        return;
    }
    char drop[64];
    while (fds[0].revents && read(s->wake[0], drop, sizeof(drop)) == sizeof(drop)) {
        // all that was said meanwhile
    }
    for (nfds_t i = 1; i < n; i++) {
        if (fds[i].revents) {
            scenes_process_read(from[i]);
        }
    }
}

void
scenes_read_config(struct bc_scenes *s)
{
    pthread_mutex_lock(&s->lock);
    struct bc_config *config = s->config_is_new ? bc_config_ref(s->config) : NULL;
    s->config_is_new = false;
    pthread_mutex_unlock(&s->lock);
    if (config) {
        read_config(s, config);
        bc_config_unref(&config);
    }
}

static void
do_what_is_due(struct bc_scenes *s)
{
    pthread_mutex_lock(&s->lock);
    char *text = s->dirty ? scenes_file_text(s) : NULL;
    s->dirty = false;
    pthread_mutex_unlock(&s->lock);
    if (text) {
        scenes_file_write(s, text);
        free(text);
    }
    scenes_read_config(s);
}

static bool
any_process(struct bc_scenes *s)
{
    bc_list_for_each(node, tmp, &s->board.composers)
    {
        if (bc_container_of(node, struct scenes_composer, node)->pid != 0) {
            return true;
        }
    }
    return false;
}

void *
scenes_thread(void *user)
{
    struct bc_scenes *s = user;
    int64_t stop_us = 0;
    bool goes_on = true;
    while (goes_on) {
        do_what_is_due(s);
        pthread_mutex_lock(&s->lock);
        look(s);
        bool stopping = s->stopping;
        goes_on = !stopping || any_process(s);
        pthread_mutex_unlock(&s->lock);
        stop_us = stopping && !stop_us ? bc_clock_us() : stop_us;
        goes_on = goes_on && (!stop_us || bc_clock_us() - stop_us < END_US);
        if (goes_on) {
            wait_for_news(s);
        }
    }
    do_what_is_due(s);
    return NULL;
}
