// SPDX-License-Identifier: Apache-2.0
#include "muxer.h"

#include <stdatomic.h>
#include <stdlib.h>

#define US_PER_S 1000000

// A track that is silent for so long while the other goes on is taken for gone: players
// would stall for it.
#define TRACK_LOST_US (3 * US_PER_S)
// A stamp so far before the track's last is no jitter any more.
#define STEP_BACK_US US_PER_S

#define PART_DEFAULT_US 200000
#define PART_MIN_US 150000
#define PART_MAX_US (2 * US_PER_S)
// PART-HOLD-BACK in PART-TARGETs (LL-1). It is the same in both playlists, whose
// PART-TARGETs need not be: each is at most the part wanted and a little slack, or a
// frame.
#define PART_HOLDS 3
#define PART_SLACK_US 3000
#define SEGMENT_DEFAULT_US (2 * US_PER_S)
#define SEGMENT_MIN_US (US_PER_S / 2)
#define TARGET_DEFAULT_US (4 * US_PER_S)
#define TARGET_MAX_US (10 * US_PER_S)
#define WINDOW_DEFAULT_US (60 * (int64_t)US_PER_S)
#define WINDOW_TARGETS 8 // CAN-SKIP-UNTIL is 6
#define FIRST_DSEQ_BELOW 251
#define WINDOW_DEFAULT_BYTES ((size_t)256 << 20)

static int64_t
within(int64_t value, int64_t preset, int64_t min, int64_t max)
{
    value = value > 0 ? value : preset;
    return value < min ? min : value > max ? max : value;
}

void
hls_params_check(struct bc_hls_params *p)
{
    p->part_us = within(p->part_us, PART_DEFAULT_US, PART_MIN_US, PART_MAX_US);
    p->target_us = within(p->target_us, TARGET_DEFAULT_US, US_PER_S, TARGET_MAX_US);
    p->target_us = (p->target_us + US_PER_S - 1) / US_PER_S * US_PER_S;
    p->segment_us =
        within(p->segment_us, SEGMENT_DEFAULT_US, SEGMENT_MIN_US, p->target_us);
    p->window_us = within(p->window_us, WINDOW_DEFAULT_US, WINDOW_TARGETS * p->target_us,
        INT64_MAX / 4);
    p->window_bytes = p->window_bytes > 0 ? p->window_bytes : WINDOW_DEFAULT_BYTES;
}

uint64_t
hls_serial(void)
{
    static atomic_uint_fast64_t last;
    return atomic_fetch_add(&last, 1) + 1;
}

uint64_t
hls_first_dseq(uint64_t first_msn)
{
    // Small: hls.js keeps an array by it and walks through all of it with every playlist.
    return first_msn % FIRST_DSEQ_BELOW;
}

int64_t
hls_part_hold_us(const struct bc_hls_params *params, int64_t part_target_us)
{
    int64_t target_us = params->part_us + PART_SLACK_US;
    return PART_HOLDS * (part_target_us > target_us ? part_target_us : target_us);
}

struct bc_hls_muxer *
bc_hls_create(const struct bc_hls_params *params, bc_hls_on_update *on_update, void *user)
{
    struct bc_hls_muxer *m = calloc(1, sizeof(*m));
    if (!m) {
        return NULL;
    }
    m->on_update = on_update;
    m->user = user;
    m->format.params = *params;
    hls_params_check(&m->format.params);
    m->serial = hls_serial();
    // After a restart of the server the number should differ from the one before, so that
    // a player does not take the new times for a continuation.
    m->format.dseq
        = params->first_dseq ? params->first_dseq : hls_first_dseq(params->first_msn);
    m->format.first_msn = params->first_msn;
    hls_rendition_init(&m->main, BC_HLS_MAIN, &m->format);
    hls_rendition_init(&m->audio, BC_HLS_AUDIO, &m->format);
    m->main.next_msn = params->first_msn;
    return m;
}

void
bc_hls_destroy(struct bc_hls_muxer *m)
{
    if (!m) {
        return;
    }
    bc_hls_snapshot_unref(&m->latest);
    hls_queue_finish(&m->collected);
    hls_queue_finish(&m->held);
    bc_track_unref(&m->video_in.track);
    bc_track_unref(&m->audio_in.track);
    hls_rendition_finish(&m->main);
    hls_rendition_finish(&m->audio);
    hls_variants_finish(m);
    free(m);
}

