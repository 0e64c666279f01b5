// SPDX-License-Identifier: Apache-2.0
// What the proxy's files share.
#ifndef IMPAIR_IMPAIR_H
#define IMPAIR_IMPAIR_H

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "path.h"

enum { BC_UP, BC_DOWN, BC_DIRECTIONS }; // up: from the client to the server

union bc_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

// A file descriptor of the loop and who hears of it. Embedded in its owner; freed through
// bc_watch_defer_free() only, so that an event that was already fetched finds fd == -1.
struct bc_watch {
    int fd;
    uint32_t events;
    void (*on_event)(struct bc_watch *w, uint32_t events);
    void *userdata; // borrowed
};

// The proxy: one thread, one epoll set, one of each for the life of the program.
struct bc_impair {
    union bc_address listen;
    union bc_address to;
    socklen_t address_len;
    uint64_t seed;
    struct bc_path_settings settings[BC_DIRECTIONS];
    struct bc_path_counters counters[BC_DIRECTIONS];
    uint64_t sent[BC_DIRECTIONS];
    uint64_t tcp_bytes[BC_DIRECTIONS];
    uint32_t udp_flows; // ever
    uint32_t tcp_flows;
    uint32_t rebinds;
};

extern struct bc_impair bc_impair;

_Noreturn void
bc_die(const char *fmt, ...);
int64_t
bc_now_us(void);

// --- loop.c ---
void
bc_loop_init(void);
// Until bc_loop_stop(); `step` is called before every wait and returns when it wants to
// be called again (-1: never).
void bc_loop_run(int64_t (*step)(int64_t now_us));
void
bc_loop_stop(void); // may be called from a signal handler
void
bc_watch_open(struct bc_watch *w, int fd, uint32_t events,
    void (*on_event)(struct bc_watch *, uint32_t), void *userdata);
void
bc_watch_set(struct bc_watch *w, uint32_t events);
void
bc_watch_close(struct bc_watch *w);
// Frees memory that holds closed watches, after the events that are being handled.
void
bc_loop_defer_free(void *memory);

// --- udp.c, tcp.c ---
void
bc_udp_init(void);
int64_t
bc_udp_step(int64_t now_us);
// Gives every flow a new port towards the server, as a NAT does that forgot its mapping.
void
bc_udp_rebind(void);
void
bc_udp_finish(void);
void
bc_tcp_init(void);
int64_t
bc_tcp_step(int64_t now_us);
// Closes all connections.
void
bc_tcp_reset(void);
void
bc_tcp_finish(void);

// --- control.c ---
// One line such as "loss 5" or "down rate 800"; NULL, or what is wrong with it.
const char *
bc_control_line(const char *line);
void
bc_control_init(void);
void
bc_control_write_stats(void);

#endif
