// SPDX-License-Identifier: Apache-2.0
// A broadcast delay: what a channel would show goes through a queue into a hidden channel,
// and that is what it shows.
#include "stream/delay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "channel_internal.h"
#include "delay_tap.h"
#include "stream/hub.h"
#include "stream/program.h"
#include "stream/source.h"
#include "stream/take.h"

#define RETRY_US 1000000
#define CREDENTIAL 1
#define PEER "delay"

// Part of a channel from its first program under a delay on; its home worker only.
struct bc_channel_delay {
    struct bc_channel *channel; // borrowed: whose it is
    struct bc_channel *source;  // owned reference, but for the channel itself; NULL: none
    struct bc_delay_tap *tap;   // owned; of the source
    struct bc_delay queue;
    struct bc_timer timer;
    struct bc_track *video; // owned; of what goes out
    struct bc_track *audio;
    bool tracks_due; // the take does not know them yet
    struct bc_take *take;   // owned; into the hidden channel
    bool accepted;
    struct bc_channel *out;   // owned reference: the hidden channel
    struct bc_channel *slate; // what covers a cut; from the hub's ops
    struct bc_channel *after; // owned reference: a slate to show where nothing is due; NULL: none
    char name[BC_CHANNEL_NAME_MAX + 1];
};

static void
on_timer(struct bc_timer *timer);
static void
arm(struct bc_channel_delay *d);

// --- the hidden channel's take ---

static void
close_take(struct bc_channel_delay *d, bool clean, const char *reason)
{
    if (d->take) {
        bc_take_close(d->take, clean, reason);
        d->take = NULL;
    }
    d->accepted = false;
    bc_channel_unref(&d->out);
}

static void
on_accepted(void *user)
{
    struct bc_channel_delay *d = user;
    d->accepted = true;
    d->out = bc_hub_find(d->channel->hub, d->name);
    on_timer(&d->timer);
}

static void
on_refused(void *user, enum bc_take_refusal why, const char *text)
{
    struct bc_channel_delay *d = user;
    if (why != BC_TAKE_DRAINING) {
        bc_error(&d->channel->log, "the delayed broadcast cannot be shown: %s", text);
    }
    close_take(d, true, "refused");
    bc_timer_set(&d->timer, RETRY_US);
}

static void
on_kicked(void *user, const char *reason)
{
    struct bc_channel_delay *d = user;
    close_take(d, true, reason);
    bc_timer_set(&d->timer, RETRY_US);
}

// A keyframe that is asked for would come too late.
static const struct bc_take_ops TAKE_OPS = { on_accepted, on_refused, on_kicked, NULL };

static void
open_take(struct bc_channel_delay *d)
{
    struct bc_take_params params = { .hub = d->channel->hub, .worker = d->channel->home,
        .channel = d->name, .credential = CREDENTIAL, .protocol = "delay", .peer = PEER,
        .peer_ip = PEER, .encoder = "", .ops = &TAKE_OPS, .user = d };
    d->tracks_due = true;
    d->take = bc_take_open(&params);
    if (!d->take) {
        bc_timer_set(&d->timer, RETRY_US);
    }
}

// --- what covers a cut ---

// Kept ready while something is shown, so that it is there at once.
static void
open_slate(struct bc_channel_delay *d)
{
    struct bc_config *config = bc_hub_config(d->channel->hub);
    const struct bc_config_channel *c = bc_config_channel(config, d->channel->name);
    for (size_t i = 0; c && i < c->sources.n && !d->slate; i++) {
        const struct bc_config_source *source = &c->sources.items[i];
        if (source->kind == BC_SOURCE_SLATE_IMAGE || source->kind == BC_SOURCE_SLATE_FILE) {
            struct bc_slate_wish wish
                = { .source = source, .video = d->video, .audio = d->audio };
            d->slate = bc_hub_open_slate(d->channel->hub, d->channel->home, &wish);
        }
    }
    bc_config_unref(&config);
}

static void
close_slate(struct bc_channel_delay *d)
{
    if (d->slate) {
        bc_hub_close_slate(d->channel->hub, &d->slate);
    }
}

// --- out ---

static void
keep_track(struct bc_track **slot, struct bc_track *track)
{
    bc_track_unref(slot);
    *slot = track;
}

