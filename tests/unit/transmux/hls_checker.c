// SPDX-License-Identifier: Apache-2.0
#include "hls_checker.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/reader.h"

#define HASH_START 14695981039346656037u

struct hls_checker *
hls_checker_create(void)
{
    struct hls_checker *c = calloc(1, sizeof(*c));
    assert_non_null(c);
    for (int i = 0; i < BC_HLS_RENDITIONS; i++) {
        c->lists[i].rendition = (enum bc_hls_rendition)i;
    }
    return c;
}

struct check_segment *
hls_checker_segment(struct hls_checker *c, enum bc_hls_rendition rendition, uint64_t msn)
{
    struct check_list *l = &c->lists[rendition];
    assert_true(msn >= l->base_msn && msn - l->base_msn < CHECK_SEGMENTS);
    return &l->segments[msn - l->base_msn];
}

static struct check_segment *
segment_at(struct check_list *l, uint64_t msn)
{
    assert_true(msn >= l->base_msn && msn - l->base_msn < CHECK_SEGMENTS);
    return &l->segments[msn - l->base_msn];
}

// "1.234567" in microseconds.
static int64_t
parse_us(const char *text)
{
    char *end;
    double v = strtod(text, &end);
    assert_true(end > text);
    return (int64_t)(v * 1000000 + 0.5);
}

static int64_t
parse_date(const char *text)
{
    struct tm tm = { 0 };
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    assert_non_null(rest);
    assert_int_equal(rest[0], '.');
    assert_string_equal(rest + 4, "Z");
    return (int64_t)timegm(&tm) * 1000000 + atoi(rest + 1) * 1000;
}

// The value behind `name` in an attribute list, without quotes; false when there is none.
static bool
attribute(const char *line, const char *name, char out[CHECK_TEXT])
{
    char key[40];
    snprintf(key, sizeof(key), "%s=", name);
    const char *p = strstr(line, key);
    if (!p) {
        return false;
    }
    p += strlen(key);
    const char *stop = *p == '"' ? "\"" : ",";
    p += *p == '"';
    size_t len = strcspn(p, stop);
    assert_true(len < CHECK_TEXT);
    memcpy(out, p, len);
    out[len] = 0;
    return true;
}

static const char *
value(const char *line, const char *tag)
{
    size_t len = strlen(tag);
    return strncmp(line, tag, len) == 0 ? line + len : NULL;
}

// One playlist as it is read.
struct reading {
    struct check_list *list;
    struct bc_hls_snapshot *snapshot;
    struct check_header header;
    struct check_segment now; // the segment that is read
    bool has_tags;            // something of `now` was read
    uint64_t msn;
    uint64_t discontinuities;
    char map[CHECK_TEXT];
    uint64_t first_new_parts;
    int64_t end_us; // of all that was listed, from the first segment's start
    int64_t parts_us; // where the first segment ends that is listed with its parts
};

static bool
read_header(struct reading *r, const char *line)
{
    char text[CHECK_TEXT];
    const char *v;
    if ((v = value(line, "#EXT-X-TARGETDURATION:"))) {
        r->header.target_s = atoll(v);
    } else if ((v = value(line, "#EXT-X-MEDIA-SEQUENCE:"))) {
        r->header.msn = r->msn = strtoull(v, NULL, 10);
    } else if ((v = value(line, "#EXT-X-DISCONTINUITY-SEQUENCE:"))) {
        r->header.dseq = strtoull(v, NULL, 10);
    } else if ((v = value(line, "#EXT-X-PART-INF:"))) {
        assert_true(attribute(v, "PART-TARGET", text));
        r->header.part_target_us = parse_us(text);
    } else if ((v = value(line, "#EXT-X-SERVER-CONTROL:"))) {
        snprintf(r->header.control, sizeof(r->header.control), "%s", v);
    } else if (strcmp(line, "#EXT-X-INDEPENDENT-SEGMENTS") == 0) {
        r->header.independent = true;
    } else {
        return strcmp(line, "#EXTM3U") == 0 || strcmp(line, "#EXT-X-VERSION:9") == 0;
    }
    return true;
}

static struct bc_hls_resource
fetch(struct reading *r, const char *name)
{
    struct bc_hls_resource res;
    if (bc_hls_resource(r->snapshot, name, &res) != BC_HLS_READY) {
        fail_msg("%s is listed and not there", name);
    }
    assert_true(res.count > 0 && res.len > 0 && res.immutable);
    return res;
}

