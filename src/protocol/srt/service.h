// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_SRT_SERVICE_H
#define PROTOCOL_SRT_SERVICE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "base/list.h"
#include "base/log.h"
#include "doorbell.h"
#include "protocol/srt/srt.h"
#include "srt_glue.h"

// The SRT thread: what it waits for, and what it tells. Below it are its connections
// (conn.h), listeners (listener.c) and calls (call.c).

#define SRT_LISTENERS_MAX 16
// Callers let in by on_hello that the library has not handed over yet. It takes some
// milliseconds; those with a wrong passphrase stay until the next review, so these are also
// how many a second can make the library allocate in vain. One address has a part of it, so
// that it cannot keep out the others.
#define SRT_PENDING_MAX 128
#define SRT_PENDING_PER_IP 32
// Connections, and calls under way.
#define SRT_SOCKETS_MAX (BC_SRT_CONNS_MAX + 1024)
// A live-mode message cannot be longer (SRT-5).
#define SRT_MESSAGE_MAX 1456
#define SRT_SCRATCH (64 * 1024)

// A caller between on_hello and accept. Any of them that the library closes in between
// has failed: so a wrong passphrase is seen, of which the library tells nobody (SRT-3).
struct srt_pending {
    SRTSOCKET socket;
    char ip[SRT_PEER_TEXT];
    int64_t since_us;
};

// All of SRT. The server owns it; the thread runs from create to stop.
struct bc_srt {
    struct bc_srt_params params;
    struct bc_logger log;
    pthread_t thread;
    bool running; // the thread; written by whoever creates and stops
    int epoll;    // the library's
    int wakeup;   // an eventfd
    atomic_bool draining;
    atomic_bool stopping; // asks the thread to end
    atomic_bool stopped;

    pthread_mutex_t inbox_lock; // guards inbox, awake, closed
    struct bc_list inbox;       // connections that want something, each with a reference
    bool awake;                 // the eventfd was written
    bool closed;                // nobody reads the inbox any more

    // Guards listeners, bells, pending; for no call of the library.
    pthread_mutex_t listen_lock;
    SRTSOCKET listeners[SRT_LISTENERS_MAX];
    unsigned listener_count;
    struct srt_doorbell bells[SRT_LISTENERS_MAX]; // of ports that are no listeners yet
    unsigned bell_count;
    struct srt_pending pending[SRT_PENDING_MAX];
    unsigned pending_count;

    // The thread's own.
    struct bc_srt_conn *conns; // table by socket
    struct bc_list attention;  // connections that are looked at in each turn
    int64_t next_tick_us;
    struct bc_log_limit fail_limit;
    SRTSOCKET readable[SRT_SOCKETS_MAX + SRT_LISTENERS_MAX];
    SRTSOCKET writable[SRT_SOCKETS_MAX + SRT_LISTENERS_MAX];
    char scratch[SRT_SCRATCH]; // what messages are read into

    atomic_uint_fast64_t accepted;
    atomic_uint_fast64_t refused;
    atomic_uint_fast64_t failed;
    atomic_uint_fast64_t open;
};

// Asks the thread to look after the connection. Any thread.
void
srt_service_notify(struct bc_srt *srt, struct bc_srt_conn *conn);

// Ends the thread's rest. Any thread.
void
srt_service_wake(struct bc_srt *srt);

// --- listener.c; the thread ---

// Whether somebody was let in who is not accepted yet.
bool
srt_listener_expects(struct bc_srt *srt);

// Waits for the first datagram on the ports that nobody has called yet, or for a wake-up,
// and makes listeners of the ports that were called.
void
srt_listener_rest(struct bc_srt *srt, int wait_ms);

// Makes listeners of all ports: the library is at work anyway.
void
srt_listener_answer_all(struct bc_srt *srt);

// Whether the socket is a listener.
bool
srt_listener_is(struct bc_srt *srt, SRTSOCKET socket);

void
srt_listener_accept(struct bc_srt *srt, SRTSOCKET listener);

// Counts those that the library closed before they were accepted.
void
srt_listener_review(struct bc_srt *srt, int64_t now_us);

#endif
