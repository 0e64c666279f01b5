// SPDX-License-Identifier: Apache-2.0
// LL-HLS requests: what is there is answered at once, what is about to be waits for it.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "container/cmaf.h"
#include "media_internal.h"
#include "net/timer.h"
#include "stream/hub.h"
#include "transmux/hls_program.h"

#define PLAYLIST_TYPE "application/vnd.apple.mpegurl"
// The playlists change with every part, and caches in between must ask.
#define PLAYLIST_HEADERS "Cache-Control: no-cache\r\nVary: Accept-Encoding\r\n"
#define PLAYLIST_GZIP_HEADERS PLAYLIST_HEADERS "Content-Encoding: gzip\r\n"
#define IMMUTABLE_HEADERS "Cache-Control: public, max-age=3600, immutable\r\n"
// A player that comes just before the first part waits rather than fails.
#define WAIT_FOR_START_US 5000000
#define WAIT_DEFAULT_US 12000000

// A request of HLS, answered now or held until a snapshot has what it asks for. On the
// stack of the first attempt; moved to the heap to wait.
struct request {
    struct bc_channel_hls_waiter waiter;
    struct bc_timer timer;
    struct bc_http_exchange *x;
    struct bc_channel *channel; // borrowed; owned reference once it waits
    struct bc_hls_query query;
    enum bc_hls_rendition rendition;
    bool is_playlist;
    bool is_multivariant;
    // What is there is of the last broadcast, and the next one has no part yet: who gets
    // those playlists now would think that all is over.
    bool stale;
    char prefix[BC_HLS_PREFIX_TEXT]; // of the multivariant playlist's children
    char file[64];
};

static void
respond_playlist(struct bc_http_exchange *x, struct bc_buf *text, bool gzip)
{
    if (!text) {
        bc_http_respond_error(x, 503, "no_memory", "the server is out of memory");
        return;
    }
    struct bc_buf *bufs[1] = { text };
    struct bc_http_response r = {
        .status = 200,
        .content_type = PLAYLIST_TYPE,
        .headers = gzip ? PLAYLIST_GZIP_HEADERS : PLAYLIST_HEADERS,
        .bufs = bufs,
        .count = 1,
    };
    bc_http_respond(x, &r);
    bc_buf_unref(&text);
}

static void
respond_error(struct bc_http_exchange *x, int status, const char *why)
{
    bc_http_respond_error(x, status,
        status == 400 ? "bad_request" : status == 404 ? "not_found" : "unavailable", why);
}

// A picture that has no form here is told, rather than that players hear the sound alone
// without a word. Who asks for the sound gets it.
static bool
refuse_picture(struct request *r, const struct bc_hls_snapshot *s)
{
    bool wants_picture = r->is_multivariant
        || (r->is_playlist && r->rendition != BC_HLS_AUDIO);
    if (!wants_picture || (s && r->stale)) {
        return false;
    }
    enum bc_codec codec = s ? bc_hls_snapshot_passed_over(s) : bc_media_picture(r->channel);
    if (codec == BC_CODEC_NONE || bc_cmaf_has_codec(codec)) {
        return false;
    }
    bc_media_refuse_picture(r->x, "HLS", codec);
    return true;
}

// The three kinds of request: BC_HLS_WAIT, or anything else after having answered.

static enum bc_hls_answer
try_multivariant(struct request *r, struct bc_hls_snapshot *s)
{
    if (!s || r->stale || !bc_hls_snapshot_complete(s)) {
        return BC_HLS_WAIT;
    }
    respond_playlist(r->x, bc_hls_multivariant(s, r->prefix), false);
    return BC_HLS_READY;
}

static enum bc_hls_answer
try_playlist(struct request *r, struct bc_hls_snapshot *s)
{
    if (r->stale) {
        s = NULL;
    }
    const char *why = "there is no such playlist";
    enum bc_hls_answer answer = bc_hls_playlist_state(s, r->rendition, &r->query, &why);
    // What is waited for comes from the next process: who asks again gets to it.
    if (answer == BC_HLS_WAIT && s && bc_hls_snapshot_playable(s)
        && bc_hub_is_draining(bc_channel_hub(r->channel))) {
        answer = BC_HLS_READY;
    }
    if (answer == BC_HLS_READY) {
        bool gzip = bc_http_accepts_gzip(r->x);
        struct bc_buf *dates = bc_channel_hls_dates(r->channel, s);
        respond_playlist(r->x,
            bc_hls_playlist_dated(s, r->rendition, r->query.skip, gzip, dates), gzip);
        bc_buf_unref(&dates);
    } else if (answer != BC_HLS_WAIT) {
        respond_error(r->x, answer == BC_HLS_BAD ? 400 : 404, why);
    }
    return answer;
}

static enum bc_hls_answer
try_resource(struct request *r, struct bc_hls_snapshot *s)
{
    struct bc_hls_resource res;
    enum bc_hls_answer answer = s ? bc_hls_resource(s, r->file, &res) : BC_HLS_WAIT;
    if (answer == BC_HLS_READY) {
        struct bc_http_response response = {
            .status = 200,
            .content_type = res.content_type,
            .headers = res.immutable ? IMMUTABLE_HEADERS : NULL,
            .bufs = res.bufs,
            .count = res.count,
            .allow_range = true,
        };
        bc_http_respond(r->x, &response);
        bc_hls_resource_finish(&res);
    } else if (answer != BC_HLS_WAIT) {
        respond_error(r->x, 404, "there is no such file (any more)");
    }
    return answer;
}

