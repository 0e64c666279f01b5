// SPDX-License-Identifier: Apache-2.0
#include "protocol/rtmp/chunk_reader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"

#define NO_STREAM UINT32_MAX

// A message's memory grows with the bytes that came: an announced length costs nothing.
#define FIRST_BYTES (16u << 10)

// A chunk's header as it stands on the wire.
struct header {
    unsigned fmt;
    uint32_t csid;
    uint32_t time; // 24-bit field, or the extended value
    bool has_ext;
    uint32_t length;
    uint8_t type;
    uint32_t stream_id;
    uint32_t stream; // index of the csid's state, NO_STREAM when it is new
    size_t len;
};

void
bc_rtmp_chunk_reader_init(struct bc_rtmp_chunk_reader *c,
    const struct bc_rtmp_chunk_limits *limits)
{
    *c = (struct bc_rtmp_chunk_reader){ .limits = *limits,
        .chunk_size = RTMP_DEFAULT_CHUNK_SIZE };
}

void
bc_rtmp_chunk_reader_finish(struct bc_rtmp_chunk_reader *c)
{
    for (uint32_t i = 0; i < c->count; i++) {
        bc_buf_unref(&c->streams[i].buf);
    }
    free(c->streams);
    c->streams = NULL;
    c->count = c->cap = 0;
}

