// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "cues.h"

#define BATCH 16 // messages a call

static void
destroy(struct cue_listener *l)
{
    bc_list_remove(&l->node);
    for (unsigned i = 0; i < l->count; i++) {
        bc_buf_unref(&l->queue[(l->first + i) % CUE_QUEUE_MAX]);
    }
    free(l);
}

static void
take_off(struct cue_listener *l, size_t bytes)
{
    while (bytes > 0) {
        struct bc_buf **first = &l->queue[l->first];
        size_t left = (*first)->len - l->sent;
        if (bytes < left) {
            l->sent += bytes;
            return;
        }
        bytes -= left;
        bc_buf_unref(first);
        l->first = (l->first + 1) % CUE_QUEUE_MAX;
        l->count--;
        l->sent = 0;
    }
}

static void
flush(struct cue_listener *l)
{
    while (l->count > 0) {
        struct iovec iov[BATCH];
        int n = 0;
        size_t wanted = 0;
        for (; n < BATCH && (unsigned)n < l->count; n++) {
            struct bc_buf *buf = l->queue[(l->first + (unsigned)n) % CUE_QUEUE_MAX];
            size_t from = n == 0 ? l->sent : 0;
            iov[n] = (struct iovec){ buf->data + from, buf->len - from };
            wanted += iov[n].iov_len;
        }
        ssize_t taken = bc_sink_writev(l->sink, iov, n);
        if (taken < 0) {
            return; // on_closed follows
        }
        take_off(l, (size_t)taken);
        if ((size_t)taken < wanted) {
            return;
        }
    }
}

static void
on_writable(void *user)
{
    flush(user);
}

static void
on_closed(void *user, const char *reason)
{
    struct cue_listener *l = user;
    (void)reason;
    bc_list_remove(&l->node);
    l->gone(l);
    destroy(l);
}

struct cue_listener *
cue_listener_create(struct bc_sink *sink, enum cue_form form)
{
    struct cue_listener *l = calloc(1, sizeof(*l));
    if (!l) {
        return NULL;
    }
    bc_list_init(&l->node);
    l->sink = sink;
    l->form = form;
    sink->user = l;
    sink->on_writable = on_writable;
    sink->on_closed = on_closed;
    return l;
}

bool
cue_listener_send(struct cue_listener *l, struct bc_buf *message)
{
    if (!message) {
        return true;
    }
    if (l->count == CUE_QUEUE_MAX) {
        bc_sink_close(l->sink, "too slow for its cues");
        destroy(l);
        return false;
    }
    l->queue[(l->first + l->count++) % CUE_QUEUE_MAX] = bc_buf_ref(message);
    if (l->count == 1) {
        flush(l); // else it waits for room
    }
    return true;
}

void
cue_listener_finish(struct cue_listener *l)
{
    struct bc_sink *sink = l->sink;
    destroy(l);
    bc_sink_finish(sink);
}
