// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_FAKE_WIRE_H
#define TESTS_FAKE_WIRE_H

#include "base/writer.h"
#include "protocol/http/conn.h"

// A connection without a socket: what it sends gathers in `out`, time is what the test
// says.
struct fake_wire {
    struct bc_http_conn conn;
    struct bc_http_server server;
    struct bc_writer out;
    size_t room;   // bytes taken at once by writev; SIZE_MAX is everything
    size_t queued; // what the peer has not read, set by the test
    bool reading;
    bool woken;
    bool wants_write;
    unsigned sendfiles; // calls
    bool closed;
    enum bc_http_close how;
    int64_t timeout_us;
    int64_t now_us;
};

void
fake_wire_init(struct fake_wire *w,
    void (*handle)(void *user, struct bc_http_exchange *x), void *user);

void
fake_wire_finish(struct fake_wire *w);

// Input as one read, then what the end of the turn does.
void
fake_wire_input(struct fake_wire *w, const void *data, size_t len);

void
fake_wire_input_text(struct fake_wire *w, const char *text);

// What was sent, as a string; forgotten at the next call of fake_wire_clear().
const char *
fake_wire_text(struct fake_wire *w);

void
fake_wire_clear(struct fake_wire *w);

#endif
