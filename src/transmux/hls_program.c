// SPDX-License-Identifier: Apache-2.0
// Which playlists a channel has, and who waits for them.
#include "hls_program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "hls_outlet.h"
#include "stream/hub.h"
#include "stream/plan.h"

// How long an alias may show something else than the channel that it is of: that one's
// change comes by a message.
#define DIFFERS_US 1500000
// How far behind the one before a stream may be that is shown from now on: so much of the
// one before is lost then. Else it begins where that one ended, as soon as it is there.
#define LAG_US 500000
// How long a slate may take to follow the end, before players are told that all is over.
#define OVER_US 1500000
// Channels that show channels, at most.
#define DEPTH_MAX 8

// --- the object ---

static struct bc_channel *
hold(const struct bc_hls_program *p, struct bc_channel *channel)
{
    return channel && channel != p->channel ? bc_channel_ref(channel) : channel;
}

static void
drop(const struct bc_hls_program *p, struct bc_channel **holder)
{
    if (*holder == p->channel) {
        *holder = NULL; // nobody holds a reference to oneself
    }
    bc_channel_unref(holder);
}

static void
destroy(struct bc_channel_part *part)
{
    struct bc_hls_program *p = bc_container_of(part, struct bc_hls_program, part);
    hls_tap_finish(p);
    hls_cues_finish(p);
    bc_timer_cancel(&p->over_timer);
    bc_channel_unwatch_program(&p->watch);
    bc_channel_remove_sink(&p->sink);
    bc_hls_splice_destroy(p->splice);
    drop(p, &p->shown);
    drop(p, &p->before);
    bc_hls_snapshot_unref(&p->source);
    bc_hls_snapshot_unref(&p->result);
    bc_config_unref(&p->config);
    free(p->alias_of);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

// Also called when nothing changed but who waits must look again.
static void
on_program(struct bc_program_watch *watch, struct bc_channel *program)
{
    struct bc_hls_program *p = bc_container_of(watch, struct bc_hls_program, watch);
    struct hls_look look;
    hls_program_look(p->channel, &look); // now, as that is when it changes
    hls_look_finish(&look);
    hls_tap_look(p);
    enum bc_channel_state state = bc_channel_state(p->channel);
    bool held = program && bc_channel_is_hidden(program, BC_CHANNEL_DELAY);
    if (p->delayed && !held && state != BC_CHANNEL_LIVE && state != BC_CHANNEL_WAITING) {
        hls_tap_last(p); // the end has come out of the delay
        hls_tap_end(p);
    }
}

static void
on_packet(struct bc_packet_sink *sink, struct bc_packet *packet, int64_t wall_us)
{
    (void)sink;
    (void)packet;
    (void)wall_us;
}

static void
on_end(struct bc_packet_sink *sink)
{
    struct bc_hls_program *p = bc_container_of(sink, struct bc_hls_program, sink);
    if (p->delayed) {
        return; // what is held back is still to come
    }
    hls_tap_last(p);
    if (!p->ending) { // others who hear of it publish their last parts first
        p->ending = true;
        bc_channel_ref(p->channel);
        bc_worker_post(bc_channel_home(p->channel), &p->end_task);
    }
    // The media of another channel does not end with our broadcast, so nobody else would
    // wake those who wait for ENDLIST.
    bc_channel_tell_program(p->channel);
}

static void
run_end(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct bc_hls_program *p = bc_container_of(task, struct bc_hls_program, end_task);
    struct bc_channel *channel = p->channel;
    p->ending = false;
    hls_tap_last(p);
    hls_tap_end(p);
    bc_timer_set(&p->over_timer, OVER_US + OVER_US / 4);
    bc_channel_unref(&channel);
}

// Perhaps no slate came: players are told.
static void
on_over(struct bc_timer *timer)
{
    bc_channel_tell_program(bc_container_of(timer, struct bc_hls_program, over_timer)->channel);
}

static const struct bc_packet_sink_ops SINK_OPS = {
    .on_packet = on_packet,
    .on_end = on_end,
};

static void
run_setup(struct bc_task *task, struct bc_worker *worker)
{
    struct bc_hls_program *p = bc_container_of(task, struct bc_hls_program, setup_task);
    struct bc_channel *channel = p->channel;
    struct bc_channel *program = bc_channel_watch_program(channel, worker, &p->watch);
    bc_channel_unref(&program);
    bc_channel_add_sink(channel, &p->sink);
    hls_cues_open(p);
    bc_channel_unref(&channel);
}

static struct bc_hls_program *
create(struct bc_channel *channel)
{
    struct bc_hls_program *p = calloc(1, sizeof(*p));
    if (!p) {
        return NULL;
    }
    p->part.destroy = destroy;
    p->channel = channel;
    pthread_mutex_init(&p->lock, NULL);
    pthread_mutex_init(&p->cue_lock, NULL);
    bc_list_init(&p->cue_watch.node);
    bc_list_init(&p->setup_task.node);
    bc_list_init(&p->watch.node);
    bc_list_init(&p->sink.node);
    bc_list_init(&p->end_task.node);
    p->setup_task.run = run_setup;
    p->end_task.run = run_end;
    p->watch.on_program = on_program;
    p->sink.ops = &SINK_OPS;
    bc_timer_init(&p->over_timer, bc_channel_home(channel), on_over);
    return p;
}

struct bc_hls_program *
hls_program_of(struct bc_channel *channel)
{
    struct bc_channel_part *part = bc_channel_part(channel);
    if (part) {
        return bc_container_of(part, struct bc_hls_program, part);
    }
    struct bc_hls_program *p = create(channel);
    if (!p) {
        return NULL;
    }
    part = bc_channel_add_part(channel, &p->part);
    if (part != &p->part) { // another thread was faster
        destroy(&p->part);
        return bc_container_of(part, struct bc_hls_program, part);
    }
    bc_channel_ref(channel);
    bc_worker_post(bc_channel_home(channel), &p->setup_task);
    return p;
}

// --- what it shows; under the lock ---

static bool
shows_others(enum bc_source_kind kind)
{
    return kind == BC_SOURCE_CHANNEL || kind == BC_SOURCE_SLATE_IMAGE
        || kind == BC_SOURCE_SLATE_FILE;
}

static void
read_config(struct bc_hls_program *p)
{
    struct bc_config *config = bc_hub_config(bc_channel_hub(p->channel));
    struct bc_channel_scene scene;
    bool composite
        = bc_hub_scene(bc_channel_hub(p->channel), bc_channel_name(p->channel), &scene);
    if (config == p->config && composite == p->composite) {
        bc_config_unref(&config);
        return;
    }
    bc_config_unref(&p->config);
    p->config = config;
    free(p->alias_of);
    p->alias_of = NULL;
    p->composite = composite;
    p->mode = composite ? HLS_PROGRAM_SPLICE : HLS_PROGRAM_OWN;
    p->has_slate = false;
    const struct bc_config_channel *own =
        bc_config_channel(config, bc_channel_name(p->channel));
    for (size_t i = 0; own && i < own->sources.n; i++) {
        enum bc_source_kind kind = own->sources.items[i].kind;
        if (shows_others(kind)) {
            p->mode = HLS_PROGRAM_SPLICE;
            p->has_slate = p->has_slate || kind != BC_SOURCE_CHANNEL;
        }
    }
    p->delayed = own && own->delay_s > 0;
    if (p->delayed) {
        p->mode = HLS_PROGRAM_SPLICE; // of what comes out of the delay
    } else if (own && !composite && own->sources.n == 1 && own->sources.items[0].kind == BC_SOURCE_CHANNEL) {
        p->alias_of = strdup(own->sources.items[0].value);
        p->mode = p->alias_of ? HLS_PROGRAM_ALIAS : HLS_PROGRAM_SPLICE;
    }
}

static struct bc_hls_snapshot *
outputs_snapshot(struct bc_channel *channel)
{
    struct bc_outputs *outputs = channel ? bc_channel_outputs(channel) : NULL;
    return outputs ? bc_outputs_hls(outputs) : NULL;
}

static struct bc_hls_splice *
create_splice(const struct bc_hls_program *p)
{
    struct bc_hls_params params = { 0 };
    bc_hls_params_of_channel(p->channel, &params);
    uint64_t next = p->splice ? bc_hls_splice_next_msn(p->splice) : 0;
    params.first_msn = params.first_msn > next ? params.first_msn : next;
    return bc_hls_splice_create(&params);
}

// The playlists that were its own, or another channel's, go on as a splice.
static void
adopt(struct bc_hls_program *p, struct bc_hls_snapshot *snapshot)
{
    if (!p->splice && snapshot && bc_hls_snapshot_playable(snapshot)) {
        p->splice = bc_hls_splice_adopt(snapshot);
        struct bc_hls_snapshot *result = p->splice ? bc_hls_splice_latest(p->splice) : NULL;
        p->result = result ? bc_hls_snapshot_ref(result) : NULL;
        p->shown = p->channel; // as good as any: what comes of it is the same stream
    }
}

// Where a stream begins that is shown from now on: where the one before has come to, so
// that nothing is missing. One that is a little late begins where it is, as its keyframe is
// what the change waited for; not a slate, which has another one soon that is as good.
static int64_t
begin_us(struct bc_hls_program *p, struct bc_channel *program,
    const struct bc_hls_snapshot *source)
{
    bool slate = program && bc_channel_is_hidden(program, BC_CHANNEL_SLATE);
    struct bc_hls_snapshot *before = outputs_snapshot(p->before);
    int64_t old_us = bc_hls_snapshot_end_us(before ? before : p->result);
    int64_t end_us = source ? bc_hls_snapshot_end_us(source) : INT64_MIN;
    bc_hls_snapshot_unref(&before);
    bool late = !slate && end_us != INT64_MIN && end_us < old_us
        && old_us - end_us < LAG_US;
    return late ? end_us : old_us;
}

static void
note_change(struct bc_hls_program *p, struct bc_channel *program,
    const struct bc_hls_snapshot *source)
{
    if (p->shown == program) {
        return;
    }
    if (!p->before) { // else the last one never began, and the one before it is still shown
        p->before = p->shown;
        p->shown = NULL;
    }
    drop(p, &p->shown);
    p->shown = hold(p, program);
    p->from_us = p->result ? begin_us(p, program, source) : INT64_MIN;
}

// Whether the broadcast is over and nothing stands in for it.
static bool
is_over(struct bc_hls_program *p, const struct bc_hls_snapshot *source)
{
    enum bc_channel_state state = bc_channel_state(p->channel);
    bool over = (state == BC_CHANNEL_ENDED || state == BC_CHANNEL_NONE)
        && (!source || bc_hls_snapshot_ended(source));
    int64_t now_us = bc_clock_us();
    p->over_us = !over ? 0 : p->over_us ? p->over_us : now_us;
    return over && (!p->has_slate || now_us - p->over_us >= OVER_US);
}

static void
apply(struct bc_hls_program *p, struct hls_look *out)
{
    bool over = is_over(p, out->source);
    if (p->splice && p->result && bc_hls_snapshot_ended(p->result) && !over) {
        struct bc_hls_splice *next = create_splice(p);
        if (next) {
            bc_hls_splice_destroy(p->splice);
            p->splice = next;
            p->from_us = INT64_MIN;
        }
    }
    if (!p->splice) {
        p->splice = over ? NULL : create_splice(p);
    }
    if (!p->splice) {
        return;
    }
    struct bc_hls_snapshot *before = outputs_snapshot(p->before);
    struct bc_hls_splice_input in = {
        .now = out->source, .before = before, .from_us = p->from_us, .over = over,
    };
    struct bc_hls_snapshot *result = bc_hls_splice_apply(p->splice, &in);
    if (result != p->result) {
        bc_hls_snapshot_unref(&p->result);
        p->result = result ? bc_hls_snapshot_ref(result) : NULL;
        if (result) {
            bc_hls_note_numbers(p->channel, result);
        }
    }
    bc_hls_snapshot_unref(&before);
    if (!out->source || bc_hls_splice_shows(p->splice, out->source)) {
        drop(p, &p->before);
    }
}

static void
look_spliced(struct bc_hls_program *p, struct hls_look *out)
{
    out->source = outputs_snapshot(out->program);
    note_change(p, out->program, out->source);
    apply(p, out);
    bc_hls_snapshot_unref(&p->source);
    p->source = out->source ? bc_hls_snapshot_ref(out->source) : NULL;
    out->snapshot = p->result ? bc_hls_snapshot_ref(p->result) : NULL;
}

// --- looking ---

static void
look(struct bc_channel *channel, struct hls_look *out, unsigned depth);

static bool
is_stale(struct bc_channel *channel, const struct bc_hls_snapshot *s)
{
    enum bc_channel_state state = bc_channel_state(channel);
    return s && bc_hls_snapshot_ended(s) && state != BC_CHANNEL_ENDED
        && state != BC_CHANNEL_NONE;
}

// What the channel that this one is an alias of shows. Without the lock: that one has its
// own, and aliases of each other would wait for ever.
static void
look_other(struct bc_channel *channel, const char *name, struct hls_look *out,
    unsigned depth)
{
    struct bc_channel *other =
        depth < DEPTH_MAX ? bc_hub_find(bc_channel_hub(channel), name) : NULL;
    *out = (struct hls_look){ 0 };
    if (other) {
        look(other, out, depth + 1);
    }
    bc_channel_unref(&other);
}

// True when that is what the alias shows too.
static bool
look_alias(struct bc_hls_program *p, struct hls_look *out, struct hls_look *theirs)
{
    int64_t now_us = bc_clock_us();
    bool same = theirs->program == out->program;
    p->differs_us = same ? 0 : p->differs_us ? p->differs_us : now_us;
    if (!same && now_us - p->differs_us >= DIFFERS_US) {
        adopt(p, theirs->snapshot);
        return false;
    }
    hls_look_finish(out);
    *out = *theirs;
    *theirs = (struct hls_look){ 0 };
    return true;
}

static bool
look_own(struct bc_hls_program *p, struct hls_look *out)
{
    if (out->program && out->program != p->channel) {
        struct bc_hls_snapshot *own = outputs_snapshot(p->channel);
        adopt(p, own);
        bc_hls_snapshot_unref(&own);
        return false;
    }
    out->source = outputs_snapshot(p->channel);
    out->snapshot = out->source ? bc_hls_snapshot_ref(out->source) : NULL;
    out->stale = is_stale(p->channel, out->snapshot);
    return true;
}

// Whether it has playlists of its own; else whose, "": those of its outputs.
static bool
is_spliced(struct bc_hls_program *p, char alias_of[BC_CHANNEL_NAME_MAX + 1])
{
    pthread_mutex_lock(&p->lock);
    read_config(p);
    bool spliced = p->splice || p->mode == HLS_PROGRAM_SPLICE;
    snprintf(alias_of, BC_CHANNEL_NAME_MAX + 1, "%s",
        !spliced && p->mode == HLS_PROGRAM_ALIAS ? p->alias_of : "");
    pthread_mutex_unlock(&p->lock);
    return spliced;
}

static void
look(struct bc_channel *channel, struct hls_look *out, unsigned depth)
{
    *out = (struct hls_look){ 0 };
    struct bc_hls_program *p = hls_program_of(channel);
    if (!p) {
        return;
    }
    char alias_of[BC_CHANNEL_NAME_MAX + 1];
    struct hls_look theirs = { 0 };
    bool spliced = is_spliced(p, alias_of);
    if (alias_of[0]) {
        look_other(channel, alias_of, &theirs, depth);
    }
    pthread_mutex_lock(&p->lock);
    out->program = bc_channel_program(channel); // here, or an older one might come later
    bool done = !spliced && !p->splice
        && (alias_of[0] ? look_alias(p, out, &theirs) : look_own(p, out));
    if (!done) {
        look_spliced(p, out);
        out->stale = is_stale(channel, out->snapshot);
    }
    pthread_mutex_unlock(&p->lock);
    hls_look_finish(&theirs);
}

bool
hls_program_is_own(struct bc_hls_program *p)
{
    char alias_of[BC_CHANNEL_NAME_MAX + 1];
    return !is_spliced(p, alias_of) && !alias_of[0];
}

void
hls_program_look(struct bc_channel *channel, struct hls_look *out)
{
    look(channel, out, 0);
}

void
hls_look_finish(struct hls_look *l)
{
    bc_hls_snapshot_unref(&l->snapshot);
    bc_hls_snapshot_unref(&l->source);
    bc_channel_unref(&l->program);
}

struct bc_hls_snapshot *
bc_channel_hls(struct bc_channel *channel, bool *stale)
{
    struct hls_look l;
    look(channel, &l, 0);
    struct bc_hls_snapshot *s = l.snapshot;
    l.snapshot = NULL;
    if (stale) {
        *stale = l.stale;
    }
    hls_look_finish(&l);
    return s;
}

// --- waiting ---

static void
wake(struct bc_channel_hls_waiter *w)
{
    bc_hls_wait_cancel(&w->waiter);
    bc_channel_unref(&w->source);
    w->wake(w);
}

static void
on_snapshot(struct bc_hls_waiter *waiter, struct bc_hls_snapshot *snapshot)
{
    (void)snapshot;
    wake(bc_container_of(waiter, struct bc_channel_hls_waiter, waiter));
}

static void
on_moved(struct bc_program_watch *watch, struct bc_channel *program)
{
    (void)program;
    struct bc_channel_hls_waiter *w =
        bc_container_of(watch, struct bc_channel_hls_waiter, watch);
    wake(w);
}

static void
begin_watching(struct bc_channel *channel, struct bc_worker *worker,
    struct bc_channel_hls_waiter *w)
{
    w->channel = channel;
    w->waiter.wake = on_snapshot;
    w->watch.on_program = on_moved;
    bc_list_init(&w->waiter.node);
    struct bc_channel *program = bc_channel_watch_program(channel, worker, &w->watch);
    bc_channel_unref(&program);
}

bool
bc_channel_hls_wait(struct bc_channel *channel, struct bc_worker *worker,
    struct bc_channel_hls_waiter *w, const struct bc_hls_snapshot *seen)
{
    if (!w->channel) {
        begin_watching(channel, worker, w);
    }
    struct hls_look l;
    look(channel, &l, 0);
    struct bc_outputs *outputs = l.program ? bc_channel_outputs(l.program) : NULL;
    bool waits = l.snapshot == seen
        && (!outputs || bc_hls_wait(outputs, worker, &w->waiter, l.source));
    if (waits && outputs && l.program != channel) {
        w->source = l.program; // what we hang on stays
        l.program = NULL;
    }
    hls_look_finish(&l);
    return waits;
}

void
bc_channel_hls_wait_cancel(struct bc_channel_hls_waiter *w)
{
    if (w->channel) {
        bc_hls_wait_cancel(&w->waiter);
        bc_channel_unwatch_program(&w->watch);
        bc_channel_unref(&w->source);
        w->channel = NULL;
    }
}
