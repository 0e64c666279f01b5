// SPDX-License-Identifier: Apache-2.0
// The session's half of an association, and what goes between the threads.
#include "association.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service.h"

// What may wait for the other thread. Beyond it packets are lost, which SCTP repairs, and
// messages are.
#define PACKETS_BYTES (256 * 1024)
#define EVENTS_BYTES (512 * 1024)
#define PACKET_MIN 16 // the common header and a chunk's
#define PACKET_MAX 2048

void
dc_association_unref(struct bc_sctp_association *a)
{
    if (atomic_fetch_sub(&a->refs, 1) != 1) {
        return;
    }
    dc_queue_clear(&a->packets);
    dc_queue_clear(&a->orders);
    dc_queue_clear(&a->events);
    pthread_mutex_destroy(&a->lock);
    free(a);
}

// --- to the service ---

static void
run_service(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct bc_sctp_association *a
        = bc_container_of(task, struct bc_sctp_association, service_task);
    struct dc_queue packets;
    struct dc_queue orders;
    dc_queue_init(&packets);
    dc_queue_init(&orders);
    pthread_mutex_lock(&a->lock);
    a->service_posted = false;
    dc_queue_move(&packets, &a->packets);
    dc_queue_move(&orders, &a->orders);
    bool gone = a->gone;
    pthread_mutex_unlock(&a->lock);
    if (gone) {
        dc_endpoint_close(a);
    } else {
        dc_endpoint_run(a, &packets, &orders);
    }
    dc_queue_clear(&packets);
    dc_queue_clear(&orders);
    dc_association_unref(a);
}

// With the lock held.
static void
post_to_service(struct bc_sctp_association *a)
{
    if (!a->service_posted) {
        a->service_posted = true;
        atomic_fetch_add(&a->refs, 1);
        bc_worker_post(a->service_worker, &a->service_task);
    }
}

static int
give_order(struct bc_sctp_association *a, struct dc_item *item)
{
    if (!item) {
        return -ENOMEM;
    }
    int err = 0;
    pthread_mutex_lock(&a->lock);
    if (a->over) {
        err = -ENOTCONN;
    } else if (a->unsent_bytes + dc_item_bytes(item) > a->limits.send_queue_bytes
        && item->kind != DC_CLOSE) {
        err = -EAGAIN;
    } else {
        a->unsent_bytes += dc_item_bytes(item);
        dc_queue_push(&a->orders, item);
        post_to_service(a);
    }
    pthread_mutex_unlock(&a->lock);
    if (err) {
        free(item);
    }
    return err;
}

// --- to the session ---

static struct dc_known_channel *
find_known(struct bc_sctp_association *a, uint16_t stream)
{
    for (unsigned i = 0; i < DC_CHANNELS_MAX; i++) {
        if (a->known[i].used && a->known[i].stream == stream) {
            return &a->known[i];
        }
    }
    return NULL;
}

static struct dc_known_channel *
add_known(struct bc_sctp_association *a, uint16_t stream)
{
    for (unsigned i = 0; i < a->limits.channels; i++) {
        if (!a->known[i].used) {
            a->known[i] = (struct dc_known_channel){ .used = true, .stream = stream };
            return &a->known[i];
        }
    }
    return NULL;
}

static void
forget_known(struct dc_known_channel *known)
{
    free(known->label);
    *known = (struct dc_known_channel){ 0 };
}

// The peer's channel comes with its label; of our own we have it.
static void
deliver_open(struct bc_sctp_association *a, struct dc_known_channel *known,
    const struct dc_item *item)
{
    known = known ? known : add_known(a, item->stream);
    if (known) {
        char *label = known->label;
        known->label = NULL;
        a->ops->on_channel_open(
            a->user, item->stream, label ? label : (const char *)item->data);
        free(label);
    }
}

static void
deliver(struct bc_sctp_association *a, const struct dc_item *item)
{
    struct dc_known_channel *known = find_known(a, item->stream);
    switch (item->kind) {
    case DC_PACKET:
        a->ops->on_send(a->user, item->data, item->len);
        break;
    case DC_OPEN:
        deliver_open(a, known, item);
        break;
    case DC_MESSAGE:
        if (known) {
            a->ops->on_message(
                a->user, item->stream, item->binary, item->data, item->len);
        }
        break;
    case DC_CLOSE:
        if (known) {
            forget_known(known);
            a->ops->on_channel_closed(a->user, item->stream);
        }
        break;
    default:
        break;
    }
}

static void
run_session(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct bc_sctp_association *a
        = bc_container_of(task, struct bc_sctp_association, session_task);
    struct dc_queue events;
    dc_queue_init(&events);
    pthread_mutex_lock(&a->lock);
    a->session_posted = false;
    dc_queue_move(&events, &a->events);
    bool over = a->over;
    pthread_mutex_unlock(&a->lock);
    struct dc_item *item;
    while (!a->destroyed && (item = dc_queue_first(&events)) != NULL) {
        deliver(a, item);
        dc_queue_drop(&events, item);
    }
    if (over && !a->destroyed) {
        a->ops->on_closed(a->user, a->reason);
    }
    dc_queue_clear(&events);
    dc_association_unref(a);
}

// With the lock held.
static void
post_to_session(struct bc_sctp_association *a)
{
    if (!a->session_posted) {
        a->session_posted = true;
        atomic_fetch_add(&a->refs, 1);
        bc_worker_post(a->worker, &a->session_task);
    }
}

