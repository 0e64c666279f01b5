// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_WEBRTC_SCTP_SERVICE_H
#define PROTOCOL_WEBRTC_SCTP_SERVICE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "association.h"
#include "base/list.h"
#include "net/timer.h"
#include "protocol/webrtc/sctp.h"

struct bc_sctp_service {
    pthread_mutex_t start_lock; // guards worker
    struct bc_worker *worker;   // owned; NULL before the first association

    // The service's thread only.
    bool library_ready;
    struct bc_timer timer;
    int64_t ticked_us;
    int64_t idle_since_us; // when the last association went; 0: there are some
    uint64_t last_id;
    struct bc_sctp_association *associations; // table by id
    struct bc_list attention; // endpoints that are to be settled
};

// The worker, which is started when there is none. NULL: it cannot be.
struct bc_worker *
dc_service_worker(struct bc_sctp_service *service);

// --- service's thread ---

// Adds an endpoint with an id of its own and sees to the library's timers.
void
dc_service_add(struct bc_sctp_service *service, struct bc_sctp_association *a);

void
dc_service_remove(struct bc_sctp_service *service, struct bc_sctp_association *a);

// Whom the library's address means; NULL: nobody any more.
struct bc_sctp_association *
dc_service_find(void *address);

static inline void *
dc_service_address(const struct dc_endpoint *endpoint)
{
    return (void *)(uintptr_t)endpoint->id;
}

#endif
