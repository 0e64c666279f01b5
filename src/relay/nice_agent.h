// SPDX-License-Identifier: Apache-2.0
#ifndef RELAY_NICE_AGENT_H
#define RELAY_NICE_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice_server.h"

struct bc_worker;
struct relay_nice;

#define RELAY_CANDIDATES_MAX 32
#define RELAY_CREDENTIAL_MAX 257

// What an agent offers to its peer.
struct relay_agent_local {
    char ufrag[RELAY_CREDENTIAL_MAX];
    char pwd[RELAY_CREDENTIAL_MAX];
    char *candidates[RELAY_CANDIDATES_MAX]; // complete "candidate:…" texts
    unsigned candidate_count;
};

// What the peer's description says. Strings are copied.
struct relay_agent_remote {
    const char *ufrag;
    const char *pwd;
    const char *const *candidates; // texts after "candidate:"; what has no IP address is
                                   // passed over
    unsigned candidate_count;
};

// Called on the agent's worker, never from inside calls to the agent.
struct relay_agent_ops {
    // All candidates are known. `local` is gone afterwards.
    void (*on_gathered)(void *user, const struct relay_agent_local *local);
    // Datagrams may be sent. Once.
    void (*on_ready)(void *user);
    // Writable, as the peer layer decrypts in place.
    void (*on_data)(void *user, uint8_t *data, size_t len);
    // What arrived together is through.
    void (*on_batch_end)(void *user);
    // There is room again after relay_agent_reserve() gave none.
    void (*on_writable)(void *user);
    // No way to the peer, or no longer; `reason` for the log. Nothing follows.
    void (*on_failed)(void *user, const char *reason);
};

struct relay_agent_params {
    struct relay_nice *nice;
    struct bc_worker *worker;
    bool controlling; // who sends the offer (RFC 8445 6.1.1)
    const struct relay_ice_server *servers; // copied
    unsigned server_count;
    bool relay_only; // only TURN candidates
    const char *local_address; // NULL: all of the machine but loopback
    uint16_t port_min;         // 0: any
    uint16_t port_max;
    const struct relay_agent_ops *ops;
    void *user;
};

// A full ICE agent (RFC 8445) of libnice with one component. The agent proper lives on
// the thread of relay_nice; this is its face for a worker, and the two talk by messages.
struct relay_agent;

// Begins to gather. NULL without memory.
struct relay_agent *
relay_agent_create(const struct relay_agent_params *params);

// No callback follows, nor any use of the worker. Allowed inside a callback.
void
relay_agent_destroy(struct relay_agent *agent);

// After on_gathered, once. 0, -ENOMEM.
int
relay_agent_set_remote(
    struct relay_agent *agent, const struct relay_agent_remote *remote);

// Room for one datagram. NULL: too much waits to be sent, or no memory.
uint8_t *
relay_agent_reserve(struct relay_agent *agent, size_t len);

// Sends the first `len` bytes of the room.
void
relay_agent_commit(struct relay_agent *agent, size_t len);

#endif
