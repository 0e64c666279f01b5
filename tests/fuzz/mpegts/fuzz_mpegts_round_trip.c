// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "container/mpegts.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

// What a stream holds is written again as it comes.
struct writer {
    struct bc_ts_mux *mux;
    struct bc_track *tracks[BC_KIND_SCRIPT];
    struct bc_writer out;
};

static void
on_track(void *user, struct bc_track *track)
{
    struct writer *w = user;
    bc_track_unref(&w->tracks[track->kind]);
    w->tracks[track->kind] = bc_track_ref(track);
    bc_ts_mux_set_tracks(w->mux, w->tracks[BC_KIND_VIDEO], w->tracks[BC_KIND_AUDIO]);
}

static void
on_packet(void *user, struct bc_packet *packet)
{
    struct writer *w = user;
    bc_ts_mux_write_packet(w->mux, &w->out, packet, 0);
    bc_packet_unref(&packet);
}

static const struct bc_ts_demux_ops OPS = { .on_track = on_track,
    .on_packet = on_packet };

// Reads a stream and writes it; what is read has to be a sound one when `sound`.
static void
pass(const uint8_t *data, size_t len, struct writer *w, bool sound)
{
    struct bc_ts_demux_stats stats;
    struct bc_ts_demux *d = bc_ts_demux_create(&OPS, w);
    w->mux = bc_ts_mux_create();
    int ret = bc_ts_demux_input(d, data, len, 0);
    bc_ts_demux_flush(d, 0);
    bc_ts_demux_stats(d, &stats);
    if (w->out.len % BC_TS_PACKET_BYTES != 0
        || (sound && (ret < 0 || stats.lost + stats.resyncs + stats.unknown > 0))) {
        abort();
    }
    bc_track_unref(&w->tracks[BC_KIND_VIDEO]);
    bc_track_unref(&w->tracks[BC_KIND_AUDIO]);
    bc_ts_mux_destroy(w->mux);
    bc_ts_demux_destroy(d);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct writer first = { 0 };
    struct writer second = { 0 };
    pass(data, len, &first, false);
    pass(first.out.data, first.out.len, &second, true);
    bc_writer_finish(&first.out);
    bc_writer_finish(&second.out);
    return 0;
}
