// SPDX-License-Identifier: Apache-2.0
#ifndef STREAM_CHANNEL_INTERNAL_H
#define STREAM_CHANNEL_INTERNAL_H

#include <pthread.h>
#include "base/table.h"

#include "gop.h"
#include "media/timeline.h"
#include "meter.h"
#include "net/timer.h"
#include "net/worker.h"
#include "stream/channel.h"
#include "stream/via.h"
#include "stream/restore.h"

struct bc_channel_marks;
struct bc_slate_wish;
struct bc_source_info;
struct bc_take;

#define BC_CHOICE_NONE (-2)

// A name that viewers know. Outlives every connection: made by its first take, kept
// through the grace period and a while after the end, then forgotten by the hub.
// Everything below `home only` belongs to the home worker's thread.
struct bc_channel {
    atomic_uint refs;
    struct bc_hub *hub;       // borrowed
    struct bc_worker *home;   // borrowed; never changes
    // Owned through the hub's ops; made at the first take of its own.
    _Atomic(struct bc_outputs *) outputs;
    struct bc_logger log;
    UT_hash_handle hh;        // in the hub, under its lock
    unsigned opening;         // takes on their way to us, under the hub's lock
    char name[BC_CHANNEL_NAME_MAX + 1];

    // Any thread.
    _Atomic(struct bc_channel_part *) part; // NULL: none was added
    atomic_int state;
    atomic_uint viewers[BC_PROTOCOL_COUNT];
    atomic_uint_fast64_t owner;   // the credential of the running take; 0: none
    atomic_uint_fast64_t next_msn;  // see stream/restore.h
    atomic_uint_fast64_t next_dseq;
    atomic_int_fast64_t waits_until_wall_us; // end of the grace period that runs or ran
    pthread_mutex_t info_lock;    // guards the next ten, and each take's line
    struct bc_line_stats viewer_lines;
    struct bc_channel_info *info; // owned; NULL before the first take of its own
    uint64_t broadcast;           // counts up
    int64_t began_wall_us;
    struct bc_track *air_video; // owned; of the running epoch, as others see them
    struct bc_track *air_audio;
    struct bc_source_info *shown_sources; // owned; NULL before the first look
    unsigned shown_count;
    int shown_on_air;
    bool shown_manual;
    atomic_int choice; // an operator's: index, -1: the channel's own, BC_CHOICE_NONE
    char upstream[BC_VIA_TEXT];     // of the take on air; with `info_lock`
    pthread_mutex_t program_lock; // guards the next three
    struct bc_channel *program;   // owned reference, unless it is this one; NULL: none
    struct bc_list audiences;     // who watches that, by worker
    struct bc_list followers;     // struct bc_follow: the channels that show this one
    atomic_bool poked;            // poke_task is under way
    // Of its own media, on the server's media clock.
    atomic_int_fast64_t head_us; // dts of the newest packet
    atomic_int_fast64_t head_wall_us; // the wall clock of that
    atomic_int_fast64_t key_us;  // dts of the newest keyframe
    atomic_int_fast64_t gop_us;  // the last one's length
    atomic_uint key_wanters;     // who is told of keyframes
    atomic_int_fast64_t began_clock_us;

    // Home only.
    bool in_broadcast;
    // The next packet has its place where the server's clock is.
    bool origin_due;
    uint64_t timeline_of; // the broadcast that the timeline belongs to
    bool draining;
    struct bc_sources *sources; // owned; see sources.h
    struct bc_channel_delay *delay; // owned; NULL: none
    struct bc_list sinks;
    struct bc_channel_marks *marks; // owned; NULL while there was no cue
    struct bc_take *take; // borrowed: the one on air; NULL while none of its own is
    bool looking;
    struct bc_timer
        grace_timer; // the grace period, then the time an ended channel is kept
    struct bc_timer tick_timer;  // once a second while live
    struct bc_timeline timeline;
    struct bc_track *video;      // owned; of the running epoch
    struct bc_track *audio;
    bool tracks_due;             // a take's first packet adopts its tracks
    bool need_key;               // nothing is let through before a keyframe
    int64_t need_key_since_us;
    struct bc_gop gop;
    struct bc_gop smaller[BC_RENDITION_MAX - 1]; // of renditions 1 and up: video alone
    // Smaller renditions run on the main one's clock.
    int64_t rendition_shift_us;
    int64_t rendition_dts_us[BC_RENDITION_MAX]; // of the newest packet
    struct bc_channel_info *live; // owned; what the tick copies to `info`
    uint64_t takes_before;       // how many takes earlier broadcasts had

