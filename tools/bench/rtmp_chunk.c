// SPDX-License-Identifier: Apache-2.0
#include "rtmp_chunk.h"

#include <string.h>

enum {
    EXTENDED = 0xffffff,
    MAX_COMMAND_BYTES = 1 << 16,
};

void
bc_rtmp_reader_init(struct bc_rtmp_reader *r)
{
    memset(r, 0, sizeof(*r));
    r->chunk_size = BC_RTMP_DEFAULT_CHUNK;
}

void
bc_rtmp_reader_finish(struct bc_rtmp_reader *r)
{
    for (size_t i = 0; i < BC_RTMP_CHUNK_STREAMS; i++) {
        bc_buf_finish(&r->streams[i].message);
    }
}

// Length of the chunk header that starts at p; 0: more bytes are needed to tell.
//  basic header 1..3 | message header 11, 7, 3 or 0 | extended timestamp 0 or 4
static size_t
header_length(const struct bc_rtmp_reader *r, const uint8_t *p, size_t n)
{
    static const size_t message_header[4] = {11, 7, 3, 0};
    if (!n) {
        return 0;
    }
    int format = p[0] >> 6;
    int id = p[0] & 63;
    size_t basic = id == 0 ? 2 : id == 1 ? 3 : 1;
    if (format == 3) {
        return basic + (basic == 1 && r->streams[id].extended ? 4 : 0);
    }
    if (n < basic + 3) {
        return 0;
    }
    return basic + message_header[format] + (bc_read24(p + basic) == EXTENDED ? 4 : 0);
}

static void
apply_header(struct bc_rtmp_chunk_stream *s, const uint8_t *p, size_t n)
{
    int format = p[0] >> 6;
    bool first = !s->left;
    if (format < 3) {
        uint32_t time = bc_read24(p + 1);
        s->extended = time == EXTENDED;
        time = s->extended ? bc_read32(p + n - 4) : time;
        s->ts_ms = format ? s->ts_ms + time : time;
        s->delta_ms = time;
        if (format < 2) {
            s->len = bc_read24(p + 4);
            s->type = p[7];
        }
    } else if (first) {
        // An extended timestamp here is the message's own time in the servers we know.
        s->ts_ms = s->extended ? bc_read32(p + n - 4) : s->ts_ms + s->delta_ms;
    }
    if (first) {
        s->left = s->len;
        s->head_len = 0;
        s->message.len = 0;
    }
}

static const char *
on_header(struct bc_rtmp_reader *r, const uint8_t *p, size_t n)
{
    if ((p[0] & 63) < 2) {
        return "rtmp_big_chunk_stream_id"; // no server uses them towards players
    }
    struct bc_rtmp_chunk_stream *s = &r->streams[p[0] & 63];
    if (s->left && p[0] >> 6 != 3) {
        return "rtmp_chunk_order";
    }
    apply_header(s, p, n);
    r->current = s;
    r->chunk_left = s->left < r->chunk_size ? s->left : r->chunk_size;
    return NULL;
}

static bool
is_media(uint8_t type)
{
    return type == BC_RTMP_AUDIO || type == BC_RTMP_VIDEO || type == BC_RTMP_DATA ||
           type == BC_RTMP_DATA_AMF3 || type == BC_RTMP_AGGREGATE;
}

static const char *
on_message(struct bc_rtmp_reader *r, struct bc_rtmp_chunk_stream *s,
           const struct bc_rtmp_callbacks *cbs, void *userdata)
{
    const uint8_t *p = s->message.data;
    size_t n = s->message.len;
    s->message.len = 0;
    if (s->type == BC_RTMP_AUDIO || s->type == BC_RTMP_VIDEO) {
        cbs->on_media(userdata, s->type, s->ts_ms, s->head, s->head_len);
        return NULL;
    }
    if (s->type == BC_RTMP_SET_CHUNK_SIZE && n >= 4) {
        r->chunk_size = bc_read32(p) & 0x7fffffff;
        return r->chunk_size ? NULL : "rtmp_chunk_size";
    }
    if (s->type == BC_RTMP_ABORT && n >= 4) {
        uint32_t id = bc_read32(p);
        if (id < BC_RTMP_CHUNK_STREAMS) {
            r->streams[id].left = 0;
        }
        return NULL;
    }
    return is_media(s->type) ? NULL : cbs->on_control(userdata, s->type, p, n);
}

