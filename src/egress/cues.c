// SPDX-License-Identifier: Apache-2.0
// /live/hq/cues and what is below: a channel's cues for who sees none in the media.
#include "cues.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "cue/cue.h"
#include "media_internal.h"
#include "net/timer.h"
#include "stream/hub.h"

#define CLOCK_US 5000000
#define NO_STORE "Cache-Control: no-store\r\n"

// All who listen to one name on one worker. Made by the first of them, goes with the last;
// that worker's thread.
struct cue_feed {
    struct bc_list node; // the worker's
    struct bc_media *media;   // borrowed
    struct bc_cue_lane *lane; // owned
    struct bc_cue_watch watch;
    struct bc_timer timer; // until the clock is told again
    struct bc_list listeners;
    char channel[BC_CHANNEL_NAME_MAX + 1];
};

// --- what is sent ---

static void
close_feed(struct cue_feed *feed)
{
    bc_timer_cancel(&feed->timer);
    bc_cue_lane_unwatch(&feed->watch);
    bc_cue_lane_close(&feed->lane);
    bc_list_remove(&feed->node);
    free(feed);
}

// One message for all. The feed may be gone afterwards.
static void
send_all(struct cue_feed *feed, const char *event, const void *json, size_t len)
{
    struct bc_buf *made[CUE_FORM_COUNT] = { NULL };
    bc_list_for_each(node, tmp, &feed->listeners)
    {
        struct cue_listener *l = bc_container_of(node, struct cue_listener, node);
        if (!made[l->form]) {
            made[l->form] = cue_message(l->form, event, json, len);
        }
        cue_listener_send(l, made[l->form]);
    }
    for (int i = 0; i < CUE_FORM_COUNT; i++) {
        bc_buf_unref(&made[i]);
    }
    if (bc_list_empty(&feed->listeners)) {
        close_feed(feed);
    }
}

#define CLOCK_TEXT 128

static size_t
print_clock(const struct cue_feed *feed, char out[CLOCK_TEXT])
{
    int64_t clock_us;
    int64_t wall_us;
    char wall[BC_TIME_TEXT];
    bc_cues_now(feed->media->cues, feed->channel, &clock_us, &wall_us);
    bc_clock_format(wall_us, wall);
    return (size_t)snprintf(out, CLOCK_TEXT,
        "{\"type\":\"clock\",\"clock_ms\":%lld,\"wall\":\"%s\"}",
        (long long)(clock_us / 1000), wall);
}

static void
on_timer(struct bc_timer *timer)
{
    struct cue_feed *feed = bc_container_of(timer, struct cue_feed, timer);
    char text[CLOCK_TEXT];
    size_t len = print_clock(feed, text);
    bc_timer_set(&feed->timer, CLOCK_US);
    send_all(feed, "clock", text, len);
}

static void
on_cue(struct bc_cue_watch *watch, const struct bc_cue *cue)
{
    struct cue_feed *feed = bc_container_of(watch, struct cue_feed, watch);
    const struct bc_buf *json = bc_cue_json(cue);
    send_all(feed, "cue", json->data, json->len);
}

// --- who comes and goes ---

static void
on_gone(struct cue_listener *listener)
{
    struct cue_feed *feed = listener->user;
    if (bc_list_empty(&feed->listeners)) {
        close_feed(feed);
    }
}

static struct cue_feed *
find_feed(struct bc_media *media, const char *channel)
{
    bc_list_for_each(node, tmp, &media->cue_feeds)
    {
        struct cue_feed *feed = bc_container_of(node, struct cue_feed, node);
        if (strcmp(feed->channel, channel) == 0) {
            return feed;
        }
    }
    return NULL;
}

// NULL without memory.
static struct cue_feed *
obtain_feed(struct bc_media *media, struct bc_worker *worker, const char *channel)
{
    struct cue_feed *feed = find_feed(media, channel);
    if (feed) {
        return feed;
    }
    feed = calloc(1, sizeof(*feed));
    if (!feed) {
        return NULL;
    }
    feed->lane = bc_cue_lane_open(media->cues, worker, channel);
    if (!feed->lane) {
        free(feed);
        return NULL;
    }
    feed->media = media;
    snprintf(feed->channel, sizeof(feed->channel), "%s", channel);
    bc_list_init(&feed->listeners);
    feed->watch.on_cue = on_cue;
    bc_cue_lane_watch(feed->lane, &feed->watch);
    bc_timer_init(&feed->timer, worker, on_timer);
    bc_timer_set(&feed->timer, CLOCK_US);
    bc_list_append(&media->cue_feeds, &feed->node);
    return feed;
}