static int fail(struct bc_rtmp_chunk_reader *c, int error, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static int
fail(struct bc_rtmp_chunk_reader *c, int error, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(c->reason, sizeof(c->reason), fmt, ap);
    va_end(ap);
    return error;
}

static uint32_t
find_stream(const struct bc_rtmp_chunk_reader *c, uint32_t csid)
{
    for (uint32_t i = 0; i < c->count; i++) {
        if (c->streams[i].csid == csid) {
            return i;
        }
    }
    return NO_STREAM;
}

static int
add_stream(struct bc_rtmp_chunk_reader *c, const struct header *h)
{
    if (h->fmt >= 2) {
        return fail(c, -EPROTO, "chunk stream %u begins with a type %u header", h->csid,
            h->fmt);
    }
    if (c->count >= c->limits.max_streams) {
        return fail(c, -EPROTO, "more than %u chunk streams", c->limits.max_streams);
    }
    if (c->count == c->cap) {
        uint32_t cap = c->cap ? c->cap * 2 : 4;
        struct rtmp_chunk_stream *streams = realloc(c->streams, cap * sizeof(*streams));
        if (!streams) {
            return fail(c, -ENOMEM, "out of memory for chunk streams");
        }
        c->streams = streams;
        c->cap = cap;
    }
    c->streams[c->count] = (struct rtmp_chunk_stream){ .csid = h->csid };
    return (int)c->count++;
}

// RTMP 5.3.1.1; the inverse of put_basic_header() in chunk_writer.c.
static void
read_basic_header(struct bc_reader *r, struct header *h)
{
    uint8_t first = bc_read_u8(r);
    h->fmt = first >> 6;
    h->csid = first & 0x3f;
    if (h->csid == 0) {
        h->csid = 64u + bc_read_u8(r);
    } else if (h->csid == 1) {
        h->csid = 64u + bc_read_u8(r);
        h->csid += 256u * bc_read_u8(r);
    }
}

// Type 3: 4 bytes follow when the last full header had an extended timestamp, but some
// senders omit them; so they count only when they repeat its value (RTMP-17). Returns
// false when too few bytes are there to tell.
static bool
read_repeated_ext(struct bc_reader *r, uint32_t ext)
{
    size_t n = bc_reader_left(r) < 4 ? bc_reader_left(r) : 4;
    for (size_t i = 0; i < n; i++) {
        if (r->p[i] != (uint8_t)(ext >> (24 - 8 * i))) {
            return true;
        }
    }
    bc_read_skip(r, 4);
    return n == 4;
}

// RTMP 5.3.1.2, types 0 to 3:
//   time(3) length(3) type(1) stream id(4)  |  time(3) length(3) type(1)  |  time(3)  |  -
// then the extended timestamp(4) where the time is 0xFFFFFF. False when bytes are
// missing.
static bool
read_header(const struct bc_rtmp_chunk_reader *c, const uint8_t *data, size_t len,
    struct header *h)
{
    struct bc_reader r = bc_reader_init(data, len);
    *h = (struct header){ 0 };
    read_basic_header(&r, h);
    if (r.failed) {
        return false;
    }
    h->stream = find_stream(c, h->csid);
    if (h->fmt == 3) {
        if (h->stream != NO_STREAM && c->streams[h->stream].has_ext
                && !read_repeated_ext(&r, c->streams[h->stream].ext)) {
            return false;
        }
    } else {
        h->time = bc_read_u24(&r);
        if (h->fmt <= 1) {
            h->length = bc_read_u24(&r);
            h->type = bc_read_u8(&r);
        }
        if (h->fmt == 0) {
            h->stream_id = bc_read_u32le(&r);
        }
        h->has_ext = h->time == 0xffffff;
        if (h->has_ext) {
            h->time = bc_read_u32(&r);
        }
    }
    h->len = len - bc_reader_left(&r);
    return !r.failed;
}

// Takes over what the header says. All time is modulo 2^32, per chunk stream (RTMP-14 to
// 16).
static void
apply_header(struct rtmp_chunk_stream *cs, const struct header *h)
{
    if (h->fmt < 3) {
        cs->has_ext = h->has_ext;
        cs->ext = h->time;
        cs->delta = h->time;
    }
    if (h->fmt <= 1) {
        cs->length = h->length;
        cs->type = h->type;
    }
    if (h->fmt == 0) {
        cs->stream_id = h->stream_id;
        cs->timestamp = h->time;
    } else {
        cs->timestamp += cs->delta;
    }
}

static int
begin_message(struct bc_rtmp_chunk_reader *c, struct rtmp_chunk_stream *cs,
    const struct header *h)
{
    apply_header(cs, h);
    if (cs->length > c->limits.max_message_bytes) {
        return fail(c, -EMSGSIZE, "message of %u bytes, type %u, is over the limit of %u",
            cs->length, cs->type, c->limits.max_message_bytes);
    }
    cs->got = 0;
    cs->in_message = true;
    return 0;
}

static int
begin_chunk(struct bc_rtmp_chunk_reader *c, const struct header *h)
{
    uint32_t index = h->stream;
    if (index == NO_STREAM) {
        int ret = add_stream(c, h);
        if (ret < 0) {
            return ret;
        }
        index = (uint32_t)ret;
    }
    struct rtmp_chunk_stream *cs = &c->streams[index];
    if (!cs->in_message) {
        int ret = begin_message(c, cs, h);
        if (ret < 0) {
            return ret;
        }
    } else if (h->fmt != 3) {
        return fail(c, -EPROTO, "type %u header inside a message on chunk stream %u",
            h->fmt, h->csid);
    }
    uint32_t left = cs->length - cs->got;
    c->current = index;
    c->chunk_left = left < c->chunk_size ? left : c->chunk_size;
    return 0;
}

// Room for `want` payload bytes in all. The last step is exactly the message's length.
static int
grow(struct bc_rtmp_chunk_reader *c, struct rtmp_chunk_stream *cs, uint32_t want)
{
    if (want <= cs->cap) {
        return 0;
    }
    uint64_t cap = cs->cap ? cs->cap * 4ull : FIRST_BYTES;
    while (cap < want) {
        cap *= 4;
    }
    if (cap > cs->length) {
        cap = cs->length;
    }
    if (cap - cs->cap > c->limits.max_total_bytes - c->total_bytes) {
        return fail(c, -EMSGSIZE, "half-received messages need more than %u bytes",
            c->limits.max_total_bytes);
    }
    struct bc_buf *buf = bc_buf_create((size_t)cap);
    if (!buf) {
        return fail(c, -ENOMEM, "out of memory for a message of %u bytes", cs->length);
    }
    if (cs->buf) {
        memcpy(buf->data, cs->buf->data, cs->got);
        bc_buf_unref(&cs->buf);
    }
    c->total_bytes += (uint32_t)cap - cs->cap;
    cs->buf = buf;
    cs->cap = (uint32_t)cap;
    return 0;
}

static int
append(struct bc_rtmp_chunk_reader *c, const uint8_t *data, uint32_t n)
{
    struct rtmp_chunk_stream *cs = &c->streams[c->current];
    int ret = grow(c, cs, cs->got + n);
    if (ret < 0) {
        return ret;
    }
    memcpy(cs->buf->data + cs->got, data, n);
    cs->got += n;
    c->chunk_left -= n;
    return 0;
}

// Copies payload of the current chunk, from the carried bytes first.
static int
read_payload(struct bc_rtmp_chunk_reader *c, struct bc_reader *r)
{
    uint32_t n = c->carry_len < c->chunk_left ? (uint32_t)c->carry_len : c->chunk_left;
    if (n > 0) {
        int ret = append(c, c->carry, n);
        if (ret < 0) {
            return ret;
        }
        c->carry_len -= n;
        memmove(c->carry, c->carry + n, c->carry_len);
    }
    size_t left = bc_reader_left(r);
    n = left < c->chunk_left ? (uint32_t)left : c->chunk_left;
    return n > 0 ? append(c, bc_read_bytes(r, n), n) : 0;
}

// Returns 1 when a header is complete, 0 when all bytes went into the carry.
static int
next_header(struct bc_rtmp_chunk_reader *c, struct bc_reader *r)
{
    uint8_t data[BC_RTMP_HEADER_MAX];
    size_t room = sizeof(data) - c->carry_len;
    size_t fresh = bc_reader_left(r) < room ? bc_reader_left(r) : room;
    memcpy(data, c->carry, c->carry_len);
    memcpy(data + c->carry_len, r->p, fresh);

    struct header h;
    if (!read_header(c, data, c->carry_len + fresh, &h)) {
        memcpy(c->carry, data, c->carry_len + fresh);
        c->carry_len += fresh;
        bc_read_skip(r, fresh);
        return 0;
    }
    if (h.len >= c->carry_len) {
        bc_read_skip(r, h.len - c->carry_len);
        c->carry_len = 0;
    } else {
        c->carry_len -= h.len;
        memmove(c->carry, c->carry + h.len, c->carry_len);
    }
    int ret = begin_chunk(c, &h);
    return ret < 0 ? ret : 1;
}

static void
end_message(struct bc_rtmp_chunk_reader *c, struct rtmp_chunk_stream *cs,
    struct bc_rtmp_message *msg)
{
    *msg = (struct bc_rtmp_message){
        .csid = cs->csid,
        .type = cs->type,
        .stream_id = cs->stream_id,
        .timestamp = cs->timestamp,
        .buf = cs->buf,
    };
    c->total_bytes -= cs->cap;
    cs->buf = NULL;
    cs->cap = cs->got = 0;
    cs->in_message = false;
}

int
bc_rtmp_chunk_read(struct bc_rtmp_chunk_reader *c, struct bc_reader *r,
    struct bc_rtmp_message *msg)
{
    for (;;) {
        if (c->chunk_left == 0) {
            if (bc_reader_left(r) + c->carry_len == 0) {
                return 0;
            }
            int ret = next_header(c, r);
            if (ret <= 0) {
                return ret;
            }
        }
        int ret = read_payload(c, r);
        if (ret < 0) {
            return ret;
        }
        if (c->chunk_left > 0) {
            return 0;
        }
        struct rtmp_chunk_stream *cs = &c->streams[c->current];
        if (cs->got == cs->length) {
            end_message(c, cs, msg);
            return 1;
        }
    }
}

void
bc_rtmp_chunk_abort(struct bc_rtmp_chunk_reader *c, uint32_t csid)
{
    uint32_t i = find_stream(c, csid);
    if (i == NO_STREAM || !c->streams[i].in_message) {
        return;
    }
    struct rtmp_chunk_stream *cs = &c->streams[i];
    bc_buf_unref(&cs->buf);
    c->total_bytes -= cs->cap;
    cs->cap = cs->got = 0;
    cs->in_message = false;
}
