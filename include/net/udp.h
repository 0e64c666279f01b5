// SPDX-License-Identifier: Apache-2.0
#ifndef NET_UDP_H
#define NET_UDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct bc_udp;
struct bc_worker;

// One end of a way through the network. IPv4 stands as ::ffff:a.b.c.d. Comparable by
// memcmp when zeroed before it is filled.
struct bc_udp_address {
    uint8_t ip[16];
    uint16_t port; // host order
    uint16_t zero;
    uint32_t scope; // of link-local IPv6
};

// The peer, and the address of ours that it sent to: answers leave from there, also on
// machines with several.
struct bc_udp_path {
    struct bc_udp_address remote;
    uint8_t local[16]; // all zero: the system chooses
};

struct bc_udp_ops {
    // A datagram; `data` may be changed in place and is gone afterwards.
    void (*on_datagram)(void *user, struct bc_udp *udp, const struct bc_udp_path *path,
        uint8_t *data, size_t len);
    // All datagrams that had come are through.
    void (*on_batch_end)(void *user, struct bc_udp *udp);
    // There is room again after bc_udp_reserve() gave none.
    void (*on_writable)(void *user, struct bc_udp *udp);
};

// A UDP socket of one worker; all workers share the port (SO_REUSEPORT). What is sent is
// gathered and leaves with few system calls: consecutive datagrams of one size to one peer
// as one segmented send (UDP_SEGMENT), several peers by one sendmmsg. `address` as for
// listeners. NULL on failure with a sentence in `error`.
struct bc_udp *
bc_udp_create(struct bc_worker *worker, const char *address, const struct bc_udp_ops *ops,
    void *user, char *error, size_t error_len);

// Whether the address is free (see bc_listener_probe()).
int
bc_udp_probe(const char *address, char *error, size_t error_len);

// Closes the socket; its counters can still be read. NULL is fine.
void
bc_udp_close(struct bc_udp *udp);

// Frees it, after the worker was joined. NULL is fine.
void
bc_udp_destroy(struct bc_udp *udp);

// Room for one datagram of up to `len` bytes (at most 2048). NULL while the kernel takes
// no more; on_writable follows. What was reserved last counts only when it is committed.
uint8_t *
bc_udp_reserve(struct bc_udp *udp, size_t len);

// The reserved room holds a datagram of `len` bytes for this peer.
void
bc_udp_commit(struct bc_udp *udp, const struct bc_udp_path *path, size_t len);

// Hands what was committed to the kernel. Happens by itself at the end of a batch of
// input and of the loop's turn.
void
bc_udp_flush(struct bc_udp *udp);

struct bc_udp_stats {
    uint64_t datagrams_in;
    uint64_t bytes_in;
    uint64_t datagrams_out;
    uint64_t bytes_out;
    uint64_t sends;  // system calls' messages: the fewer per datagram, the better
    uint64_t blocked; // how often the kernel was full
    uint64_t errors; // datagrams that the kernel refused
};

// Any thread.
void
bc_udp_stats(const struct bc_udp *udp, struct bc_udp_stats *out);

// --- addresses ---

void
bc_udp_address_from_sockaddr(const struct sockaddr *sa, struct bc_udp_address *out);

// Fills an IPv4 or IPv6 socket address; returns its length.
socklen_t
bc_udp_address_to_sockaddr(
    const struct bc_udp_address *address, struct sockaddr_storage *out);

// "1.2.3.4:5", "[::1]:5"; `out` has BC_UDP_ADDRESS_TEXT bytes.
#define BC_UDP_ADDRESS_TEXT 64

void
bc_udp_address_format(
    const struct bc_udp_address *address, char out[BC_UDP_ADDRESS_TEXT]);

#endif