static const char *
feed_payload(struct bc_rtmp_reader *r, const uint8_t *p, size_t n,
             const struct bc_rtmp_callbacks *cbs, void *userdata)
{
    struct bc_rtmp_chunk_stream *s = r->current;
    for (size_t i = 0; i < n && s->head_len < sizeof(s->head); i++) {
        s->head[s->head_len++] = p[i];
    }
    if (!is_media(s->type)) {
        if (s->message.len + n > MAX_COMMAND_BYTES) {
            return "rtmp_big_command";
        }
        bc_buf_add(&s->message, p, n);
    } else if (cbs->on_payload && n) {
        cbs->on_payload(userdata, s->type, p, n);
    }
    s->left -= (uint32_t)n;
    r->chunk_left -= (uint32_t)n;
    if (r->chunk_left) {
        return NULL;
    }
    r->current = NULL;
    return s->left ? NULL : on_message(r, s, cbs, userdata);
}

// Collects a header; *used bytes were taken. Sets r->current when it is complete.
static const char *
feed_header(struct bc_rtmp_reader *r, const uint8_t *p, size_t n, size_t *used)
{
    *used = 0;
    if (!r->header_len) { // the usual case: it is whole
        size_t len = header_length(r, p, n);
        if (len && len <= n) {
            *used = len;
            return on_header(r, p, len);
        }
    }
    while (*used < n) {
        r->header[r->header_len++] = p[(*used)++];
        size_t len = header_length(r, r->header, r->header_len);
        if (len && len == r->header_len) {
            r->header_len = 0;
            return on_header(r, r->header, len);
        }
    }
    return NULL;
}

const char *
bc_rtmp_feed(struct bc_rtmp_reader *r, const uint8_t *p, size_t n,
             const struct bc_rtmp_callbacks *cbs, void *userdata)
{
    while (n || (r->current && !r->chunk_left)) {
        const char *error;
        size_t used;
        if (!r->current) {
            error = feed_header(r, p, n, &used);
        } else {
            used = n < r->chunk_left ? n : r->chunk_left;
            error = feed_payload(r, p, used, cbs, userdata);
        }
        if (error) {
            return error;
        }
        p += used;
        n -= used;
    }
    return NULL;
}

void
bc_rtmp_message_write(struct bc_buf *out, const struct bc_rtmp_message *m,
                      uint32_t chunk_size)
{
    uint8_t header[16] = {m->chunk_stream};
    uint8_t next[5] = {(uint8_t)(0xc0 | m->chunk_stream)};
    bool extended = m->ts_ms >= EXTENDED;
    bc_write24(header + 1, extended ? EXTENDED : m->ts_ms);
    bc_write24(header + 4, (uint32_t)m->len);
    header[7] = m->type;
    for (int i = 0; i < 4; i++) { // the only little-endian field of RTMP
        header[8 + i] = (uint8_t)(m->stream_id >> (8 * i));
    }
    bc_write32(header + 12, m->ts_ms);
    bc_write32(next + 1, m->ts_ms);
    bc_buf_add(out, header, extended ? 16 : 12);
    for (size_t at = 0; at < m->len; at += chunk_size) {
        if (at) {
            bc_buf_add(out, next, extended ? 5 : 1);
        }
        size_t left = m->len - at;
        bc_buf_add(out, m->payload + at, left < chunk_size ? left : chunk_size);
    }
}