// Takes over the item's. A take has both kinds from its beginning or never: when one comes
// or goes there is another take.
static void
change_tracks(struct bc_channel_delay *d, struct bc_delay_item *item)
{
    bool other = !d->video != !item->video || !d->audio != !item->audio;
    keep_track(&d->video, item->video);
    keep_track(&d->audio, item->audio);
    d->tracks_due = true;
    if (other) {
        close_take(d, false, "other media");
    }
}

static void
announce_tracks(struct bc_channel_delay *d)
{
    d->tracks_due = false;
    if (d->video) {
        bc_take_set_track(d->take, d->video);
    }
    if (d->audio) {
        bc_take_set_track(d->take, d->audio);
    }
    if (!d->slate) {
        open_slate(d);
    }
}

static void
end(struct bc_channel_delay *d)
{
    close_take(d, true, "what was shown has ended");
    if (!d->after) {
        close_slate(d);
    }
    bc_channel_show(d->channel, d->after && d->slate ? d->slate : d->after);
}

// Slates need no delay but their place among what has one.
static void
set_after(struct bc_channel_delay *d, struct bc_channel *slate)
{
    bc_channel_unref(&d->after);
    if (slate) {
        d->after = bc_channel_ref(slate);
        open_slate(d); // the channel's own is kept no longer than it is on air
    }
    if (!d->take && !d->queue.first) {
        end(d);
    } else {
        bc_delay_push_end(&d->queue, bc_clock_us());
        arm(d);
    }
}

// One that is due; false: it has to wait for the take.
static bool
put_out(struct bc_channel_delay *d, enum bc_delay_kind kind, int64_t now_us)
{
    struct bc_delay_item item;
    if (kind == BC_DELAY_PACKET && !d->take) {
        open_take(d);
    }
    if (kind == BC_DELAY_PACKET && !d->accepted) {
        return false;
    }
    bc_delay_next(&d->queue, now_us, &item);
    if (kind == BC_DELAY_TRACKS) {
        change_tracks(d, &item);
    } else if (kind == BC_DELAY_END) {
        end(d);
    } else {
        if (d->tracks_due) {
            announce_tracks(d);
        }
        bc_take_push(d->take, item.packet);
    }
    return true;
}

static void
on_timer(struct bc_timer *timer)
{
    struct bc_channel_delay *d
        = bc_container_of(timer, struct bc_channel_delay, timer);
    int64_t now = bc_clock_us();
    enum bc_delay_kind kind;
    bool media = false;
    while ((kind = bc_delay_look(&d->queue, now)) != BC_DELAY_NONE) {
        if (!put_out(d, kind, now)) {
            break;
        }
        media = kind == BC_DELAY_PACKET;
    }
    if (media && d->accepted) {
        bc_take_flush(d->take);
        bc_channel_show(d->channel, d->out);
    }
    int64_t due = bc_delay_due_us(&d->queue);
    if (due > now && due != INT64_MAX) {
        bc_timer_set(&d->timer, due - now);
    }
}

// --- in ---

static void
arm(struct bc_channel_delay *d)
{
    if (!bc_timer_is_set(&d->timer)) {
        int64_t wait_us = bc_delay_due_us(&d->queue) - bc_clock_us();
        bc_timer_set(&d->timer, wait_us > 0 ? wait_us : 0);
    }
}

static void
on_item(struct bc_channel *channel, struct bc_delay_tap *tap, struct bc_delay_item *item)
{
    struct bc_channel_delay *d = channel->delay;
    bool mine = d && d->tap == tap;
    if (mine && item->kind == BC_DELAY_PACKET) {
        bc_delay_push(&d->queue, item->packet);
        item->packet = NULL;
    } else if (mine && item->kind == BC_DELAY_TRACKS) {
        bc_delay_push_tracks(&d->queue, item->video, item->audio, bc_clock_us());
    } else if (mine) {
        bc_delay_push_end(&d->queue, bc_clock_us());
    }
    bc_packet_unref(&item->packet);
    bc_track_unref(&item->video);
    bc_track_unref(&item->audio);
    if (mine) {
        arm(d);
    }
}

static void
leave_source(struct bc_channel_delay *d)
{
    bc_delay_tap_close(&d->tap);
    if (d->source != d->channel) {
        bc_channel_unref(&d->source);
    }
    d->source = NULL;
}

