// SPDX-License-Identifier: Apache-2.0
#ifndef HANDOVER_STATE_H
#define HANDOVER_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/writer.h"
#include "stream/restore.h"

#define BC_STATE_CHANNELS_MAX 20000

// What the next process goes on with: the file "state" of the data directory. On the stack
// of whoever reads or writes it.
struct bc_state {
    int64_t saved_wall_us;
    int64_t clock_us; // the media clock then; 0: it stood
    bool clean; // written by a process that then stopped: the numbers are the last ones
    struct bc_channel_saved *rows; // owned
    size_t count;
};

// Lines of text, one a channel. False without memory (see writer.h).
bool
bc_state_format(const struct bc_state *state, struct bc_writer *out);

// Anything may stand in the file: lines that make no sense are passed over, numbers out of
// reason too. False when it is none of ours, or without memory; then there are no rows.
bool
bc_state_parse(const uint8_t *data, size_t len, struct bc_state *out);

// 0, -ENOENT, -EBADMSG or another negative errno.
int
bc_state_read(const char *data_dir, struct bc_state *out);

// A crash leaves the old text or the new one. 0 or negative errno.
int
bc_state_write(const char *data_dir, const struct bc_state *state);

void
bc_state_finish(struct bc_state *state);

#endif
