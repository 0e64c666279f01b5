// SPDX-License-Identifier: Apache-2.0
// The list of a channel's sources: from the configuration, and what comes unlisted.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sources.h"
#include "stream/hub.h"
#include "stream/program.h"
#include "stream/source.h"
#include "take_internal.h"

#define BACKUP "backup"
#define FILE_PREFIX "file:"

void
bc_source_destroy(struct bc_source *s)
{
    bc_slot_drop(s, "this is no source of the channel any more");
    bc_follow_end(&s->follow);
    bc_source_close_slate(s);
    bc_gop_finish(&s->gop);
    free(s->value);
    free(s);
}

static void
on_challenge_timer(struct bc_timer *timer)
{
    bc_slot_challenge(bc_container_of(timer, struct bc_source, challenge_timer));
}

static struct bc_source *
make(struct bc_channel *c, enum bc_source_kind kind, const char *value)
{
    struct bc_source *s = calloc(1, sizeof(*s));
    char *copy = strdup(value);
    if (!s || !copy) {
        free(s);
        free(copy);
        return NULL;
    }
    s->kind = kind;
    s->value = copy;
    s->channel = c;
    s->shown_since_wall_us = bc_clock_wall_us();
    bc_timer_init(&s->challenge_timer, c->home, on_challenge_timer);
    if (bc_source_is_other(s)) {
        bc_hub_follow(c->hub, value, c, &s->follow);
    }
    return s;
}

// Takes the one that is there already out of `from`.
static struct bc_source *
reuse(struct bc_sources *from, enum bc_source_kind kind, const char *value)
{
    for (unsigned i = 0; i < from->count; i++) {
        struct bc_source *s = from->list[i];
        if (s && s->kind == kind && strcmp(s->value, value) == 0) {
            from->list[i] = NULL;
            return s;
        }
    }
    return NULL;
}

static void
insert_at(struct bc_sources *s, unsigned at, struct bc_source *source)
{
    memmove(s->list + at + 1, s->list + at, (s->count - at) * sizeof(s->list[0]));
    s->list[at] = source;
    s->count++;
}

static void
add(struct bc_channel *c, struct bc_sources *old, struct bc_sources *to,
    enum bc_source_kind kind, const char *value)
{
    struct bc_source *source = reuse(old, kind, value);
    source = source ? source : make(c, kind, value);
    if (source) {
        source->listed = true;
        to->list[to->count++] = source;
    }
}

static unsigned
place_of_unlisted(const struct bc_sources *s, enum bc_source_kind kind)
{
    for (unsigned i = 0; kind == BC_SOURCE_PUBLISHER && i < s->count; i++) {
        if (s->list[i]->kind == kind && s->list[i]->value[0] == '\0') {
            return i + 1;
        }
    }
    // What stands in comes before slates, which are always there.
    unsigned at = 0;
    while (at < s->count && !bc_source_is_slate(s->list[at])) {
        at++;
    }
    return at;
}

// What is listed: the composers' pictures, the configured ones, or the publisher; and of a
// composite that has no stream among these the clean one.
static void
add_listed(struct bc_channel *c, struct bc_sources *old)
{
    struct bc_sources *s = c->sources;
    const struct bc_config_channel *configured = bc_config_channel(s->config, c->name);
    for (unsigned i = 0; i < BC_CHANNEL_SCENES_MAX && s->scene.names[i][0]; i++) {
        add(c, old, s, BC_SOURCE_SCENE, s->scene.names[i]);
    }
    if (!configured) {
        add(c, old, s, BC_SOURCE_PUBLISHER, "");
    }
    bool clean = s->scene.clean[0] != '\0';
    for (size_t i = 0; configured && i < configured->sources.n; i++) {
        enum bc_source_kind kind = configured->sources.items[i].kind;
        clean = clean && kind != BC_SOURCE_CHANNEL && kind != BC_SOURCE_PULL
            && kind != BC_SOURCE_FILE;
    }
    for (size_t i = 0; configured && i < configured->sources.n; i++) {
        const struct bc_config_source *from = &configured->sources.items[i];
        bool slate = from->kind == BC_SOURCE_SLATE_IMAGE || from->kind == BC_SOURCE_SLATE_FILE;
        if (slate && clean) {
            add(c, old, s, BC_SOURCE_CHANNEL, s->scene.clean);
            clean = false;
        }
        add(c, old, s, from->kind, from->value);
    }
    if (clean) {
        add(c, old, s, BC_SOURCE_CHANNEL, s->scene.clean);
    }
}