static enum bc_hls_answer
try_answer(struct request *r, struct bc_hls_snapshot *s)
{
    if (refuse_picture(r, s)) {
        return BC_HLS_READY;
    }
    return r->is_multivariant ? try_multivariant(r, s)
        : r->is_playlist      ? try_playlist(r, s)
                              : try_resource(r, s);
}

// --- waiting ---

static void
destroy(struct request *r)
{
    bc_channel_hls_wait_cancel(&r->waiter);
    bc_timer_cancel(&r->timer);
    bc_channel_unref(&r->channel);
    free(r);
}

static void
on_gone(void *user)
{
    destroy(user);
}

static void
on_timeout(struct bc_timer *timer)
{
    struct request *r = bc_container_of(timer, struct request, timer);
    enum bc_channel_state state = bc_channel_state(r->channel);
    bool is_file = !r->is_multivariant && !r->is_playlist;
    if (refuse_picture(r, NULL)) {
        destroy(r);
        return;
    }
    if (r->is_multivariant || state == BC_CHANNEL_ENDED
        || (is_file && state != BC_CHANNEL_LIVE)) {
        bc_http_respond_text(r->x, 404, "application/json",
            "Cache-Control: max-age=1\r\nRetry-After: 2\r\n",
            "{\"error\":{\"code\":\"not_live\",\"message\":\"nothing to play yet\"}}");
    } else {
        // While the host is away players have to try again: they give up at a 404.
        bc_http_respond_text(r->x, 503, "application/json", "Retry-After: 1\r\n",
            "{\"error\":{\"code\":\"unavailable\",\"message\":\"what was asked for did "
            "not come "
            "in time\"}}");
    }
    destroy(r);
}

// Answers, or waits on. True when `r` is done with.
static bool
settle(struct request *r)
{
    for (;;) {
        struct bc_hls_snapshot *s = bc_channel_hls(r->channel, &r->stale);
        bool done = try_answer(r, s) != BC_HLS_WAIT;
        bool waits = !done
            && bc_channel_hls_wait(r->channel, bc_http_worker(r->x), &r->waiter, s);
        bc_hls_snapshot_unref(&s);
        if (done || waits) {
            return done;
        }
    }
}

static void
on_wake(struct bc_channel_hls_waiter *waiter)
{
    struct request *r = bc_container_of(waiter, struct request, waiter);
    if (settle(r)) {
        destroy(r);
    }
}

static int64_t
patience_us(const struct request *r)
{
    if (r->is_multivariant) {
        return WAIT_FOR_START_US;
    }
    struct bc_hls_snapshot *s = bc_channel_hls(r->channel, NULL);
    int64_t us = s ? 3 * bc_hls_snapshot_target_us(s) : WAIT_DEFAULT_US;
    bc_hls_snapshot_unref(&s);
    return us;
}

static void
wait_for_it(const struct request *first, struct bc_channel *channel)
{
    struct request *r = malloc(sizeof(*r));
    if (!r) {
        bc_http_respond_error(first->x, 503, "no_memory", "the server is out of memory");
        return;
    }
    *r = *first;
    r->waiter.wake = on_wake;
    r->channel = bc_channel_ref(channel);
    bc_timer_init(&r->timer, bc_http_worker(r->x), on_timeout);
    bc_http_on_gone(r->x, on_gone, r);
    bc_timer_set(&r->timer, patience_us(r));
    if (settle(r)) {
        destroy(r);
    }
}

// --- requests ---

void
bc_hls_child_prefix(struct bc_media *media, const struct bc_media_url *url,
    char out[BC_HLS_PREFIX_TEXT])
{
    out[0] = '\0';
    if (url->sid[0]) {
        return; // its playlists are beside it
    }
    char sid[BC_HLS_SID_TEXT];
    bc_hls_sessions_issue(media->sessions, url->channel, sid);
    const char *leaf = strrchr(url->channel, '/') + 1;
    snprintf(out, BC_HLS_PREFIX_TEXT, "%s%ss/%s/", url->flat ? leaf : "",
        url->flat ? "/" : "", sid);
}

static bool
prepare(struct bc_media *media, struct request *r, const struct bc_media_url *url)
{
    const char *query = bc_http_query(r->x);
    if (url->kind == BC_MEDIA_MULTIVARIANT) {
        r->is_multivariant = true;
        bc_hls_child_prefix(media, url, r->prefix);
        return true;
    }
    r->is_playlist = bc_hls_playlist_name(url->file, &r->rendition);
    if (r->is_playlist && bc_hls_query_parse(query, strlen(query), &r->query) != 0) {
        respond_error(r->x, 400, "the _HLS_ directives make no sense");
        return false;
    }
    if (strlen(url->file) >= sizeof(r->file)) {
        respond_error(r->x, 404, "there is no such file");
        return false;
    }
    strcpy(r->file, url->file);
    return true;
}

void
bc_hls_handle(struct bc_media *media, struct bc_http_exchange *x,
    struct bc_channel *channel, const struct bc_media_url *url)
{
    struct request r;
    memset(&r, 0, offsetof(struct request, prefix));
    r.prefix[0] = '\0';
    r.x = x;
    r.channel = channel;
    if (!prepare(media, &r, url)) {
        return;
    }
    if (r.is_playlist) {
        bc_hls_sessions_touch(media->sessions, channel, url->sid, bc_http_peer_ip(x),
            bc_clock_us());
    }
    struct bc_hls_snapshot *s = bc_channel_hls(channel, &r.stale);
    enum bc_hls_answer answer = try_answer(&r, s);
    bc_hls_snapshot_unref(&s);
    if (answer == BC_HLS_WAIT) {
        wait_for_it(&r, channel);
    }
}
