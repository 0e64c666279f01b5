// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/reader.h"
#include "media/timeline.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

// Each step: what to do (8 bits), stamp (64), composition time (32), time passed (32).
static void
step(struct bc_timeline *t, struct bc_reader *r, int64_t *now_us, int64_t last_us[4])
{
    static struct bc_track audio = { .sample_rate = 48000, .frame_samples = 1024 };
    uint8_t what = bc_read_u8(r);
    struct bc_time_in in = {
        .kind = (enum bc_kind)(what & 3),
        .dependent = what & 4,
        .dts_us = (int64_t)bc_read_u64(r),
        .cts_us = (int64_t)bc_read_s24(r) * 256,
        .track = what & 8 ? &audio : NULL,
    };
    *now_us += bc_read_u32(r);
    in.arrived_us = *now_us;
    if (what & 0x10) {
        // Near, so that more is reached.
        in.dts_us = last_us[in.kind] + in.dts_us % 4000000;
    }
    if (what >= 0xf0) {
        bc_timeline_begin_take(t);
    } else if (what >= 0xe0) {
        bc_timeline_begin_format(t);
    }
    uint32_t epoch = t->epoch;
    struct bc_time_out out;
    bc_timeline_place(t, &in, *now_us, &out);
    bool media = in.kind == BC_KIND_VIDEO || in.kind == BC_KIND_AUDIO;
    if (out.dts_us < 0 || out.pts_us < out.dts_us || out.epoch < epoch
        || (media && last_us[in.kind] >= 0 && out.dts_us <= last_us[in.kind])) {
        abort();
    }
    if (media) {
        last_us[in.kind] = out.dts_us;
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bc_reader r = bc_reader_init(data, len);
    struct bc_timeline t;
    int64_t last_us[4] = { -1, -1, -1, -1 };
    int64_t now_us = 0;
    bc_timeline_init(&t);
    while (bc_reader_left(&r) > 0) {
        step(&t, &r, &now_us, last_us);
    }
    return 0;
}
