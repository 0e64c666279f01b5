// SPDX-License-Identifier: Apache-2.0
#ifndef RELAY_NICE_AGENT_INTERNAL_H
#define RELAY_NICE_AGENT_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "net/worker.h"
#include "nice_agent.h"
#include "nice_thread.h"

struct _NiceAgent; // libnice's

struct relay_datagram {
    struct bc_list node;
    size_t len;
    uint8_t data[];
};

struct relay_datagrams {
    struct bc_list list;
    size_t bytes; // with what the entries take themselves
};

// A copy of relay_agent_remote on its way to libnice.
struct relay_remote {
    char ufrag[RELAY_CREDENTIAL_MAX];
    char pwd[RELAY_CREDENTIAL_MAX];
    char *candidates[RELAY_CANDIDATES_MAX]; // owned
    unsigned candidate_count;
};

enum relay_agent_news {
    RELAY_AGENT_GATHERED = 1,
    RELAY_AGENT_READY = 2,
    RELAY_AGENT_FAILED = 4,
    RELAY_AGENT_WRITABLE = 8,
};

// Shared by the worker and libnice's thread and counted: a reference for each, and one
// for each task in an inbox. Once it was destroyed its worker is not touched again.
struct relay_agent {
    // Set at creation.
    struct relay_nice *nice;  // borrowed
    struct bc_worker *worker; // borrowed
    const struct relay_agent_ops *ops;
    void *user;
    bool controlling;
    bool relay_only;
    uint16_t port_min;
    uint16_t port_max;
    char local_address[64];
    struct relay_ice_server servers[RELAY_ICE_SERVERS_MAX];
    unsigned server_count;
    atomic_uint refs;

    pthread_mutex_t lock; // guards the following, to nice_task
    struct relay_datagrams outgoing;
    struct relay_datagrams incoming;
    struct relay_remote *remote; // owned; to be set
    unsigned news;               // relay_agent_news that the worker has to be told
    char reason[96];
    bool gone;
    bool starved; // no room was given
    bool worker_posted;
    bool nice_posted;
    struct bc_task worker_task;
    struct relay_nice_task nice_task;

    struct relay_agent_local local; // written before GATHERED is told, read afterwards

    // The worker's only.
    bool destroyed;
    struct relay_datagram *reserved; // owned

    // libnice's thread only.
    struct _NiceAgent *ice; // owned
    unsigned stream;
    bool closed;
    bool ready;
};

void
relay_agent_unref(struct relay_agent *agent);

void
relay_datagrams_clear(struct relay_datagrams *q);

void
relay_remote_finish(struct relay_remote *remote);

void
relay_local_finish(struct relay_agent_local *local);

// --- libnice's thread ---

void
relay_agent_tell(
    struct relay_agent *agent, enum relay_agent_news news, const char *reason);

void
relay_agent_receive(struct relay_agent *agent, const void *data, size_t len);

// Makes the agent and begins to gather; the first time only.
void
relay_agent_open(struct relay_agent *agent);

void
relay_agent_connect(struct relay_agent *agent, const struct relay_remote *remote);

void
relay_agent_send_all(struct relay_agent *agent, struct relay_datagrams *datagrams);

void
relay_agent_close(struct relay_agent *agent);

#endif