    struct bc_task drain_task;
    bool drain_posted; // under the hub's lock
    struct bc_task poke_task;
    struct bc_task destroy_task; // the last reference may go on another worker
};

// --- channel.c ---

// NULL without memory. Not yet in any hub.
struct bc_channel *
bc_channel_create(struct bc_hub *hub, struct bc_worker *home, const char *name);

// The server goes down: ends the take and the broadcast. With the hub's lock held; only the
// first call counts.
void
bc_channel_post_drain(struct bc_channel *channel);

// A take arrives at its home (opening was counted by the hub).
void
bc_channel_admit(struct bc_channel *channel, struct bc_take *take);

// A take leaves, in whatever state it is.
void
bc_channel_dismiss(struct bc_channel *channel, struct bc_take *take, bool clean,
    const char *reason);

// Makes what a channel that only shows others does without. False without memory.
bool
bc_channel_make_own(struct bc_channel *channel);

// No source is there: waits for one, for the grace period unless `somebody` is about. True:
// the broadcast ended at once.
bool
bc_channel_wait(struct bc_channel *channel, bool somebody);

// Tells the sinks that nothing more comes for now.
void
bc_channel_tell_waiting(struct bc_channel *channel);

// Its own broadcast begins or ends.
void
bc_channel_begin_broadcast(struct bc_channel *channel);

void
bc_channel_end_broadcast(struct bc_channel *channel, const char *reason);

void
bc_channel_set_state(struct bc_channel *channel, enum bc_channel_state state);

// False: it is about to be freed.
bool
bc_channel_try_ref(struct bc_channel *channel);

// --- follow.c ---

// That one channel shows another. Part of the one that shows; `node` is guarded by the other
// one's program_lock.
struct bc_follow {
    struct bc_list node;
    struct bc_channel *by; // borrowed: what it is part of
    struct bc_channel *to; // owned reference; NULL: nobody
};

// Takes over the reference `to`. With the hub's lock held, so that it is not forgotten.
void
bc_follow_begin(struct bc_follow *follow, struct bc_channel *by, struct bc_channel *to);

void
bc_follow_end(struct bc_follow *follow);

// Something changed that others see: whoever shows this one looks at it.
void
bc_channel_tell_followers(struct bc_channel *channel);

bool
bc_channel_has_followers(struct bc_channel *channel);

// Has the channel look at its sources, on its home. Any thread.
void
bc_channel_poke(struct bc_channel *channel);

// --- sources.c ---

void
bc_channel_look(struct bc_channel *channel);

// Ends the broadcast while nothing real is on air.
void
bc_channel_end_waiting(struct bc_channel *channel, const char *reason);

bool
bc_channel_has_takes(const struct bc_channel *channel);

void
bc_channel_drop_on_air(struct bc_channel *channel, const char *reason);

void
bc_channel_drop_takes(struct bc_channel *channel, const char *reason);

void
bc_channel_free_sources(struct bc_channel *channel);

// --- program.c ---

// What bc_channel_set_program() does, past the delay.
void
bc_channel_show(struct bc_channel *channel, struct bc_channel *program);

void
bc_channel_free_program(struct bc_channel *channel);

// --- delay.c ---

// Takes what is to be shown into the channel's delay. False: it has none.
bool
bc_channel_delay_program(struct bc_channel *channel, struct bc_channel *program);

// Forgets what is held back.
void
bc_channel_stop_delay(struct bc_channel *channel);

// --- input.c ---

// A new take starts to send.
void
bc_channel_begin_input(struct bc_channel *channel);

// Forgets the cached GOPs of the smaller renditions.
void
bc_channel_clear_smaller(struct bc_channel *channel);

