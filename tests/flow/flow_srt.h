// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_FLOW_FLOW_SRT_H
#define TESTS_FLOW_FLOW_SRT_H

#include "container/mpegts.h"
#include "flow.h"
#include "protocol/srt/srt.h"

// Pictures have this number and what follows: no two bytes 0 in a row, which would look
// like a start code.
#define FLOW_SRT_FIRST 0x81818180u

// One who calls the server by SRT, and lives on one of its workers. Embedded in a fixture;
// calls come from the test's thread.
struct flow_srt {
    struct flow *flow;
    unsigned worker;
    struct bc_srt_calling *calling; // the worker's, as the next
    struct bc_srt_conn *conn;
    atomic_bool connected;
    atomic_bool failed;
    atomic_bool closed; // by the server
    char why[160];      // it failed or was closed
    // A host's.
    struct bc_ts_mux *mux; // owned
    struct bc_track *video; // owned; NULL: none
    struct bc_track *audio;
    struct bc_writer out;
    uint32_t count;        // of pictures
    int64_t ms;
    int64_t sounds;
    // A viewer's.
    struct bc_ts_demux *demux; // owned
    atomic_uint pictures;
    atomic_uint sounds_seen;
    atomic_uint gaps;          // numbers that were left out
    atomic_uint tracks;
    atomic_bool first_is_key;
    atomic_uint last;
    struct bc_ts_demux_stats ts; // after flow_srt_look()
    struct bc_srt_stats line;
    enum bc_codec video_codec;
    enum bc_codec audio_codec;
};

// Calls; `passphrase` may be "". The outcome comes by and by.
void
flow_srt_call(struct flow *f, struct flow_srt *s, unsigned worker, const char *streamid,
    const char *passphrase);

// Calls as a host of live/hq with key A and waits until it is connected; H.264 and AAC.
void
flow_srt_host_open(struct flow *f, struct flow_srt *s, unsigned worker);

// The tracks that a host sends from now on.
void
flow_srt_host_tracks(struct flow_srt *s, bool video, bool audio);

// Sends pictures of 40 ms and their sound for so long.
void
flow_srt_host_send(struct flow_srt *s, int64_t ms);

// Sends these bytes.
void
flow_srt_send(struct flow_srt *s, const void *data, size_t len);

// Calls as a viewer of live/hq and waits until it is connected.
void
flow_srt_viewer_open(struct flow *f, struct flow_srt *s, unsigned worker);

// Fills in the statistics.
void
flow_srt_look(struct flow_srt *s);

// Hangs up, or gives up calling.
void
flow_srt_close(struct flow_srt *s);

#endif
