// SPDX-License-Identifier: Apache-2.0
#ifndef RECORD_RECORDER_H
#define RECORD_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "record/recording.h"

struct bc_catalogue;
struct bc_channel;
struct bc_hub;
struct bc_library;
struct bc_retention;

// Records channels: takes the parts that HLS publishes on each channel's home worker and has
// a thread of its own append them to files. Nothing it does can hold a broadcast up: what the
// disk cannot take in time is left out, noted as a gap, and an alarm is raised. Owned by the
// server.
struct bc_recorder;

// What somebody wishes for a channel's broadcasts beyond its configuration.
struct bc_recorder_wish {
    // ALWAYS records also what is never recorded; NEVER leaves it to the API to ask; INVALID:
    // as configured.
    enum bc_record_mode mode;
    char title[BC_RECORDING_TITLE_MAX + 1]; // "": as configured
};

// Everything is borrowed and outlives the recorder, but for the hub, which goes before it.
struct bc_recorder_params {
    struct bc_library *library;
    struct bc_catalogue *catalogue;
    struct bc_retention *retention; // asked for room when the disk is full
    struct bc_hub *hub;
    // A recording is complete; on the recorder's thread, the recording is borrowed. May be
    // NULL.
    void (*on_complete)(void *user, struct bc_recording *recording);
    // Fills in `out`, which comes zeroed; any thread. May be NULL. When the answer for a
    // channel changes, bc_recorder_look_again() is due.
    void (*wish)(void *user, const char *channel, struct bc_recorder_wish *out);
    void *user;
};

// NULL without memory or a thread. Resumes nothing by itself: a broadcast that was running
// when the last process ended goes on in its recording when its channel comes back within
// record.resume_s, and is ended otherwise.
struct bc_recorder *
bc_recorder_create(const struct bc_recorder_params *params);

// The hub has other settings: they hold for running broadcasts too. Main thread.
void
bc_recorder_reload(struct bc_recorder *recorder);

// What is wished for the channel has changed: it holds for a running broadcast too. Any
// thread.
void
bc_recorder_look_again(struct bc_recorder *recorder, const char *channel);

// Writes what waits, leaves running recordings open for the next process, and ends the
// thread: the catalogue and the retention may go from now on. The workers have stopped. NULL
// is fine.
void
bc_recorder_shut(struct bc_recorder *recorder);

// The hub has gone. NULL is fine.
void
bc_recorder_destroy(struct bc_recorder *recorder);

// A broadcast of a channel begins or goes on; on its home worker, each time. It is recorded as `record`
// says (config: channels' record, record.mode), whatever it shows. Without memory it is not,
// which is logged.
void
bc_recorder_open(struct bc_recorder *recorder, struct bc_channel *channel);

// The channel is about to be freed; on its home worker, or when that has stopped.
void
bc_recorder_close(struct bc_recorder *recorder, struct bc_channel *channel);

enum bc_recorder_state {
    BC_RECORDER_OFF,      // never, or on request and nobody has asked
    BC_RECORDER_WAITING,  // will record when the channel is live
    BC_RECORDER_RUNNING,
    BC_RECORDER_TROUBLE,  // the disk does not take it; tried again by itself
};

struct bc_recorder_status {
    enum bc_recorder_state state;
    char id[BC_RECORDING_ID_MAX + 1]; // of the running recording, "" for none
    char trouble[160];                // what the disk said, "" for nothing
    int64_t trouble_since_wall_us;
    uint64_t bytes;
    uint64_t parts;
    uint64_t lost_parts; // left out because of the disk
    int64_t queued_us;   // how far the disk is behind
};

// False: there is no such channel now. Any thread.
bool
bc_recorder_status(
    struct bc_recorder *recorder, const char *channel, struct bc_recorder_status *out);

// An operator's start and stop, for channels whose mode is `request` (and `always`, which can
// be stopped for the running broadcast). 0; -ENOENT: no such channel; -EPERM: its mode is
// never; -EALREADY. Any thread.
int
bc_recorder_start(struct bc_recorder *recorder, const char *channel);

int
bc_recorder_stop(struct bc_recorder *recorder, const char *channel);

// What is recorded of a channel now (the running broadcast's recording); a new reference or
// NULL. Any thread.
struct bc_recording *
bc_recorder_current(struct bc_recorder *recorder, const char *channel);

struct bc_recorder_totals {
    uint64_t running;
    uint64_t troubled; // channels that should be recorded and are not
    uint64_t bytes;
    uint64_t parts;
    uint64_t lost_parts;
    uint64_t disk_free_bytes; // of the data directory's file system, looked at every 5 s
    uint64_t disk_total_bytes;
};

void
bc_recorder_totals(struct bc_recorder *recorder, struct bc_recorder_totals *out);

#endif
