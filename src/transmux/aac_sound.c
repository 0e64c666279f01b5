// SPDX-License-Identifier: Apache-2.0
#include "aac_sound.h"

#include <stdlib.h>
#include <string.h>

#include "media/track_build.h"

#define PATIENCE_US 500000
// What the encoder may still hold back when the cached GOP counts as encoded.
#define LAG_US 80000
#define PACKETS_MAX 8192
#define ALONE_US 1000000 // as the channel keeps of sound without picture

// --- the sound of the cached GOP ---

static void
forget(struct bc_aac_sound *s, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        bc_packet_unref(&s->packets[i]);
    }
    s->count -= n;
    if (n > 0 && s->count > 0) {
        memmove(s->packets, s->packets + n, s->count * sizeof(s->packets[0]));
    }
}

static void
forget_before(struct bc_aac_sound *s, int64_t dts_us, unsigned at_least)
{
    unsigned n = 0;
    while (n < s->count && s->packets[n]->dts_us < dts_us) {
        n++;
    }
    if (n >= at_least) {
        forget(s, n);
    }
}

static void
keep(struct bc_aac_sound *s, struct bc_packet *packet)
{
    if (s->alone) {
        forget_before(s, packet->dts_us - ALONE_US, 16); // moving the rest costs
    }
    if (s->count == PACKETS_MAX) {
        forget(s, PACKETS_MAX / 2);
    }
    if (s->count == s->cap) {
        unsigned cap = s->cap ? 2 * s->cap : 128;
        struct bc_packet **packets = realloc(s->packets, cap * sizeof(packets[0]));
        if (!packets) {
            return;
        }
        s->packets = packets;
        s->cap = cap;
    }
    s->packets[s->count++] = bc_packet_ref(packet);
}

static void
wake(struct bc_aac_sound *s)
{
    bc_timer_cancel(&s->patience);
    s->wanted_us = INT64_MIN;
    while (!bc_list_empty(&s->waiters)) {
        struct bc_sound_waiter *w
            = bc_container_of(s->waiters.next, struct bc_sound_waiter, node);
        bc_list_remove(&w->node);
        w->ready(w);
    }
}

static void
on_patience(struct bc_timer *timer)
{
    wake(bc_container_of(timer, struct bc_aac_sound, patience));
}

// --- the encoder ---

static void
on_aac(void *user, struct bc_packet *packet)
{
    struct bc_aac_sound *s = user;
    // The track that the outputs were told before there was any sound.
    bc_track_unref(&packet->track);
    packet->track = bc_track_ref(s->track);
    keep(s, packet);
    s->ops->on_packet(s->user, packet);
    if (packet->dts_us >= s->wanted_us && !bc_list_empty(&s->waiters)) {
        wake(s);
    }
    bc_packet_unref(&packet);
}

static void
on_failed(void *user, const char *reason)
{
    (void)reason; // the recoder has said it
    struct bc_aac_sound *s = user;
    bc_track_unref(&s->track);
    s->ops->on_failed(s->user);
    wake(s);
}

static void
push_cached(void *user, struct bc_packet *packet)
{
    struct bc_aac_sound *s = user;
    if (packet->kind == BC_KIND_AUDIO) {
        s->wanted_us = packet->dts_us - LAG_US;
        bc_recoder_push(s->recoder, packet);
    }
}

static void
start(struct bc_aac_sound *s)
{
    struct bc_recoder_params params = { .threads = s->threads,
        .home = bc_channel_home(s->channel), .to = BC_CODEC_AAC,
        .channels = s->track->channels, .log = bc_channel_logger(s->channel),
        .on_packet = on_aac, .on_failed = on_failed, .user = s };
    s->wanted_us = INT64_MIN;
    s->recoder = bc_recoder_create(&params);
    if (s->recoder) {
        bc_channel_replay_gop(s->channel, push_cached, s);
    }
}

