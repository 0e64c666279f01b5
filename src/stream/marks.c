// SPDX-License-Identifier: Apache-2.0
// Cues in a channel's own media: a packet of their own for the sinks, SEI in the pictures.
#include "marks_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channel_internal.h"
#include "media/sei.h"
#include "stream/program.h"

// What is over stays a moment longer, for renditions that lag behind.
#define LINGER_US 2000000
// Units in one picture.
#define PER_PICTURE 32
#define ID_KEY "\"id\":\""

// One cue. Owned by its channel's list; before that by its message.
struct mark {
    struct bc_list node;
    struct bc_task task;
    struct bc_channel *channel; // owned reference while it is on its way
    struct bc_buf *json;        // owned reference
    int64_t at_us;
    int64_t until_us;
    int64_t told_us; // dts of what its packet went before
    uint32_t written; // bits of the renditions that have it
    bool ended;
    bool told;
    bool brought; // the pictures come with it
    char id[BC_MARK_ID_MAX + 1];
};

static struct mark *
from_node(struct bc_list *node)
{
    return bc_container_of(node, struct mark, node);
}

static void
free_mark(struct mark *m)
{
    bc_list_remove(&m->node);
    bc_buf_unref(&m->json);
    free(m);
}

// NULL without memory.
static struct bc_channel_marks *
obtain(struct bc_channel *c)
{
    if (!c->marks) {
        c->marks = calloc(1, sizeof(*c->marks));
        if (c->marks) {
            bc_list_init(&c->marks->list);
        }
    }
    return c->marks;
}

// --- marks come ---

static bool
was_seen(const struct bc_channel_marks *marks, const char *id)
{
    for (unsigned i = 0; i < MARKS_SEEN; i++) {
        if (strcmp(marks->seen[i], id) == 0) {
            return true;
        }
    }
    return false;
}

// Takes the place of the one before. False: it needs none.
static bool
replace(struct bc_channel_marks *marks, const struct mark *m)
{
    bool known = false;
    bool told = false;
    bc_list_for_each(node, tmp, &marks->list)
    {
        struct mark *old = from_node(node);
        if (strcmp(old->id, m->id) == 0) {
            known = true;
            told = told || old->told;
            marks->count--;
            free_mark(old);
        }
    }
    return !(m->ended && known && !told);
}

static void
run_add(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct mark *m = bc_container_of(task, struct mark, task);
    struct bc_channel *c = m->channel;
    struct bc_channel_marks *marks = obtain(c);
    if (!marks || !replace(marks, m) || marks->count >= BC_MARKS_MAX) {
        free_mark(m);
    } else {
        m->brought = was_seen(marks, m->id);
        m->channel = NULL;
        marks->count++;
        bc_list_append(&marks->list, &m->node);
    }
    bc_channel_unref(&c);
}

// What a channel with a delay shows is a hidden channel of its own.
static struct bc_channel *
find_media(struct bc_channel *channel)
{
    struct bc_channel *program = bc_channel_program(channel);
    if (program && bc_channel_is_hidden(program, BC_CHANNEL_DELAY)) {
        return program;
    }
    bc_channel_unref(&program);
    return bc_channel_ref(channel);
}

bool
bc_channel_add_mark(struct bc_channel *channel, const struct bc_mark *mark)
{
    struct mark *m = calloc(1, sizeof(*m));
    if (!m) {
        return false;
    }
    bc_list_init(&m->node);
    bc_list_init(&m->task.node);
    m->task.run = run_add;
    snprintf(m->id, sizeof(m->id), "%s", mark->id);
    m->json = bc_buf_ref(mark->json);
    m->at_us = mark->ended ? INT64_MIN : mark->at_us;
    m->until_us = mark->until_us;
    m->ended = mark->ended;
    m->channel = find_media(channel);
    if (bc_worker_is_current(m->channel->home)) {
        run_add(&m->task, m->channel->home); // one that comes with the media: before its frame
    } else {
        bc_worker_post(m->channel->home, &m->task);
    }
    return true;
}

// --- what pictures bring along ---

