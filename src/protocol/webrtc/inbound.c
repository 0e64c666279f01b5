// SPDX-License-Identifier: Apache-2.0
#include "inbound_internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"

#define TICK_US 20000
// How long the first packets wait for the tracks and sender reports of all streams.
#define HOLD_US 1000000
// A stream without a whole unit for so long may be replaced.
#define SILENT_US 1000000

// --- out ---

static void
emit(struct bc_inbound_stream *s, struct bc_packet *packet)
{
    struct bc_inbound *in = s->in;
    if (packet->kind == BC_KIND_VIDEO) {
        int rendition = bc_inbound_rendition(s, packet->flags & BC_PACKET_KEY);
        if (rendition < 0 || rendition >= BC_RENDITION_MAX) {
            bc_packet_unref(&packet);
            return;
        }
        packet->rendition = (uint8_t)rendition;
    }
    in->ops->on_packet(in->user, packet);
}

static void
end_hold(struct bc_inbound *in)
{
    int64_t before[BC_INBOUND_STREAMS];
    for (unsigned i = 0; i < BC_INBOUND_STREAMS; i++) {
        before[i] = in->streams[i].offset_us;
    }
    bc_inbound_rank(in, bc_clock_us());
    in->holding = false;
    bc_inbound_align(in);
    for (unsigned i = 0; i < BC_INBOUND_STREAMS; i++) {
        struct bc_inbound_stream *s = &in->streams[i];
        if (s->used && s->track && (s->kind != BC_KIND_VIDEO || s->next_rendition == 0)) {
            in->ops->on_track(in->user, s->track);
        }
    }
    for (unsigned i = 0; i < in->held_count; i++) {
        struct bc_packet *p = in->held[i];
        struct bc_inbound_stream *s = in->held_of[i];
        int64_t moved = s->offset_us - before[s - in->streams];
        p->dts_us += moved;
        p->pts_us += moved;
        emit(s, p);
    }
    in->held_count = 0;
}

// Every stream that was agreed on is there, with a sender report.
static bool
is_complete(const struct bc_inbound *in)
{
    bool video = !in->session.video.active;
    bool audio = !in->session.audio.active;
    for (unsigned i = 0; i < BC_INBOUND_STREAMS; i++) {
        const struct bc_inbound_stream *s = &in->streams[i];
        if (s->used && !(s->track && s->has_report)) {
            return false;
        }
        video = video || (s->used && s->kind == BC_KIND_VIDEO);
        audio = audio || (s->used && s->kind == BC_KIND_AUDIO);
    }
    return video && audio;
}

static void
check_hold(struct bc_inbound *in, int64_t now_us)
{
    if (in->holding && in->held_count > 0
        && (in->held_count == BC_INBOUND_HELD || is_complete(in)
            || now_us - in->hold_since_us >= HOLD_US)) {
        end_hold(in);
    }
}

static void
on_unit(void *user, const struct bc_rtp_unit *unit)
{
    struct bc_inbound_stream *s = user;
    struct bc_inbound *in = s->in;
    s->last_unit_us = unit->arrived_us;
    if (unit->flags & BC_PACKET_KEY) {
        s->key_us = unit->arrived_us;
    }
    if (s->track != unit->track) {
        bc_track_unref(&s->track);
        s->track = bc_track_ref(unit->track);
        bc_inbound_rank(in, unit->arrived_us);
    }
    struct bc_buf *buf = unit->buf;
    struct bc_packet *packet
        = bc_packet_create(s->kind, unit->track, buf, buf->data, buf->len);
    if (!packet) {
        bc_buf_unref(&buf);
        return;
    }
    packet->dts_us = bc_inbound_time(s, unit->timestamp, unit->arrived_us);
    packet->pts_us = packet->dts_us;
    packet->arrived_us = unit->arrived_us;
    packet->flags = unit->flags;
    if (!in->holding) {
        emit(s, packet);
        return;
    }
    if (in->held_count == 0) {
        in->hold_since_us = unit->arrived_us;
    }
    in->held[in->held_count] = packet;
    in->held_of[in->held_count++] = s;
    check_hold(in, unit->arrived_us);
}