// One packet of the take on air: its place in time, caches, sinks.
void
bc_channel_take_packet(struct bc_channel *channel, struct bc_packet *packet);

void
bc_channel_end_batch(struct bc_channel *channel);

// The tracks now, as new references; NULL where there are none. Any thread.
void
bc_channel_tracks(
    struct bc_channel *channel, struct bc_track **video, struct bc_track **audio);

// Packets of `take`; takes over the references.
void
bc_channel_input(struct bc_channel *channel, struct bc_take *take,
    struct bc_packet **packets, size_t count);

// --- report.c: what the API and the host are told ---

void
bc_channel_start_ticking(struct bc_channel *channel);

void
bc_channel_publish_info(struct bc_channel *channel);

void
bc_channel_note_take(struct bc_channel *channel, struct bc_take *take);

void
bc_channel_note_take_end(
    struct bc_channel *channel, struct bc_take *take, const char *reason);

// A broadcast begins: what is over is forgotten.
void
bc_channel_forget_history(struct bc_channel *channel);

// --- restore.c ---

// What the last process left. Owned by the hub; immutable once the workers run.
struct bc_hub_past {
    struct bc_channel_saved *rows;
    size_t count;
};

// A new channel, that nobody knows yet, goes on with the numbers of its name. One that only
// shows others goes on in its broadcast.
void
bc_channel_recall(struct bc_channel *channel, const struct bc_hub_past *past);

// --- hub.c ---

struct bc_hub_past *
bc_hub_past(struct bc_hub *hub);

// The media clock runs, from there. Before the workers do.
void
bc_hub_resume_clock(struct bc_hub *hub, int64_t clock_us);


struct bc_channel *
bc_hub_obtain(struct bc_hub *hub, const char *name, struct bc_worker *worker);

// The take counted by bc_hub_obtain() has arrived.
void
bc_hub_opened(struct bc_hub *hub, struct bc_channel *channel);

// Forgets an ended channel, unless a take is on its way. False: keep it.
bool
bc_hub_forget(struct bc_hub *hub, struct bc_channel *channel);

// Makes the channel follow the one of this name, which is made where it is missing. False:
// without memory, or too many.
bool
bc_hub_follow(struct bc_hub *hub, const char *name, struct bc_channel *by,
    struct bc_follow *follow);

// Wakes the configured channels that may show this one: its broadcast begins.
void
bc_hub_wake_followers(struct bc_hub *hub, const char *name);

// Counts up with each new configuration, plan or switch.
unsigned
bc_hub_generation(struct bc_hub *hub);

// Starts the media clock if it stands, and returns it.
int64_t
bc_hub_start_clock(struct bc_hub *hub);

// The hub's ops of these names.
struct bc_channel *
bc_hub_open_slate(
    struct bc_hub *hub, struct bc_worker *worker, const struct bc_slate_wish *wish);

void
bc_hub_close_slate(struct bc_hub *hub, struct bc_channel **slate);

bool
bc_hub_slate_problem(struct bc_hub *hub, const char *path, char *out, size_t size);

struct bc_channel_plan;

// The plan of the channel now; returns whether it is open.
bool
bc_hub_rules(struct bc_hub *hub, const char *name, struct bc_channel_plan *plan);

bool
bc_hub_open_outputs(struct bc_hub *hub, struct bc_channel *channel);

void
bc_hub_close_outputs(struct bc_hub *hub, struct bc_outputs *outputs);

// See bc_hub_ops.on_broadcast, on_close and on_program.
void
bc_hub_tell_broadcast(struct bc_hub *hub, struct bc_channel *channel);

void
bc_hub_close_channel(struct bc_hub *hub, struct bc_channel *channel);

// See bc_hub_ops.on_cue_point.
bool
bc_hub_takes_cue_points(const struct bc_hub *hub);

void
bc_hub_tell_cue_point(struct bc_hub *hub, struct bc_channel *channel,
    const struct bc_packet *packet, int64_t sent_us);

void
bc_hub_tell_program(
    struct bc_hub *hub, struct bc_channel *channel, struct bc_channel *program);

#endif
