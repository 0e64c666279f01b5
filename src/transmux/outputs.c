// SPDX-License-Identifier: Apache-2.0
#include "transmux/outputs.h"

#include <stdlib.h>

#include "outputs_internal.h"

struct bc_outputs *
bc_outputs_create(struct bc_channel *channel, struct bc_codec_threads *threads)
{
    struct bc_outputs *o = calloc(1, sizeof(*o));
    if (!o) {
        return NULL;
    }
    bc_player_view_init(&o->view, channel, threads);
    bc_fanout_init(&o->fanout, channel, &o->view);
    bc_hls_outlet_init(&o->hls, channel, &o->view);
    bc_rtp_feed_init(&o->rtp, channel, threads);
    return o;
}

void
bc_outputs_destroy(struct bc_outputs *outputs)
{
    if (outputs) {
        bc_rtp_feed_finish(&outputs->rtp);
        bc_hls_outlet_finish(&outputs->hls);
        bc_fanout_finish(&outputs->fanout);
        bc_player_view_finish(&outputs->view);
        free(outputs);
    }
}

struct bc_fanout *
bc_outputs_fanout(struct bc_outputs *outputs)
{
    return &outputs->fanout;
}

struct bc_rtp_feed *
bc_outputs_rtp(struct bc_outputs *outputs)
{
    return &outputs->rtp;
}

struct bc_hls_snapshot *
bc_outputs_hls(struct bc_outputs *outputs)
{
    return bc_hls_outlet_snapshot(&outputs->hls);
}

void
bc_outputs_set_tap(struct bc_outputs *outputs, struct bc_hls_tap *tap)
{
    bc_hls_outlet_set_tap(&outputs->hls, tap);
}

bool
bc_hls_wait(struct bc_outputs *outputs, struct bc_worker *worker,
    struct bc_hls_waiter *waiter, const struct bc_hls_snapshot *seen)
{
    return bc_hls_outlet_wait(&outputs->hls, worker, waiter, seen);
}

void
bc_hls_wait_cancel(struct bc_hls_waiter *waiter)
{
    bc_list_remove(&waiter->node);
}
