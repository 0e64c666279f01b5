// SPDX-License-Identifier: Apache-2.0
// The first player of a channel that is pulled once somebody asks for it.
#include <stdlib.h>
#include <string.h>

#include "base/query.h"
#include "rtmp_internal.h"
#include "stream/wait.h"

// Owned by its connection; dies when it is answered or the player changes its mind.
struct bc_rtmp_wait {
    struct bc_hub_wait wait;
    struct bc_rtmp_conn *conn;
    struct bc_rtmp_request request; // what is read of it later
    char *query;                    // owned
};

static void
on_done(struct bc_hub_wait *wait, struct bc_channel *channel)
{
    struct bc_rtmp_wait *w = bc_container_of(wait, struct bc_rtmp_wait, wait);
    struct bc_rtmp_conn *c = w->conn;
    c->wait = NULL;
    bc_rtmp_conn_play(c, channel, &w->request);
    free(w->query);
    free(w);
}

bool
bc_rtmp_wait_start(
    struct bc_rtmp_conn *c, const char *channel, const struct bc_rtmp_request *req)
{
    struct bc_rtmp_wait *w = calloc(1, sizeof(*w));
    if (!w) {
        return false;
    }
    w->conn = c;
    w->query = strdup(req->query);
    w->request = (struct bc_rtmp_request){ .app = "", .stream = "", .query = w->query,
        .type = "", .caps = req->caps, .flash_ver = "", .tc_url = "" };
    w->wait.done = on_done;
    (void)bc_query_get(req->query, "via", w->wait.via, sizeof(w->wait.via));
    const struct bc_rtmp_server_params *p = &c->server->params;
    if (!w->query || !bc_hub_wait(p->hub, channel, p->worker, &w->wait)) {
        free(w->query);
        free(w);
        return false;
    }
    c->wait = w;
    return true;
}

void
bc_rtmp_wait_cancel(struct bc_rtmp_conn *c)
{
    if (c->wait) {
        bc_hub_wait_cancel(&c->wait->wait);
        free(c->wait->query);
        free(c->wait);
        c->wait = NULL;
    }
}
