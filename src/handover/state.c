// SPDX-License-Identifier: Apache-2.0
// The state file:
//
//   branchcast-state 1 1790000000000000 1000000000 clean
//   live/hq open 3 5 1789999000000000 0 1790000123 45
//   end
//
// The first line has the time and the media clock. A channel's line: its name, open or over, the broadcast's number, takes so far, when it
// began, when its grace period ends (0: a host was there), the next numbers of segments
// and of discontinuities. Times are in microseconds since 1970.
#include "handover/state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/whole_file.h"

#define HEADER "branchcast-state 1"
#define FILE_NAME "state"
#define LINE_MAX_BYTES 512
#define FILE_MAX_BYTES (BC_STATE_CHANNELS_MAX * LINE_MAX_BYTES)
#define WALL_MAX_US INT64_C(32503680000000000) // the year 3000
#define MSN_MAX UINT64_C(100000000000) // far above the clock's seconds, far from wrapping
#define DSEQ_MAX 10000000
#define COUNT_MAX UINT64_C(1000000000000)
// A killed process wrote its last numbers a moment before.
#define MSN_MARGIN 16
#define FIELDS 8

bool
bc_state_format(const struct bc_state *state, struct bc_writer *out)
{
    bc_write_fmt(out, HEADER " %" PRId64 " %" PRId64 " %s\n", state->saved_wall_us,
        state->clock_us, state->clean ? "clean" : "running");
    for (size_t i = 0; i < state->count; i++) {
        const struct bc_channel_saved *s = &state->rows[i];
        bc_write_fmt(out,
            "%s %s %" PRIu64 " %" PRIu64 " %" PRId64 " %" PRId64 " %" PRIu64 " %" PRIu64
            "\n",
            s->name, s->open ? "open" : "over", s->broadcast, s->takes, s->began_wall_us,
            s->waits_until_wall_us, s->next_msn, s->next_dseq);
    }
    bc_write_str(out, "end\n");
    return !out->failed;
}

// --- reading ---

static bool
parse_number(const char *text, uint64_t max, uint64_t *out)
{
    uint64_t v = 0;
    for (const char *p = text; *p; p++) {
        if (*p < '0' || *p > '9' || v > max / 10) {
            return false;
        }
        v = 10 * v + (uint64_t)(*p - '0');
    }
    *out = v;
    return *text && v <= max;
}

static bool
parse_time(const char *text, int64_t *out)
{
    uint64_t v;
    bool ok = parse_number(text, WALL_MAX_US, &v);
    *out = ok ? (int64_t)v : 0;
    return ok;
}

// Splits at single spaces, in place; returns how many there are, at most `max` + 1.
static size_t
split(char *line, char **fields, size_t max)
{
    size_t n = 0;
    for (char *p = line; p; n++) {
        char *space = strchr(p, ' ');
        if (n == max) {
            return max + 1;
        }
        fields[n] = p;
        if (space) {
            *space++ = '\0';
        }
        p = space;
    }
    return n;
}

static bool
parse_row(char *line, bool clean, struct bc_channel_saved *row)
{
    char *f[FIELDS];
    memset(row, 0, sizeof(*row));
    if (split(line, f, FIELDS) != FIELDS || !bc_channel_name_is_valid(f[0])
        || f[0][0] == '_') {
        return false;
    }
    row->open = strcmp(f[1], "open") == 0;
    bool ok = (row->open || strcmp(f[1], "over") == 0)
        && parse_number(f[2], COUNT_MAX, &row->broadcast)
        && parse_number(f[3], COUNT_MAX, &row->takes)
        && parse_time(f[4], &row->began_wall_us)
        && parse_time(f[5], &row->waits_until_wall_us)
        && parse_number(f[6], clean ? MSN_MAX : MSN_MAX - MSN_MARGIN, &row->next_msn)
        && parse_number(f[7], DSEQ_MAX, &row->next_dseq);
    memcpy(row->name, f[0], strlen(f[0]) + 1);
    if (!clean && row->next_msn > 0) {
        row->next_msn += MSN_MARGIN;
    }
    return ok;
}

