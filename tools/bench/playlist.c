// SPDX-License-Identifier: Apache-2.0
// HLS playlists: RFC 8216 and its second edition's low-latency tags.
#include "playlist.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct rendition {
    struct bc_span group;
    struct bc_span uri;
};

// What a parse knows beside its result.
struct parser {
    struct bc_playlist *list;
    int64_t msn;
    int part;
    int64_t part_end;    // where the next part's byte range starts unless it says so
    int64_t segment_len; // from EXT-X-BYTERANGE; -1: none
    int64_t segment_offset;
    bool want_variant;
    struct bc_span audio_group;
    struct rendition renditions[BC_MAX_RENDITIONS];
    size_t rendition_count;
};

static bool
equals(struct bc_span a, struct bc_span b)
{
    return a.start && b.start && a.len == b.len && !memcmp(a.start, b.start, a.len);
}

static bool
is_text(struct bc_span a, const char *text)
{
    return equals(a, (struct bc_span){text, strlen(text)});
}

// The value of NAME in an attribute list, without its quotes.
static struct bc_span
attribute(struct bc_span list, const char *name)
{
    const struct bc_span none = {0};
    const char *p = list.start;
    const char *end = p + list.len;
    while (p < end) {
        const char *equal = memchr(p, '=', (size_t)(end - p));
        if (!equal) {
            return none;
        }
        bool quoted = equal + 1 < end && equal[1] == '"';
        const char *value = equal + 1 + quoted;
        const char *stop = memchr(value, quoted ? '"' : ',', (size_t)(end - value));
        stop = stop ? stop : end;
        if (is_text((struct bc_span){p, (size_t)(equal - p)}, name)) {
            return (struct bc_span){value, (size_t)(stop - value)};
        }
        const char *comma = memchr(stop, ',', (size_t)(end - stop));
        p = comma ? comma + 1 : end;
        while (p < end && *p == ' ') {
            p++;
        }
    }
    return none;
}

static bool
is_yes(struct bc_span list, const char *name)
{
    return is_text(attribute(list, name), "YES");
}

static double
decimal(struct bc_span value)
{
    return value.start ? strtod(value.start, NULL) : 0;
}

// LENGTH[@OFFSET]
static void
read_range(struct bc_span value, int64_t *len, int64_t *offset)
{
    *len = -1;
    if (value.start) {
        char *end;
        *len = strtoll(value.start, &end, 10);
        if (*end == '@') {
            *offset = strtoll(end + 1, NULL, 10);
        }
    }
}

static struct bc_playlist_item *
add_item(struct bc_playlist *l)
{
    if (l->count == l->cap) {
        l->cap = l->cap ? l->cap * 2 : 64;
        l->items = bc_xrealloc(l->items, l->cap * sizeof(*l->items));
    }
    struct bc_playlist_item *item = &l->items[l->count++];
    *item = (struct bc_playlist_item){.part = -1, .len = -1};
    return item;
}

static void
on_part(struct parser *p, struct bc_span list)
{
    struct bc_span uri = attribute(list, "URI");
    if (!uri.start || is_yes(list, "GAP")) {
        p->part++;
        return;
    }
    struct bc_playlist_item *item = add_item(p->list);
    item->offset = p->part_end;
    read_range(attribute(list, "BYTERANGE"), &item->len, &item->offset);
    if (item->len >= 0) {
        p->part_end = item->offset + item->len;
    }
    item->msn = p->msn;
    item->part = p->part++;
    item->independent = is_yes(list, "INDEPENDENT");
    item->uri = uri;
}

static void
on_segment(struct parser *p, struct bc_span uri)
{
    struct bc_playlist_item *item = add_item(p->list);
    item->msn = p->msn++;
    item->independent = true;
    item->has_parts = p->part > 0;
    item->len = p->segment_len;
    item->offset = p->segment_offset;
    item->uri = uri;
    if (item->len >= 0) {
        p->segment_offset += item->len;
    }
    p->segment_len = -1;
    p->part = 0;
    p->part_end = 0;
}

