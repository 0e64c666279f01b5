// SPDX-License-Identifier: Apache-2.0
// From a program's home to that of a channel with a delay.
#include "delay_tap.h"

#include <stdlib.h>

#include "base/clock.h"
#include "marks_internal.h"

#define BATCH 64

// Items on their way from home to home.
struct batch {
    struct bc_task task;
    struct bc_delay_tap *tap; // stays until its last batch has arrived
    unsigned count;
    struct bc_delay_item items[BATCH];
};

// Owned by the channel until it is closed, then by its own messages. Holds both channels,
// but for a channel's own, which owns it.
struct bc_delay_tap {
    struct bc_packet_sink sink; // of `from`; its home's, with the next
    struct batch *batch; // what came since the last turn
    struct bc_channel *from;
    struct bc_channel *to;
    bool caught_up; // with the cues that run
    bc_delay_tap_fn *on_item;
    struct bc_task attach_task;
    struct bc_task detach_task;
    struct bc_task gone_task;
};

static void
finish_item(struct bc_delay_item *item)
{
    bc_packet_unref(&item->packet);
    bc_track_unref(&item->video);
    bc_track_unref(&item->audio);
}

static void
run_batch(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct batch *b = bc_container_of(task, struct batch, task);
    for (unsigned i = 0; i < b->count; i++) {
        b->tap->on_item(b->tap->to, b->tap, &b->items[i]);
    }
    free(b);
}

static void
post_batch(struct bc_delay_tap *tap)
{
    struct batch *b = tap->batch;
    tap->batch = NULL;
    if (b) {
        bc_list_init(&b->task.node);
        b->task.run = run_batch;
        bc_worker_post(tap->to->home, &b->task);
    }
}

// Takes over what the item owns.
static void
add(struct bc_delay_tap *tap, struct bc_delay_item item)
{
    if (tap->from == tap->to) {
        tap->on_item(tap->to, tap, &item);
        return;
    }
    if (!tap->batch) {
        tap->batch = malloc(sizeof(*tap->batch));
        if (!tap->batch) {
            finish_item(&item);
            return;
        }
        tap->batch->tap = tap;
        tap->batch->count = 0;
    }
    tap->batch->items[tap->batch->count++] = item;
    if (tap->batch->count == BATCH) {
        post_batch(tap);
    }
}

// --- the sink ---

static struct bc_delay_tap *
from_sink(struct bc_packet_sink *sink)
{
    return bc_container_of(sink, struct bc_delay_tap, sink);
}

static void
add_packet(void *user, const struct bc_packet *p)
{
    struct bc_delay_tap *tap = user;
    struct bc_buf *buf = bc_buf_ref(p->buf);
    struct bc_packet *copy = bc_packet_create(p->kind, p->track, buf, p->data, p->len);
    if (!copy) {
        bc_buf_unref(&buf);
        return;
    }
    copy->flags = p->flags & ~(uint32_t)BC_PACKET_NEW_EPOCH;
    copy->rendition = p->rendition;
    copy->dts_us = p->dts_us;
    copy->pts_us = p->pts_us;
    copy->arrived_us = p->arrived_us;
    add(tap, (struct bc_delay_item){ .kind = BC_DELAY_PACKET, .packet = copy });
}

// Before the first packet of another's media come its cues that run; before the channel's own,
// that there are none.
static void
catch_up(struct bc_delay_tap *tap, const struct bc_packet *first)
{
    if (!tap->caught_up) {
        tap->caught_up = true;
        bc_marks_replay(tap->from == tap->to ? NULL : tap->from, first, add_packet, tap);
    }
}

static void
on_packet(struct bc_packet_sink *sink, struct bc_packet *packet, int64_t wall_us)
{
    (void)wall_us;
    struct bc_delay_tap *tap = from_sink(sink);
    // A channel's own cues are told of where it shows its media, behind the delay.
    if (tap->from != tap->to || packet->kind != BC_KIND_CUE) {
        catch_up(tap, packet);
        add_packet(tap, packet);
    }
}

static void
on_batch_end(struct bc_packet_sink *sink)
{
    post_batch(from_sink(sink));
}

static void
on_tracks(struct bc_packet_sink *sink, struct bc_track *video, struct bc_track *audio)
{
    struct bc_delay_item item = { .kind = BC_DELAY_TRACKS };
    item.video = video ? bc_track_ref(video) : NULL;
    item.audio = audio ? bc_track_ref(audio) : NULL;
    add(from_sink(sink), item);
}

static void
on_end(struct bc_packet_sink *sink)
{
    struct bc_delay_tap *tap = from_sink(sink);
    add(tap, (struct bc_delay_item){ .kind = BC_DELAY_END });
    post_batch(tap);
}

static const struct bc_packet_sink_ops SINK_OPS = {
    .all_renditions = true,
    .on_packet = on_packet,
    .on_batch_end = on_batch_end,
    .on_tracks = on_tracks,
    .on_end = on_end,
};

// --- life ---

static void
add_cached(void *user, struct bc_packet *packet)
{
    catch_up(user, packet);
    add_packet(user, packet);
}

static void
attach(struct bc_delay_tap *tap)
{
    struct bc_channel *from = tap->from;
    bc_channel_add_sink(from, &tap->sink);
    if (from->video || from->audio) {
        on_tracks(&tap->sink, from->video, from->audio);
        bc_channel_replay_gop(from, add_cached, tap);
        post_batch(tap);
    }
}

static void
run_attach(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    attach(bc_container_of(task, struct bc_delay_tap, attach_task));
}

static void
run_gone(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct bc_delay_tap *tap = bc_container_of(task, struct bc_delay_tap, gone_task);
    bc_channel_unref(&tap->from);
    bc_channel_unref(&tap->to);
    free(tap);
}

static void
run_detach(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct bc_delay_tap *tap = bc_container_of(task, struct bc_delay_tap, detach_task);
    bc_channel_remove_sink(&tap->sink);
    post_batch(tap);
    bc_worker_post(tap->to->home, &tap->gone_task);
}

static void
init_task(struct bc_task *task, void (*run)(struct bc_task *, struct bc_worker *))
{
    bc_list_init(&task->node);
    task->run = run;
}

struct bc_delay_tap *
bc_delay_tap_open(struct bc_channel *to, struct bc_channel *from, bc_delay_tap_fn *on_item)
{
    struct bc_delay_tap *tap = calloc(1, sizeof(*tap));
    if (!tap) {
        return NULL;
    }
    bc_list_init(&tap->sink.node);
    tap->sink.ops = &SINK_OPS;
    tap->on_item = on_item;
    tap->to = to;
    tap->from = from;
    init_task(&tap->attach_task, run_attach);
    init_task(&tap->detach_task, run_detach);
    init_task(&tap->gone_task, run_gone);
    if (from == to) {
        bc_channel_add_sink(from, &tap->sink); // a take begins: what is cached is old
    } else {
        bc_channel_ref(to);
        bc_channel_ref(from);
        bc_worker_post(from->home, &tap->attach_task);
    }
    return tap;
}

void
bc_delay_tap_close(struct bc_delay_tap **holder)
{
    struct bc_delay_tap *tap = *holder;
    *holder = NULL;
    if (tap && tap->from == tap->to) {
        bc_channel_remove_sink(&tap->sink);
        free(tap);
    } else if (tap) {
        bc_worker_post(tap->from->home, &tap->detach_task);
    }
}