static void
rebuild(struct bc_channel *c)
{
    struct bc_sources *s = c->sources;
    struct bc_sources old = *s;
    s->count = 0;
    add_listed(c, &old);
    for (unsigned i = 0; i < old.count; i++) {
        struct bc_source *left = old.list[i];
        bool stays = left && !left->listed && bc_source_is_slot(left);
        if (stays) {
            insert_at(s, place_of_unlisted(s, left->kind), left);
        } else if (left) {
            if (s->on_air == left) {
                s->on_air = NULL;
                c->take = NULL;
            }
            s->last_real = s->last_real == left ? NULL : s->last_real;
            s->manual = s->manual == left ? NULL : s->manual;
            if (s->next == left) {
                bc_sources_cancel_switch(c);
            }
            bc_source_destroy(left);
        }
    }
}

static void
read_rules(struct bc_sources *s, const struct bc_config_channel *own)
{
    s->wait_us = (own ? own->source_wait_ms : 800) * 1000;
    s->slate_wait_us = (own ? own->slate_wait_ms : 3000) * 1000;
    s->stable_us = (own ? own->source_stable_ms : 2000) * 1000;
}

// A lobby needs a slate, if only a plain one.
static void
add_plain_slate(struct bc_channel *c)
{
    struct bc_sources *s = c->sources;
    for (unsigned i = 0; i < s->count; i++) {
        if (bc_source_is_slate(s->list[i])) {
            return;
        }
    }
    struct bc_source *plain = make(c, BC_SOURCE_SLATE_IMAGE, "");
    if (plain) {
        s->list[s->count++] = plain;
    }
}

static void
on_look_timer(struct bc_timer *timer)
{
    bc_channel_look(bc_container_of(timer, struct bc_sources, look_timer)->channel);
}

bool
bc_sources_load(struct bc_channel *c)
{
    unsigned generation = bc_hub_generation(c->hub);
    if (!c->sources) {
        c->sources = calloc(1, sizeof(*c->sources));
        if (!c->sources) {
            return false;
        }
        c->sources->channel = c;
        bc_list_init(&c->sources->watch.node);
        bc_timer_init(&c->sources->look_timer, c->home, on_look_timer);
        c->sources->generation = generation - 1;
    }
    struct bc_sources *s = c->sources;
    if (s->generation == generation) {
        return true;
    }
    s->generation = generation;
    struct bc_config *config = bc_hub_config(c->hub);
    struct bc_channel_scene scene;
    (void)bc_hub_scene(c->hub, c->name, &scene);
    bool other = memcmp(&scene, &s->scene, sizeof(scene)) != 0;
    s->scene = scene;
    if (config != s->config || other) {
        bc_config_unref(&s->config);
        s->config = bc_config_ref(config);
        read_rules(s, bc_config_channel(config, c->name));
        rebuild(c);
    }
    bc_config_unref(&config);
    s->open = bc_hub_rules(c->hub, c->name, &s->plan);
    if (s->plan.lobby) {
        add_plain_slate(c);
    }
    return true;
}

void
bc_channel_free_sources(struct bc_channel *c)
{
    struct bc_sources *s = c->sources;
    if (!s) {
        return;
    }
    bc_timer_cancel(&s->look_timer);
    bc_follow_end(&s->watch);
    for (unsigned i = 0; i < s->count; i++) {
        bc_source_destroy(s->list[i]);
    }
    bc_config_unref(&s->config);
    free(s);
    c->sources = NULL;
}

// "file:PATH" or a URL.
static bool
is_input(const struct bc_source *s, const char *input)
{
    size_t prefix = sizeof(FILE_PREFIX) - 1;
    if (s->kind == BC_SOURCE_FILE) {
        return strncmp(input, FILE_PREFIX, prefix) == 0
            && strcmp(input + prefix, s->value) == 0;
    }
    return s->kind == BC_SOURCE_PULL && strcmp(input, s->value) == 0;
}

struct bc_source *
bc_sources_slot(struct bc_channel *c, const struct bc_take *take)
{
    struct bc_sources *s = c->sources;
    bool publisher = false;
    for (unsigned i = 0; i < s->count; i++) {
        struct bc_source *source = s->list[i];
        bool fits = take->input ? is_input(source, take->input)
                                : source->kind == BC_SOURCE_PUBLISHER
                && strcmp(source->value, take->role) == 0;
        if (fits) {
            return source;
        }
        publisher = publisher || source->kind == BC_SOURCE_PUBLISHER;
    }
    bool may_come = take->input || (publisher && strcmp(take->role, BACKUP) == 0);
    if (!may_come || s->count == BC_SELECTOR_MAX) {
        return NULL;
    }
    // All that is pulled by the API shares one slot.
    enum bc_source_kind kind = take->input ? BC_SOURCE_PULL : BC_SOURCE_PUBLISHER;
    for (unsigned i = 0; take->input && i < s->count; i++) {
        if (!s->list[i]->listed && s->list[i]->kind == kind) {
            return s->list[i];
        }
    }
    struct bc_source *made = make(c, kind, take->input ? "" : take->role);
    if (made) {
        insert_at(s, place_of_unlisted(s, kind), made);
    }
    return made;
}

// --- what others see ---

