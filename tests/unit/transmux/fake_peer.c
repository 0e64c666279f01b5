// SPDX-License-Identifier: Apache-2.0
#include "fake_peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/list.h"
#include "base/reader.h"

static ssize_t
take(struct bc_sink *sink, const struct iovec *iov, int count)
{
    struct fake_peer *p = bc_container_of(sink, struct fake_peer, sink);
    ssize_t taken = 0;
    p->writes++;
    for (int i = 0; i < count && p->room > 0; i++) {
        size_t n = iov[i].iov_len < p->room ? iov[i].iov_len : p->room;
        bc_write_bytes(&p->got, iov[i].iov_base, n);
        taken += (ssize_t)n;
        p->room -= p->room == FAKE_PEER_ALL ? 0 : n;
    }
    return taken;
}

static void
close_peer(struct bc_sink *sink, const char *reason)
{
    (void)reason;
    bc_container_of(sink, struct fake_peer, sink)->closes++;
}

static void
finish_peer(struct bc_sink *sink)
{
    bc_container_of(sink, struct fake_peer, sink)->finishes++;
}

static const struct bc_sink_ops SINK_OPS = { take, close_peer, finish_peer };

static void
on_end(void *user)
{
    struct fake_peer *p = user;
    p->ends++;
    if (p->leaves_at_end) {
        bc_viewer_destroy(p->viewer);
        p->viewer = NULL;
    }
}

static void
on_closed(void *user, const char *reason)
{
    (void)reason;
    struct fake_peer *p = user;
    bc_viewer_destroy(p->viewer);
    p->viewer = NULL;
}

static const struct bc_viewer_ops VIEWER_OPS = { on_end, on_closed };

void
fake_peer_join(struct fake_peer *p, struct bc_viewer_params *params, size_t room)
{
    memset(p, 0, sizeof(*p));
    p->sink.ops = &SINK_OPS;
    p->room = room;
    params->sink = &p->sink;
    params->ops = &VIEWER_OPS;
    params->user = p;
    p->viewer = bc_viewer_create(params);
    assert_non_null(p->viewer);
}

void
fake_peer_open(struct fake_peer *p, size_t room)
{
    p->room = room;
    if (p->sink.on_writable) {
        p->sink.on_writable(p->sink.user);
    }
}

void
fake_peer_leave(struct fake_peer *p)
{
    bc_viewer_destroy(p->viewer);
    p->viewer = NULL;
    bc_writer_finish(&p->got);
}

static void
parse_body(struct fake_tag *t)
{
    struct bc_reader r = bc_reader_init(t->body, t->body_len);
    uint8_t first = bc_read_u8(&r);
    if (t->type == 18) {
        return;
    }
    uint8_t kind = bc_read_u8(&r); // AVCPacketType or AACPacketType
    t->header = kind == 0;
    t->key = t->type == 9 && first >> 4 == 1 && !t->header;
    if (t->type == 9) {
        bc_read_skip(&r, 3); // composition time
    }
    t->number = t->header ? 0 : bc_read_u32(&r);
    assert_false(r.failed);
}

void
fake_peer_parse(const struct fake_peer *p, struct fake_stream *out)
{
    struct bc_reader r = bc_reader_init(p->got.data, p->got.len);
    assert_memory_equal(bc_read_bytes(&r, 4), "FLV\1", 4);
    out->flags = bc_read_u8(&r);
    assert_int_equal(bc_read_u32(&r), 9);
    assert_int_equal(bc_read_u32(&r), 0); // PreviousTagSize0
    for (out->count = 0; bc_reader_left(&r) > 0; out->count++) {
        assert_true(out->count < sizeof(out->tags) / sizeof(out->tags[0]));
        struct fake_tag *t = &out->tags[out->count];
        memset(t, 0, sizeof(*t));
        t->type = bc_read_u8(&r);
        assert_true(t->type == 8 || t->type == 9 || t->type == 18);
        t->body_len = bc_read_u24(&r);
        t->ms = bc_read_u24(&r);
        t->ms |= (uint32_t)bc_read_u8(&r) << 24;
        assert_int_equal(bc_read_u24(&r), 0);
        t->body = bc_read_bytes(&r, t->body_len);
        assert_int_equal(bc_read_u32(&r), t->body_len + 11);
        assert_false(r.failed);
        parse_body(t);
    }
}
