// SPDX-License-Identifier: Apache-2.0
// Who may have a source's place: one take at a time, by the rules of the lease.
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "sources.h"
#include "stream/hub.h"
#include "take_internal.h"

// How long a take that is silent counts as half-open (its line is dead but TCP does not
// know), and how long another one waits to see whether it is.
#define SILENT_US 1000000
#define CHALLENGE_US 1500000

static bool
is_main(const struct bc_source *s)
{
    return s->kind == BC_SOURCE_PUBLISHER && s->value[0] == '\0';
}

static void
accept_take(struct bc_source *s, struct bc_take *take)
{
    struct bc_channel *c = s->channel;
    s->take = bc_take_ref(take);
    take->source = s;
    s->left = false;
    s->ready = false;
    s->started = false;
    s->reason[0] = '\0';
    s->arrived_us = s->last_us = bc_clock_us();
    bc_gop_clear(&s->gop);
    s->gop.max_us = c->sources->config->stream.gop_max_ms * 1000;
    bc_meter_begin_take(&take->meter, s->last_us);
    if (is_main(s)) {
        atomic_store(&c->owner, take->credential);
    }
    if (c->sources->on_air == s) {
        c->take = take;
        bc_channel_begin_input(c);
    }
    bc_channel_look(c); // first: a broadcast that begins has its own history
    bc_hub_tell_broadcast(c->hub, c);
    bc_channel_note_take(c, take);
    bc_channel_start_ticking(c);
    bc_take_answer(take, BC_TAKE_OK, "");
}

// The take is gone from its place.
static void
vacate(struct bc_source *s)
{
    struct bc_channel *c = s->channel;
    s->flaps = s->ready && bc_clock_us() - s->since_us < c->sources->stable_us;
    s->ready = false;
    s->started = false;
    s->take->dismissed = true;
    s->take->source = NULL;
    if (c->take == s->take) {
        c->take = NULL;
    }
    bc_take_unref(&s->take);
    bc_gop_clear(&s->gop);
    if (is_main(s)) {
        atomic_store(&c->owner, 0);
    }
}

static void
kick_take(struct bc_source *s, const char *reason)
{
    if (s->take) {
        bc_channel_note_take_end(s->channel, s->take, reason);
        bc_take_kick(s->take, reason);
        vacate(s);
    }
}

void
bc_slot_drop(struct bc_source *s, const char *reason)
{
    if (!bc_source_is_slot(s)) {
        return;
    }
    bc_timer_cancel(&s->challenge_timer);
    if (s->challenger) {
        s->challenger->dismissed = true;
        s->challenger->source = NULL;
        bc_take_answer(s->challenger, BC_TAKE_CLOSED, reason);
        bc_take_unref(&s->challenger);
    }
    if (s->take) {
        snprintf(s->reason, sizeof(s->reason), "%s", reason);
    }
    kick_take(s, reason);
}

// Lets go of the running take without a word to viewers: another one goes on.
static void
replace_take(struct bc_source *s, struct bc_take *by)
{
    char reason[128];
    snprintf(reason, sizeof(reason), "taken over by %s", by->peer);
    bc_info(&s->channel->log, "take from %s %s", s->take->peer, reason);
    kick_take(s, reason);
    accept_take(s, by);
}

static void
refuse(struct bc_channel *c, struct bc_take *take, enum bc_take_refusal why,
    const char *text)
{
    bc_warn(&c->log, "take from %s refused: %s", take->peer, text);
    take->dismissed = true;
    take->source = NULL;
    bc_take_answer(take, why, text);
}

static void
refuse_busy(struct bc_source *s, struct bc_take *take)
{
    char text[192];
    snprintf(text, sizeof(text), "%.60s is being published by another host (%s)",
        s->channel->name, s->take ? s->take->peer_ip : "?");
    refuse(s->channel, take, BC_TAKE_BUSY, text);
}

// True when the running take's line looks dead, or when the new one comes from the same
// place: then it is the same host that reconnects.
static bool
may_replace(const struct bc_source *s, const struct bc_take *by)
{
    return strcmp(s->take->peer_ip, by->peer_ip) == 0
        || bc_clock_us() - s->arrived_us > SILENT_US;
}

void
bc_slot_challenge(struct bc_source *s)
{
    struct bc_take *take = s->challenger;
    s->challenger = NULL;
    if (!s->take) {
        accept_take(s, take);
    } else if (may_replace(s, take)) {
        replace_take(s, take);
    } else {
        refuse_busy(s, take);
    }
    bc_take_unref(&take);
}

// Why nobody may publish here now; NULL: it is all right.
static const char *
closed_why(const struct bc_sources *s)
{
    if (!s->open) {
        return "the channel is closed";
    }
    if (s->plan.over) {
        return "the scheduled broadcast is over";
    }
    return s->plan.keys_from_wall_us > bc_clock_wall_us()
        ? "hosts are not accepted yet: it is too early"
        : NULL;
}

void
bc_channel_admit(struct bc_channel *c, struct bc_take *take)
{
    if (bc_hub_is_draining(c->hub) || c->draining) {
        take->dismissed = true;
        bc_take_answer(
            take, BC_TAKE_DRAINING, "the server is going down, try again soon");
        return;
    }
    if (!bc_channel_make_own(c) || !bc_sources_load(c)) {
        refuse(c, take, BC_TAKE_LIMIT, "no memory");
        return;
    }
    const char *closed = closed_why(c->sources);
    struct bc_source *s = closed ? NULL : bc_sources_slot(c, take);
    if (closed) {
        refuse(c, take, BC_TAKE_CLOSED, closed);
    } else if (!s) {
        refuse(c, take, BC_TAKE_CLOSED, "the channel has no such source");
    } else if (!s->take) {
        accept_take(s, take);
    } else if (s->take->credential != take->credential || s->challenger) {
        refuse_busy(s, take);
    } else if (may_replace(s, take)) {
        replace_take(s, take);
    } else {
        // The same key from elsewhere while the old take still sends: perhaps its last
        // packets. Two hosts with one key must not fight, so the one that is alive stays.
        s->challenger = bc_take_ref(take);
        take->source = s;
        bc_timer_set(&s->challenge_timer, CHALLENGE_US);
    }
}

void
bc_channel_dismiss(
    struct bc_channel *c, struct bc_take *take, bool clean, const char *reason)
{
    struct bc_source *s = take->source;
    if (!s) {
        return; // refused or kicked before
    }
    if (s->challenger == take) {
        bc_timer_cancel(&s->challenge_timer);
        take->source = NULL;
        bc_take_unref(&s->challenger);
        return;
    }
    bc_channel_note_take_end(c, take, reason);
    snprintf(s->reason, sizeof(s->reason), "%s", reason);
    vacate(s);
    if (s->challenger) {
        bc_timer_cancel(&s->challenge_timer);
        bc_slot_challenge(s);
        return;
    }
    s->left = clean;
    if (!clean) {
        bc_warn(&c->log, "take from %s dropped: %s; waiting for the host to come back",
            take->peer, reason);
    }
    bc_channel_look(c);
}

void
bc_slot_keep(struct bc_source *s, struct bc_packet *p)
{
    if (p->rendition > 0) {
        return;
    }
    bc_meter_packet(&s->take->meter, p);
    bool has_video = s->take->video != NULL;
    bool key = p->kind == BC_KIND_VIDEO && p->flags & BC_PACKET_KEY;
    bool sound_alone = !has_video && p->kind == BC_KIND_AUDIO;
    s->started = s->started || key || sound_alone;
    bc_gop_push(&s->gop, p, has_video || key);
    bc_sources_standby_packet(s, p);
}
