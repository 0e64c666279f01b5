// SPDX-License-Identifier: Apache-2.0
#include "publisher.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "protocol/rtmp/metadata.h"
#include "publisher_internal.h"

#define PROBE_US 1000000

void
bc_publisher_init(
    struct bc_publisher *p, struct bc_take *take, const struct bc_logger *log)
{
    memset(p, 0, sizeof(*p));
    p->take = take;
    p->log = log;
    p->probing = true;
    p->expects_video = true;
    p->expects_audio = true;
}

void
bc_publisher_finish(struct bc_publisher *p, bool clean, const char *reason)
{
    if (!p->take) {
        return;
    }
    for (unsigned i = 0; i < p->held_count; i++) {
        bc_packet_unref(&p->held[i]);
    }
    p->held_count = 0;
    bc_take_close(p->take, clean, reason);
    p->take = NULL;
    publisher_lanes_finish(p);
    bc_track_unref(&p->audio);
}

void
publisher_complain(struct bc_publisher *p, const char *what, int64_t now_us)
{
    unsigned suppressed;
    p->bad_messages++;
    if (bc_log_limit_pass(&p->bad_log, now_us, &suppressed)) {
        bc_warn(p->log, "%s; message dropped (%llu so far)", what,
            (unsigned long long)p->bad_messages);
    }
}

void
publisher_complain_codec(struct bc_publisher *p, const char *kind, uint32_t id,
    bool enhanced, int64_t now_us)
{
    char what[64];
    char letters[5] = { (char)(id >> 24), (char)(id >> 16), (char)(id >> 8), (char)id, 0 };
    bool readable = enhanced;
    for (unsigned i = 0; i < 4; i++) {
        readable = readable && letters[i] > ' ' && letters[i] < 0x7f;
    }
    if (readable) {
        snprintf(what, sizeof(what), "unknown %s codec '%s'", kind, letters);
    } else {
        snprintf(what, sizeof(what), "unknown %s codec %s%u", kind,
            enhanced ? "FourCC " : "id ", id);
    }
    publisher_complain(p, what, now_us);
}

struct stamp
publisher_stamp(struct bc_publisher *p, const struct bc_rtmp_media *m, bool is_sample,
    int64_t now_us)
{
    struct bc_unwrap copy = p->clock;
    struct bc_unwrap *clock = is_sample ? &p->clock : &copy;
    return (struct stamp){ bc_unwrap_rtmp(clock, m->timestamp) * 1000, now_us };
}

// --- the start: all tracks at once ---

// Of several video tracks each has to show its picture before they can be ranked.
static bool
video_is_known(const struct bc_publisher *p)
{
    for (unsigned i = 0; i < p->lane_count && p->lane_count > 1; i++) {
        if (p->lanes[i].next && !p->lanes[i].track) {
            return false;
        }
    }
    return publisher_has_video(p);
}

static bool
probe_is_over(const struct bc_publisher *p, int64_t now_us)
{
    return (video_is_known(p) || !p->expects_video) && (p->audio || !p->expects_audio)
        ? true
        : p->probe_since_us > 0 && now_us - p->probe_since_us > PROBE_US;
}

// The tracks that the epoch begins with.
static void
announce_tracks(struct bc_publisher *p)
{
    struct bc_track *video = NULL;
    for (unsigned i = 0; i < p->lane_count; i++) {
        const struct bc_publisher_lane *lane = &p->lanes[i];
        if (lane->ranked && lane->rendition == 0) {
            video = lane->track;
        } else if (!video) {
            video = lane->next;
        }
    }
    if (video) {
        bc_take_set_track(p->take, video);
    }
    if (p->audio) {
        bc_take_set_track(p->take, p->audio);
    }
}

static void
give(struct bc_publisher *p, unsigned i)
{
    struct bc_packet *packet = p->held[i];
    p->held[i] = NULL;
    bc_take_push(p->take, packet);
}

