// SPDX-License-Identifier: Apache-2.0
// cues.jsonl: what its lines tell.
#include "record/cues.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "bounds.h"
#include "cues.h"
#include "layout.h"

#define CUES_START 64

// A file on its way into cues.
struct reading {
    struct bc_recording_cues *cues;
    size_t cap;
    int error;
};

static void
finish_cue(struct bc_recording_cue *c)
{
    free(c->id);
    free(c->kind);
    free(c->channel);
    free(c->data);
}

void
bc_recording_cues_finish(struct bc_recording_cues *cues)
{
    for (size_t i = 0; i < cues->count; i++) {
        finish_cue(&cues->items[i]);
    }
    free(cues->items);
    *cues = (struct bc_recording_cues){ 0 };
}

// The newest stretch of a cue; NULL: there was none.
static struct bc_recording_cue *
find(const struct bc_recording_cues *cues, const char *id)
{
    for (size_t i = cues->count; i-- > 0;) {
        if (strcmp(cues->items[i].id, id) == 0) {
            return &cues->items[i];
        }
    }
    return NULL;
}

// A number of 0 to `max`; -1: it is none.
static int64_t
number_of(const json_t *object, const char *key, int64_t max)
{
    const json_t *v = json_object_get(object, key);
    json_int_t n = json_integer_value(v);
    return json_is_integer(v) && n >= 0 && n <= max ? n : -1;
}

static char *
text_of(const json_t *object, const char *key, size_t max)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text && strlen(text) <= max ? strdup(text) : NULL;
}

static bool
make_room(struct reading *x)
{
    struct bc_recording_cues *cues = x->cues;
    if (cues->count == BC_RECORDING_CUES_MAX) {
        return false;
    }
    if (cues->count < x->cap) {
        return true;
    }
    size_t cap = x->cap > 0 ? x->cap * 2 : CUES_START;
    struct bc_recording_cue *items = realloc(cues->items, cap * sizeof(*items));
    if (!items) {
        x->error = -ENOMEM;
        return false;
    }
    cues->items = items;
    x->cap = cap;
    return true;
}

// Fills in all but its begin. False: something is missing.
static bool
take_cue(const json_t *line, struct bc_recording_cue *out)
{
    int64_t revision = number_of(line, "revision", UINT32_MAX);
    int64_t repeat = number_of(line, "repeat", UINT32_MAX);
    int64_t planned_us = number_of(line, "planned_us", RECORD_TIME_MAX_US);
    const json_t *data = json_object_get(line, "data");
    *out = (struct bc_recording_cue){
        .id = text_of(line, "id", RECORD_CUE_NAME_MAX),
        .kind = text_of(line, "kind", RECORD_CUE_NAME_MAX),
        .channel = text_of(line, "channel", RECORD_CUE_CHANNEL_MAX),
        .data = json_is_object(data) ? json_dumps(data, JSON_COMPACT) : NULL,
        .revision = revision > 0 ? (unsigned)revision : 1,
        .repeat = repeat > 0 ? (unsigned)repeat : 0,
        .until_us = BC_RECORDING_CUE_OPEN,
        .planned_us = planned_us > 0 ? planned_us : 0,
    };
    out->data_len = out->data ? strlen(out->data) : 0;
    return out->id && out->id[0] && out->kind && out->channel && out->data;
}

static void
end_at(struct bc_recording_cue *c, int64_t at_us)
{
    if (at_us < c->until_us) {
        c->until_us = at_us > c->from_us ? at_us : c->from_us;
    }
}

static void
on_begin(struct reading *x, const json_t *line, int64_t at_us)
{
    struct bc_recording_cue c;
    bool whole = take_cue(line, &c);
    struct bc_recording_cue *old = whole ? find(x->cues, c.id) : NULL;
    bool same = old && old->revision == c.revision && old->repeat == c.repeat;
    // Told again after a new start: it goes on.
    if (same && (old->until_us == BC_RECORDING_CUE_OPEN || old->until_us == at_us)) {
        old->until_us = BC_RECORDING_CUE_OPEN;
        finish_cue(&c);
        return;
    }
    if (!whole || !make_room(x)) {
        finish_cue(&c);
        return;
    }
    if (old) {
        end_at(find(x->cues, c.id), at_us);
    }
    c.from_us = at_us;
    x->cues->items[x->cues->count++] = c;
}

static void
on_end(struct reading *x, const json_t *line, int64_t at_us)
{
    const char *id = json_string_value(json_object_get(line, "id"));
    struct bc_recording_cue *c = id ? find(x->cues, id) : NULL;
    if (c && c->revision == number_of(line, "revision", UINT32_MAX)) {
        end_at(c, at_us);
    }
}