static uint64_t
hash_bytes(uint64_t hash, const struct bc_hls_resource *res)
{
    for (size_t i = 0; i < res->count; i++) {
        for (size_t k = 0; k < res->bufs[i]->len; k++) {
            hash = (hash ^ res->bufs[i]->data[k]) * 1099511628211u;
        }
    }
    return hash;
}

// One traf: where it starts, and the sum of its durations.
static void
check_traf(struct check_list *l, struct bc_reader traf)
{
    uint32_t id = 0;
    uint32_t duration = 0;
    int64_t start = 0;
    int64_t end = 0;
    while (bc_reader_left(&traf) >= 8) {
        uint32_t size = bc_read_u32(&traf);
        uint32_t type = bc_read_u32(&traf);
        struct bc_reader box = bc_read_sub(&traf, size - 8);
        uint32_t flags = bc_read_u32(&box) & 0xffffff;
        if (type == 0x74666864) { // tfhd
            assert_int_equal(flags, 0x020028);
            id = bc_read_u32(&box);
            duration = bc_read_u32(&box);
        } else if (type == 0x74666474) { // tfdt
            start = end = (int64_t)bc_read_u64(&box);
        } else if (type == 0x7472756e) { // trun
            uint32_t count = bc_read_u32(&box);
            bc_read_u32(&box);
            for (uint32_t i = 0; i < count; i++) {
                uint32_t d = flags & 0x100 ? bc_read_u32(&box) : duration;
                assert_in_range(d, 1, 10000000);
                end += d;
                assert_true(bc_read_u32(&box) > 0);
                bc_read_skip(&box, (flags & 0x400 ? 4 : 0) + (flags & 0x800 ? 4 : 0));
            }
            assert_false(box.failed);
        }
    }
    assert_in_range(id, 1, 2);
    if (l->decodes[id]) {
        l->overlaps += start < l->decoded[id];
        l->holes += start > l->decoded[id];
    }
    l->decodes[id] = true;
    l->decoded[id] = end;
}

static void
check_chunk(struct check_list *l, const struct bc_buf *buf)
{
    struct bc_reader r = bc_reader_init(buf->data, buf->len);
    uint32_t moof_size = bc_read_u32(&r);
    assert_int_equal(bc_read_u32(&r), 0x6d6f6f66); // moof
    struct bc_reader moof = bc_read_sub(&r, moof_size - 8);
    uint32_t mdat_size = bc_read_u32(&r);
    assert_int_equal(bc_read_u32(&r), 0x6d646174); // mdat
    assert_int_equal(bc_reader_left(&r), mdat_size - 8);
    bc_read_skip(&moof, 16);
    while (bc_reader_left(&moof) > 0) {
        uint32_t size = bc_read_u32(&moof);
        assert_int_equal(bc_read_u32(&moof), 0x74726166); // traf
        check_traf(l, bc_read_sub(&moof, size - 8));
    }
    assert_false(moof.failed);
}

// A part that was not there before: it is the one that was hinted at, it can be fetched.
static void
check_new_part(struct reading *r, struct check_segment *known, const struct check_part *p)
{
    struct check_list *l = r->list;
    if (r->first_new_parts++ == 0 && l->updates > 0) {
        assert_string_equal(p->uri, l->tail.hint);
    }
    struct bc_hls_resource res = fetch(r, p->uri);
    assert_int_equal(res.count, 1);
    if (known->discontinuity && known->part_count == 0) {
        memset(l->decodes, 0, sizeof(l->decodes));
    }
    check_chunk(l, res.bufs[0]);
    known->hash = hash_bytes(known->part_count == 0 ? HASH_START : known->hash, &res);
    known->bytes += res.len;
    bc_hls_resource_finish(&res);
    known->parts[known->part_count++] = *p;
    l->parts++;
}

static void
read_part(struct reading *r, const char *line)
{
    char text[CHECK_TEXT];
    struct check_part p = { .seen = true };
    assert_true(attribute(line, "DURATION", text));
    p.duration_us = parse_us(text);
    assert_true(attribute(line, "URI", p.uri));
    p.independent = attribute(line, "INDEPENDENT", text);
    assert_true(p.duration_us > 0 && p.duration_us <= r->header.part_target_us);
    struct check_segment *known = segment_at(r->list, r->msn);
    size_t i = r->now.part_count++;
    assert_true(i < CHECK_PARTS && i <= known->part_count);
    if (!known->seen) {
        known->discontinuity = r->now.discontinuity;
    }
    if (i == known->part_count) {
        assert_false(known->closed);
        check_new_part(r, known, &p);
    } else {
        assert_memory_equal(&p, &known->parts[i], sizeof(p));
    }
    if (i == 0 && r->header.independent) {
        assert_true(p.independent);
    }
}