static void
on_broken(void *user)
{
    bc_inbound_want_key(user);
}

static void
on_packet(
    void *user, const struct bc_rtp_header *h, bool lost_before, int64_t arrived_us)
{
    struct bc_inbound_stream *s = user;
    bc_rtp_depacketiser_push(s->depacketiser, h, lost_before, arrived_us);
}

// --- streams ---

static void
close_stream(struct bc_inbound_stream *s)
{
    bc_rtp_receiver_destroy(s->receiver);
    bc_rtp_depacketiser_destroy(s->depacketiser);
    bc_track_unref(&s->track);
    memset(s, 0, sizeof(*s));
}

// The stream of this kind and layer that has been silent longest makes room: a host that
// began anew under another SSRC. NULL while packets of streams are held, or all are alive.
static struct bc_inbound_stream *
evict(struct bc_inbound *in, enum bc_kind kind, const char *rid)
{
    struct bc_inbound_stream *oldest = NULL;
    for (unsigned i = 0; i < BC_INBOUND_STREAMS && !in->holding; i++) {
        struct bc_inbound_stream *s = &in->streams[i];
        if (s->used && s->kind == kind && strcmp(s->rid, rid) == 0
            && (!oldest || s->last_unit_us < oldest->last_unit_us)) {
            oldest = s;
        }
    }
    if (!oldest || bc_clock_us() - oldest->last_unit_us < SILENT_US) {
        return NULL;
    }
    close_stream(oldest);
    return oldest;
}

static struct bc_inbound_stream *
open_stream(struct bc_inbound *in, const struct bc_sdp_chosen *chosen, uint32_t ssrc,
    const char *rid)
{
    struct bc_inbound_stream *s = NULL;
    for (unsigned i = 0; i < BC_INBOUND_STREAMS && !s; i++) {
        s = in->streams[i].used ? NULL : &in->streams[i];
    }
    bool video = chosen == &in->session.video;
    s = s ? s : evict(in, video ? BC_KIND_VIDEO : BC_KIND_AUDIO, rid);
    if (!s) {
        return NULL;
    }
    memset(s, 0, sizeof(*s));
    s->in = in;
    s->kind = video ? BC_KIND_VIDEO : BC_KIND_AUDIO;
    s->ssrc = ssrc;
    s->rendition = s->next_rendition = video && rid[0] ? -1 : 0;
    s->clock_rate = chosen->clock_rate;
    strcpy(s->rid, rid);
    struct bc_rtp_receiver_params receiver = { .clock_rate = chosen->clock_rate,
        .nack = chosen->nack, .on_packet = on_packet, .on_nack = bc_inbound_nack,
        .user = s };
    struct bc_rtp_depacketiser_params depacketiser = { .codec = chosen->codec,
        .sample_rate = chosen->clock_rate, .channels = chosen->stereo ? 2 : 1,
        .fmtp = chosen->fmtp, .on_unit = on_unit, .on_broken = on_broken, .user = s };
    s->receiver = bc_rtp_receiver_create(&receiver);
    s->depacketiser = bc_rtp_depacketiser_create(&depacketiser);
    if (!s->receiver || !s->depacketiser) {
        close_stream(s);
        return NULL;
    }
    s->used = true;
    bc_debug(in->log, "stream %08x: %s%s%s", ssrc, bc_codec_name(chosen->codec),
        rid[0] ? ", layer " : "", rid);
    return s;
}

static void
read_rid(const struct bc_rtp_header *h, uint8_t id, char out[17])
{
    size_t len = 0;
    const uint8_t *value = id ? bc_rtp_extension(h, id, &len) : NULL;
    out[0] = '\0';
    if (value && len < 17) {
        memcpy(out, value, len);
        out[len] = '\0';
    }
}