bool
dc_association_emit(struct bc_sctp_association *a, enum dc_kind kind, uint16_t stream,
    bool binary, const void *data, size_t len)
{
    struct dc_item *item = dc_item_create(kind, stream, data, len);
    if (!item) {
        return false;
    }
    item->binary = binary;
    bool bounded = kind == DC_PACKET || kind == DC_MESSAGE;
    pthread_mutex_lock(&a->lock);
    bool taken = !a->gone && !a->over
        && (!bounded || a->events.bytes + dc_item_bytes(item) <= EVENTS_BYTES);
    if (taken) {
        dc_queue_push(&a->events, item);
        post_to_session(a);
    }
    pthread_mutex_unlock(&a->lock);
    if (!taken) {
        free(item);
    }
    return taken;
}

void
dc_association_end(struct bc_sctp_association *a, const char *reason)
{
    pthread_mutex_lock(&a->lock);
    if (!a->gone && !a->over) {
        snprintf(a->reason, sizeof(a->reason), "%s", reason);
        a->over = true;
        post_to_session(a);
    }
    pthread_mutex_unlock(&a->lock);
}

void
dc_association_count_unsent(struct bc_sctp_association *a, size_t came, size_t left)
{
    pthread_mutex_lock(&a->lock);
    a->unsent_bytes += came;
    a->unsent_bytes -= left;
    pthread_mutex_unlock(&a->lock);
}

// --- the session's calls ---

static void
set_limits(struct bc_sctp_limits *l)
{
    l->message_bytes = l->message_bytes ? l->message_bytes : 16 * 1024;
    l->messages_per_second = l->messages_per_second ? l->messages_per_second : 20;
    l->channels = l->channels ? l->channels : 4;
    l->channels = l->channels < DC_CHANNELS_MAX ? l->channels : DC_CHANNELS_MAX;
    l->send_queue_bytes = l->send_queue_bytes ? l->send_queue_bytes : 256 * 1024;
}

struct bc_sctp_association *
bc_sctp_association_create(const struct bc_sctp_params *params)
{
    struct bc_worker *service_worker = dc_service_worker(params->service);
    struct bc_sctp_association *a = service_worker ? calloc(1, sizeof(*a)) : NULL;
    if (!a) {
        return NULL;
    }
    a->service = params->service;
    a->worker = params->worker;
    a->service_worker = service_worker;
    a->local_port = params->local_port;
    a->remote_port = params->remote_port;
    a->dtls_client = params->dtls_client;
    a->limits = params->limits;
    set_limits(&a->limits);
    a->ops = params->ops;
    a->user = params->user;
    a->next_stream = a->dtls_client ? 0 : 1; // RFC 8832 6
    a->refs = 2;
    pthread_mutex_init(&a->lock, NULL);
    dc_queue_init(&a->packets);
    dc_queue_init(&a->orders);
    dc_queue_init(&a->events);
    bc_list_init(&a->service_task.node);
    a->service_task.run = run_service;
    bc_list_init(&a->session_task.node);
    a->session_task.run = run_session;
    dc_endpoint_init(a);
    pthread_mutex_lock(&a->lock);
    post_to_service(a); // opens the socket
    pthread_mutex_unlock(&a->lock);
    return a;
}

void
bc_sctp_association_destroy(struct bc_sctp_association *a)
{
    if (!a) {
        return;
    }
    a->destroyed = true;
    for (unsigned i = 0; i < DC_CHANNELS_MAX; i++) {
        forget_known(&a->known[i]);
    }
    pthread_mutex_lock(&a->lock);
    a->gone = true;
    dc_queue_clear(&a->events);
    post_to_service(a);
    pthread_mutex_unlock(&a->lock);
    dc_association_unref(a);
}

void
bc_sctp_input(struct bc_sctp_association *a, const uint8_t *data, size_t len)
{
    if (len < PACKET_MIN || len > PACKET_MAX) {
        return;
    }
    struct dc_item *item = dc_item_create(DC_PACKET, 0, data, len);
    if (!item) {
        return; // lost, as on the way
    }
    pthread_mutex_lock(&a->lock);
    bool taken
        = !a->over && a->packets.bytes + dc_item_bytes(item) <= PACKETS_BYTES;
    if (taken) {
        dc_queue_push(&a->packets, item);
        post_to_service(a);
    }
    pthread_mutex_unlock(&a->lock);
    if (!taken) {
        free(item);
    }
}

int
bc_sctp_open(struct bc_sctp_association *a, const char *label)
{
    size_t len = strlen(label);
    if (len > DC_LABEL_MAX) {
        return -EINVAL;
    }
    uint16_t stream = a->next_stream;
    while (find_known(a, stream)) {
        stream = (uint16_t)((stream + 2) % DC_STREAMS);
    }
    struct dc_known_channel *known = add_known(a, stream);
    if (!known) {
        return -EMFILE;
    }
    known->label = strdup(label);
    struct dc_item *item
        = known->label ? dc_item_create(DC_OPEN, stream, label, len + 1) : NULL;
    int err = give_order(a, item);
    if (err) {
        forget_known(known);
        return err;
    }
    a->next_stream = (uint16_t)((stream + 2) % DC_STREAMS);
    return stream;
}

void
bc_sctp_close_channel(struct bc_sctp_association *a, uint16_t stream)
{
    if (find_known(a, stream)) {
        give_order(a, dc_item_create(DC_CLOSE, stream, NULL, 0));
    }
}

int
bc_sctp_send(struct bc_sctp_association *a, uint16_t stream, bool binary,
    const uint8_t *data, size_t len)
{
    if (!find_known(a, stream)) {
        return -ENOTCONN;
    }
    if (len > a->limits.message_bytes) {
        return -EMSGSIZE;
    }
    struct dc_item *item = dc_item_create(DC_MESSAGE, stream, data, len);
    if (item) {
        item->binary = binary;
    }
    return give_order(a, item);
}
