// SPDX-License-Identifier: Apache-2.0
// Calling others: the worker asks, the SRT thread connects without waiting.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conn.h"
#include "library.h"

// --- the worker ---

static struct srt_dial *
create_dial(const struct bc_srt_call *call)
{
    struct srt_dial *dial = calloc(1, sizeof(*dial));
    if (!dial) {
        return NULL;
    }
    // What does not fit or is no address leaves len 0; the thread reports the failure.
    if (strlen(call->streamid) < sizeof(dial->streamid)
        && strlen(call->passphrase) < sizeof(dial->passphrase)) {
        srt_address_parse(call->host, call->port, &dial->address);
        strcpy(dial->streamid, call->streamid);
        strcpy(dial->passphrase, call->passphrase);
    }
    dial->latency_ms = call->latency_ms;
    dial->timeout_ms = call->timeout_ms;
    return dial;
}

struct bc_srt_calling *
bc_srt_call(const struct bc_srt_call *call)
{
    struct bc_srt_calling *calling = calloc(1, sizeof(*calling));
    struct bc_srt_conn *c = srt_conn_create(call->srt, call->worker);
    struct srt_dial *dial = create_dial(call);
    if (!calling || !c || !dial) {
        free(dial);
        free(calling);
        if (c) {
            srt_conn_unref(c);
        }
        return NULL;
    }
    calling->conn = c;
    calling->on_result = call->on_result;
    calling->user = call->user;
    c->calling = calling;
    c->dial = dial;
    c->phase = SRT_PHASE_NEW;
    srt_address_format((struct sockaddr *)&dial->address.storage, c->peer, c->peer_ip);
    srt_service_notify(c->srt, c);
    return calling;
}

void
bc_srt_call_cancel(struct bc_srt_calling *calling)
{
    if (!calling) {
        return;
    }
    struct bc_srt_conn *c = calling->conn;
    c->calling = NULL;
    free(calling);
    bc_srt_conn_close(c, "the call was cancelled");
}

// --- the SRT thread ---

// Nothing was attached yet, so there is no reference to let go of.
static void
fail(struct bc_srt_conn *c, const char *why)
{
    c->phase = SRT_PHASE_OVER;
    pthread_mutex_lock(&c->lock);
    c->broken = true;
    snprintf(c->reason, sizeof(c->reason), "%s", why);
    srt_conn_post(c);
    pthread_mutex_unlock(&c->lock);
}

static bool
configure(SRTSOCKET socket, const struct srt_dial *dial)
{
    size_t id_len = strlen(dial->streamid);
    size_t pass_len = strlen(dial->passphrase);
    return srt_library_configure(socket, dial->latency_ms)
        && srt_glue_set_int(socket, SRTO_CONNTIMEO, (int)dial->timeout_ms)
        && (id_len == 0
            || srt_setsockflag(socket, SRTO_STREAMID, dial->streamid, (int)id_len)
                != SRT_ERROR)
        && (pass_len == 0
            || srt_setsockflag(socket, SRTO_PASSPHRASE, dial->passphrase, (int)pass_len)
                != SRT_ERROR);
}

void
srt_call_begin(struct bc_srt_conn *c)
{
    const struct srt_dial *dial = c->dial;
    if (dial->address.len == 0) {
        fail(c, "the address, stream id or passphrase is not valid");
        return;
    }
    c->socket = srt_create_socket();
    if (c->socket == SRT_INVALID_SOCK) {
        fail(c, srt_getlasterror_str());
        return;
    }
    if (!configure(c->socket, dial)
        || !srt_conn_attach(c, SRT_PHASE_CALLING, SRT_EPOLL_OUT | SRT_EPOLL_ERR)) {
        fail(c, srt_getlasterror_str());
        srt_close(c->socket);
        return;
    }
    if (srt_connect(
            c->socket, (const struct sockaddr *)&dial->address.storage, dial->address.len)
        == SRT_ERROR) {
        srt_conn_end(c, srt_getlasterror_str());
    }
}

void
srt_call_proceed(struct bc_srt_conn *c)
{
    SRT_SOCKSTATUS state = srt_getsockstate(c->socket);
    if (state == SRTS_CONNECTED) {
        free(c->dial);
        c->dial = NULL;
        srt_conn_opened(c);
        srt_conn_watch(c, SRT_EPOLL_IN | SRT_EPOLL_ERR);
        pthread_mutex_lock(&c->lock);
        c->connected = true;
        srt_conn_post(c);
        pthread_mutex_unlock(&c->lock);
    } else if (state != SRTS_CONNECTING) {
        srt_conn_end(c, srt_library_refusal(srt_getrejectreason(c->socket)));
    }
}
