// SPDX-License-Identifier: Apache-2.0
// What composers ask and tell, and those who wait for news of one.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "scenes_internal.h"

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