static void
on_rendition(struct parser *p, struct bc_span list)
{
    if (is_text(attribute(list, "TYPE"), "AUDIO") &&
        p->rendition_count < BC_MAX_RENDITIONS) {
        struct rendition *r = &p->renditions[p->rendition_count++];
        r->group = attribute(list, "GROUP-ID");
        r->uri = attribute(list, "URI");
    }
}

static void
on_variant(struct parser *p, struct bc_span list)
{
    if (!p->list->variant.start) {
        p->audio_group = attribute(list, "AUDIO");
    }
    p->list->multivariant = p->want_variant = true;
}

static void
on_map(struct parser *p, struct bc_span list)
{
    p->list->map = attribute(list, "URI");
    p->list->map_offset = 0;
    read_range(attribute(list, "BYTERANGE"), &p->list->map_len, &p->list->map_offset);
}

static void
on_server_control(struct parser *p, struct bc_span list)
{
    p->list->can_block = is_yes(list, "CAN-BLOCK-RELOAD");
    p->list->can_skip = attribute(list, "CAN-SKIP-UNTIL").start != NULL;
}

static void
on_part_inf(struct parser *p, struct bc_span list)
{
    p->list->part_target_s = decimal(attribute(list, "PART-TARGET"));
}

static void
on_skip(struct parser *p, struct bc_span list)
{
    p->msn += (int64_t)decimal(attribute(list, "SKIPPED-SEGMENTS"));
}

static void
on_target(struct parser *p, struct bc_span value)
{
    p->list->target_s = decimal(value);
}

static void
on_media_sequence(struct parser *p, struct bc_span value)
{
    p->msn = strtoll(value.start, NULL, 10);
}

static void
on_byterange(struct parser *p, struct bc_span value)
{
    read_range(value, &p->segment_len, &p->segment_offset);
}

static void
on_endlist(struct parser *p, struct bc_span value)
{
    (void)value;
    p->list->ended = true;
}

static const struct {
    const char *name;
    void (*on_tag)(struct parser *p, struct bc_span value);
} tags[] = {
    {"#EXT-X-TARGETDURATION:", on_target},
    {"#EXT-X-MEDIA-SEQUENCE:", on_media_sequence},
    {"#EXT-X-SERVER-CONTROL:", on_server_control},
    {"#EXT-X-PART-INF:", on_part_inf},
    {"#EXT-X-PART:", on_part},
    {"#EXT-X-SKIP:", on_skip},
    {"#EXT-X-BYTERANGE:", on_byterange},
    {"#EXT-X-MAP:", on_map},
    {"#EXT-X-MEDIA:", on_rendition},
    {"#EXT-X-STREAM-INF:", on_variant},
    {"#EXT-X-ENDLIST", on_endlist},
};

static void
on_line(struct parser *p, struct bc_span line)
{
    if (!line.len) {
        return;
    }
    if (*line.start != '#') {
        if (p->want_variant && !p->list->variant.start) {
            p->list->variant = line;
        } else if (!p->list->multivariant) {
            on_segment(p, line);
        }
        p->want_variant = false;
        return;
    }
    for (size_t i = 0; i < BC_ARRAY_LEN(tags); i++) {
        size_t n = strlen(tags[i].name);
        if (line.len >= n && !memcmp(line.start, tags[i].name, n)) {
            tags[i].on_tag(p, (struct bc_span){line.start + n, line.len - n});
            return;
        }
    }
}

int
bc_playlist_parse(struct bc_playlist *l, const char *text)
{
    struct parser p = {.list = l, .segment_len = -1};
    *l = (struct bc_playlist){.items = l->items, .cap = l->cap, .map_len = -1};
    if (strncmp(text, "#EXTM3U", 7)) {
        return -EPROTO;
    }
    while (*text) {
        size_t len = strcspn(text, "\r\n");
        on_line(&p, (struct bc_span){text, len});
        text += len;
        text += strspn(text, "\r\n");
    }
    for (size_t i = 0; i < p.rendition_count && !l->audio.start; i++) {
        if (equals(p.renditions[i].group, p.audio_group)) {
            l->audio = p.renditions[i].uri;
        }
    }
    return 0;
}

void
bc_playlist_finish(struct bc_playlist *l)
{
    free(l->items);
    *l = (struct bc_playlist){0};
}
