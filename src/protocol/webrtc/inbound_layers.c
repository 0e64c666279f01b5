// SPDX-License-Identifier: Apache-2.0
// Simulcast: which layer is which rendition. A browser adds layers as its path allows and
// drops the largest when it does not, so the best one that comes is rendition 0.
#include "base/log.h"
#include "inbound_internal.h"

// A layer that was silent for so long is not sent any more.
#define SILENT_US 800000

static uint64_t
pixels(const struct bc_inbound_stream *s)
{
    return s->track ? (uint64_t)s->track->width * s->track->height : 0;
}

static bool
is_alive(const struct bc_inbound_stream *s, int64_t now_us)
{
    return s->used && s->kind == BC_KIND_VIDEO && s->track
        && now_us - s->last_unit_us < SILENT_US;
}

static int
rank_of(const struct bc_inbound *in, const struct bc_inbound_stream *s, int64_t now_us)
{
    int rank = 0;
    for (unsigned i = 0; i < BC_INBOUND_STREAMS; i++) {
        const struct bc_inbound_stream *o = &in->streams[i];
        if (o != s && is_alive(o, now_us)
            && (pixels(o) > pixels(s) || (pixels(o) == pixels(s) && o < s))) {
            rank++;
        }
    }
    return rank;
}

void
bc_inbound_rank(struct bc_inbound *in, int64_t now_us)
{
    unsigned alive = 0;
    if (in->session.video.rid_count == 0) {
        return; // one picture, whatever its SSRC is now
    }
    for (unsigned i = 0; i < BC_INBOUND_STREAMS; i++) {
        alive += is_alive(&in->streams[i], now_us);
    }
    for (unsigned i = 0; i < BC_INBOUND_STREAMS && alive > 0; i++) {
        struct bc_inbound_stream *s = &in->streams[i];
        if (!is_alive(s, now_us)) {
            continue; // a host that stands still keeps its place; others take it if it has
        }
        int rank = rank_of(in, s, now_us);
        if (rank != s->next_rendition) {
            s->next_rendition = rank;
            if (!in->holding && rank != s->rendition) {
                bc_inbound_want_key(s);
            }
        }
    }
}

int
bc_inbound_rendition(struct bc_inbound_stream *s, bool is_key)
{
    if (is_key && s->rendition != s->next_rendition) {
        struct bc_inbound *in = s->in;
        for (unsigned i = 0; i < BC_INBOUND_STREAMS; i++) {
            struct bc_inbound_stream *o = &in->streams[i];
            if (o != s && o->used && o->kind == BC_KIND_VIDEO
                && o->rendition == s->next_rendition) {
                o->rendition = -1; // two layers cannot be the same one
                bc_inbound_want_key(o);
            }
        }
        bc_debug(in->log, "layer '%s' %ux%u is rendition %d", s->rid,
            s->track ? s->track->width : 0, s->track ? s->track->height : 0,
            s->next_rendition);
        s->rendition = s->next_rendition;
    }
    return s->rendition;
}
