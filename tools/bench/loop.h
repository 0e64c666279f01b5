// SPDX-License-Identifier: Apache-2.0
#ifndef BENCH_LOOP_H
#define BENCH_LOOP_H

#include "util.h"

#include <netinet/in.h>
#include <signal.h>

struct bc_io;
typedef void bc_io_fn(struct bc_io *io, uint32_t events);

// One TCP connection, or datagram socket, of the loop. Embedded in its user's struct,
// which stays allocated until the program ends: an event that was already fetched then
// finds fd == -1.
struct bc_io {
    int fd; // -1: closed
    bool bulk;
    bool connecting;
    uint32_t events;
    bc_io_fn *on_event;
    void *userdata;    // borrowed
    struct bc_buf out; // what the socket would not take yet
    size_t sent_bytes; // of `out`
};

// Sockets are in one of two epoll sets: joining viewers and probes wake the loop at once;
// the others ("bulk") are drained every tick, so that hundreds of viewers cost few
// wakeups, as remote viewers would cost the server none. Tick 0: everything wakes at
// once.
void bc_loop_init(int64_t tick_ns);
// `step` is called before every wait and returns when it wants to be called again.
void bc_loop_run(int64_t (*step)(int64_t now_ns));
void bc_loop_stop(void); // may be called from a signal handler

// How late the drain of the bulk set was, in ms: once per drain.
typedef void bc_lag_fn(double lag_ms);
void bc_loop_set_lag_callback(bc_lag_fn *on_lag);

void bc_io_init(struct bc_io *io);
int bc_io_connect(struct bc_io *io, const struct sockaddr_in *to, bc_io_fn *on_event,
                  void *userdata);
// A datagram socket, which becomes the io's.
void bc_io_attach(struct bc_io *io, int fd, bc_io_fn *on_event, void *userdata);
void bc_io_move_to_bulk(struct bc_io *io);
// 0, or -errno when the connection is gone.
int bc_io_send(struct bc_io *io, const void *p, size_t n);
int bc_io_on_writable(struct bc_io *io);
void bc_io_close(struct bc_io *io);
size_t bc_io_backlog_bytes(const struct bc_io *io);

// The one read buffer, for all connections: there is one thread.
enum { BC_READ_BUFFER_BYTES = 256 * 1024, BC_READS_PER_EVENT = 4 };
extern uint8_t bc_read_buffer[BC_READ_BUFFER_BYTES];
// >0 bytes in bc_read_buffer, 0 at the end of the stream, -EAGAIN, or -errno.
int64_t bc_io_read(struct bc_io *io);

#endif