// Renditions wait for the best one's keyframe: the channel begins with that.
static void
push_held(struct bc_publisher *p)
{
    bool begun = false;
    for (unsigned i = 0; i < p->held_count && !begun; i++) {
        begun = p->held[i]->kind == BC_KIND_VIDEO && p->held[i]->rendition == 0;
        if (p->held[i]->rendition == 0) {
            give(p, i);
        }
    }
    for (unsigned i = 0; i < p->held_count; i++) {
        if (p->held[i]) {
            give(p, i);
        }
    }
    p->held_count = 0;
}

static void
end_probe(struct bc_publisher *p)
{
    p->probing = false;
    publisher_rank(p);
    announce_tracks(p);
    for (unsigned i = 0; i < p->held_count; i++) {
        if (p->held[i]->kind == BC_KIND_VIDEO) {
            p->held[i]->rendition = p->lanes[p->held[i]->rendition].rendition;
        }
    }
    push_held(p);
}

static void
push(struct bc_publisher *p, struct bc_packet *packet)
{
    if (!p->probing) {
        bc_take_push(p->take, packet);
        return;
    }
    if (p->probe_since_us == 0) {
        p->probe_since_us = packet->arrived_us;
    }
    p->held[p->held_count++] = packet;
    if (p->held_count == BC_PUBLISHER_HELD || probe_is_over(p, packet->arrived_us)) {
        end_probe(p);
    }
}

void
publisher_emit(struct bc_publisher *p, const struct sample *s, const struct stamp *t)
{
    enum bc_kind kind = s->track ? s->track->kind : BC_KIND_SCRIPT;
    struct bc_buf *buf = s->buf;
    struct bc_packet *packet = bc_packet_create(kind, s->track, buf, s->data, s->len);
    if (!packet) {
        bc_buf_unref(&buf);
        return;
    }
    packet->dts_us = t->dts_us;
    packet->pts_us = t->dts_us + s->cts_us;
    packet->arrived_us = t->now_us;
    packet->flags = s->flags;
    if (kind == BC_KIND_VIDEO) {
        packet->rendition
            = (uint8_t)(p->probing ? s->lane : p->lanes[s->lane].rendition);
    }
    push(p, packet);
}

static void
script_message(struct bc_publisher *p, const struct bc_rtmp_media *m, int64_t now_us)
{
    struct bc_rtmp_metadata md;
    int ret = bc_rtmp_metadata_parse(&md, m->data, m->len);
    if (ret == 0) {
        // Hints only, and the host's own words are not passed on: viewers get an
        // onMetaData made from what the tracks really are.
        if (md.has_video || md.has_audio) {
            p->expects_video = md.has_video;
            p->expects_audio = md.has_audio;
        }
        bc_debug(p->log, "onMetaData: %ux%u %.2f fps, encoder %s", md.width, md.height,
            md.framerate, md.encoder[0] ? md.encoder : "unknown");
    } else if (ret == -ENOENT) {
        struct stamp t = publisher_stamp(p, m, false, now_us);
        struct sample sample = {
            .buf = bc_buf_ref(m->buf), .data = m->data, .len = m->len };
        publisher_emit(p, &sample, &t);
    }
}

void
bc_publisher_media(
    struct bc_publisher *p, const struct bc_rtmp_media *media, int64_t now_us)
{
    if (!p->take) {
        return;
    }
    switch (media->kind) {
    case BC_KIND_VIDEO:
        publisher_video(p, media, now_us);
        break;
    case BC_KIND_AUDIO:
        publisher_audio(p, media, now_us);
        break;
    case BC_KIND_SCRIPT:
        script_message(p, media, now_us);
        break;
    case BC_KIND_CUE: // comes of cues, never from a wire
    case BC_KIND_NONE:
        break;
    }
}

void
bc_publisher_flush(struct bc_publisher *p, int64_t now_us)
{
    if (!p->take) {
        return;
    }
    if (p->probing && p->held_count > 0 && probe_is_over(p, now_us)) {
        end_probe(p);
    }
    bc_take_flush(p->take);
}