static struct bc_channel_delay *
create(struct bc_channel *c)
{
    struct bc_channel_delay *d = calloc(1, sizeof(*d));
    if (d) {
        d->channel = c;
        int n = snprintf(d->name, sizeof(d->name), BC_CHANNEL_DELAY "%s", c->name);
        if (n >= (int)sizeof(d->name)) {
            free(d);
            return NULL;
        }
        bc_delay_init(&d->queue, 0, BC_DELAY_BYTES_MAX);
        bc_timer_init(&d->timer, c->home, on_timer);
    }
    return d;
}

void
bc_channel_stop_delay(struct bc_channel *c)
{
    struct bc_channel_delay *d = c->delay;
    if (!d) {
        return;
    }
    leave_source(d);
    bc_timer_cancel(&d->timer);
    close_take(d, false, "the delay ends");
    close_slate(d);
    bc_delay_clear(&d->queue);
    bc_channel_unref(&d->after);
    bc_track_unref(&d->video);
    bc_track_unref(&d->audio);
    free(d);
    c->delay = NULL;
}

static int64_t
configured_us(struct bc_channel *c)
{
    struct bc_config *config = bc_hub_config(c->hub);
    const struct bc_config_channel *channel = bc_config_channel(config, c->name);
    int64_t delay_us = channel ? channel->delay_s * 1000000 : 0;
    bc_config_unref(&config);
    return delay_us;
}

bool
bc_channel_delay_program(struct bc_channel *c, struct bc_channel *program)
{
    int64_t delay_us = configured_us(c);
    if (delay_us == 0 || c->draining) {
        bc_channel_stop_delay(c);
        return false;
    }
    if (!c->delay) {
        c->delay = program ? create(c) : NULL;
        bc_channel_show(c, NULL); // also without memory: rather nothing than too early
    }
    struct bc_channel_delay *d = c->delay;
    if (!d) {
        return true;
    }
    d->queue.delay_us = delay_us;
    if (program && program == d->source) {
        return true;
    }
    if (!program && !d->source && !d->after) {
        return true;
    }
    if (!program && !bc_hub_is_open(c->hub, c->name)) {
        bc_channel_stop_delay(c); // the kill switch waits for nothing
        bc_channel_show(c, NULL);
        return true;
    }
    bool slate = program && bc_channel_is_hidden(program, BC_CHANNEL_SLATE);
    if (slate && program == d->after && !d->source) {
        return true;
    }
    leave_source(d);
    if (program && !slate) {
        d->source = program == c ? c : bc_channel_ref(program);
        d->tap = bc_delay_tap_open(c, program, on_item);
    } else {
        set_after(d, program);
    }
    return true;
}

// --- the cut ---

// On its way to the channel's home. Frees itself.
struct cut {
    struct bc_task task;
    struct bc_channel *channel; // owned reference
    int64_t seconds;
};

static void
run_cut(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct cut *cut = bc_container_of(task, struct cut, task);
    struct bc_channel_delay *d = cut->channel->delay;
    if (d) {
        int64_t want_us = cut->seconds < 0 ? d->queue.delay_us : cut->seconds * 1000000;
        int64_t cut_us = bc_delay_cut(&d->queue, bc_clock_us(), want_us);
        bc_info(&d->channel->log, "cut: %.1f s will not be shown", (double)cut_us / 1e6);
        if (d->slate) {
            if (d->out && d->out->home == d->channel->home) {
                bc_channel_tell_waiting(d->out); // all that was shown is kept before it
            }
            bc_channel_show(d->channel, d->slate); // until what comes after is due
        }
    }
    bc_channel_unref(&cut->channel);
    free(cut);
}

int
bc_channel_cut(struct bc_channel *channel, int64_t seconds)
{
    if (seconds == 0 || seconds < -1) {
        return -EINVAL;
    }
    if (configured_us(channel) == 0) {
        return -ENOTSUP;
    }
    struct cut *cut = calloc(1, sizeof(*cut));
    if (!cut) {
        return -ENOMEM;
    }
    cut->channel = bc_channel_ref(channel);
    cut->seconds = seconds > BC_DELAY_SECONDS_MAX ? BC_DELAY_SECONDS_MAX : seconds;
    cut->task.run = run_cut;
    bc_list_init(&cut->task.node);
    bc_worker_post(channel->home, &cut->task);
    return 0;
}
