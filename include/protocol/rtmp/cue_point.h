// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_RTMP_CUE_POINT_H
#define PROTOCOL_RTMP_CUE_POINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

struct bc_writer;

#define BC_CUE_POINT_ID_MAX 40
#define BC_CUE_POINT_KIND_MAX 15
#define BC_CUE_POINT_DATA_MAX 4096 // of JSON text
#define BC_CUE_POINT_TIME_MAX_S 4e9

// A script message onCuePoint: "onCuePoint", {time, name, type: "event", parameters: {id,
// kind, revision, at, at_ms, duration_ms, ended, data}}, where time is in seconds of the
// connection's own timeline and data is JSON text. Those of others have other parameters.
struct bc_cue_point {
    bool foreign; // made elsewhere: id and kind are ""
    char id[BC_CUE_POINT_ID_MAX + 1];
    char kind[BC_CUE_POINT_KIND_MAX + 1];
    uint32_t revision;
    bool ended;
    bool has_time;
    double time_s;
    char at[BC_TIME_TEXT]; // RFC 3339; only written
    int64_t at_ms;       // on the sender's media clock; only written
    int64_t duration_ms; // 0: until it is ended
    // A JSON object with a NUL behind it. Of a foreign one: its name, type and parameters.
    const char *data;
    size_t data_len;
    char *owned; // what was parsed: `data` until bc_cue_point_finish()
};

void
bc_cue_point_write(struct bc_writer *w, const struct bc_cue_point *cue);

// 0; -ENOENT: another script message; -EINVAL: broken; -E2BIG: more data than
// BC_CUE_POINT_DATA_MAX; -ENOMEM.
int
bc_cue_point_parse(struct bc_cue_point *cue, const uint8_t *data, size_t len);

void
bc_cue_point_finish(struct bc_cue_point *cue);

// Whether these are the bytes of one; looks at its name alone.
bool
bc_cue_point_is(const uint8_t *data, size_t len);

// Moves the time in a message that bc_cue_point_write() made. False: it is none.
bool
bc_cue_point_move(uint8_t *data, size_t len, double seconds);

#endif
