// SPDX-License-Identifier: Apache-2.0
#include "transmux/hls_dates.h"

#include <stdlib.h>
#include <string.h>

#include "container/daterange.h"
#include "snapshot.h"

// Of one name, the ended ones of the window too; the oldest that ended goes first.
#define RANGES_MAX 256
#define OPEN_US INT64_MAX
#define UNKNOWN_US INT64_MIN

// A revision of a cue. Owned by its list.
struct range {
    char *id; // owned, as the next three
    char *kind;
    char *channel;
    struct bc_buf *data; // owned reference
    unsigned revision;
    unsigned repeat; // of one that came back
    bool stopped;    // it was told to be over
    int64_t planned_us;
    int64_t from_us; // media time
    int64_t until_us; // OPEN_US: not known
    // What was told, and so stays; UNKNOWN_US: nothing so far.
    int64_t start_wall_us;
    int64_t end_wall_us;
};

// See transmux/hls_dates.h.
struct bc_hls_dates {
    struct range *items; // owned
    size_t count;
    size_t cap;
    struct bc_buf *text; // owned reference; NULL: no lines
    bool dirty;
    // While the window's begin and end are between these the text stays as it is.
    int64_t next_us;
    int64_t oldest_us;
};

struct bc_hls_dates *
bc_hls_dates_create(void)
{
    return calloc(1, sizeof(struct bc_hls_dates));
}

static void
finish_range(struct range *r)
{
    free(r->id);
    free(r->kind);
    free(r->channel);
    bc_buf_unref(&r->data);
}

static void
remove_at(struct bc_hls_dates *d, size_t i)
{
    finish_range(&d->items[i]);
    d->count--;
    memmove(d->items + i, d->items + i + 1, (d->count - i) * sizeof(d->items[0]));
}

void
bc_hls_dates_destroy(struct bc_hls_dates *d)
{
    while (d && d->count > 0) {
        remove_at(d, d->count - 1);
    }
    if (d) {
        bc_buf_unref(&d->text);
        free(d->items);
        free(d);
    }
}

// --- changes ---

// The newest revision of a cue; NULL: it is not known.
static struct range *
find(struct bc_hls_dates *d, const char *id)
{
    for (size_t i = d->count; i-- > 0;) {
        if (strcmp(d->items[i].id, id) == 0) {
            return &d->items[i];
        }
    }
    return NULL;
}

static bool
make_room(struct bc_hls_dates *d)
{
    for (size_t i = 0; d->count >= RANGES_MAX && i < d->count; i++) {
        if (d->items[i].until_us != OPEN_US) {
            remove_at(d, i);
        }
    }
    if (d->count >= RANGES_MAX) {
        remove_at(d, 0);
    }
    if (d->count < d->cap) {
        return true;
    }
    size_t cap = d->cap > 0 ? d->cap * 2 : 8;
    struct range *items = realloc(d->items, cap * sizeof(*items));
    if (items) {
        d->items = items;
        d->cap = cap;
    }
    return items != NULL;
}

static void
add(struct bc_hls_dates *d, const struct bc_hls_cue *cue, int64_t from_us, unsigned repeat)
{
    int64_t until_us = cue->duration_us > 0 ? cue->at_us + cue->duration_us : OPEN_US;
    struct range r = {
        .id = strdup(cue->id),
        .kind = strdup(cue->kind),
        .channel = strdup(cue->channel),
        .data = bc_buf_copy(cue->data, cue->data_len),
        .revision = cue->revision,
        .repeat = repeat,
        .planned_us = cue->duration_us > 0 && until_us > from_us ? until_us - from_us : 0,
        .from_us = from_us,
        .until_us = until_us > from_us ? until_us : from_us,
        .start_wall_us = UNKNOWN_US,
        .end_wall_us = UNKNOWN_US,
    };
    if (r.id && r.kind && r.channel && r.data && make_room(d)) {
        d->items[d->count++] = r;
    } else {
        finish_range(&r); // without memory this one is not told
    }
}

// One that has not begun is not told at all, unless that was done already.
static void
end_range(struct bc_hls_dates *d, struct range *r, int64_t at_us)
{
    if (r->start_wall_us == UNKNOWN_US && at_us <= r->from_us) {
        remove_at(d, (size_t)(r - d->items));
    } else if (at_us < r->until_us && r->end_wall_us == UNKNOWN_US) {
        r->until_us = at_us > r->from_us ? at_us : r->from_us;
    }
}

void
bc_hls_dates_change(struct bc_hls_dates *d, const struct bc_hls_cue *cue, int64_t now_us)
{
    struct range *old = find(d, cue->id);
    bool known = old && !old->stopped && old->revision >= cue->revision && !cue->ended;
    if (known || (cue->ended && !old)) {
        return;
    }
    int64_t from_us = cue->at_us;
    unsigned repeat = 0;
    // When it was ended is told with it: so names that hear of it at different moments have the
    // same lines.
    if (cue->ended && cue->duration_us > 0 && cue->at_us + cue->duration_us < now_us) {
        now_us = cue->at_us + cue->duration_us;
    }
    if (old) {
        bool begun = old->from_us <= now_us;
        bool same = old->revision == cue->revision;
        repeat = same ? old->repeat + 1 : 0;
        from_us = begun && now_us > cue->at_us ? now_us : cue->at_us;
        old->stopped = true;
        end_range(d, old, begun ? now_us : old->from_us);
    }
    if (!cue->ended) {
        add(d, cue, from_us, repeat);
    }
    d->dirty = true;
}

