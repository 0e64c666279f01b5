// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "container/mpegts.h"
#include "media/nalu.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
on_track(void *user, struct bc_track *track)
{
    *(struct bc_track **)user = track;
}

// Pictures are whole: their lengths fit, and there is a slice.
static void
on_packet(void *user, struct bc_packet *packet)
{
    struct bc_nalu_info info;
    if (packet->len == 0 || packet->buf->len != packet->len || !packet->track || !user
        || (packet->kind == BC_KIND_VIDEO
            && (bc_nalu_scan(packet->track->codec, packet->data, packet->len, &info) < 0
                || !info.has_slice))) {
        abort();
    }
    bc_packet_unref(&packet);
}

// The first byte tells how long the pieces are.
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const struct bc_ts_demux_ops OPS = { .on_track = on_track,
        .on_packet = on_packet };
    struct bc_track *newest = NULL;
    struct bc_ts_demux *d = len > 0 ? bc_ts_demux_create(&OPS, &newest) : NULL;
    size_t step = len > 0 ? 1 + data[0] * 8u : 1;
    int ret = 0;
    for (size_t at = 1; at < len && ret == 0; at += step) {
        ret = bc_ts_demux_input(d, data + at, len - at < step ? len - at : step, 0);
    }
    if (d) {
        bc_ts_demux_flush(d, 0);
    }
    bc_ts_demux_destroy(d);
    return 0;
}
