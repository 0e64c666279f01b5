// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_SRT_CONN_H
#define PROTOCOL_SRT_CONN_H

#include <pthread.h>
#include <stdatomic.h>

#include "address.h"
#include "base/table.h"
#include "net/worker.h"
#include "queue.h"
#include "service.h"

// What waits for a worker that does not keep up, before the oldest is dropped.
#define SRT_RECEIVE_QUEUE (2 * 1024 * 1024)
#define SRT_REASON_MAX 80
#define SRT_TS_PACKET 188

// Where a call goes and with what. Owned by its connection, gone once it is connected.
struct srt_dial {
    struct srt_address address;
    char streamid[BC_SRT_STREAMID_MAX + 1];
    char passphrase[BC_SRT_PASSPHRASE_MAX + 1];
    int64_t latency_ms;
    int64_t timeout_ms;
};

// A call as its caller knows it. The worker's; gone with the result or when cancelled.
struct bc_srt_calling {
    struct bc_srt_conn *conn; // borrowed
    void (*on_result)(void *user, struct bc_srt_conn *conn, const char *why);
    void *user;
};

enum srt_phase {
    SRT_PHASE_NONE,
    SRT_PHASE_NEW,     // a call that the thread has not begun
    SRT_PHASE_CALLING,
    SRT_PHASE_OPEN,
    SRT_PHASE_LOST,    // the peer is gone; what had come before is still due
    SRT_PHASE_CLOSING, // asked by the worker; what waits is being sent
    SRT_PHASE_OVER,    // the socket is closed
};

// One connection, or one call. Two threads have it: its worker and the SRT thread, each
// with a part of its own and a reference; what goes between them is under the lock. The
// last reference frees it, a task or notice under way being one too.
struct bc_srt_conn {
    struct bc_srt *srt;       // borrowed
    struct bc_worker *worker; // borrowed
    atomic_uint refs;
    struct bc_srt_streamid id;
    char peer[SRT_PEER_TEXT];
    char peer_ip[SRT_PEER_TEXT];

    pthread_mutex_t lock;
    struct srt_queue in;  // to the worker
    struct srt_queue out; // from the worker
    size_t unsent;        // what the worker gave and the library has not taken
    bool task_posted;
    bool connected;   // a call got through
    bool writable;    // to be told
    bool wants_write; // the sink was full
    bool broken;      // to be told, with the reason
    bool close_asked;
    char reason[SRT_REASON_MAX];
    struct bc_srt_stats stats;
    uint64_t dropped; // messages the worker was too slow for

    // The worker's.
    struct bc_task task;
    struct bc_srt_calling *calling; // owned while the call is under way
    const struct bc_srt_conn_ops *ops;
    void *user;
    struct bc_sink sink;
    bool introduced; // on_conn or on_result was called
    bool closed;     // by the owner
    bool told;       // that the peer is gone

    // The SRT thread's.
    enum srt_phase phase;
    SRTSOCKET socket;
    UT_hash_handle hh;
    struct bc_list attention;
    struct bc_list notice; // in the inbox; under its lock
    struct srt_queue sending;
    struct srt_dial *dial; // owned
    int events;            // what the library's epoll watches for
    int64_t deadline_us;   // of LOST and CLOSING
    int64_t sent_us;       // the last time; 0: never
    int64_t latency_us;    // as agreed
};

// With one reference, the creator's. NULL without memory.
struct bc_srt_conn *
srt_conn_create(struct bc_srt *srt, struct bc_worker *worker);

void
srt_conn_ref(struct bc_srt_conn *conn);

void
srt_conn_unref(struct bc_srt_conn *conn);

// Has the worker look at it; the lock is held.
void
srt_conn_post(struct bc_srt_conn *conn);

// The sink's operations (send.c).
extern const struct bc_sink_ops SRT_SINK_OPS;

// --- the SRT thread: socket.c ---

// Begins to look after the connection's socket, with a reference of its own. False: too
// many, or the library will not; the socket is the caller's then.
bool
srt_conn_attach(struct bc_srt_conn *conn, enum srt_phase phase, int events);

// It is connected.
void
srt_conn_opened(struct bc_srt_conn *conn);

// What the worker asked for since.
void
srt_conn_attend(struct bc_srt_conn *conn, int64_t now_us);

void
srt_conn_on_readable(struct bc_srt_conn *conn, int64_t now_us);

void
srt_conn_on_writable(struct bc_srt_conn *conn, int64_t now_us);

// In each turn, while it is in the list of those that need it.
void
srt_conn_on_turn(struct bc_srt_conn *conn, int64_t now_us);

// Once a second.
void
srt_conn_on_tick(struct bc_srt_conn *conn);

// Closes the socket; the worker is told the reason unless it is NULL. Lets go of the
// thread's reference.
void
srt_conn_end(struct bc_srt_conn *conn, const char *reason);

// Watches for what is due now.
void
srt_conn_watch(struct bc_srt_conn *conn, int events);

// --- the SRT thread: send.c, call.c, stats.c ---

// Gives the library what it takes. False: the connection is broken.
bool
srt_conn_flush(struct bc_srt_conn *conn, int64_t now_us);

// Creates the socket and sends it off.
void
srt_call_begin(struct bc_srt_conn *conn);

// The library has something to say of it.
void
srt_call_proceed(struct bc_srt_conn *conn);

void
srt_conn_refresh_stats(struct bc_srt_conn *conn);

#endif
