// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_UNIT_SRT_KIT_H
#define TESTS_UNIT_SRT_KIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/timer.h"
#include "net/worker.h"
#include "protocol/srt/srt.h"

// A listener and its callers in one process, by the real library over loopback. One
// worker, turned by hand on the test's thread; the SRT thread and the library's are real.

#define KIT_RECEIVED_MAX (16 * 1024 * 1024)
#define KIT_ENDS_MAX 8

// One end of a connection, as an owner has it.
struct kit_end {
    struct bc_srt_conn *conn; // NULL before and after
    struct bc_sink *sink;
    uint8_t *received;
    size_t received_len;
    unsigned writable;
    bool sink_closed;
    bool closed;
    bool answered; // a call has its result
    char reason[128];
    struct bc_srt_calling *calling;
};

struct kit {
    struct bc_worker *worker;
    struct bc_srt *srt;
    struct bc_timer heart; // so that a turn does not wait for ever
    unsigned port;
    int64_t timeout_ms; // of calls
    int64_t latency_ms; // likewise
    // What on_hello answers, and what it saw; the library's thread.
    enum bc_srt_reject answer;
    char passphrase[BC_SRT_PASSPHRASE_MAX + 1];
    pthread_mutex_t lock;
    struct bc_srt_streamid seen;
    char seen_peer[64];
    unsigned hellos;
    // Those that were accepted, in order.
    struct kit_end ends[KIT_ENDS_MAX];
    unsigned end_count;
};

int
kit_setup(void **state);

int
kit_teardown(void **state);

// A port of the system's choice that is free now.
unsigned
kit_free_port(void);

// One turn of the worker.
void
kit_turn(struct kit *kit);

// Turns until it holds; fails the test after ten seconds.
#define kit_wait(kit, condition) \
    do { \
        int64_t kit_until_us = bc_clock_us() + 20000000; \
        while (!(condition)) { \
            assert_true(bc_clock_us() < kit_until_us); \
            kit_turn(kit); \
        } \
    } while (0)

// Begins a call.
void
kit_call(struct kit *kit, struct kit_end *end, const char *host, const char *streamid,
    const char *passphrase);

// Calls, and waits until both ends are there; the other is kit->ends[end_count - 1].
void
kit_connect(struct kit *kit, struct kit_end *end, const char *streamid);

void
kit_end_close(struct kit_end *end);

void
kit_end_free(struct kit_end *end);

// `n` packets, numbered from `first` in their last bytes.
void
kit_fill(uint8_t *out, uint32_t first, size_t n);

ssize_t
kit_write(struct kit_end *end, const uint8_t *data, size_t len);

#endif