// The texts are those of bc_cue_json(): the id comes before the data.
static bool
on_seen(void *user, const char *text, size_t len)
{
    (void)len;
    struct bc_channel_marks *marks = user;
    const char *id = strstr(text, ID_KEY);
    size_t n = id ? strcspn(id + strlen(ID_KEY), "\"") : 0;
    if (n == 0 || n > BC_MARK_ID_MAX) {
        return true;
    }
    char name[BC_MARK_ID_MAX + 1];
    snprintf(name, sizeof(name), "%.*s", (int)n, id + strlen(ID_KEY));
    if (!was_seen(marks, name)) {
        memcpy(marks->seen[marks->seen_next++ % MARKS_SEEN], name, sizeof(name));
    }
    bc_list_for_each(node, tmp, &marks->list)
    {
        struct mark *m = from_node(node);
        m->brought = m->brought || strcmp(m->id, name) == 0;
    }
    return true;
}

// --- a packet passes ---

// That goes before `p`; takes the text over. NULL without memory.
static struct bc_packet *
make_packet(struct bc_buf *text, const struct bc_packet *p)
{
    struct bc_packet *cue
        = text ? bc_packet_create(BC_KIND_CUE, NULL, text, text->data, text->len) : NULL;
    if (!cue) {
        bc_buf_unref(&text);
        return NULL;
    }
    cue->epoch = p->epoch;
    cue->dts_us = p->dts_us;
    cue->pts_us = p->dts_us;
    cue->arrived_us = p->arrived_us;
    return cue;
}

// Before the packet `p`.
static void
tell(struct bc_channel *c, struct mark *m, const struct bc_packet *p, int64_t wall_us)
{
    m->told = true;
    m->told_us = p->dts_us;
    int64_t before_us = atomic_load_explicit(&c->head_us, memory_order_relaxed);
    struct bc_packet *cue = make_packet(bc_buf_ref(m->json), p);
    if (!cue) {
        return;
    }
    if (m->at_us > before_us) {
        cue->dts_us = m->at_us;
        cue->pts_us = m->at_us;
    }
    bc_list_for_each(node, tmp, &c->sinks)
    {
        struct bc_packet_sink *sink = bc_container_of(node, struct bc_packet_sink, node);
        sink->ops->on_packet(sink, cue, wall_us + cue->pts_us - p->pts_us);
    }
    bc_packet_unref(&cue);
}

static bool
is_over(const struct mark *m, int64_t now_us)
{
    return m->ended || m->until_us <= now_us;
}

static bool
is_due(const struct mark *m, int64_t now_us)
{
    return !m->told && m->at_us <= now_us && (m->ended || !is_over(m, now_us));
}

// Whether this picture is to have it; it counts as written.
static bool
belongs_into(struct mark *m, const struct bc_packet *p)
{
    uint32_t bit = 1u << p->rendition;
    bool again = p->flags & BC_PACKET_KEY && !is_over(m, p->dts_us);
    if (m->brought || !m->told || m->at_us > p->dts_us || (m->written & bit && !again)) {
        return false;
    }
    m->written |= bit;
    return true;
}

static struct bc_packet *
write_into(struct bc_packet *p, struct bc_buf *const *texts, size_t count)
{
    struct bc_buf *buf = bc_sei_insert(
        p->track->codec, p->data, p->len, BC_SEI_CUE_UUID, texts, count);
    struct bc_packet *marked
        = buf ? bc_packet_create(p->kind, p->track, buf, buf->data, buf->len) : NULL;
    if (!marked) {
        bc_buf_unref(&buf);
        return bc_packet_ref(p);
    }
    marked->flags = p->flags;
    marked->rendition = p->rendition;
    marked->epoch = p->epoch;
    marked->dts_us = p->dts_us;
    marked->pts_us = p->pts_us;
    marked->arrived_us = p->arrived_us;
    return marked;
}

static void
forget(struct bc_channel_marks *marks, int64_t now_us)
{
    bc_list_for_each(node, tmp, &marks->list)
    {
        struct mark *m = from_node(node);
        bool wanted = m->told ? now_us - m->told_us <= LINGER_US : m->ended;
        if (is_over(m, now_us) && !wanted) {
            marks->count--;
            free_mark(m);
        }
    }
}