// All but the last part of a segment fill 85 % of PART-TARGET (LL-2).
static void
check_parts_of_closed(struct reading *r, const struct check_segment *s)
{
    for (size_t i = 0; i + 1 < s->part_count; i++) {
        bool too_short = s->parts[i].duration_us * 100 < r->header.part_target_us * 85;
        assert_true(!too_short || s->parts[i].independent);
        r->list->short_parts += too_short;
    }
}

// The parent is its parts and nothing else (LL-5).
static void
check_new_segment(struct reading *r, struct check_segment *known)
{
    if (known->gap) {
        struct bc_hls_resource res;
        assert_int_equal(bc_hls_resource(r->snapshot, known->uri, &res), BC_HLS_GONE);
        return;
    }
    assert_true((known->extinf_us + 500000) / 1000000 <= r->header.target_s);
    struct bc_hls_resource res = fetch(r, known->uri);
    if (known->part_count == 0) { // first seen when it was too old to have parts listed
        bc_hls_resource_finish(&res);
        return;
    }
    assert_int_equal(res.len, known->bytes);
    assert_true(hash_bytes(HASH_START, &res) == known->hash);
    bc_hls_resource_finish(&res);
    check_parts_of_closed(r, known);
    int64_t sum_us = 0;
    for (size_t i = 0; i < known->part_count; i++) {
        sum_us += known->parts[i].duration_us;
    }
    assert_true(known->extinf_us >= sum_us - 10); // more where there are holes
}

// Remembers, or compares with what was said before.
static void
settle_segment(struct reading *r)
{
    struct check_segment *known = segment_at(r->list, r->msn);
    struct check_segment *now = &r->now;
    now->dseq = r->header.dseq + r->discontinuities;
    assert_true(now->map[0] != 0 || now->gap);
    assert_true(now->pdt_us > 0);
    if (!known->seen) {
        known->seen = true;
        known->gap = now->gap;
        known->dseq = now->dseq;
        known->pdt_us = now->pdt_us;
        known->discontinuity = now->discontinuity;
        strcpy(known->map, now->map);
    }
    assert_int_equal(known->dseq, now->dseq);
    assert_int_equal(known->pdt_us, now->pdt_us);
    assert_int_equal(known->discontinuity, now->discontinuity);
    if (r->msn > r->header.msn) {
        // times go on; the sub-millisecond is the rounding of the date
        const struct check_segment *before = segment_at(r->list, r->msn - 1);
        // a gap ends where the picture does
        int64_t slack_us = before->gap ? 22000 : 1000;
        assert_true(now->pdt_us + slack_us >= before->pdt_us + before->extinf_us);
    }
    if (!now->closed) {
        return;
    }
    if (!known->closed) {
        known->closed = true;
        known->gap = now->gap;
        known->extinf_us = now->extinf_us;
        strcpy(known->uri, now->uri);
        check_new_segment(r, known);
    }
    assert_int_equal(known->extinf_us, now->extinf_us);
    assert_string_equal(known->uri, now->uri);
    r->end_us += now->extinf_us;
    if (now->part_count > 0 && r->parts_us == 0) {
        r->parts_us = r->end_us;
    }
    assert_true(r->parts_us == 0 || now->part_count == known->part_count);
}

static void
begin_segment(struct reading *r)
{
    r->now = (struct check_segment){ 0 };
    r->has_tags = false;
    strcpy(r->now.map, r->map);
}