static void
on_resume(struct reading *x, int64_t at_us)
{
    for (size_t i = 0; i < x->cues->count; i++) {
        end_at(&x->cues->items[i], at_us);
    }
}

static void
take_line(struct reading *x, const char *text, size_t len)
{
    json_t *line = len > 0 && len <= RECORD_CUE_LINE_MAX
        ? json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL)
        : NULL;
    const char *event = json_string_value(json_object_get(line, "event"));
    int64_t at_us = number_of(line, "at_us", RECORD_TIME_MAX_US);
    if (event && at_us >= 0 && strcmp(event, "begin") == 0) {
        on_begin(x, line, at_us);
    } else if (event && at_us >= 0 && strcmp(event, "end") == 0) {
        on_end(x, line, at_us);
    } else if (event && at_us >= 0 && strcmp(event, "resume") == 0) {
        on_resume(x, at_us);
    }
    json_decref(line);
}

static int
by_begin(const void *a, const void *b)
{
    const struct bc_recording_cue *x = a;
    const struct bc_recording_cue *y = b;
    int time = (x->from_us > y->from_us) - (x->from_us < y->from_us);
    int name = time != 0 ? 0 : strcmp(x->id, y->id);
    return time != 0 ? time
        : name != 0  ? name
                     : (x->revision > y->revision) - (x->revision < y->revision);
}

int
bc_recording_cues_parse(const char *text, size_t len, struct bc_recording_cues *out)
{
    *out = (struct bc_recording_cues){ 0 };
    struct reading x = { .cues = out };
    const char *end = text + len;
    for (const char *p = text; p < end && x.error == 0;) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        if (!newline) {
            break; // torn
        }
        take_line(&x, p, (size_t)(newline - p));
        p = newline + 1;
    }
    if (x.error != 0) {
        bc_recording_cues_finish(out);
        return x.error;
    }
    if (out->count > 1) {
        qsort(out->items, out->count, sizeof(out->items[0]), by_begin);
    }
    return 0;
}

static int
read_file(const char *folder, char **text, size_t *len)
{
    *text = NULL;
    *len = 0;
    int dir = record_open_folder(folder);
    if (dir < 0) {
        return dir;
    }
    uint64_t size = 0;
    int fd = record_open_file(dir, RECORD_CUES_NAME, O_RDONLY, &size);
    close(dir);
    if (fd < 0) {
        return fd == -ENOENT ? 0 : fd;
    }
    size = size <= RECORD_CUES_BYTES_MAX ? size : RECORD_CUES_BYTES_MAX;
    *text = malloc(size > 0 ? (size_t)size : 1);
    int e = *text ? record_read(fd, *text, (size_t)size, 0) : -ENOMEM;
    *len = (size_t)size;
    close(fd);
    return e;
}

bool
bc_recording_has_cues(const struct bc_recording *r)
{
    int dir = record_open_folder(bc_recording_folder(r));
    bool has = dir >= 0 && faccessat(dir, RECORD_CUES_NAME, F_OK, 0) == 0;
    if (dir >= 0) {
        close(dir);
    }
    return has;
}

int
bc_recording_cues_read(const struct bc_recording *r, struct bc_recording_cues *out)
{
    *out = (struct bc_recording_cues){ 0 };
    char *text;
    size_t len;
    struct bc_recording_info info;
    int e = read_file(bc_recording_folder(r), &text, &len);
    if (!e && text) {
        e = bc_recording_cues_parse(text, len, out);
    }
    free(text);
    bc_recording_info(r, &info);
    for (size_t i = 0; !e && info.ended_wall_us != 0 && i < out->count; i++) {
        end_at(&out->items[i], info.duration_us);
    }
    return e;
}

static json_t *
describe(const struct bc_recording_cue *c)
{
    json_t *o = json_pack("{s:s, s:s, s:s, s:I, s:I}", "id", c->id, "kind", c->kind,
        "channel", c->channel, "revision", (json_int_t)c->revision, "from_ms",
        (json_int_t)(c->from_us / 1000));
    if (o && c->until_us != BC_RECORDING_CUE_OPEN) {
        json_object_set_new(o, "to_ms", json_integer(c->until_us / 1000));
    }
    if (o) {
        json_object_set_new(o, "data", json_loadb(c->data, c->data_len, 0, NULL));
    }
    return o;
}

struct bc_buf *
bc_recording_cues_json(const struct bc_recording_cues *cues)
{
    json_t *list = json_array();
    for (size_t i = 0; i < cues->count; i++) {
        json_array_append_new(list, describe(&cues->items[i]));
    }
    json_t *object = json_pack("{s:o}", "cues", list);
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    struct bc_buf *buf = text ? bc_buf_copy(text, strlen(text)) : NULL;
    free(text);
    json_decref(object);
    return buf;
}
