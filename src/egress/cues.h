// SPDX-License-Identifier: Apache-2.0
#ifndef EGRESS_CUES_H
#define EGRESS_CUES_H

#include <stdint.h>

#include "base/buf.h"
#include "base/list.h"
#include "net/sink.h"
#include "protocol/http/exchange.h"

// --- cue_message.c: what listeners get, made once for all of one form ---

enum cue_form {
    CUE_FORM_EVENTS,  // server-sent events, raw
    CUE_FORM_CHUNKED, // the same, each a chunk of HTTP/1.1
    CUE_FORM_SOCKET,  // WebSocket frames of text
    CUE_FORM_COUNT,
};

enum cue_form
cue_form_of(enum bc_http_framing framing);

// One event of that name with a line of JSON as its data. NULL without memory.
struct bc_buf *
cue_message(enum cue_form form, const char *event, const void *json, size_t len);

// What comes before the first event; NULL: nothing, or no memory.
struct bc_buf *
cue_preamble(enum cue_form form);

// --- cue_listener.c: one who listens ---

#define CUE_QUEUE_MAX 160 // messages; who is behind by more is let go

// Owned by its feed; freed when the peer goes, by itself.
struct cue_listener {
    struct bc_list node;  // the feed's
    struct bc_sink *sink; // borrowed
    enum cue_form form;
    void (*gone)(struct cue_listener *listener); // freed after this
    void *user;
    struct bc_buf *queue[CUE_QUEUE_MAX]; // references, a ring
    unsigned first;
    unsigned count;
    size_t sent; // of the first
};

// NULL without memory; the sink is the caller's then.
struct cue_listener *
cue_listener_create(struct bc_sink *sink, enum cue_form form);

// Sends a message; NULL (there was no memory) is left out. Who is too slow is closed, and
// the listener freed without `gone`: false.
bool
cue_listener_send(struct cue_listener *listener, struct bc_buf *message);

// Says goodbye and frees it, without `gone`.
void
cue_listener_finish(struct cue_listener *listener);

#endif