struct bc_packet *
bc_marks_apply(struct bc_channel *c, struct bc_packet *p, int64_t wall_us)
{
    struct bc_channel_marks *marks = c->marks;
    bool picture = p->kind == BC_KIND_VIDEO && p->track;
    if (marks && marks->looks && picture) {
        bc_sei_each(p->track->codec, p->data, p->len, BC_SEI_CUE_UUID, on_seen, marks);
    }
    if (!marks || bc_list_empty(&marks->list)) {
        return bc_packet_ref(p);
    }
    struct bc_buf *texts[PER_PICTURE]; // borrowed
    size_t count = 0;
    bc_list_for_each(node, tmp, &marks->list)
    {
        struct mark *m = from_node(node);
        if (p->rendition == 0 && is_due(m, p->dts_us)) {
            tell(c, m, p, wall_us);
        }
        if (picture && count < PER_PICTURE && belongs_into(m, p)) {
            texts[count++] = m->json;
        }
    }
    struct bc_packet *marked = count ? write_into(p, texts, count) : bc_packet_ref(p);
    forget(marks, p->dts_us);
    return marked;
}

// --- for who comes later ---

void
bc_marks_replay(struct bc_channel *c, const struct bc_packet *first,
    void (*each)(void *user, const struct bc_packet *packet), void *user)
{
    struct bc_packet *cue
        = make_packet(bc_buf_copy(BC_MARKS_NONE, strlen(BC_MARKS_NONE)), first);
    if (cue) {
        each(user, cue);
        bc_packet_unref(&cue);
    }
    if (!c || !c->marks) {
        return;
    }
    bc_list_for_each(node, tmp, &c->marks->list)
    {
        struct mark *m = from_node(node);
        bool runs = m->told && !is_over(m, first->dts_us);
        cue = runs ? make_packet(bc_buf_ref(m->json), first) : NULL;
        if (cue) {
            each(user, cue);
            bc_packet_unref(&cue);
        }
    }
}

// --- those that come with the media ---

bool
bc_marks_is_cue_point(const struct bc_channel *c, const struct bc_packet *p)
{
    static const uint8_t NAME[] = "\x02\x00\x0aonCuePoint"; // AMF0: a string of 10 bytes
    size_t n = sizeof(NAME) - 1;
    if (p->kind == BC_KIND_CUE) {
        return bc_channel_is_hidden(c, BC_CHANNEL_DELAY);
    }
    return p->kind == BC_KIND_SCRIPT && p->len > n && memcmp(p->data, NAME, n) == 0;
}

void
bc_marks_keep_early(struct bc_channel *c, struct bc_packet *packet)
{
    struct bc_channel_marks *marks = obtain(c);
    if (marks && marks->early_count < MARKS_EARLY) {
        marks->early[marks->early_count++] = bc_packet_ref(packet);
    }
}

struct bc_packet *
bc_marks_take_early(struct bc_channel *c)
{
    struct bc_channel_marks *marks = c->marks;
    if (!marks || marks->early_count == 0) {
        return NULL;
    }
    struct bc_packet *oldest = marks->early[0];
    marks->early_count--;
    memmove(
        marks->early, marks->early + 1, marks->early_count * sizeof(struct bc_packet *));
    return oldest;
}

void
bc_marks_look(struct bc_channel *c)
{
    struct bc_channel_marks *marks = obtain(c);
    if (marks) {
        marks->looks = true;
    }
}

static void
drop_early(struct bc_channel *c)
{
    struct bc_packet *packet;
    while ((packet = bc_marks_take_early(c)) != NULL) {
        bc_packet_unref(&packet);
    }
}

void
bc_marks_begin_take(struct bc_channel *c)
{
    if (c->marks) {
        drop_early(c);
        c->marks->looks = false;
        memset(c->marks->seen, 0, sizeof(c->marks->seen));
    }
}

void
bc_marks_free(struct bc_channel *c)
{
    if (c->marks) {
        drop_early(c);
        bc_list_for_each(node, tmp, &c->marks->list)
        {
            free_mark(from_node(node));
        }
        free(c->marks);
        c->marks = NULL;
    }
}
