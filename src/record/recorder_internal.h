// SPDX-License-Identifier: Apache-2.0
#ifndef RECORD_RECORDER_INTERNAL_H
#define RECORD_RECORDER_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "base/table.h"

#include "config/config.h"
#include "cue/cue.h"
#include "net/timer.h"
#include "net/worker.h"
#include "record/recorder.h"
#include "record/writer.h"
#include "recorder_queue.h"
#include "transmux/hls_program.h"

#define RECORDER_TICK_US 1000000
// A part that comes so long after the last tick brings the next one with it: nothing wakes
// the thread for that while parts come.
#define RECORDER_TICK_EARLY_US 750000
#define RECORDER_RETRY_US 2000000
#define RECORDER_SYNC_US 5000000
#define RECORDER_LIST_US 60000000
#define RECORDER_LOOK_US 5000000
// How long the end of a broadcast is tried to be written on a disk in trouble.
#define RECORDER_GIVE_UP_US 10000000
#define RECORDER_TROUBLE 160

// The file side of a channel's recording: the recorder's thread only.
struct recorder_output {
    struct bc_recording_writer *writer; // owned; NULL: none is open
    char id[BC_RECORDING_ID_MAX + 1];   // of the recording; set while it may be gone on with
    dev_t device;      // of its folder, to see that it is still there
    ino_t inode;
    bool announced;    // it has parts, and so others know of it
    unsigned reopens;  // in vain, one after the other
    int64_t end_wall_us; // of the last part written
    bool breaks;       // the next part does not follow the last one written
    bool failing;      // the last try failed
    int64_t retry_us;  // not before that
    int64_t synced_us;
    int64_t listed_us; // in the catalogue
    struct recorder_cue *cues; // owned; of parts that could not be written
    bool resumed; // another process wrote into it
};

// One channel's recording. Made with the channel's first broadcast on its home worker; freed
// by the recorder's thread after the channel is gone.
struct bc_recorder_channel {
    struct bc_recorder *recorder; // borrowed
    struct bc_channel *channel;   // borrowed: it outlives our being in the table
    char name[BC_CHANNEL_NAME_MAX + 1];
    struct bc_logger log;
    UT_hash_handle hh; // by `channel`; under the recorder's lock

    // Home only.
    struct bc_hls_tap tap;
    struct recorder_intake intake;
    struct bc_cue_lane *lane;  // owned; NULL: no cues are followed
    struct bc_cue_watch cue_watch;
    struct bc_hls_dates *dates; // owned; the cues of this broadcast, NULL: none so far
    struct bc_task apply_task;
    struct bc_channel *apply_channel; // reference held while the message travels

    // The recorder's thread only.
    struct bc_list node;
    struct bc_task work_task;
    struct recorder_output out;

    pthread_mutex_t lock; // guards all below; held for copies
    struct recorder_queue queue;
    enum bc_record_mode mode;
    char title[BC_RECORDING_TITLE_MAX + 1];
    bool requested; // mode is `request`, and an operator asked
    bool guessed;   // and it is not known yet whether somebody did, in the last process
    bool stopped;   // mode is `always`, and an operator does not want this broadcast
    bool apply_posted;
    bool work_posted;
    bool closed;
    struct bc_recording *recording; // owned reference; what is written now
    char id[BC_RECORDING_ID_MAX + 1];
    uint64_t bytes; // of it
    uint64_t parts;
    char trouble[RECORDER_TROUBLE]; // "": none
    int64_t trouble_wall_us;
    int64_t trouble_us;
    uint64_t trouble_lost; // queue.lost_ever when it began
};

// A recording that another run of the server left open. In the recorder's list.
struct recorder_unfinished {
    struct bc_list node;
    char id[BC_RECORDING_ID_MAX + 1];
    char channel[BC_CHANNEL_NAME_MAX + 1];
    int64_t until_wall_us; // its host may come back until then
    int64_t next_try_us;   // to end it
};

// A folder of which is not known yet whether it was left open.
struct recorder_folder {
    char id[BC_RECORDING_ID_MAX + 1];
    int64_t written_wall_us; // when its index was written last
};

// See recorder.h. The thread is a worker without listeners.
struct bc_recorder {
    struct bc_library *library;     // borrowed
    struct bc_catalogue *catalogue; // borrowed
    struct bc_retention *retention; // borrowed
    struct bc_hub *hub;             // borrowed; not for the recorder's thread
    void (*on_complete)(void *user, struct bc_recording *recording); // may be NULL
    void (*wish)(void *user, const char *channel, struct bc_recorder_wish *out); // may be NULL
    void *user;                     // borrowed
    char *root;                     // owned: the folder of recordings
    struct bc_worker *worker;       // owned
    struct bc_logger log;

    pthread_mutex_t lock; // guards the next two
    struct bc_recorder_channel *channels;
    struct bc_list unfinished; // struct recorder_unfinished

