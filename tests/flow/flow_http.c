// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/reader.h"
#include "base/writer.h"
#include "flow.h"

static void
on_bytes(struct flow_peer *peer, const uint8_t *data, size_t len)
{
    bc_write_bytes(&bc_container_of(peer, struct flow_http, peer)->in, data, len);
}

static void
send_get(struct flow_http *h, const char *path, const char *headers)
{
    char text[1024];
    int n = snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: flow\r\n%s\r\n", path,
        headers);
    assert_true(n > 0 && (size_t)n < sizeof(text));
    flow_send(&h->peer, text, (size_t)n);
}

void
flow_http_get(struct flow *f, struct flow_http *h, const char *path, const char *headers)
{
    memset(h, 0, sizeof(*h));
    h->peer.on_bytes = on_bytes;
    h->websocket = strstr(headers, "websocket") != NULL;
    flow_connect(f, &h->peer, f->http_port, NULL);
    send_get(h, path, headers);
}

// Whether the server knows of all that we opened and closed.
static bool
is_settled(struct flow *f)
{
    uint64_t counts[2];
    uint64_t open = 0;
    bc_list_for_each(node, tmp, &f->peers)
    {
        int type;
        socklen_t len = sizeof(type);
        struct flow_peer *peer = bc_container_of(node, struct flow_peer, node);
        getsockopt(peer->fd, SOL_SOCKET, SO_TYPE, &type, &len);
        open += type == SOCK_STREAM;
    }
    flow_count_connections(f, counts);
    return counts[0] + counts[1] == open;
}

void
flow_http_connect(struct flow *f, struct flow_http *h, int worker)
{
    for (;;) {
        uint64_t before[2];
        FLOW_UNTIL(f, is_settled(f));
        flow_count_connections(f, before);
        memset(h, 0, sizeof(*h));
        h->peer.on_bytes = on_bytes;
        flow_connect(f, &h->peer, f->http_port, NULL);
        FLOW_UNTIL(f, flow_find_worker(f, before) >= 0);
        if (worker < 0 || flow_find_worker(f, before) == worker) {
            return;
        }
        flow_http_close(h);
    }
}

void
flow_http_request(struct flow_http *h, const char *method, const char *path,
    const char *headers, const char *body)
{
    struct bc_writer w = { 0 };
    bc_writer_reset(&h->in);
    bc_write_fmt(&w, "%s %s HTTP/1.1\r\nHost: flow\r\n%s", method, path, headers);
    if (body) {
        bc_write_fmt(&w, "Content-Length: %zu\r\n", strlen(body));
    }
    bc_write_str(&w, "\r\n");
    bc_write_str(&w, body ? body : "");
    flow_send(&h->peer, w.data, w.len);
    bc_writer_finish(&w);
}

const char *
flow_http_header(struct flow_http *h, const char *name, char out[256])
{
    char text[80];
    int n = snprintf(text, sizeof(text), "\r\n%s: ", name);
    const uint8_t *at
        = h->in.len ? memmem(h->in.data, h->in.len, text, (size_t)n) : NULL;
    out[0] = '\0';
    for (size_t i = 0; at && i < 255 && at[n + (int)i] != '\r'; i++) {
        out[i] = (char)at[n + (int)i];
        out[i + 1] = '\0';
    }
    return out;
}

void
flow_http_again(struct flow_http *h, const char *path)
{
    bc_writer_reset(&h->in);
    send_get(h, path, "");
}

// Where the body begins; 0 when the head is not complete.
static size_t
head_len(const struct flow_http *h)
{
    const uint8_t *end = h->in.len ? memmem(h->in.data, h->in.len, "\r\n\r\n", 4) : NULL;
    return end ? (size_t)(end - h->in.data) + 4 : 0;
}