static const char *
prefix_of(enum bc_source_kind kind)
{
    switch (kind) {
    case BC_SOURCE_PUBLISHER:
        return "publisher";
    case BC_SOURCE_CHANNEL:
        return "channel";
    case BC_SOURCE_PULL:
        return "pull";
    case BC_SOURCE_FILE:
        return "file";
    case BC_SOURCE_SLATE_IMAGE:
    case BC_SOURCE_SLATE_FILE:
        return "slate";
    case BC_SOURCE_SCENE:
        return "scene";
    case BC_SOURCE_INVALID:
        break;
    }
    return "";
}

// Without what may stand in a URL and is secret.
static void
show_name(const struct bc_source *s, char *out, size_t len)
{
    const char *value = s->kind == BC_SOURCE_SCENE ? "" : s->value; // nobody's name
    size_t n = strcspn(value, "?#");
    const char *host = strstr(value, "://");
    const char *at = host ? memchr(host, '@', n - (size_t)(host - value)) : NULL;
    if (at) {
        snprintf(out, len, "%s:%.*s%.*s", prefix_of(s->kind), (int)(host + 3 - value),
            value, (int)(n - (size_t)(at + 1 - value)), at + 1);
    } else {
        snprintf(out, len, "%s%s%.*s", prefix_of(s->kind), value[0] ? ":" : "", (int)n,
            value);
    }
}

static void
show(struct bc_sources *all, struct bc_source *s, struct bc_source_info *out)
{
    enum bc_source_state state = all->on_air == s ? BC_SOURCE_ON_AIR
        : s->ready                                ? BC_SOURCE_STANDBY
                                                  : BC_SOURCE_DOWN;
    if (state != s->shown) {
        s->shown = state;
        s->shown_since_wall_us = bc_clock_wall_us();
    }
    *out = (struct bc_source_info){ .kind = s->kind, .state = state,
        .since_wall_us = s->shown_since_wall_us };
    show_name(s, out->name, sizeof(out->name));
    if (s->take) {
        snprintf(out->peer, sizeof(out->peer), "%s", s->take->peer);
    } else {
        snprintf(out->error, sizeof(out->error), "%s", s->reason);
    }
}

void
bc_sources_publish(struct bc_channel *c)
{
    struct bc_sources *s = c->sources;
    struct bc_source_info *list = calloc(s->count ? s->count : 1, sizeof(*list));
    if (!list) {
        return;
    }
    int on_air = -1;
    for (unsigned i = 0; i < s->count; i++) {
        show(s, s->list[i], &list[i]);
        on_air = s->on_air == s->list[i] ? (int)i : on_air;
    }
    pthread_mutex_lock(&c->info_lock);
    struct bc_source_info *old = c->shown_sources;
    c->shown_sources = list;
    c->shown_count = s->count;
    c->shown_on_air = on_air;
    c->shown_manual = s->manual != NULL;
    pthread_mutex_unlock(&c->info_lock);
    free(old);
}

// What is wrong with a slate's file is known to who prepares it, sooner or later.
static void
ask_about_slate(const struct bc_channel *c, struct bc_source_info *info)
{
    bool slate
        = info->kind == BC_SOURCE_SLATE_IMAGE || info->kind == BC_SOURCE_SLATE_FILE;
    size_t prefix = strlen(prefix_of(info->kind)) + 1;
    if (slate && info->error[0] == '\0' && strlen(info->name) > prefix) {
        (void)bc_hub_slate_problem(
            c->hub, info->name + prefix, info->error, sizeof(info->error));
    }
}

void
bc_channel_sources(const struct bc_channel *channel, struct bc_sources_info *out)
{
    struct bc_channel *c = (struct bc_channel *)channel; // locks are no part of its value
    memset(out, 0, sizeof(*out));
    struct bc_channel *program = bc_channel_program(c);
    snprintf(out->program, sizeof(out->program), "%s", program ? program->name : "");
    bc_channel_unref(&program);
    pthread_mutex_lock(&c->info_lock);
    out->manual = c->shown_manual;
    out->on_air = c->shown_sources ? c->shown_on_air : -1;
    out->count = c->shown_sources ? c->shown_count : 0;
    if (out->count > 0) {
        memcpy(out->list, c->shown_sources, out->count * sizeof(out->list[0]));
    }
    pthread_mutex_unlock(&c->info_lock);
    for (unsigned i = 0; i < out->count; i++) {
        ask_about_slate(c, &out->list[i]);
    }
}

int
bc_channel_choose_source(struct bc_channel *c, int index, bool force)
{
    pthread_mutex_lock(&c->info_lock);
    bool known = index >= -1 && index < (int)c->shown_count;
    bool down = known && index >= 0 && !force
        && c->shown_sources[index].state == BC_SOURCE_DOWN;
    pthread_mutex_unlock(&c->info_lock);
    if (!known || down) {
        return known ? -EHOSTDOWN : -ENOENT;
    }
    atomic_store(&c->choice, index);
    bc_channel_poke(c);
    return 0;
}