static bool
rid_is_known(const struct bc_sdp_chosen *c, const char *rid)
{
    for (unsigned i = 0; i < c->rid_count; i++) {
        if (strcmp(c->rids[i], rid) == 0) {
            return true;
        }
    }
    return false;
}

static struct bc_inbound_stream *
find(struct bc_inbound *in, uint32_t ssrc, bool *rtx)
{
    for (unsigned i = 0; i < BC_INBOUND_STREAMS; i++) {
        struct bc_inbound_stream *s = &in->streams[i];
        if (s->used && (s->ssrc == ssrc || (s->rtx_ssrc != 0 && s->rtx_ssrc == ssrc))) {
            *rtx = s->ssrc != ssrc;
            return s;
        }
    }
    return NULL;
}

// A retransmission stream that nobody announced: by its layer's name, or there is only
// one video.
static struct bc_inbound_stream *
adopt_rtx(struct bc_inbound *in, const struct bc_rtp_header *h)
{
    char rid[17];
    read_rid(h, in->session.video.ext.repaired_rid, rid);
    for (unsigned i = 0; i < BC_INBOUND_STREAMS; i++) {
        struct bc_inbound_stream *s = &in->streams[i];
        if (s->used && s->kind == BC_KIND_VIDEO && s->rtx_ssrc == 0
            && (rid[0] ? strcmp(s->rid, rid) == 0 : in->session.video.rid_count == 0)) {
            s->rtx_ssrc = h->ssrc;
            return s;
        }
    }
    return NULL;
}

// The stream of a packet, opened when it is new. Streams are told by SSRC once they are
// known, before that by payload type and, with simulcast, the layer's name.
static struct bc_inbound_stream *
classify(struct bc_inbound *in, const struct bc_rtp_header *h, bool *rtx)
{
    struct bc_inbound_stream *s = find(in, h->ssrc, rtx);
    const struct bc_sdp_session *agreed = &in->session;
    if (s) {
        return s;
    }
    *rtx = false;
    if (agreed->audio.active && h->payload_type == agreed->audio.pt) {
        return open_stream(in, &agreed->audio, h->ssrc, "");
    }
    if (agreed->video.active && agreed->video.rtx_pt
        && h->payload_type == agreed->video.rtx_pt) {
        *rtx = true;
        return adopt_rtx(in, h);
    }
    if (!agreed->video.active || h->payload_type != agreed->video.pt) {
        return NULL;
    }
    char rid[17];
    read_rid(h, agreed->video.ext.rid, rid);
    if (agreed->video.rid_count > 0 && !rid_is_known(&agreed->video, rid)) {
        return NULL; // its first packets name it
    }
    return open_stream(in, &agreed->video, h->ssrc, agreed->video.rid_count ? rid : "");
}

void
bc_inbound_on_rtp(struct bc_inbound *in, const struct bc_rtp_header *h, int64_t now_us)
{
    uint8_t id = in->session.video.ext.transport_cc ? in->session.video.ext.transport_cc
                                                    : in->session.audio.ext.transport_cc;
    size_t len;
    const uint8_t *seq = in->twcc && id ? bc_rtp_extension(h, id, &len) : NULL;
    if (seq && len >= 2) {
        bc_twcc_receiver_on_packet(in->twcc, (uint16_t)(seq[0] << 8 | seq[1]), now_us);
    }
    bool rtx;
    struct bc_inbound_stream *s = classify(in, h, &rtx);
    if (!s) {
        return;
    }
    in->packets++;
    in->last_packet_us = now_us;
    if (rtx) {
        bc_rtp_receiver_push_rtx(s->receiver, h, now_us);
    } else {
        bc_rtp_receiver_push(s->receiver, h, now_us);
    }
}

// --- RTCP and time ---

// What one compound packet is handled with.
struct incoming {
    struct bc_inbound *in;
    int64_t now_us;
};

