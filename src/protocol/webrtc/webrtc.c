// SPDX-License-Identifier: Apache-2.0
// What the ports of all workers share.
#include <stdlib.h>
#include <string.h>

#include "port_internal.h"

struct bc_webrtc *
bc_webrtc_create(void)
{
    struct bc_webrtc *w = calloc(1, sizeof(*w));
    if (!w) {
        return NULL;
    }
    pthread_mutex_init(&w->lock, NULL);
    w->identity = bc_srtp_setup() == 0 ? bc_dtls_identity_create() : NULL;
    if (!w->identity) {
        bc_webrtc_destroy(w);
        return NULL;
    }
    return w;
}

void
bc_webrtc_stop(struct bc_webrtc *webrtc)
{
    if (webrtc) {
        bc_sctp_service_destroy(webrtc->sctp);
        webrtc->sctp = NULL;
    }
}

void
bc_webrtc_destroy(struct bc_webrtc *webrtc)
{
    if (!webrtc) {
        return;
    }
    struct bc_connecting *c;
    struct bc_connecting *tmp;
    HASH_ITER(hh, webrtc->connecting, c, tmp)
    {
        HASH_DEL(webrtc->connecting, c);
        free(c);
    }
    bc_webrtc_stop(webrtc);
    bc_dtls_identity_destroy(webrtc->identity);
    pthread_mutex_destroy(&webrtc->lock);
    free(webrtc);
}

struct bc_dtls_identity *
bc_webrtc_identity(const struct bc_webrtc *webrtc)
{
    return webrtc->identity;
}

uint64_t
bc_webrtc_sessions(const struct bc_webrtc *webrtc)
{
    return atomic_load(&webrtc->sessions);
}

unsigned
bc_webrtc_connecting_from(struct bc_webrtc *webrtc, const char *peer_ip)
{
    struct bc_connecting *c;
    pthread_mutex_lock(&webrtc->lock);
    HASH_FIND_STR(webrtc->connecting, peer_ip, c);
    unsigned count = c ? c->count : 0;
    pthread_mutex_unlock(&webrtc->lock);
    return count;
}

void
bc_webrtc_count_connecting(struct bc_webrtc *webrtc, const char *peer_ip, int delta)
{
    struct bc_connecting *c;
    pthread_mutex_lock(&webrtc->lock);
    HASH_FIND_STR(webrtc->connecting, peer_ip, c);
    if (!c && delta > 0) {
        c = calloc(1, sizeof(*c));
        if (c) {
            strncpy(c->ip, peer_ip, sizeof(c->ip) - 1);
            HASH_ADD_STR(webrtc->connecting, ip, c);
        }
    }
    if (c && delta > 0) {
        c->count++;
    } else if (c && --c->count == 0) {
        HASH_DEL(webrtc->connecting, c);
        free(c);
    }
    pthread_mutex_unlock(&webrtc->lock);
}

struct bc_sctp_service *
bc_webrtc_sctp(struct bc_webrtc *webrtc)
{
    pthread_mutex_lock(&webrtc->lock);
    if (!webrtc->sctp) {
        webrtc->sctp = bc_sctp_service_create();
    }
    struct bc_sctp_service *service = webrtc->sctp;
    pthread_mutex_unlock(&webrtc->lock);
    return service;
}
