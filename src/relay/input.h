// SPDX-License-Identifier: Apache-2.0
#ifndef RELAY_INPUT_H
#define RELAY_INPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "media/packet.h"

struct bc_worker;

// A file or another server's stream, read on a thread of its own, whose packets come to a
// worker. Everything that may block is on that thread.

// All inputs of a server: how many there may be, and who still runs. Owned by the relay.
struct relay_inputs;

struct relay_inputs *
relay_inputs_create(unsigned max);

// All inputs were stopped; waits until their threads have ended. NULL is fine.
void
relay_inputs_destroy(struct relay_inputs *inputs);

// Calls on the worker, never from inside its own calls.
struct relay_input_ops {
    // Takes over the reference. One without payload announces its track.
    void (*on_packet)(void *user, struct bc_packet *packet);
    void (*on_batch_end)(void *user);
    // It is over. `error`: why; "" at the source's own end. relay_input_stop() is due.
    void (*on_ended)(void *user, const char *error);
};

// Strings are copied.
struct relay_input_params {
    struct relay_inputs *inputs;
    struct bc_worker *worker;
    const char *url; // file:PATH, http(s), rtmp(s) or rtsp(s)
    const char *media_dir;
    bool allow_private;
    bool loop; // begin anew at the end
    const char *via; // the servers that it is for, as told to the source; or NULL
    int64_t start_at_us;
    const struct relay_input_ops *ops;
    void *user;
};

struct relay_input;

// NULL when there are as many as may be (errno EAGAIN), without memory or threads.
struct relay_input *
relay_input_start(const struct relay_input_params *params);

// No call follows; the thread ends within a second and frees the rest. NULL is fine.
void
relay_input_stop(struct relay_input *input);

// After on_ended: the source was there, and said no.
bool
relay_input_was_refused(const struct relay_input *input);

// From the first packet on: the servers that it comes by, as the source told; "": none.
const char *
relay_input_upstream(const struct relay_input *input);

// Packets that were dropped as the worker did not keep up.
uint64_t
relay_input_dropped(const struct relay_input *input);

#endif