// A listener that comes, or NULL once it was too slow for what runs.
static void
send_running(void *user, const struct bc_cue *cue)
{
    struct cue_listener **l = user;
    const struct bc_buf *json = bc_cue_json(cue);
    struct bc_buf *message
        = *l ? cue_message((*l)->form, "cue", json->data, json->len) : NULL;
    if (*l && !cue_listener_send(*l, message)) {
        *l = NULL;
    }
    bc_buf_unref(&message);
}

static void
welcome(struct cue_feed *feed, struct cue_listener *listener)
{
    char text[CLOCK_TEXT];
    size_t len = print_clock(feed, text);
    struct bc_buf *first = cue_preamble(listener->form);
    struct bc_buf *clock = cue_message(listener->form, "clock", text, len);
    cue_listener_send(listener, first);
    cue_listener_send(listener, clock);
    bc_buf_unref(&first);
    bc_buf_unref(&clock);
    bc_cue_lane_each(feed->lane, send_running, &listener);
    if (bc_list_empty(&feed->listeners)) {
        close_feed(feed);
    }
}

static void
listen(struct bc_media *media, struct bc_http_exchange *x, const char *channel)
{
    enum bc_http_framing framing = BC_HTTP_FRAMING_WEBSOCKET;
    struct cue_feed *feed = obtain_feed(media, bc_http_worker(x), channel);
    if (!feed) {
        bc_http_respond_error(x, 503, "no_memory", "the server is out of memory");
        return;
    }
    struct bc_sink *sink = bc_http_wants_websocket(x)
        ? bc_http_websocket(x)
        : bc_http_stream(x, 200, "text/event-stream",
            NO_STORE "X-Accel-Buffering: no\r\n", &framing);
    struct cue_listener *l
        = sink ? cue_listener_create(sink, cue_form_of(framing)) : NULL;
    if (sink && !l) {
        bc_sink_close(sink, "no memory");
    }
    if (!l) {
        if (bc_list_empty(&feed->listeners)) {
            close_feed(feed);
        }
        return;
    }
    l->gone = on_gone;
    l->user = feed;
    bc_list_append(&feed->listeners, &l->node);
    welcome(feed, l);
}

void
bc_media_end_cues(struct bc_media *media)
{
    bc_list_for_each(node, tmp, &media->cue_feeds)
    {
        struct cue_feed *feed = bc_container_of(node, struct cue_feed, node);
        while (!bc_list_empty(&feed->listeners)) {
            cue_listener_finish(
                bc_container_of(feed->listeners.next, struct cue_listener, node));
        }
        close_feed(feed);
    }
}

// --- requests ---

// Names that nobody knows cost nothing.
static bool
is_known(struct bc_media *media, const char *channel)
{
    struct bc_config *config = bc_hub_config(media->hub);
    bool known = bc_config_channel(config, channel) != NULL;
    bc_config_unref(&config);
    struct bc_channel *found = known ? NULL : bc_hub_find(media->hub, channel);
    known = known || found;
    bc_channel_unref(&found);
    return known;
}

static void
respond_list(struct bc_media *media, struct bc_http_exchange *x, const char *channel)
{
    struct bc_buf *body = bc_cues_list_json(media->cues, channel, BC_CUES_COUNTING);
    if (!body) {
        bc_http_respond_error(x, 503, "no_memory", "the server is out of memory");
        return;
    }
    struct bc_http_response r = { .status = 200, .content_type = "application/json",
        .headers = NO_STORE, .bufs = &body, .count = 1 };
    bc_http_respond(x, &r);
    bc_buf_unref(&body);
}

void
bc_cues_handle(
    struct bc_media *media, struct bc_http_exchange *x, const struct bc_media_url *url)
{
    if (!media->cues || !is_known(media, url->channel)) {
        bc_media_refuse_not_live(x);
    } else if (url->kind == BC_MEDIA_CUES) {
        listen(media, x, url->channel);
    } else {
        respond_list(media, x, url->channel);
    }
}
