// SPDX-License-Identifier: Apache-2.0
// Instead of scenes/: the composites "store/scene" and "live/hq", the second one with a preview,
// and all composers but 8.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "access/keys.h"
#include "base/buf.h"
#include "net/disk.h"
#include "net/timer.h"
#include "scenes/scenes.h"

static struct bc_scene *kept;

static bool
is_composite(const char *channel)
{
    return strcmp(channel, "store/scene") == 0 || strcmp(channel, "live/hq") == 0;
}

int
bc_scenes_set(struct bc_scenes *s, const char *channel, struct bc_scene *scene,
    const struct bc_scene_transition *transition)
{
    (void)s;
    (void)transition;
    if (scene->n_inputs > 0 && strcmp(scene->inputs[0], channel) == 0) {
        return -ELOOP;
    }
    bc_scene_unref(&kept);
    kept = bc_scene_ref(scene);
    return is_composite(channel) ? 0 : -ENOSPC;
}

int
bc_scenes_reset(struct bc_scenes *s, const char *channel)
{
    (void)s;
    bc_scene_unref(&kept);
    return is_composite(channel) ? 0 : -ENOENT;
}

int
bc_scenes_set_preview(struct bc_scenes *s, const char *channel, struct bc_scene *scene)
{
    (void)s;
    (void)scene;
    return is_composite(channel) ? 0 : -ENOENT;
}

int
bc_scenes_take(struct bc_scenes *s, const char *channel,
    const struct bc_scene_transition *transition)
{
    (void)s;
    (void)transition;
    return strcmp(channel, "live/hq") == 0 ? 0 : -ENOENT;
}

struct bc_scene *
bc_scenes_program(struct bc_scenes *s, const char *channel)
{
    (void)s;
    (void)channel;
    return kept ? bc_scene_ref(kept) : NULL;
}

struct bc_scene *
bc_scenes_preview(struct bc_scenes *s, const char *channel)
{
    (void)s;
    (void)channel;
    return NULL;
}

bool
bc_scenes_status(
    struct bc_scenes *s, const char *channel, struct bc_scenes_status *out)
{
    (void)s;
    *out = (struct bc_scenes_status){ .by_api = true, .composer = 7, .shared = 1 };
    return is_composite(channel);
}

struct bc_buf *
bc_scenes_preview_picture(struct bc_scenes *s, const char *channel)
{
    (void)s;
    return strcmp(channel, "live/hq") == 0 ? bc_buf_copy("\xff\xd8\xff", 3) : NULL;
}

bool
bc_scenes_has(struct bc_scenes *s, const char *channel)
{
    (void)s;
    return is_composite(channel);
}

// Somebody makes "live/hq" already.
int
bc_scenes_claim(struct bc_scenes *s, const char *channel, uint64_t *number)
{
    (void)s;
    *number = 7000000005;
    return !is_composite(channel) ? -ENOENT : strcmp(channel, "live/hq") == 0 ? -EBUSY : 0;
}

uint64_t
bc_scenes_composer_id(struct bc_scenes *s, const char *text)
{
    (void)s;
    uint64_t number = strtoull(text, NULL, 10);
    return number < 1000000000 ? number : number == 7000000005 ? 7 : 8;
}

bool
bc_scenes_wish(struct bc_scenes *s, uint64_t id, struct bc_scenes_wish *out)
{
    (void)s;
    *out = (struct bc_scenes_wish){ .version = 3, .hidden = "~scene/7", .key = "secret" };
    out->scene = kept ? bc_scene_ref(kept) : NULL;
    return id != 8;
}

void
bc_scenes_wish_finish(struct bc_scenes_wish *wish)
{
    bc_scene_unref(&wish->scene);
}

bool
bc_scenes_report(
    struct bc_scenes *s, uint64_t id, const char *host, struct bc_buf *json)
{
    (void)s;
    (void)host;
    (void)json;
    return id != 8;
}

bool
bc_scenes_put_picture(struct bc_scenes *s, uint64_t id, struct bc_buf *jpeg)
{
    (void)s;
    (void)jpeg;
    return id != 8;
}

bool
bc_scenes_wait(struct bc_scenes *s, struct bc_scenes_waiter *waiter, int64_t version)
{
    (void)s;
    (void)waiter;
    (void)version;
    return false;
}

bool
bc_scenes_wait_cancel(struct bc_scenes *s, struct bc_scenes_waiter *waiter)
{
    (void)s;
    (void)waiter;
    return true;
}

const char *
bc_keys_compose_token(const struct bc_keys *keys)
{
    (void)keys;
    return "composer-token";
}

bool
bc_keys_compose_check(const struct bc_keys *keys, const char *token)
{
    return strcmp(token, bc_keys_compose_token(keys)) == 0;
}

void
bc_timer_init(
    struct bc_timer *timer, struct bc_worker *worker, void (*fire)(struct bc_timer *timer))
{
    timer->worker = worker;
    timer->fire = fire;
    timer->slot = 0;
}

int
bc_timer_set(struct bc_timer *timer, int64_t delay_us)
{
    (void)timer;
    (void)delay_us;
    return 0;
}

void
bc_timer_cancel(struct bc_timer *timer)
{
    (void)timer;
}