struct bc_hls_snapshot *
bc_hls_latest(struct bc_hls_muxer *m)
{
    return m->latest;
}

static void
describe(const struct bc_hls_muxer *m, struct bc_hls_snapshot *s)
{
    const struct bc_hls_snapshot *old = m->latest;
    const struct hls_segment *newest = hls_rendition_newest(&m->main);
    // Between formats the last one's tracks are still what the playlists hold.
    bool none = !m->video_in.track && !m->audio_in.track;
    struct bc_track *video = none && old ? old->video : m->video_in.track;
    struct bc_track *audio = none && old ? old->audio : m->audio_in.track;
    s->video = video ? bc_track_ref(video) : NULL;
    s->audio = audio ? bc_track_ref(audio) : NULL;
    s->frame_us = none && old ? old->frame_us : m->main.runs[0].pace.frame_us;
    s->serial = m->serial;
    s->ended = m->ended;
    s->passed_over = m->passed_over;
    for (size_t i = 0; i < HLS_VARIANTS && m->main.count == 0; i++) {
        const struct hls_variant *v = m->variants[i];
        bool due = v && v->running && !hls_rendition_newest(&v->r);
        s->variants_due = s->variants_due || due;
    }
    s->part_hold_us = hls_part_hold_us(&m->format.params, m->main.part_target_us);
    s->last_part_arrived_us = m->main.newest_arrived_us;
    if (newest) {
        s->last_part_wall_us = newest->pdt_us + newest->end_us - newest->start_us;
    }
}

// All playlists of the muxer that were ever made.
static size_t
list_renditions(struct bc_hls_muxer *m, struct hls_rendition *out[BC_HLS_RENDITIONS])
{
    size_t n = 0;
    out[n++] = &m->main;
    out[n++] = &m->audio;
    for (size_t i = 0; i < HLS_VARIANTS; i++) {
        if (m->variants[i]) {
            out[n++] = &m->variants[i]->r;
        }
    }
    return n;
}

// Publishes what changed. Without memory, the old snapshot stands until the next change.
static void
update(struct bc_hls_muxer *m, bool force)
{
    struct hls_rendition *list[BC_HLS_RENDITIONS];
    size_t count = list_renditions(m, list);
    bool changed = force;
    for (size_t i = 0; i < count; i++) {
        changed = changed || list[i]->changed;
    }
    if (!changed) {
        return;
    }
    hls_renditions_prune(list, count);
    struct bc_hls_snapshot *s = hls_snapshot_create(list, count);
    if (!s) {
        return;
    }
    describe(m, s);
    for (size_t i = 0; i < count; i++) {
        list[i]->changed = false;
    }
    bc_hls_snapshot_unref(&m->latest);
    m->latest = s;
    m->on_update(m->user, s);
}

// Whether the packet cannot belong to the running epoch, by what it says or by its stamp.
static bool
begins_epoch(const struct bc_hls_muxer *m, const struct bc_packet *p,
    const struct hls_input *in)
{
    if (!m->has_epoch || p->epoch != m->epoch) {
        return true;
    }
    bool started = m->running || m->collected.count > 0;
    return ((p->flags & BC_PACKET_NEW_EPOCH) && started)
        || (in->seen && p->dts_us + STEP_BACK_US < in->last_us);
}

static bool
is_same(const struct bc_track *a, const struct bc_track *b)
{
    return a == b || bc_track_equal(a, b);
}

// What a packet means to the running format.
enum fit { FIT_NONE, FIT_FEED, FIT_DROP, FIT_NEW_FORMAT };

// A format with a picture can only begin with a keyframe. So sound that is new, changed
// or gone waits for the next one rather than freeze the picture until then.
static enum fit
fit_video(const struct bc_hls_muxer *m, const struct bc_packet *p)
{
    bool fits = is_same(m->video_in.track, p->track);
    if (!(p->flags & BC_PACKET_KEY)) {
        return fits ? FIT_FEED : FIT_DROP;
    }
    bool sound_lost = m->audio_in.track
        && m->video_in.last_us - m->audio_in.last_us > TRACK_LOST_US;
    return fits && !sound_lost && !m->sound_waits ? FIT_FEED : FIT_NEW_FORMAT;
}

