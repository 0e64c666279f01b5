// SPDX-License-Identifier: Apache-2.0
#ifndef RELAY_CLIENT_H
#define RELAY_CLIENT_H

#include "base/log.h"
#include "net/timer.h"
#include "session.h"

// What a pull and a push have in common: where to, and when to try (again). Embedded in
// them; one worker.
struct relay_client {
    struct bc_relay_params params; // its strings are owned
    struct relay_session *session; // owned; NULL between attempts
    struct bc_timer timer;         // for the next attempt
    void (*attempt)(struct relay_client *client);
    struct relay_ice_server servers[RELAY_ICE_SERVERS_MAX]; // named by the endpoint
    unsigned server_count;
    unsigned pause_s;     // before the next attempt
    int64_t connected_us; // 0: not
    struct bc_relay_status status;
    struct bc_logger log;
};

// False without memory; nothing is to be finished then. The first attempt comes with the
// next turn.
bool
relay_client_init(struct relay_client *c, const struct bc_relay_params *params,
    const char *kind, void (*attempt)(struct relay_client *client));

void
relay_client_finish(struct relay_client *c, const char *reason);

// Starts a session with what the client knows, and what the caller has filled in of the
// params. False without memory.
bool
relay_client_connect(struct relay_client *c, struct relay_session_params *params);

void
relay_client_connected(struct relay_client *c);

// Closes the session, if there is one, and tries again later.
void
relay_client_retry(struct relay_client *c, const char *reason, unsigned retry_after_s);

// There is nothing to do yet: looks again soon.
void
relay_client_wait(struct relay_client *c, const char *reason);

#endif