bool
flow_http_is_done(const struct flow_http *h)
{
    size_t head = head_len(h);
    if (head == 0) {
        return false;
    }
    if (flow_http_status(h) == 204) {
        return true;
    }
    const char *line = memmem(h->in.data, head, "Content-Length: ", 16);
    return line && h->in.len >= head + strtoul(line + 16, NULL, 10);
}

int
flow_http_status(const struct flow_http *h)
{
    return h->in.len > 12 ? atoi((const char *)h->in.data + 9) : 0;
}

const char *
flow_http_body(struct flow_http *h)
{
    bc_write_u8(&h->in, 0);
    h->in.len--;
    return (const char *)h->in.data + head_len(h);
}

// One chunk of the chunked coding; 0 when it is not complete.
static size_t
read_chunk(struct flow_http *h, const uint8_t *p, size_t len)
{
    const uint8_t *line_end = memmem(p, len, "\r\n", 2);
    if (!line_end) {
        return 0;
    }
    size_t size = strtoul((const char *)p, NULL, 16);
    size_t head = (size_t)(line_end - p) + 2;
    if (len < head + size + 2) {
        return 0;
    }
    assert_memory_equal(p + head + size, "\r\n", 2);
    bc_write_bytes(&h->flv, p + head, size);
    h->ended = h->ended || size == 0;
    return head + size + 2;
}

// One frame of a WebSocket; 0 when it is not complete.
static size_t
read_frame(struct flow_http *h, const uint8_t *p, size_t len)
{
    struct bc_reader r = bc_reader_init(p, len);
    uint8_t first = bc_read_u8(&r);
    uint64_t size = bc_read_u8(&r);
    size = size == 126 ? bc_read_u16(&r) : size == 127 ? bc_read_u64(&r) : size;
    const uint8_t *payload = bc_read_bytes(&r, size);
    if (r.failed) {
        return 0;
    }
    assert_true(first == 0x82 || first == 0x88); // whole binary messages, or the close
    if (first == 0x82) {
        bc_write_bytes(&h->flv, payload, size);
    } else {
        h->ended = true;
    }
    return (size_t)(r.p - p);
}

static void
read_tags(struct flow_http *h)
{
    while (h->flv.len - h->flv_at >= 13) {
        struct bc_reader r
            = bc_reader_init(h->flv.data + h->flv_at, h->flv.len - h->flv_at);
        if (h->flv_at == 0) {
            assert_memory_equal(bc_read_bytes(&r, 4), "FLV\1", 4);
            bc_read_skip(&r, 9);
            h->flv_at = 13;
            continue;
        }
        uint8_t type = bc_read_u8(&r);
        uint32_t len = bc_read_u24(&r);
        uint32_t ms = bc_read_u24(&r);
        ms |= (uint32_t)bc_read_u8(&r) << 24;
        bc_read_skip(&r, 3);
        const uint8_t *body = bc_read_bytes(&r, len);
        uint32_t previous = bc_read_u32(&r);
        if (r.failed) {
            return;
        }
        assert_int_equal(previous, len + 11);
        assert_true(type == 8 || type == 9 || type == 18);
        flow_media_add(&h->media,
            type == 8 ? BC_KIND_AUDIO : type == 9 ? BC_KIND_VIDEO : BC_KIND_SCRIPT, ms,
            body, len);
        h->flv_at += 15 + len;
    }
}

void
flow_http_read_flv(struct flow_http *h)
{
    if (h->at == 0) {
        h->at = head_len(h);
    }
    while (h->at > 0 && h->at < h->in.len && !h->ended) {
        const uint8_t *p = h->in.data + h->at;
        size_t left = h->in.len - h->at;
        size_t n = h->websocket ? read_frame(h, p, left) : read_chunk(h, p, left);
        if (n == 0) {
            break;
        }
        h->at += n;
    }
    read_tags(h);
}

void
flow_http_close(struct flow_http *h)
{
    flow_hang_up(&h->peer);
    bc_writer_finish(&h->in);
    bc_writer_finish(&h->flv);
}