static enum fit
fit_audio(struct bc_hls_muxer *m, const struct bc_packet *p)
{
    if (is_same(m->audio_in.track, p->track)) {
        return FIT_FEED;
    }
    m->sound_waits = m->video_in.track != NULL;
    return m->sound_waits ? FIT_DROP : FIT_NEW_FORMAT;
}

// The picture is gone: the sound that waited for it goes on alone.
static bool
has_lost_video(const struct bc_hls_muxer *m, const struct bc_packet *p)
{
    return p->kind == BC_KIND_AUDIO && m->held.count > 0
        && p->dts_us - m->held.items[0].packet->dts_us > TRACK_LOST_US;
}

static void
go_on_without_video(struct bc_hls_muxer *m)
{
    struct hls_queue held = m->held;
    m->held = (struct hls_queue){ 0 };
    hls_run_trim(&m->main.runs[1], held.items[0].packet->dts_us);
    for (size_t i = 0; i < held.count; i++) {
        held.items[i].wall_us = held.items[i].packet->pts_us + m->format.wall_offset_us;
    }
    hls_muxer_flush(m);
    m->collected = held;
    m->audio_in.seen = true;
    hls_muxer_settle(m);
}

static bool
is_usable(const struct bc_hls_muxer *m, const struct bc_packet *p)
{
    if (m->ended || (p->kind != BC_KIND_VIDEO && p->kind != BC_KIND_AUDIO)
        || !bc_cmaf_supports(p->track) || p->track->kind != p->kind || p->dts_us < 0) {
        return false;
    }
    bool late = m->has_epoch && p->epoch < m->epoch && !(p->flags & BC_PACKET_NEW_EPOCH);
    return !late && p->len > 0;
}

static void
note_picture(struct bc_hls_muxer *m, const struct bc_packet *p, bool usable)
{
    if (p->kind == BC_KIND_VIDEO && p->rendition == 0 && p->track) {
        bool lacks = !usable && !bc_cmaf_has_codec(p->track->codec);
        m->passed_over = lacks ? p->track->codec : BC_CODEC_NONE;
    }
}

// Each playlist has them in the part with their moment. One that is not there (yet) has no use
// for them.
static void
push_cue(struct bc_hls_muxer *m, struct bc_packet *packet)
{
    struct hls_rendition *list[BC_HLS_RENDITIONS];
    size_t count = list_renditions(m, list);
    for (size_t i = 0; i < count && !m->ended && packet->len > 0; i++) {
        if (list[i]->exists || list[i] == &m->main) {
            hls_marks_push(&list[i]->marks, packet);
        }
    }
}

void
bc_hls_push(struct bc_hls_muxer *m, struct bc_packet *packet, int64_t wall_us)
{
    if (packet->kind == BC_KIND_CUE) {
        push_cue(m, packet);
        return;
    }
    bool usable = is_usable(m, packet);
    note_picture(m, packet, usable);
    if (!usable) {
        return;
    }
    if (packet->rendition > 0) {
        hls_variants_push(m, packet);
        update(m, false);
        return;
    }
    struct hls_input *in = packet->kind == BC_KIND_VIDEO ? &m->video_in : &m->audio_in;
    if (begins_epoch(m, packet, in)) {
        hls_muxer_flush(m);
        m->has_epoch = true;
        m->epoch = packet->epoch;
        hls_variants_forget(m);
    } else if (m->running && has_lost_video(m, packet)) {
        go_on_without_video(m);
    }
    bool video = packet->kind == BC_KIND_VIDEO;
    enum fit fit = m->running ? (video ? fit_video(m, packet) : fit_audio(m, packet))
        : hls_muxer_contradicts(m, packet) ? FIT_NEW_FORMAT : FIT_FEED;
    if (fit == FIT_NEW_FORMAT) {
        hls_muxer_flush(m);
    }
    in->seen = true;
    in->last_us = packet->dts_us;
    if (!video) {
        hls_variants_sound(m, packet);
    }
    if (!m->running) {
        hls_muxer_collect(m, packet, wall_us);
    } else if (fit == FIT_FEED) {
        hls_muxer_feed(m, packet);
    }
    update(m, false);
}

void
bc_hls_pause(struct bc_hls_muxer *m)
{
    hls_muxer_flush(m);
    update(m, false);
}

void
bc_hls_end(struct bc_hls_muxer *m)
{
    if (m->ended) {
        return;
    }
    m->ended = true;
    hls_muxer_flush(m);
    update(m, true);
}
