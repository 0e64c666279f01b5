// SPDX-License-Identifier: Apache-2.0
#include "replay/playlist.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/writer.h"
#include "container/daterange.h"
#include "segments.h"

#define US_PER_S 1000000
#define US_PER_DAY (INT64_C(86400) * US_PER_S)
#define DAY_CHARS 11 // "2026-01-01T"
#define LINES_MAX 160 // of a segment without its name
#define DEFAULT_TARGET_S 6
// CAN-SKIP-UNTIL, in target durations (the least that is allowed; LL-12).
#define SKIP_TARGETS 6

// RFC 8216 4.3.2.5: MAP needs 6; a delta update needs 9 (rfc8216bis 8), and has the version
// of the full playlist.
#define VERSION_PLAIN 6
#define VERSION_SKIP 9

// One playlist on its way into a text.
struct rendering {
    struct bc_writer w;
    const struct bc_replay_playlist_params *params;
    struct replay_segments all;
    size_t first; // listed
    size_t skipped; // of those listed, in a delta update
    int64_t target_s;
    size_t prefix_len;
    int64_t day;
    char date[BC_TIME_TEXT]; // its begin; "" for none
};

// No segment may be longer, rounded to the nearest second (HLS-1). Of all that there is, not
// only of the listed, and of all forms alike, so that it stays what it was while segments
// leave the window and when the broadcast ends.
static int64_t
target_s(const struct rendering *x)
{
    int64_t least_us = x->params->target_us;
    int64_t s = least_us > 0 ? (least_us + US_PER_S - 1) / US_PER_S : DEFAULT_TARGET_S;
    for (size_t i = 0; i < x->all.count; i++) {
        int64_t rounded = (x->all.items[i].duration_us + US_PER_S / 2) / US_PER_S;
        s = rounded > s ? rounded : s;
    }
    return s;
}

// The oldest segment of the window, which ends where the last segment does.
static size_t
first_listed(const struct rendering *x)
{
    if (x->params->form != BC_REPLAY_DVR) {
        return 0;
    }
    const struct bc_recording_segment *last = &x->all.items[x->all.count - 1];
    int64_t from_us = last->start_us + last->duration_us - x->params->window_us;
    size_t i = x->all.count - 1;
    while (i > 0 && x->all.items[i - 1].start_us >= from_us) {
        i--;
    }
    return i;
}

// Numbers count on from the first segment's number in the live playlist: what the recording
// lacks would otherwise be a hole, which no playlist can have.
static uint64_t
sequence_of(const struct rendering *x, size_t i)
{
    return x->all.items[0].msn + i;
}

static size_t
count_skippable(const struct rendering *x)
{
    const struct bc_recording_segment *last = &x->all.items[x->all.count - 1];
    int64_t until_us =
        last->start_us + last->duration_us - SKIP_TARGETS * x->target_s * US_PER_S;
    size_t n = 0;
    while (x->first + n < x->all.count
        && sequence_of(x, x->first + n) < x->params->skip_until
        && x->all.items[x->first + n].start_us + x->all.items[x->first + n].duration_us
            <= until_us) {
        n++;
    }
    return n;
}

static void
write_header(struct rendering *x)
{
    enum bc_replay_form form = x->params->form;
    const struct bc_recording_segment *first = &x->all.items[x->first];
    bool live = form == BC_REPLAY_DVR && !x->params->ended;
    bc_write_fmt(&x->w, "#EXTM3U\n#EXT-X-VERSION:%d\n",
        form == BC_REPLAY_DVR ? VERSION_SKIP : VERSION_PLAIN);
    bc_write_fmt(&x->w, "#EXT-X-TARGETDURATION:%" PRId64 "\n", x->target_s);
    if (live) {
        bc_write_fmt(&x->w, "#EXT-X-SERVER-CONTROL:CAN-SKIP-UNTIL=%" PRId64 ".0\n",
            SKIP_TARGETS * x->target_s);
    }
    if (form == BC_REPLAY_DVR) {
        bc_write_fmt(
            &x->w, "#EXT-X-MEDIA-SEQUENCE:%" PRIu64 "\n", sequence_of(x, x->first));
        bc_write_fmt(&x->w, "#EXT-X-DISCONTINUITY-SEQUENCE:%" PRIu32 "\n",
            first->discontinuities - (first->discontinuity ? 1 : 0));
    } else {
        bc_write_fmt(&x->w, "#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:%s\n",
            form == BC_REPLAY_VOD ? "VOD" : "EVENT");
    }
    if (form == BC_REPLAY_EVENT) {
        // A replay begins at its begin, also while it grows.
        bc_write_str(&x->w, "#EXT-X-START:TIME-OFFSET=0\n");
    }
    if (replay_segments_are_independent(&x->all)) {
        bc_write_str(&x->w, "#EXT-X-INDEPENDENT-SEGMENTS\n");
    }
    if (x->skipped > 0) {
        bc_write_fmt(&x->w, "#EXT-X-SKIP:SKIPPED-SEGMENTS=%zu\n", x->skipped);
    }
}

// Decimal digits, at least `width`. A text of a long broadcast has ten thousands of numbers,
// and is made on a thread that serves others: printf would take most of the time.
static char *
put_number(char *p, uint64_t v, int width)
{
    char digits[20];
    int n = 0;
    do {
        digits[n++] = (char)('0' + v % 10);
        v /= 10;
    } while (v > 0 || n < width);
    while (n > 0) {
        *p++ = digits[--n];
    }
    return p;
}

