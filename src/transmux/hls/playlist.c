// SPDX-License-Identifier: Apache-2.0
#include "transmux/hls.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/gzip.h"
#include "base/writer.h"
#include "name.h"
#include "snapshot.h"

#define US_PER_S 1000000
// Playlists shrink to a tenth at any level; above this one it only takes longer.
#define GZIP_LEVEL 4

// Of the newest media, in target durations: how much stays listed as parts (LL-7), and
// what a delta update leaves out (LL-12). HOLD-BACK is for players that do not read
// parts.
#define PARTS_TARGETS 3
#define SKIP_TARGETS 6
#define HOLD_TARGETS 3

// One playlist on its way into a text.
struct rendering {
    struct bc_writer *w;
    const struct bc_hls_snapshot *s;
    const struct hls_view *view;
    enum bc_hls_rendition rendition;
    int64_t rest_us; // what the playlist lists from the next segment on
    const struct hls_init *init; // the last one written
    size_t tail; // where the lines behind the segments begin
};

static void
write_seconds(struct bc_writer *w, int64_t us)
{
    bc_write_fmt(w, "%" PRId64 ".%06" PRId64, us / US_PER_S, us % US_PER_S);
}

static void
write_millis(struct bc_writer *w, int64_t us)
{
    bc_write_fmt(w, "%" PRId64 ".%03" PRId64, us / US_PER_S, us % US_PER_S / 1000);
}

static void
write_name(const struct rendering *x, enum hls_name_kind kind, uint64_t msn,
    uint64_t part)
{
    struct hls_name name = { kind, x->rendition, msn, part };
    hls_name_write(x->w, &name);
}

static void
write_header(const struct rendering *x, const struct hls_segment *first)
{
    struct bc_writer *w = x->w;
    int64_t target_us = x->s->params.target_us;
    bc_write_str(w, "#EXTM3U\n#EXT-X-VERSION:9\n");
    bc_write_fmt(w, "#EXT-X-TARGETDURATION:%" PRId64 "\n", target_us / US_PER_S);
    bc_write_str(w, "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=");
    write_millis(w, SKIP_TARGETS * target_us);
    bc_write_str(w, ",HOLD-BACK=");
    write_millis(w, HOLD_TARGETS * target_us);
    bc_write_str(w, ",PART-HOLD-BACK=");
    write_millis(w, x->s->part_hold_us);
    bc_write_str(w, "\n#EXT-X-PART-INF:PART-TARGET=");
    write_millis(w, x->view->part_target_us);
    bc_write_fmt(w, "\n#EXT-X-MEDIA-SEQUENCE:%" PRIu64 "\n", first->msn);
    bc_write_fmt(w, "#EXT-X-DISCONTINUITY-SEQUENCE:%" PRIu64 "\n",
        first->dseq - (first->discontinuity ? 1 : 0));
    if (x->view->independent) {
        bc_write_str(w, "#EXT-X-INDEPENDENT-SEGMENTS\n");
    }
}

static void
write_parts(const struct rendering *x, const struct hls_segment *s)
{
    for (size_t i = 0; i < s->part_count; i++) {
        const struct hls_part *p = &s->parts[i];
        bc_write_str(x->w, "#EXT-X-PART:DURATION=");
        write_seconds(x->w, p->end_us - p->start_us);
        bc_write_str(x->w, ",URI=\"");
        write_name(x, HLS_NAME_PART, x->s->params.first_msn, p->number);
        bc_write_str(x->w, p->independent ? "\",INDEPENDENT=YES\n" : "\"\n");
    }
}

// The tags of a segment stand before its first part (LL-4).
static void
write_segment(struct rendering *x, const struct hls_segment *s, bool closed)
{
    struct bc_writer *w = x->w;
    if (s->discontinuity) {
        bc_write_str(w, "#EXT-X-DISCONTINUITY\n");
    }
    if (s->init && s->init != x->init) {
        x->init = s->init;
        bc_write_str(w, "#EXT-X-MAP:URI=\"");
        write_name(x, HLS_NAME_INIT, s->init->msn, 0);
        bc_write_str(w, "\"\n");
    }
    char date[BC_TIME_TEXT];
    bc_clock_format(s->pdt_us, date);
    bc_write_fmt(w, "#EXT-X-PROGRAM-DATE-TIME:%s\n", date);
    x->rest_us -= s->end_us - s->start_us;
    if (x->rest_us < PARTS_TARGETS * x->s->params.target_us) {
        write_parts(x, s);
    }
    if (closed) {
        bc_write_str(w, s->gap ? "#EXT-X-GAP\n#EXTINF:" : "#EXTINF:");
        write_seconds(w, s->end_us - s->start_us);
        bc_write_str(w, ",\n");
        write_name(x, HLS_NAME_SEGMENT, s->msn, 0);
        bc_write_str(w, "\n");
    }
}

