// SPDX-License-Identifier: Apache-2.0
// What a channel's playlists show now: its own outputs', another channel's, or a splice of
// both.
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
// Channels that show channels, at most.
#define DEPTH_MAX 8

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

void
hls_program_forget(struct bc_hls_program *p)
{
    drop(p, &p->shown);
    drop(p, &p->before);
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
    return over && (!p->has_slate || now_us - p->over_us >= HLS_PROGRAM_OVER_US);
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
