// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_SRT_SRT_H
#define PROTOCOL_SRT_SRT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/sink.h"
#include "protocol/srt/streamid.h"

struct bc_worker;

// SRT by libsrt. The library has threads of its own and no callbacks for data, so one more
// thread waits for all its sockets (srt_epoll) and passes what comes to the workers by
// messages. A connection belongs to one worker; what is said of it here happens there.

// Answers to a caller that is refused; libsrt tells it the number (SRT-3).
enum bc_srt_reject {
    BC_SRT_ACCEPT = 0,
    BC_SRT_BAD_REQUEST = 1400,
    BC_SRT_UNAUTHORISED = 1401,
    BC_SRT_OVERLOAD = 1402,
    BC_SRT_FORBIDDEN = 1403,
    BC_SRT_NOT_FOUND = 1404,
    BC_SRT_BAD_MODE = 1405,
    BC_SRT_UNACCEPTABLE = 1406, // the channel's codecs have no form in a transport stream
    BC_SRT_CONFLICT = 1409,
    BC_SRT_DOWN = 1503,
};

// A caller before it is accepted. Lives for the call. Whether it asks for encryption is not
// known yet: the library compares passphrases after on_hello, and refuses one who has none
// where one is due, and the other way round.
struct bc_srt_hello {
    struct bc_srt_streamid id;
    const char *peer;    // "192.0.2.7:40001"
    const char *peer_ip; // "192.0.2.7"
};

// More than these at once, and callers are refused with BC_SRT_OVERLOAD.
#define BC_SRT_CONNS_MAX 4096

#define BC_SRT_PASSPHRASE_MIN 10
#define BC_SRT_PASSPHRASE_MAX 79

// On what terms the caller is let in; filled by on_hello.
struct bc_srt_terms {
    char passphrase[BC_SRT_PASSPHRASE_MAX + 1]; // "": not encrypted
};

struct bc_srt_conn;

struct bc_srt_listener_ops {
    // In libsrt's own thread, which all sockets of the port share: looks up only, never
    // waits (SRT-2). Returns BC_SRT_ACCEPT or why not.
    enum bc_srt_reject (*on_hello)(
        void *user, const struct bc_srt_hello *hello, struct bc_srt_terms *terms);
    // Where the next connection shall live. SRT thread.
    struct bc_worker *(*choose_worker)(void *user);
    // It is connected. On its worker; the callee keeps it, sets its ops with
    // bc_srt_conn_open() or closes it, before it returns.
    void (*on_conn)(void *user, struct bc_srt_conn *conn);
};

// All of SRT. Owned by the server.
struct bc_srt;

struct bc_srt_params {
    int64_t latency_ms; // what we offer for receiving and sending; the peer may want more
    const struct bc_srt_listener_ops *ops;
    void *user;
};

// NULL without memory or threads, with the reason logged.
struct bc_srt *
bc_srt_create(const struct bc_srt_params *params);

// Listens on "host:port", "[v6]:port" or ":port". False with `error` filled.
bool
bc_srt_listen(struct bc_srt *srt, const char *address, char *error, size_t error_len);

// Closes the listeners: no new callers. Any thread.
void
bc_srt_close_listeners(struct bc_srt *srt);

// Ends the thread; nothing comes from it afterwards, no results of calls either, which are
// still to be cancelled. After the workers have ended; what it had posted to them is let go
// by bc_worker_run_leftovers().
void
bc_srt_stop(struct bc_srt *srt);

// All connections were closed. Stops first if that was not done. NULL is fine.
void
bc_srt_destroy(struct bc_srt *srt);

struct bc_srt_totals {
    uint64_t accepted;
    uint64_t refused; // by on_hello
    uint64_t failed;  // wrong passphrase, handshakes that did not end
    uint64_t open;
};

// Any thread.
void
bc_srt_totals(const struct bc_srt *srt, struct bc_srt_totals *out);

// --- calling ---

struct bc_srt_call {
    struct bc_srt *srt;
    struct bc_worker *worker; // where the connection shall live
    const char *host;         // an IP address; names are the caller's to resolve
    uint16_t port;
    const char *streamid;     // "" without
    const char *passphrase;   // "" without
    int64_t latency_ms;
    int64_t timeout_ms;
    // On the worker, once: connected, or NULL and why not ("refused: 1404 not found").
    void (*on_result)(void *user, struct bc_srt_conn *conn, const char *why);
    void *user;
};

// Returns a handle for bc_srt_call_cancel(), NULL without memory. Strings are copied.
struct bc_srt_calling;

struct bc_srt_calling *
bc_srt_call(const struct bc_srt_call *call);

// No result follows. Worker's thread. NULL is fine.
void
bc_srt_call_cancel(struct bc_srt_calling *calling);

// --- one connection; its worker's thread ---

struct bc_srt_conn_ops {
    // Messages that came, in a row. Bounded: when the worker does not keep up, what is too
    // old is dropped before it comes here, as SRT would.
    void (*on_data)(void *user, const uint8_t *data, size_t len, int64_t now_us);
    // The peer is gone, or the connection broke. bc_srt_conn_close() is still due.
    void (*on_closed)(void *user, const char *reason);
};

const struct bc_srt_streamid *
bc_srt_conn_id(const struct bc_srt_conn *conn);

const char *
bc_srt_conn_peer(const struct bc_srt_conn *conn);

const char *
bc_srt_conn_peer_ip(const struct bc_srt_conn *conn);

// Begins to call back.
void
bc_srt_conn_open(
    struct bc_srt_conn *conn, const struct bc_srt_conn_ops *ops, void *user);

// The way to the peer as a sink (net/sink.h): takes transport-stream bytes, sends them as
// messages of up to 1316 bytes, whole TS packets each. Full when more than
// BC_SRT_SEND_QUEUE bytes wait for the library. When the peer is gone, the sink's on_closed
// comes before the connection's. Closing or finishing the sink is closing the connection.
struct bc_sink *
bc_srt_conn_sink(struct bc_srt_conn *conn);

#define BC_SRT_SEND_QUEUE (512 * 1024)

// Sends what waits, for at most a second, then closes; frees itself when the last of it is
// over. No callback follows.
void
bc_srt_conn_close(struct bc_srt_conn *conn, const char *reason);

// As the library counts, since the connection began. Refreshed once a second.
struct bc_srt_stats {
    uint64_t packets;          // received, or sent
    uint64_t lost;
    uint64_t retransmitted;
    uint64_t dropped;          // too late
    uint64_t undecrypted;
    uint32_t rtt_us;
    uint32_t latency_ms;       // as agreed
    uint64_t bandwidth_bps;    // as estimated
    bool encrypted;
};

void
bc_srt_conn_stats(const struct bc_srt_conn *conn, struct bc_srt_stats *out);

#endif