// The next line without its end; false at the end of the text. One that is too long comes
// out as an empty one.
static bool
next_line(const uint8_t **p, const uint8_t *end, char line[LINE_MAX_BYTES])
{
    if (*p == end) {
        return false;
    }
    const uint8_t *nl = memchr(*p, '\n', (size_t)(end - *p));
    size_t len = (size_t)((nl ? nl : end) - *p);
    bool fits = len < LINE_MAX_BYTES && !memchr(*p, '\0', len);
    memcpy(line, *p, fits ? len : 0);
    line[fits ? len : 0] = '\0';
    *p = nl ? nl + 1 : end;
    return true;
}

static bool
parse_header(char *line, struct bc_state *out)
{
    char *f[3];
    size_t len = strlen(HEADER);
    if (strncmp(line, HEADER " ", len + 1) != 0 || split(line + len + 1, f, 3) != 3) {
        return false;
    }
    out->clean = strcmp(f[2], "clean") == 0;
    return parse_time(f[0], &out->saved_wall_us) && parse_time(f[1], &out->clock_us);
}

static bool
add_row(struct bc_state *state, const struct bc_channel_saved *row)
{
    if ((state->count & (state->count - 1)) == 0) { // a power of two: it is full
        size_t cap = state->count ? 2 * state->count : 1;
        struct bc_channel_saved *grown = realloc(state->rows, cap * sizeof(*grown));
        if (!grown) {
            return false;
        }
        state->rows = grown;
    }
    state->rows[state->count++] = *row;
    return true;
}

bool
bc_state_parse(const uint8_t *data, size_t len, struct bc_state *out)
{
    char line[LINE_MAX_BYTES];
    const uint8_t *p = data;
    const uint8_t *end = data + len;
    memset(out, 0, sizeof(*out));
    bool ok = next_line(&p, end, line) && parse_header(line, out);
    while (ok && out->count < BC_STATE_CHANNELS_MAX && next_line(&p, end, line)) {
        struct bc_channel_saved row;
        if (parse_row(line, out->clean, &row)) {
            ok = add_row(out, &row);
        }
    }
    if (!ok) {
        bc_state_finish(out);
    }
    return ok;
}

void
bc_state_finish(struct bc_state *state)
{
    free(state->rows);
    memset(state, 0, sizeof(*state));
}

// --- the file ---

int
bc_state_read(const char *data_dir, struct bc_state *out)
{
    char path[PATH_MAX];
    memset(out, 0, sizeof(*out));
    if (snprintf(path, sizeof(path), "%s/" FILE_NAME, data_dir) >= (int)sizeof(path)) {
        return -ENAMETOOLONG;
    }
    char *text;
    size_t len;
    int ret = bc_whole_file_read(AT_FDCWD, path, FILE_MAX_BYTES, &text, &len);
    if (ret == -EFBIG || ret == -EINVAL
        || (ret == 0 && !bc_state_parse((const uint8_t *)text, len, out))) {
        ret = -EBADMSG;
    }
    free(text);
    return ret;
}

static int
replace_file(const char *data_dir, const struct bc_writer *text)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof(path), "%s/" FILE_NAME, data_dir) >= (int)sizeof(path)) {
        return -ENAMETOOLONG;
    }
    // Not forced to the disk: it matters to the next process, not after a power failure,
    // and the main thread must not wait for a slow disk every few seconds.
    static const struct bc_whole_file_options QUICK = { .mode = 0600, .sync = false };
    return bc_whole_file_replace(AT_FDCWD, path, text->data, text->len, &QUICK);
}

int
bc_state_write(const char *data_dir, const struct bc_state *state)
{
    struct bc_writer text = { 0 };
    int ret = bc_state_format(state, &text) ? replace_file(data_dir, &text) : -ENOMEM;
    bc_writer_finish(&text);
    return ret;
}