static void
read_segment_line(struct reading *r, const char *line)
{
    const char *v;
    r->has_tags = true;
    if (strcmp(line, "#EXT-X-DISCONTINUITY") == 0) {
        assert_int_equal(r->now.part_count, 0);
        r->now.discontinuity = true;
        r->discontinuities++;
        r->map[0] = r->now.map[0] = 0; // an epoch brings its own
    } else if ((v = value(line, "#EXT-X-MAP:"))) {
        assert_int_equal(r->now.part_count, 0);
        assert_true(attribute(v, "URI", r->map));
        strcpy(r->now.map, r->map);
        struct bc_hls_resource res = fetch(r, r->map);
        assert_memory_equal(res.bufs[0]->data + 4, "ftyp", 4);
        bc_hls_resource_finish(&res);
    } else if ((v = value(line, "#EXT-X-PROGRAM-DATE-TIME:"))) {
        assert_int_equal(r->now.part_count, 0);
        r->now.pdt_us = parse_date(v);
    } else if ((v = value(line, "#EXT-X-PART:"))) {
        read_part(r, v);
    } else if (strcmp(line, "#EXT-X-GAP") == 0) {
        r->now.gap = true;
    } else if ((v = value(line, "#EXTINF:"))) {
        r->now.extinf_us = parse_us(v);
    } else {
        assert_true(line[0] != '#' && strlen(line) < CHECK_TEXT);
        strcpy(r->now.uri, line);
        r->now.closed = true;
        settle_segment(r);
        r->msn++;
        begin_segment(r);
    }
}

static void
read_line(struct reading *r, const char *line, struct check_tail *out)
{
    char text[CHECK_TEXT];
    const char *v;
    if (read_header(r, line)) {
        return;
    }
    if (strcmp(line, "#EXT-X-ENDLIST") == 0) {
        out->ended = true;
    } else if ((v = value(line, "#EXT-X-PRELOAD-HINT:"))) {
        assert_true(attribute(v, "TYPE", text));
        assert_string_equal(text, "PART");
        assert_true(attribute(v, "URI", out->hint));
        struct bc_hls_resource res;
        assert_int_equal(bc_hls_resource(r->snapshot, out->hint, &res), BC_HLS_WAIT);
    } else if ((v = value(line, "#EXT-X-RENDITION-REPORT:"))) {
        assert_true(attribute(v, "LAST-MSN", text));
        enum bc_hls_rendition about;
        char name[CHECK_TEXT];
        assert_true(attribute(v, "URI", name) && bc_hls_playlist_name(name, &about));
        out->reports[about].there = true;
        out->reports[about].msn = strtoull(text, NULL, 10);
        out->reports[about].part = attribute(v, "LAST-PART", text) ? atoll(text) : -1;
    } else {
        read_segment_line(r, line);
    }
}

static void
check_header(struct check_list *l, const struct reading *r)
{
    const struct check_header *h = &r->header;
    if (l->updates > 0) {
        assert_int_equal(h->target_s, l->header.target_s);
        assert_int_equal(h->part_target_us, l->header.part_target_us);
        assert_string_equal(h->control, l->header.control);
        assert_true(h->msn >= l->header.msn && h->dseq >= l->header.dseq);
        assert_true(r->msn + r->has_tags >= l->next_msn);
    }
    char text[CHECK_TEXT];
    assert_non_null(strstr(h->control, "CAN-BLOCK-RELOAD=YES"));
    assert_true(attribute(h->control, "PART-HOLD-BACK", text));
    assert_true(parse_us(text) >= 3 * h->part_target_us);
    assert_true(attribute(h->control, "CAN-SKIP-UNTIL", text));
    assert_true(parse_us(text) >= 6 * h->target_s * 1000000);
    assert_true(strstr(h->control, ",HOLD-BACK=") != NULL);
}

// What left the playlist can still be fetched a while (HLS-5).
static void
check_removed(struct check_list *l, struct reading *r)
{
    for (uint64_t msn = l->header.msn; l->updates > 0 && msn < r->header.msn; msn++) {
        const struct check_segment *s = segment_at(l, msn);
        assert_true(r->end_us >= 3 * r->header.target_s * 1000000);
        if (!s->gap) {
            struct bc_hls_resource res = fetch(r, s->uri);
            bc_hls_resource_finish(&res);
        }
    }
}

// The delta update is the full playlist with a skip in place of its oldest segments.
static void
check_delta(struct check_list *l, struct bc_hls_snapshot *s, const char *full)
{
    struct bc_buf *delta = bc_hls_playlist(s, l->rendition, true, false);
    const char *text = (const char *)delta->data;
    const char *skip = strstr(text, "#EXT-X-SKIP:SKIPPED-SEGMENTS=");
    if (!skip) {
        assert_string_equal(text, full);
    } else {
        size_t n = strtoul(skip + strlen("#EXT-X-SKIP:SKIPPED-SEGMENTS="), NULL, 10);
        const struct check_segment *first = segment_at(l, l->header.msn + n);
        char date[CHECK_TEXT];
        snprintf(date, sizeof(date), "\n%s\n", first->uri);
        assert_non_null(strstr(text, date));
        // from its URI on they are the same, before it the header is
        assert_string_equal(strstr(text, date), strstr(full, date));
        assert_memory_equal(text, full, (size_t)(skip - text));
        int64_t rest_us = 0;
        for (uint64_t i = l->header.msn + n; i < l->next_msn; i++) {
            rest_us += segment_at(l, i)->extinf_us;
        }
        assert_true(rest_us >= 6 * l->header.target_s * 1000000 - 4000000);
        snprintf(date, sizeof(date), "#EXT-X-MAP:URI=\"%s\"", first->map);
        assert_true(!first->map[0] || first->gap || strstr(text, date)); // a gap may have none
    }
    bc_buf_unref(&delta);
}

