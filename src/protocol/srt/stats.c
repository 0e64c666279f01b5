// SPDX-License-Identifier: Apache-2.0
#include "conn.h"

static uint64_t
positive(int64_t n)
{
    return n > 0 ? (uint64_t)n : 0;
}

void
srt_conn_refresh_stats(struct bc_srt_conn *c)
{
    SRT_TRACEBSTATS s;
    if (srt_bistats(c->socket, &s, 0, 1) == SRT_ERROR) {
        return;
    }
    // A connection has one direction in use; the figures are that one's.
    bool receives = s.pktRecvUniqueTotal >= s.pktSentUniqueTotal;
    struct bc_srt_stats stats = {
        .rtt_us = (uint32_t)positive((int64_t)(s.msRTT * 1000)),
        .bandwidth_bps = positive((int64_t)(s.mbpsBandwidth * 1e6)),
        .encrypted = srt_glue_get_int(c->socket, SRTO_KMSTATE) == SRT_KM_S_SECURED,
    };
    if (receives) {
        stats.packets = positive(s.pktRecvUniqueTotal);
        stats.lost = positive(s.pktRcvLossTotal);
        // What came again; the library counts it per interval only, and this is its total
        // as nobody clears the interval.
        stats.retransmitted = positive(s.pktRcvRetrans);
        stats.dropped = positive(s.pktRcvDropTotal);
        stats.undecrypted = positive(s.pktRcvUndecryptTotal);
        stats.latency_ms = (uint32_t)positive(s.msRcvTsbPdDelay);
    } else {
        stats.packets = positive(s.pktSentUniqueTotal);
        stats.lost = positive(s.pktSndLossTotal);
        stats.retransmitted = positive(s.pktRetransTotal);
        stats.dropped = positive(s.pktSndDropTotal);
        stats.latency_ms = (uint32_t)positive(s.msSndTsbPdDelay);
    }
    pthread_mutex_lock(&c->lock);
    stats.dropped += c->dropped;
    c->stats = stats;
    pthread_mutex_unlock(&c->lock);
}

void
bc_srt_conn_stats(const struct bc_srt_conn *conn, struct bc_srt_stats *out)
{
    // Locking changes nothing that a caller can see.
    pthread_mutex_t *lock = &((struct bc_srt_conn *)(uintptr_t)conn)->lock;
    pthread_mutex_lock(lock);
    *out = conn->stats;
    pthread_mutex_unlock(lock);
}
