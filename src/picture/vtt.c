// SPDX-License-Identifier: Apache-2.0
#include "vtt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/writer.h"

#define HEAD "WEBVTT\n\n"
#define LINE_MAX_BYTES 80
#define HOURS_MAX 999999

void
picture_vtt_finish(struct picture_vtt *v)
{
    free(v->starts_ms);
    memset(v, 0, sizeof(*v));
}

bool
picture_vtt_add(struct picture_vtt *v, int64_t start_ms)
{
    if (v->count > 0 && start_ms <= v->starts_ms[v->count - 1]) {
        return false;
    }
    if (v->count == v->room) {
        size_t room = v->room ? 2 * v->room : 64;
        int64_t *starts = v->count < PICTURE_VTT_MAX
            ? realloc(v->starts_ms, room * sizeof(*starts))
            : NULL;
        if (!starts) {
            return false;
        }
        v->starts_ms = starts;
        v->room = room;
    }
    v->starts_ms[v->count] = v->count == 0 ? 0 : start_ms;
    v->count++;
    if (v->end_ms <= start_ms) {
        v->end_ms = start_ms + 1;
    }
    return true;
}

void
picture_vtt_cut(struct picture_vtt *v, size_t count)
{
    if (count < v->count) {
        v->end_ms = v->starts_ms[count];
        v->count = count;
    }
}

// --- writing ---

static void
write_time(struct bc_writer *w, int64_t ms)
{
    bc_write_fmt(w, "%02lld:%02d:%02d.%03d", (long long)(ms / 3600000),
        (int)(ms / 60000 % 60), (int)(ms / 1000 % 60), (int)(ms % 1000));
}

static void
write_cue(struct bc_writer *w, const struct picture_vtt *v, size_t i, int64_t from_ms,
    int64_t to_ms)
{
    size_t place = i % PICTURE_SHEET_PLACES;
    write_time(w, from_ms);
    bc_write_str(w, " --> ");
    write_time(w, to_ms);
    bc_write_fmt(w, "\nsheet-%04u.jpg#xywh=%d,%d,%d,%d\n\n",
        (unsigned)(i / PICTURE_SHEET_PLACES + 1),
        (int)(place % PICTURE_SHEET_COLUMNS) * v->cell.width,
        (int)(place / PICTURE_SHEET_COLUMNS) * v->cell.height, v->cell.width,
        v->cell.height);
}

struct bc_buf *
picture_vtt_write(const struct picture_vtt *v)
{
    struct bc_writer w = { 0 };
    bc_write_str(&w, HEAD);
    for (size_t i = 0; i < v->count; i++) {
        bool last = i + 1 == v->count;
        write_cue(&w, v, i, v->starts_ms[i], last ? v->end_ms : v->starts_ms[i + 1]);
    }
    struct bc_buf *text = bc_buf_from_writer(&w);
    bc_writer_finish(&w);
    return text;
}

// --- reading ---

// One line without its end; false: there is none that is whole.
static bool
next_line(const uint8_t **at, const uint8_t *end, char out[LINE_MAX_BYTES])
{
    const uint8_t *eol = *at < end ? memchr(*at, '\n', (size_t)(end - *at)) : NULL;
    if (!eol || eol - *at >= LINE_MAX_BYTES || memchr(*at, 0, (size_t)(eol - *at))) {
        return false;
    }
    memcpy(out, *at, (size_t)(eol - *at));
    out[eol - *at] = '\0';
    *at = eol + 1;
    return true;
}

struct clock_text {
    int hours, minutes, seconds, ms;
};

static int64_t
to_ms(const struct clock_text *c)
{
    bool sane = c->hours >= 0 && c->hours <= HOURS_MAX && c->minutes >= 0
        && c->minutes < 60 && c->seconds >= 0 && c->seconds < 60 && c->ms >= 0
        && c->ms < 1000;
    return sane ? ((c->hours * INT64_C(60) + c->minutes) * 60 + c->seconds) * 1000 + c->ms
                : -1;
}

// A cue's three lines.
struct cue {
    int64_t from_ms;
    int64_t to_ms;
    struct picture_size cell;
};

static bool
read_cue(const uint8_t **at, const uint8_t *end, struct cue *out)
{
    char line[LINE_MAX_BYTES];
    struct clock_text a;
    struct clock_text b;
    unsigned sheet;
    int x;
    int y;
    int *w = &out->cell.width;
    int *h = &out->cell.height;
    if (!next_line(at, end, line)
        || sscanf(line, "%6d:%2d:%2d.%3d --> %6d:%2d:%2d.%3d", &a.hours, &a.minutes,
               &a.seconds, &a.ms, &b.hours, &b.minutes, &b.seconds, &b.ms)
            != 8) {
        return false;
    }
    out->from_ms = to_ms(&a);
    out->to_ms = to_ms(&b);
    return next_line(at, end, line)
        && sscanf(line, "sheet-%4u.jpg#xywh=%4d,%4d,%4d,%4d", &sheet, &x, &y, w, h) == 5
        && next_line(at, end, line) && line[0] == '\0';
}

// Whether the cue goes on with the list, in the very same words.
static bool
takes(struct picture_vtt *v, const struct cue *c, const uint8_t *text, size_t len)
{
    int64_t from = v->count > 0 ? v->end_ms : 0;
    bool lies =
        c->cell.width == PICTURE_CELL_LONG && c->cell.height == PICTURE_CELL_SHORT;
    bool stands =
        c->cell.width == PICTURE_CELL_SHORT && c->cell.height == PICTURE_CELL_LONG;
    if (c->from_ms != from || c->to_ms <= c->from_ms || (!lies && !stands)) {
        return false;
    }
    struct picture_size old = v->cell;
    v->cell = v->count > 0 ? old : c->cell;
    struct bc_writer w = { 0 };
    write_cue(&w, v, v->count, c->from_ms, c->to_ms);
    bool same = !w.failed && w.len == len && memcmp(w.data, text, len) == 0;
    bc_writer_finish(&w);
    if (!same) {
        v->cell = old;
    }
    return same;
}

bool
picture_vtt_read(struct picture_vtt *v, const uint8_t *text, size_t len)
{
    const size_t head = sizeof(HEAD) - 1;
    if (len < head || memcmp(text, HEAD, head) != 0) {
        return true;
    }
    const uint8_t *end = text + len;
    const uint8_t *at = text + head;
    struct cue c;
    for (const uint8_t *begin = at; read_cue(&at, end, &c); begin = at) {
        if (v->count >= PICTURE_VTT_MAX || !takes(v, &c, begin, (size_t)(at - begin))) {
            break;
        }
        if (!picture_vtt_add(v, c.from_ms)) {
            return false;
        }
        v->end_ms = c.to_ms;
    }
    return true;
}
