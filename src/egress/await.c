// SPDX-License-Identifier: Apache-2.0
// Requests for what comes only once somebody asks for it.
#include <stdio.h>
#include <stdlib.h>

#include "media_internal.h"
#include "stream/wait.h"

// A request that waits until there is something to play. Frees itself.
struct first_request {
    struct bc_hub_wait wait;
    struct bc_media *media; // borrowed
    struct bc_http_exchange *x;
    struct bc_media_url url; // points into the exchange
    bc_media_serve *serve;
};

static void
on_done(struct bc_hub_wait *wait, struct bc_channel *channel)
{
    struct first_request *r = bc_container_of(wait, struct first_request, wait);
    bc_http_on_gone(r->x, NULL, NULL);
    // What has ended has still its last playlist.
    struct bc_channel *found
        = channel ? bc_channel_ref(channel) : bc_hub_find(r->media->hub, r->url.channel);
    r->serve(r->media, r->x, &r->url, found);
    bc_channel_unref(&found);
    free(r);
}

static void
on_gone(void *user)
{
    struct first_request *r = user;
    bc_hub_wait_cancel(&r->wait);
    free(r);
}

// The servers that the request is for; NULL: people.
static const char *
via_of(const struct bc_http_exchange *x)
{
    return bc_http_header(x, BC_VIA_HEADER);
}

// False: there is nothing to wait for.
static bool
wait_for_it(struct bc_media *media, struct bc_http_exchange *x,
    const struct bc_media_url *url, bc_media_serve *serve)
{
    struct first_request *r = calloc(1, sizeof(*r));
    if (!r) {
        return false;
    }
    r->media = media;
    r->x = x;
    r->url = *url;
    r->serve = serve;
    r->wait.done = on_done;
    snprintf(r->wait.via, sizeof(r->wait.via), "%s", via_of(x) ? via_of(x) : "");
    if (!bc_hub_wait(media->hub, url->channel, bc_http_worker(x), &r->wait)) {
        free(r);
        return false;
    }
    bc_http_on_gone(x, on_gone, r);
    return true;
}

void
bc_media_await(struct bc_media *media, struct bc_http_exchange *x,
    const struct bc_media_url *url, bc_media_serve *serve)
{
    const char *problem = bc_via_problem(media->hub, via_of(x));
    if (problem) {
        bc_http_respond_error(x, 508, "loop", problem);
        return;
    }
    struct bc_channel *channel = bc_hub_find(media->hub, url->channel);
    bool playable = channel && bc_channel_is_playable(channel);
    if (playable && via_of(x) && bc_via_comes_back(channel, via_of(x))) {
        bc_http_respond_error(x, 508, "loop",
            "a loop: this channel shows what comes from the server that asks");
        bc_channel_unref(&channel);
        return;
    }
    if (playable || !wait_for_it(media, x, url, serve)) {
        serve(media, x, url, channel);
    }
    bc_channel_unref(&channel);
}
