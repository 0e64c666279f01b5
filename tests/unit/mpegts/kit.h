// SPDX-License-Identifier: Apache-2.0
#ifndef MPEGTS_KIT_H
#define MPEGTS_KIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/writer.h"
#include "container/mpegts.h"

#define KIT_PACKETS 4096
#define KIT_TRACKS 16

// What a demuxer said. Zeroed is a start; one per demuxer, freed by kit_forget().
struct kit {
    struct bc_packet *packets[KIT_PACKETS];
    unsigned count;
    struct bc_track *tracks[KIT_TRACKS];
    unsigned track_count;
    unsigned programs; // calls of on_program
    bool has_video; // of the last one
    bool has_audio;
};

extern const struct bc_ts_demux_ops kit_ops;

void
kit_forget(struct kit *k);

// The n-th packet of a kind; NULL behind the last one.
const struct bc_packet *
kit_packet(const struct kit *k, enum bc_kind kind, unsigned n);

unsigned
kit_count(const struct kit *k, enum bc_kind kind);

// The newest track of a kind.
const struct bc_track *
kit_track(const struct kit *k, enum bc_kind kind);

// Reads the bytes in pieces of `step` and flushes; the demuxer's counts go to `stats`,
// which may be NULL. What the demuxer said to the last piece.
int
kit_demux(struct kit *k, const uint8_t *data, size_t len, size_t step,
    struct bc_ts_demux_stats *stats);

// A file of testdata/ts. The caller frees it.
uint8_t *
kit_load(const char *name, size_t *len);

// --- streams made by hand ---

// A TS packet whose payload is `payload`, filled up by its adaptation field.
void
kit_ts(struct bc_writer *w, uint16_t pid, uint8_t *cc, bool begins,
    const uint8_t *payload, size_t len);

// A section (without CRC, which is added) from its table id on, in as many packets as it
// needs.
void
kit_section(
    struct bc_writer *w, uint16_t pid, uint8_t *cc, const uint8_t *section, size_t len);

// PAT with one program 1 and its PMT on `pmt_pid`.
void
kit_pat(struct bc_writer *w, uint8_t *cc, uint16_t pmt_pid);

struct kit_stream {
    uint8_t type;
    uint16_t pid;
    const char *descriptors;
    uint8_t descriptor_bytes;
};

void
kit_pmt(struct bc_writer *w, uint16_t pid, uint8_t *cc, uint8_t version,
    const struct kit_stream *streams, unsigned count);

// A PES packet in TS packets; stamps below 0 are left out.
struct kit_pes {
    uint16_t pid;
    uint8_t stream_id;
    int64_t pts; // ticks
    int64_t dts;
    bool bounded;
};

void
kit_pes(struct bc_writer *w, uint8_t *cc, const struct kit_pes *pes, const uint8_t *body,
    size_t len);

// Tracks and packets as hosts bring them.
struct bc_track *
kit_avc_track(void);

struct bc_track *
kit_aac_track(void);

// `fill` bytes of slice data that never look like a start code.
struct bc_packet *
kit_avc_packet(
    struct bc_track *track, int64_t dts_us, int64_t pts_us, uint32_t flags, size_t fill);

struct bc_packet *
kit_audio_packet(struct bc_track *track, int64_t dts_us, size_t fill);

// SPS and PPS of kit_avc_track(), with start codes.
extern const uint8_t kit_avc_sets[];
extern const size_t kit_avc_sets_bytes;

#endif
