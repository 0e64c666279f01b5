// SPDX-License-Identifier: Apache-2.0
#ifndef CONTAINER_MPEGTS_MUX_H
#define CONTAINER_MPEGTS_MUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/writer.h"
#include "container/mpegts.h"
#include "mux_tracks.h"

// What the files of the writer share.

enum {
    MUX_PID_PMT = 0x1000,
    MUX_PID_VIDEO = 0x100,
    MUX_PID_AUDIO = 0x101,
    MUX_PROGRAM = 1,
};

#define BC_TS_NO_TIME INT64_MIN

struct bc_ts_mux {
    struct bc_track *video; // owned; NULL: none that we have a form for
    struct bc_track *audio; // owned
    struct bc_writer head; // before a keyframe: delimiter and parameter sets, annex B
    uint8_t adts[BC_TS_ADTS_BYTES]; // AAC: the header, its length empty
    uint8_t version; // of the tables
    uint8_t cc_pat;
    uint8_t cc_pmt;
    uint8_t cc_video;
    uint8_t cc_audio;
    int64_t tables_us; // when they were written; BC_TS_NO_TIME: they are due
    int64_t pcr_us; // of the last PCR
};

// The two tables, each a packet, with these continuity counters.
void
bc_ts_write_psi(
    const struct bc_ts_mux *m, struct bc_writer *w, uint8_t cc_pat, uint8_t cc_pmt);

// One PES packet being cut into TS packets. On the stack of its writer.
struct bc_ts_cutter {
    uint8_t *at; // in the packet that is being filled
    size_t room; // left in it
    size_t left; // of the PES packet, what the open packet has room for not counted
    uint16_t pid;
    uint8_t *cc; // borrowed
};

// What the first TS packet says beside the payload.
struct bc_ts_start {
    uint16_t pid;
    uint8_t *cc;
    bool random_access;
    bool discontinuity;
    bool has_pcr;
    uint64_t pcr; // ticks of 90 kHz
};

// Room in `w` for a PES packet of `bytes`, head included; false without memory.
bool
bc_ts_cut_begin(struct bc_ts_cutter *c, struct bc_writer *w,
    const struct bc_ts_start *start, size_t bytes);

// The next bytes; `bytes` of them in all.
void
bc_ts_cut(struct bc_ts_cutter *c, const uint8_t *p, size_t len);

// A TS packet without payload: the PCR, or a discontinuity.
void
bc_ts_write_empty(struct bc_writer *w, const struct bc_ts_start *start);

#endif