static char *
put_text(char *p, const char *text)
{
    size_t len = strlen(text);
    memcpy(p, text, len);
    return p + len;
}

// RFC 3339; the day's text is kept from one segment to the next.
static char *
put_date(struct rendering *x, char *p, int64_t wall_us)
{
    int64_t day = wall_us / US_PER_DAY;
    int64_t ms = wall_us % US_PER_DAY / 1000;
    if (day != x->day || x->date[0] == '\0') {
        bc_clock_format(wall_us, x->date);
        x->date[DAY_CHARS] = '\0';
        x->day = day;
    }
    p = put_text(p, x->date);
    p = put_number(p, (uint64_t)(ms / 3600000), 2);
    *p++ = ':';
    p = put_number(p, (uint64_t)(ms / 60000 % 60), 2);
    *p++ = ':';
    p = put_number(p, (uint64_t)(ms / 1000 % 60), 2);
    *p++ = '.';
    p = put_number(p, (uint64_t)(ms % 1000), 3);
    *p++ = 'Z';
    return p;
}

static void
write_segment(struct rendering *x, const struct bc_recording_segment *s, bool map)
{
    char line[LINES_MAX];
    if (s->discontinuity) {
        bc_write_str(&x->w, "#EXT-X-DISCONTINUITY\n");
    }
    if (map) {
        bc_write_fmt(&x->w, "#EXT-X-MAP:URI=\"%si%" PRIu32 ".mp4\"\n", x->params->prefix,
            s->format);
    }
    char *p = put_text(line, "#EXT-X-PROGRAM-DATE-TIME:");
    p = put_date(x, p, s->wall_us);
    p = put_text(p, "\n#EXTINF:");
    p = put_number(p, (uint64_t)(s->duration_us / US_PER_S), 1);
    *p++ = '.';
    p = put_number(p, (uint64_t)(s->duration_us % US_PER_S), 6);
    p = put_text(p, ",\n");
    bc_write_bytes(&x->w, line, (size_t)(p - line));
    bc_write_bytes(&x->w, x->params->prefix, x->prefix_len);
    p = line;
    *p++ = 's';
    p = put_number(p, s->number, 1);
    p = put_text(p, ".m4s\n");
    bc_write_bytes(&x->w, line, (size_t)(p - line));
}

// The wall clock of a moment, as the segments' dates tell it.
static int64_t
wall_of(const struct rendering *x, int64_t at_us)
{
    size_t i = 0;
    size_t end = x->all.count;
    while (i + 1 < end) {
        size_t middle = i + (end - i) / 2;
        if (x->all.items[middle].start_us <= at_us) {
            i = middle;
        } else {
            end = middle;
        }
    }
    const struct bc_recording_segment *s = &x->all.items[i];
    return s->wall_us + (at_us - s->start_us);
}

// Those of the listed time. What is told of one stays the same while the playlist grows: its
// end is told when it is there.
static void
write_cues(struct rendering *x)
{
    const struct bc_recording_cues *cues = x->params->cues;
    const struct bc_recording_segment *last = &x->all.items[x->all.count - 1];
    int64_t begin_us = x->all.items[x->first].start_us;
    int64_t end_us = last->start_us + last->duration_us;
    for (size_t i = 0; cues && i < cues->count; i++) {
        const struct bc_recording_cue *c = &cues->items[i];
        if (c->from_us >= end_us || c->until_us < begin_us) {
            continue;
        }
        bool over = c->until_us <= end_us;
        struct bc_daterange range = {
            .id = c->id,
            .revision = c->revision,
            .repeat = c->repeat,
            .kind = c->kind,
            .channel = c->channel,
            .data = c->data,
            .data_len = c->data_len,
            .start_wall_us = wall_of(x, c->from_us),
            .end_wall_us = over ? wall_of(x, c->until_us) : BC_DATERANGE_OPEN,
            .planned_us = c->planned_us,
        };
        bc_daterange_write(&x->w, &range);
    }
}

struct bc_buf *
bc_replay_playlist(
    const struct bc_recording *r, const struct bc_replay_playlist_params *params)
{
    struct rendering x = { .params = params, .prefix_len = strlen(params->prefix) };
    if (!replay_segments_take(&x.all, r)) {
        return NULL;
    }
    x.target_s = target_s(&x);
    x.first = first_listed(&x);
    bool delta =
        params->form == BC_REPLAY_DVR && !params->ended && params->skip_until > 0;
    x.skipped = delta ? count_skippable(&x) : 0;
    write_header(&x);
    size_t begin = x.first + x.skipped;
    for (size_t i = begin; i < x.all.count; i++) {
        const struct bc_recording_segment *s = &x.all.items[i];
        write_segment(&x, s, i == begin || s->format != s[-1].format);
    }
    write_cues(&x);
    if (params->form == BC_REPLAY_VOD || params->ended) {
        bc_write_str(&x.w, "#EXT-X-ENDLIST\n");
    }
    struct bc_buf *buf = bc_buf_from_writer(&x.w);
    bc_writer_finish(&x.w);
    free(x.all.items);
    return buf;
}
