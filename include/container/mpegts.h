// SPDX-License-Identifier: Apache-2.0
#ifndef CONTAINER_MPEGTS_H
#define CONTAINER_MPEGTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/writer.h"
#include "media/packet.h"
#include "media/track.h"

// MPEG-2 transport streams (ISO/IEC 13818-1, ITU-T H.222.0) as hosts and players of SRT use
// them: one program, at most one picture and one sound. Pure functions of bytes and times.

#define BC_TS_PACKET_BYTES 188

// --- reading ---

struct bc_ts_demux;

struct bc_ts_demux_ops {
    // A track that is new or whose parameters changed; comes before its first packet.
    // Borrowed for the call.
    void (*on_track)(void *user, struct bc_track *track);
    // An access unit with the stream's clock, unwrapped, in microseconds; the reference is
    // the callee's. Video begins with an IDR whose parameter sets are known (SRT-10). A
    // picture comes when the next one begins: nothing before says that it is whole.
    void (*on_packet)(void *user, struct bc_packet *packet);
    // Which kinds the newest PMT names; a track of a kind that is not named will not come.
    // May be NULL.
    void (*on_program)(void *user, bool has_video, bool has_audio);
};

// NULL without memory. `ops` and `user` outlive it. One thread.
struct bc_ts_demux *
bc_ts_demux_create(const struct bc_ts_demux_ops *ops, void *user);

// NULL is fine. What was not complete is dropped.
void
bc_ts_demux_destroy(struct bc_ts_demux *d);

// Bytes as they come: packets may straddle calls, and what is no packet is skipped up to the
// next sync byte (SRT-5). `now_us` stamps the packets' arrival. 0, or -EINVAL when nothing
// but rubbish came (1 MiB without a packet), -ENOTSUP when the program is scrambled; the
// caller closes then.
int
bc_ts_demux_input(
    struct bc_ts_demux *d, const uint8_t *data, size_t len, int64_t now_us);

// The stream ended: completes the access unit that only the next one would have ended.
void
bc_ts_demux_flush(struct bc_ts_demux *d, int64_t now_us);

struct bc_ts_demux_stats {
    uint64_t packets;    // of 188 bytes
    uint64_t lost;       // holes in the continuity counters
    uint64_t damaged;    // access units dropped for holes, tables with a wrong CRC
    uint64_t resyncs;    // how often the sync byte was searched
    uint64_t unknown;    // packets of streams that we do not carry
};

void
bc_ts_demux_stats(const struct bc_ts_demux *d, struct bc_ts_demux_stats *out);

// --- writing ---

// The state of one stream that is written: continuity counters, when tables and clock are
// due. All who read the stream read the same bytes.
struct bc_ts_mux;

struct bc_ts_mux *
bc_ts_mux_create(void);

void
bc_ts_mux_destroy(struct bc_ts_mux *m);

// Whether a transport stream can carry the codec: AVC, HEVC, AAC, MP3, AC-3, E-AC-3, Opus.
bool
bc_ts_has_codec(enum bc_codec codec);

// The tracks of what follows; either may be NULL, and those that TS has no form for count
// as NULL. A change raises the tables' version.
void
bc_ts_mux_set_tracks(struct bc_ts_mux *m, const struct bc_track *video,
    const struct bc_track *audio);

// PAT and PMT: what a newcomer needs first. They repeat the last ones of the stream, so
// nothing changes for those who read it already.
void
bc_ts_mux_write_tables(struct bc_ts_mux *m, struct bc_writer *w);

// For who comes from another stream on the same clock: that the continuity counters of all
// PIDs begin anew with what is written next (discontinuity_indicator), which may be the
// last tables once more.
void
bc_ts_mux_write_break(struct bc_ts_mux *m, struct bc_writer *w, bool repeats_tables);

// Stamps begin here, so that the clock, which is behind them, doesn't begin below 0.
#define BC_TS_ORIGIN_US 1000000

// One access unit as PES in whole TS packets, at packet->dts_us - base_us, BC_TS_ORIGIN_US
// later: tables and PCR
// when they are due (SRT-12), before keyframes always; AUD and parameter sets before the
// IDR, ADTS before AAC. Nothing for codecs that have no form, and scripts.
void
bc_ts_mux_write_packet(struct bc_ts_mux *m, struct bc_writer *w,
    const struct bc_packet *packet, int64_t base_us);

#endif