static void
write_report(struct bc_writer *w, const struct bc_hls_snapshot *s,
    enum bc_hls_rendition other)
{
    struct hls_newest newest = hls_view_newest(&s->views[other]);
    bc_write_fmt(w, "#EXT-X-RENDITION-REPORT:URI=\"%s.m3u8\",LAST-MSN=%" PRIu64,
        hls_rendition_name(other), newest.segment->msn);
    if (newest.part >= 0) {
        bc_write_fmt(w, ",LAST-PART=%" PRId64, newest.part);
    }
    bc_write_str(w, "\n");
}

static void
write_end(const struct rendering *x)
{
    if (x->s->ended) {
        bc_write_str(x->w, "#EXT-X-ENDLIST\n");
        return;
    }
    bc_write_str(x->w, "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"");
    write_name(x, HLS_NAME_PART, x->s->params.first_msn, x->view->next_part);
    bc_write_str(x->w, "\"\n");
    for (int i = 0; i < BC_HLS_RENDITIONS; i++) {
        enum bc_hls_rendition other = (enum bc_hls_rendition)i;
        if (other != x->rendition && bc_hls_snapshot_has(x->s, other)) {
            write_report(x->w, x->s, other);
        }
    }
}

// In the sense of the playlist: holes between segments do not count.
static int64_t
listed_us(const struct hls_view *v)
{
    int64_t sum_us = v->open ? v->open->end_us - v->open->start_us : 0;
    for (size_t i = v->listed; i < v->count; i++) {
        sum_us += v->segments[i]->end_us - v->segments[i]->start_us;
    }
    return sum_us;
}

// How many listed segments lie wholly before the skip boundary. They count as written.
static size_t
pass_skippable(struct rendering *x)
{
    const struct hls_view *v = x->view;
    size_t n = 0;
    for (; v->listed + n < v->count; n++) {
        const struct hls_segment *s = v->segments[v->listed + n];
        int64_t rest_us = x->rest_us - (s->end_us - s->start_us);
        if (rest_us < SKIP_TARGETS * x->s->params.target_us) {
            break;
        }
        x->rest_us = rest_us;
    }
    return n;
}

static void
write_playlist(struct rendering *x, size_t skipped)
{
    const struct hls_view *v = x->view;
    write_header(x, v->listed < v->count ? v->segments[v->listed] : v->open);
    if (skipped > 0) {
        bc_write_fmt(x->w, "#EXT-X-SKIP:SKIPPED-SEGMENTS=%zu\n", skipped);
    }
    for (size_t i = v->listed + skipped; i < v->count; i++) {
        write_segment(x, v->segments[i], true);
    }
    if (v->open) {
        write_segment(x, v->open, false);
    }
    x->tail = x->w->len;
    write_end(x);
}

// The text in its place in the snapshot, made now if it is not there; borrowed. The mutex
// is held.
static struct bc_buf *
make_text(struct bc_hls_snapshot *s, enum bc_hls_rendition rendition, enum hls_text text,
    bool gzip);

static struct bc_buf *
render(struct bc_hls_snapshot *s, enum bc_hls_rendition rendition, enum hls_text text)
{
    struct bc_writer w = { 0 };
    const struct hls_view *v = &s->views[rendition];
    struct rendering x = { &w, s, v, rendition, listed_us(v), NULL, 0 };
    size_t skipped = text == HLS_TEXT_DELTA ? pass_skippable(&x) : 0;
    if (text == HLS_TEXT_DELTA && skipped == 0) {
        struct bc_buf *full = make_text(s, rendition, HLS_TEXT_FULL, false);
        s->tails[rendition][text] = s->tails[rendition][HLS_TEXT_FULL];
        return full ? bc_buf_ref(full) : NULL;
    }
    write_playlist(&x, skipped);
    s->tails[rendition][text] = x.tail;
    atomic_fetch_add(&s->renderings, 1);
    struct bc_buf *buf = bc_buf_from_writer(&w);
    bc_writer_finish(&w);
    return buf;
}

static struct bc_buf *
compress(struct bc_hls_snapshot *s, enum bc_hls_rendition rendition, enum hls_text text)
{
    const struct bc_buf *plain = make_text(s, rendition, text, false);
    atomic_fetch_add(&s->compressions, 1);
    return plain ? bc_gzip(plain, GZIP_LEVEL) : NULL;
}

static struct bc_buf *
make_text(struct bc_hls_snapshot *s, enum bc_hls_rendition rendition, enum hls_text text,
    bool gzip)
{
    _Atomic(struct bc_buf *) *slot = &s->texts[rendition][text][gzip];
    struct bc_buf *buf = atomic_load_explicit(slot, memory_order_relaxed);
    if (!buf) {
        buf = gzip ? compress(s, rendition, text) : render(s, rendition, text);
        atomic_store_explicit(slot, buf, memory_order_release);
    }
    return buf;
}

void
hls_dated_finish(struct hls_dated **list)
{
    while (*list) {
        struct hls_dated *d = *list;
        *list = d->next;
        bc_buf_unref(&d->dates);
        for (size_t i = 0; i < BC_HLS_RENDITIONS * HLS_TEXTS * 2; i++) {
            bc_buf_unref(&d->texts[i / (HLS_TEXTS * 2)][i / 2 % HLS_TEXTS][i % 2]);
        }
        free(d);
    }
}

// Names with the same cues share them, whoever wrote the dates.
static struct hls_dated *
find_dated(struct bc_hls_snapshot *s, struct bc_buf *dates)
{
    for (struct hls_dated *d = s->dated; d; d = d->next) {
        if (d->dates == dates
            || (d->dates->len == dates->len
                && memcmp(d->dates->data, dates->data, dates->len) == 0)) {
            return d;
        }
    }
    struct hls_dated *d = calloc(1, sizeof(*d));
    if (d) {
        d->dates = bc_buf_ref(dates);
        d->next = s->dated;
        s->dated = d;
    }
    return d;
}

// The dates stand behind the segments: a tag that tells of all of the playlist may stand
// anywhere, and a delta update has all of them (bis 6.2.5.1, without CAN-SKIP-DATERANGES).
static struct bc_buf *
insert(const struct bc_buf *plain, size_t at, const struct bc_buf *dates)
{
    struct bc_buf *buf = bc_buf_create(plain->len + dates->len);
    if (buf) {
        memcpy(buf->data, plain->data, at);
        memcpy(buf->data + at, dates->data, dates->len);
        memcpy(buf->data + at + dates->len, plain->data + at, plain->len - at);
    }
    return buf;
}

static struct bc_buf *
make_dated(struct bc_hls_snapshot *s, enum bc_hls_rendition rendition, enum hls_text text,
    bool gzip, struct bc_buf *dates)
{
    struct hls_dated *d = find_dated(s, dates);
    struct bc_buf *plain = d ? make_text(s, rendition, text, false) : NULL;
    if (!plain) {
        return NULL;
    }
    struct bc_buf **slots = d->texts[rendition][text];
    if (!slots[false]) {
        slots[false] = insert(plain, s->tails[rendition][text], dates);
        atomic_fetch_add(&s->renderings, 1);
    }
    if (gzip && !slots[true] && slots[false]) {
        slots[true] = bc_gzip(slots[false], GZIP_LEVEL);
        atomic_fetch_add(&s->compressions, 1);
    }
    return slots[gzip];
}

// The playlist that is asked for, when it is there.
static bool
find_playlist(const struct bc_hls_snapshot *s, enum bc_hls_rendition *rendition)
{
    *rendition = hls_snapshot_resolve(s, *rendition);
    return bc_hls_snapshot_playable(s) && bc_hls_snapshot_has(s, *rendition);
}

struct bc_buf *
bc_hls_playlist(struct bc_hls_snapshot *s, enum bc_hls_rendition rendition, bool delta,
    bool gzip)
{
    if (!find_playlist(s, &rendition)) {
        return NULL;
    }
    enum hls_text text = delta ? HLS_TEXT_DELTA : HLS_TEXT_FULL;
    struct bc_buf *buf =
        atomic_load_explicit(&s->texts[rendition][text][gzip], memory_order_acquire);
    if (!buf) {
        pthread_mutex_lock(&s->mutex);
        buf = make_text(s, rendition, text, gzip);
        pthread_mutex_unlock(&s->mutex);
    }
    return buf ? bc_buf_ref(buf) : NULL;
}

struct bc_buf *
bc_hls_playlist_dated(struct bc_hls_snapshot *s, enum bc_hls_rendition rendition, bool delta,
    bool gzip, struct bc_buf *dates)
{
    if (!dates) {
        return bc_hls_playlist(s, rendition, delta, gzip);
    }
    if (!find_playlist(s, &rendition)) {
        return NULL;
    }
    enum hls_text text = delta ? HLS_TEXT_DELTA : HLS_TEXT_FULL;
    pthread_mutex_lock(&s->mutex);
    struct bc_buf *buf = make_dated(s, rendition, text, gzip, dates);
    buf = buf ? bc_buf_ref(buf) : NULL;
    pthread_mutex_unlock(&s->mutex);
    return buf;
}