// --- for who keeps them ---

// An ended one is remembered for that long, as it may come back.
#define KEPT_US INT64_C(600000000)

static void
pass(const struct range *r, bool end,
    void (*each)(void *user, const struct bc_hls_passed *passed), void *user)
{
    struct bc_hls_passed passed = {
        .cue = {
            .id = r->id,
            .revision = r->revision,
            .kind = r->kind,
            .channel = r->channel,
            .data = r->data->data,
            .data_len = r->data->len,
            .at_us = r->from_us,
            .ended = end,
        },
        .repeat = r->repeat,
        .planned_us = r->planned_us,
        .at_us = end ? r->until_us : r->from_us,
        .end = end,
    };
    each(user, &passed);
}

void
bc_hls_dates_pass(struct bc_hls_dates *d, int64_t end_us,
    void (*each)(void *user, const struct bc_hls_passed *passed), void *user)
{
    for (size_t i = 0; i < d->count;) {
        struct range *r = &d->items[i];
        if (r->start_wall_us == UNKNOWN_US && r->from_us < end_us) {
            r->start_wall_us = 0;
            pass(r, false, each, user);
        }
        if (r->start_wall_us != UNKNOWN_US && r->end_wall_us == UNKNOWN_US
            && r->until_us < end_us) {
            r->end_wall_us = 0;
            pass(r, true, each, user);
        }
        if (r->end_wall_us != UNKNOWN_US && r->until_us < end_us - KEPT_US) {
            remove_at(d, i);
        } else {
            i++;
        }
    }
}

// --- the lines ---

// What a playlist says of when a picture is shown (EXT-X-PROGRAM-DATE-TIME). Moments outside
// of it follow the nearest segment's clock.
static int64_t
wall_of(const struct hls_view *v, int64_t at_us)
{
    const struct hls_segment *s = v->count > 0 ? v->segments[0] : v->open;
    for (size_t i = 1; i < v->count && v->segments[i]->start_us <= at_us; i++) {
        s = v->segments[i];
    }
    if (v->open && v->open->start_us <= at_us) {
        s = v->open;
    }
    return s->pdt_us + (at_us - s->start_us);
}

static void
write_range(struct bc_writer *w, const struct range *r)
{
    struct bc_daterange range = {
        .id = r->id,
        .revision = r->revision,
        .repeat = r->repeat,
        .kind = r->kind,
        .channel = r->channel,
        .data = r->data->data,
        .data_len = r->data->len,
        .start_wall_us = r->start_wall_us,
        .end_wall_us = r->end_wall_us == UNKNOWN_US ? BC_DATERANGE_OPEN : r->end_wall_us,
        .planned_us = r->planned_us,
    };
    bc_daterange_write(w, &range);
}

static int64_t
min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

// Whether the cue is in the playlist; notes when that, or its end, will change.
static bool
look_at(struct bc_hls_dates *d, struct range *r, const struct hls_view *v, int64_t end_us)
{
    if (r->start_wall_us == UNKNOWN_US) {
        if (r->from_us >= end_us) {
            d->next_us = min(d->next_us, r->from_us);
            return false;
        }
        r->start_wall_us = wall_of(v, r->from_us);
    }
    if (r->end_wall_us != UNKNOWN_US || r->until_us == OPEN_US) {
        return true;
    }
    if (r->until_us < end_us) {
        int64_t wall_us = wall_of(v, r->until_us);
        r->end_wall_us = wall_us > r->start_wall_us ? wall_us : r->start_wall_us;
    } else {
        d->next_us = min(d->next_us, r->until_us);
    }
    return true;
}

static void
render(struct bc_hls_dates *d, const struct hls_view *v, int64_t begin_us, int64_t end_us)
{
    struct bc_writer w = { 0 };
    d->next_us = OPEN_US;
    d->oldest_us = OPEN_US;
    for (size_t i = 0; i < d->count;) {
        struct range *r = &d->items[i];
        if (r->until_us < begin_us) {
            remove_at(d, i); // all of it has left the window
            continue;
        }
        d->oldest_us = min(d->oldest_us, r->until_us);
        if (look_at(d, r, v, end_us)) {
            write_range(&w, r);
        }
        i++;
    }
    struct bc_buf *text = w.len > 0 ? bc_buf_from_writer(&w) : NULL;
    bc_writer_finish(&w);
    bc_buf_unref(&d->text);
    d->text = text;
    d->dirty = false;
}

struct bc_buf *
bc_hls_dates_text(struct bc_hls_dates *d, const struct bc_hls_snapshot *s)
{
    const struct hls_view *v = &s->views[BC_HLS_MAIN];
    int64_t end_us = bc_hls_snapshot_end_us(s);
    if ((d->count == 0 && !d->text) || end_us == INT64_MIN) {
        return NULL;
    }
    const struct hls_segment *first = v->listed < v->count ? v->segments[v->listed] : v->open;
    int64_t begin_us = first ? first->start_us : end_us;
    if (d->dirty || end_us > d->next_us || begin_us > d->oldest_us) {
        render(d, v, begin_us, end_us);
    }
    return d->text ? bc_buf_ref(d->text) : NULL;
}
