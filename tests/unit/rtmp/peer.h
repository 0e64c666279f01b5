// SPDX-License-Identifier: Apache-2.0
#ifndef RTMP_TEST_PEER_H
#define RTMP_TEST_PEER_H

#include "base/writer.h"
#include "protocol/rtmp/control.h"
#include "protocol/rtmp/session.h"

#define PEER_HELLO_BYTES (1 + 2 * 1536)

enum peer_answer { PEER_ACCEPT, PEER_LATER, PEER_DENY, PEER_CLOSE };

// A session under test, its owner and the reader of what it sends. All that happens is
// written to `log`, one line each: events as they are called, what the session sends
// behind "< ".
struct peer {
    struct bc_rtmp_session *session;
    enum peer_answer answer;
    struct bc_writer log;
    size_t hello_left; // bytes of S0 S1 S2 still to come
    struct bc_rtmp_control control;
};

void
peer_init(struct peer *p, const struct bc_rtmp_session_params *params);

void
peer_finish(struct peer *p);

// The log as a string; it is then empty again.
const char *
peer_log(struct peer *p);

// Gives bytes to the session from a block of their exact size.
int
peer_input(struct peer *p, const uint8_t *data, size_t len);

// Builders of what a client sends, with chunks of 128 bytes.
void
put_hello(struct bc_writer *w);

void
put_message(struct bc_writer *w, uint8_t type, uint32_t stream_id, uint32_t timestamp,
    const void *body, size_t len);

// A command message; `spec` tells the values behind name and transaction: 's' a const
// char *, 'n' a double, 'b' an int as boolean, '0' null.
void
put_command(struct bc_writer *w, uint32_t stream_id, const char *name, double transaction,
    const char *spec, ...);

void
put_connect(struct bc_writer *w, const char *app, const char *tc_url);

// Hello, connect, createStream.
void
put_opening(struct bc_writer *w);

// Sends what `w` holds, empties it and returns the session's result.
int
peer_send(struct peer *p, struct bc_writer *w);

#endif