static void
read_playlist(struct check_list *l, struct bc_hls_snapshot *s, char *text)
{
    struct check_tail next = { 0 };
    struct reading r = { .list = l, .snapshot = s };
    begin_segment(&r);
    char *save = NULL;
    bool first = true;
    for (char *line = strtok_r(text, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save)) {
        if (r.header.msn > 0 && first && l->updates == 0) {
            l->base_msn = r.header.msn;
            first = false;
        }
        read_line(&r, line, &next);
    }
    if (r.has_tags) {
        assert_true(r.now.part_count > 0 && !next.ended);
        settle_segment(&r);
    }
    // parts are listed for the last three target durations only (LL-7)
    int64_t parts_us = r.parts_us > 0 ? r.end_us - r.parts_us : 0;
    assert_true(parts_us < 3 * r.header.target_s * 1000000);
    check_removed(l, &r);
    check_header(l, &r);
    l->open = r.has_tags;
    l->header = r.header;
    l->next_msn = r.msn + r.has_tags;
    assert_true(next.ended == (next.hint[0] == 0));
    l->tail = next;
    l->updates++;
}

// Each playlist tells of all others.
static void
check_report(const struct check_list *from, struct check_list *about, bool there)
{
    const struct check_report *report = &from->tail.reports[about->rendition];
    bool expected = there && from != about && !from->tail.ended;
    assert_int_equal(report->there, expected);
    if (!expected) {
        return;
    }
    assert_int_equal(report->msn, about->next_msn - 1);
    const struct check_segment *s = segment_at(about, about->next_msn - 1);
    assert_int_equal(report->part, (int64_t)s->part_count - 1);
}

// Segments of one number belong to one discontinuity, and none is ahead of the main one.
static void
check_numbers(struct check_list *main, struct check_list *other)
{
    for (uint64_t msn = other->header.msn; msn < other->next_msn; msn++) {
        assert_true(msn <= main->next_msn); // its first part may be out first
        if (msn >= main->header.msn && msn < main->next_msn) {
            assert_int_equal(segment_at(main, msn)->dseq, segment_at(other, msn)->dseq);
        }
    }
}

void
hls_checker_update(void *user, struct bc_hls_snapshot *snapshot)
{
    struct hls_checker *c = user;
    c->updates++;
    if (!bc_hls_snapshot_playable(snapshot)) {
        c->unplayable++;
        assert_null(bc_hls_playlist(snapshot, BC_HLS_MAIN, false, false));
        return;
    }
    bool there[BC_HLS_RENDITIONS];
    for (int i = 0; i < BC_HLS_RENDITIONS; i++) {
        enum bc_hls_rendition rendition = (enum bc_hls_rendition)i;
        there[i] = bc_hls_snapshot_has(snapshot, rendition);
        if (!there[i]) {
            c->lists[i].updates = 0; // it may come back, later
            continue;
        }
        struct bc_buf *text = bc_hls_playlist(snapshot, rendition, false, false);
        assert_non_null(text);
        char *copy = strdup((const char *)text->data);
        read_playlist(&c->lists[i], snapshot, copy);
        check_delta(&c->lists[i], snapshot, (const char *)text->data);
        free(copy);
        bc_buf_unref(&text);
    }
    for (int i = 0; i < BC_HLS_RENDITIONS * BC_HLS_RENDITIONS; i++) {
        if (there[i / BC_HLS_RENDITIONS]) {
            check_report(&c->lists[i / BC_HLS_RENDITIONS], &c->lists[i % BC_HLS_RENDITIONS],
                there[i % BC_HLS_RENDITIONS]);
        }
    }
    for (int i = 1; i < BC_HLS_RENDITIONS; i++) {
        if (there[i]) {
            check_numbers(&c->lists[0], &c->lists[i]);
        }
    }
}