static void
on_message(void *user, const struct bc_rtcp_message *m)
{
    struct incoming *i = user;
    bool rtx;
    struct bc_inbound_stream *s = find(i->in, m->sender_ssrc, &rtx);
    if (m->kind == BC_RTCP_SR && s && !rtx) {
        bc_rtp_receiver_on_sr(s->receiver, m->sr.ntp, i->now_us);
        bc_inbound_on_sr(s, m->sr.ntp, m->sr.rtp);
    }
}

void
bc_inbound_on_rtcp(struct bc_inbound *in, const uint8_t *data, size_t len, int64_t now_us)
{
    struct incoming i = { in, now_us };
    bc_rtcp_parse(data, len, on_message, &i);
    check_hold(in, now_us);
}

static void
on_timer(struct bc_timer *timer)
{
    struct bc_inbound *in = bc_container_of(timer, struct bc_inbound, timer);
    int64_t now = bc_clock_us();
    for (unsigned i = 0; i < BC_INBOUND_STREAMS; i++) {
        if (in->streams[i].used) {
            bc_rtp_receiver_tick(in->streams[i].receiver, now);
        }
    }
    check_hold(in, now);
    if (in->session.video.rid_count > 0 && !in->holding) {
        bc_inbound_rank(in, now);
    }
    bc_inbound_feedback(in, now);
    bc_timer_set(&in->timer, TICK_US);
}

void
bc_inbound_ask_key(struct bc_inbound *in, unsigned rendition)
{
    for (unsigned i = 0; i < BC_INBOUND_STREAMS; i++) {
        struct bc_inbound_stream *s = &in->streams[i];
        if (s->used && s->kind == BC_KIND_VIDEO && s->rendition == (int)rendition) {
            bc_inbound_want_key(s);
        }
    }
}

struct bc_inbound *
bc_inbound_create(const struct bc_inbound_params *params)
{
    struct bc_inbound *in = calloc(1, sizeof(*in));
    if (!in) {
        return NULL;
    }
    const struct bc_sdp_session *agreed = params->session;
    if (agreed->video.transport_cc || agreed->audio.transport_cc) {
        in->twcc = bc_twcc_receiver_create();
        if (!in->twcc) {
            free(in);
            return NULL;
        }
    }
    in->peer = params->peer;
    in->worker = params->worker;
    in->ops = params->ops;
    in->user = params->user;
    in->log = params->log;
    in->session = *agreed;
    in->key_interval_us = params->key_interval_us;
    in->holding = true;
    in->own_ssrc = 1;
    if (getrandom(&in->own_ssrc, sizeof(in->own_ssrc), 0) < 0) {
        in->own_ssrc = 1;
    }
    bc_timer_init(&in->timer, params->worker, on_timer);
    bc_timer_set(&in->timer, TICK_US);
    return in;
}

void
bc_inbound_destroy(struct bc_inbound *in)
{
    if (!in) {
        return;
    }
    bc_timer_cancel(&in->timer);
    for (unsigned i = 0; i < in->held_count; i++) {
        bc_packet_unref(&in->held[i]);
    }
    for (unsigned i = 0; i < BC_INBOUND_STREAMS; i++) {
        close_stream(&in->streams[i]);
    }
    bc_twcc_receiver_destroy(in->twcc);
    free(in);
}

void
bc_inbound_stats(const struct bc_inbound *in, struct bc_inbound_stats *out)
{
    memset(out, 0, sizeof(*out));
    out->packets = in->packets;
    out->key_requests = in->key_requests;
    out->last_packet_us = in->last_packet_us;
    for (unsigned i = 0; i < BC_INBOUND_STREAMS; i++) {
        const struct bc_inbound_stream *s = &in->streams[i];
        if (!s->used) {
            continue;
        }
        struct bc_rtp_receiver_stats r;
        bc_rtp_receiver_stats(s->receiver, &r);
        out->lost += r.lost;
        out->nacked += r.nacked;
        out->recovered += r.recovered;
        out->layers += s->kind == BC_KIND_VIDEO;
        if (s->kind == BC_KIND_VIDEO && s->rendition == 0) {
            out->jitter_ms = r.jitter_ms;
        }
    }
}