static void
stop(struct bc_aac_sound *s)
{
    bc_recoder_destroy(s->recoder);
    s->recoder = NULL;
    forget(s, s->count);
    wake(s);
}

// AAC-LC, 48 kHz, mono or stereo: the AudioSpecificConfig of what the encoder will make.
static struct bc_track *
make_track(const struct bc_track *native)
{
    const uint8_t asc[2] = { 0x11, native->channels == 1 ? 0x88 : 0x90 };
    return bc_aac_track(asc, sizeof(asc));
}

bool
bc_aac_sound_set_source(struct bc_aac_sound *s, const struct bc_track *native, bool alone)
{
    stop(s);
    bc_track_unref(&s->track);
    s->alone = alone;
    s->track = native && s->threads ? make_track(native) : NULL;
    return s->track != NULL;
}

void
bc_aac_sound_run(struct bc_aac_sound *s, bool run)
{
    if (run && s->track && !s->recoder) {
        start(s);
    } else if (!run && s->recoder) {
        stop(s);
    }
}

void
bc_aac_sound_push(struct bc_aac_sound *s, struct bc_packet *packet)
{
    if (packet->rendition > 0) {
        return;
    }
    if (packet->kind == BC_KIND_AUDIO && s->recoder) {
        bc_recoder_push(s->recoder, packet);
    } else if (packet->kind == BC_KIND_VIDEO && packet->flags & BC_PACKET_KEY) {
        forget_before(s, packet->dts_us, 0);
    }
}

bool
bc_aac_sound_is_ready(struct bc_aac_sound *s, struct bc_sound_waiter *waiter)
{
    // Also at the start of a broadcast, when nothing is cached yet: an output that begins
    // without sound would have to begin anew with it.
    bool has = s->count > 0 && s->packets[s->count - 1]->dts_us >= s->wanted_us;
    if (!s->recoder || !s->track || has) {
        return true;
    }
    bc_list_append(&s->waiters, &waiter->node);
    if (!bc_timer_is_set(&s->patience)) {
        bc_timer_set(&s->patience, PATIENCE_US);
    }
    return false;
}

// What the replay of a GOP merges.
struct merge {
    const struct bc_aac_sound *sound;
    unsigned next; // sound not yet given out
    void (*each)(void *user, struct bc_packet *packet);
    void *user;
};

static void
merge_packet(void *user, struct bc_packet *packet)
{
    struct merge *m = user;
    const struct bc_aac_sound *s = m->sound;
    if (packet->kind == BC_KIND_AUDIO) {
        return; // not as players want it
    }
    m->each(m->user, packet);
    while (m->next < s->count && s->packets[m->next]->dts_us <= packet->dts_us) {
        m->each(m->user, s->packets[m->next++]);
    }
}

void
bc_aac_sound_replay_gop(const struct bc_aac_sound *s,
    void (*each)(void *user, struct bc_packet *packet), void *user)
{
    struct merge m = { .sound = s, .each = each, .user = user };
    bc_channel_replay_gop(s->channel, merge_packet, &m);
    while (m.next < s->count) {
        each(user, s->packets[m.next++]);
    }
}

void
bc_aac_sound_init(struct bc_aac_sound *s, struct bc_channel *channel,
    struct bc_codec_threads *threads, const struct bc_aac_sound_ops *ops, void *user)
{
    memset(s, 0, sizeof(*s));
    bc_list_init(&s->waiters);
    s->channel = channel;
    s->threads = threads;
    s->ops = ops;
    s->user = user;
    s->wanted_us = INT64_MIN;
    bc_timer_init(&s->patience, bc_channel_home(channel), on_patience);
}

void
bc_aac_sound_finish(struct bc_aac_sound *s)
{
    bc_timer_cancel(&s->patience);
    bc_recoder_destroy(s->recoder);
    forget(s, s->count);
    free(s->packets);
    bc_track_unref(&s->track);
}