    // The recorder's thread only.
    struct bc_task begin_task;
    struct bc_task stop_task;
    struct bc_timer tick;
    int64_t ticked_us;
    struct bc_list active;  // struct bc_recorder_channel that had work
    struct recorder_folder *folders; // owned; the most recently written last
    size_t folder_count;
    char *mount;            // owned: what must be mounted, NULL: nothing
    int64_t looked_us;
    bool low;               // less is free than record.min_free_bytes
    bool stopping;          // what cannot be written now is left out

    atomic_bool has_looked; // for recordings that the last process left open
    atomic_int_fast64_t min_free_bytes;
    atomic_int_fast64_t resume_us;
    atomic_uint_fast64_t bytes;
    atomic_uint_fast64_t parts;
    atomic_uint_fast64_t lost_parts;
    atomic_uint_fast64_t disk_free;
    atomic_uint_fast64_t disk_total;
};

// --- recorder.c: on the recorder's thread ---

// Parts were written: what is due once a second may be done with them.
void
recorder_pass_time(struct bc_recorder *r);

// --- recorder_channel.c: on the home worker ---

// Whether the channel should be recorded; under its lock.
bool
recorder_wants(const struct bc_recorder_channel *rc);

// Has the home worker look at mode and requests again. The caller holds a reference of the
// channel. Any thread.
void
recorder_post_apply(struct bc_recorder_channel *rc);

// --- recorder_cues.c: on the home worker ---

// A broadcast is recorded from now on.
void
recorder_cues_open(struct bc_recorder_channel *rc);

void
recorder_cues_close(struct bc_recorder_channel *rc);

// New parts are in the queue; under the lock.
void
recorder_cues_pass(struct bc_recorder_channel *rc);

// --- the same, on the recorder's thread ---

// The part was written: so are its cues.
void
recorder_cues_write(struct bc_recorder_channel *rc, struct recorder_item *item);

// The part is left out; its cues go to the next one.
void
recorder_cues_keep(struct bc_recorder_channel *rc, struct recorder_item *item);

// --- recorder_status.c ---

// The channel's recording with a reference of the channel, which keeps it; NULL: none.
struct bc_recorder_channel *
recorder_find(
    struct bc_recorder *r, const char *name, struct bc_channel **channel);

// Notes trouble, logged when there was none before. Any thread, without the lock.
void
recorder_trouble(struct bc_recorder_channel *rc, const char *text);

// A part was written: trouble is over, unless parts are still being left out.
void
recorder_trouble_over(struct bc_recorder_channel *rc);

// The broadcast ended in trouble.
void
recorder_trouble_drop(struct bc_recorder_channel *rc);

// --- recorder_work.c: on the recorder's thread, as all below ---

void
recorder_work(struct bc_task *task, struct bc_worker *worker);

// Writes what waits, or leaves it out, and lets go of the recording.
void
recorder_work_stop(struct bc_recorder_channel *rc);

// Once a second for each channel.
void
recorder_work_tick(struct bc_recorder_channel *rc, int64_t now_us);

// --- recorder_output.c ---

// Appends a part, opening or making what it goes into. 0; or negative errno, the trouble
// noted.
int
recorder_output_write(
    struct bc_recorder_channel *rc, const struct recorder_item *item);

// Whether it says that the part cannot be recorded at all, whatever the disk does.
bool
recorder_output_is_unfit(int err);

// The broadcast is over, or (not `ended`) the server stops.
void
recorder_output_end(struct bc_recorder_channel *rc, bool ended);

// Has what was written on the disk, the catalogue know of it, and looks whether the folder
// is still there.
void
recorder_output_tick(struct bc_recorder_channel *rc, int64_t now_us);

// Tells the catalogue.
void
recorder_list(struct bc_recorder *r, const struct bc_recording *recording, bool running);

// --- recorder_disk.c ---

// Finds out on which mount the recordings are.
void
recorder_disk_begin(struct bc_recorder *r);

// How much is free; at most every 5 s.
void
recorder_disk_look(struct bc_recorder *r, int64_t now_us);

// Asks for old recordings to be deleted.
void
recorder_disk_hurry(struct bc_recorder *r);

// Whether recordings may be written now; else what is wrong.
bool
recorder_disk_is_fine(struct bc_recorder *r, char trouble[RECORDER_TROUBLE]);

// A sentence for an errno.
void
recorder_disk_explain(int err, char trouble[RECORDER_TROUBLE]);

// --- recorder_unfinished.c ---

// Reads the names of all folders, and looks into those that were written lately.
void
recorder_unfinished_begin(struct bc_recorder *r);

// Looks into some more folders, ends one recording whose host did not come back.
void
recorder_unfinished_tick(struct bc_recorder *r, int64_t now_us);

// Whether there is one of this channel. Any thread.
bool
recorder_unfinished_has(struct bc_recorder *r, const char *channel);

// Takes the one of this channel that can be gone on with; false: there is none.
bool
recorder_unfinished_take(
    struct bc_recorder *r, const char *channel, char id[BC_RECORDING_ID_MAX + 1]);

// To be ended as soon as the disk allows.
void
recorder_unfinished_add(
    struct bc_recorder *r, const char *id, const char *channel, int64_t until_wall_us);

void
recorder_unfinished_finish(struct bc_recorder *r);

#endif
