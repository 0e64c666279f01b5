// SPDX-License-Identifier: Apache-2.0
#include "rtsp_message.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BUFFER_BYTES (256 * 1024)
#define HEAD_MAX_BYTES 16384
#define BODY_MAX_BYTES 65536

bool
rtsp_stream_init(struct rtsp_stream *s)
{
    *s = (struct rtsp_stream){ .data = malloc(BUFFER_BYTES) };
    return s->data != NULL;
}

void
rtsp_stream_finish(struct rtsp_stream *s)
{
    free(s->data);
    s->data = NULL;
}

size_t
rtsp_stream_room(struct rtsp_stream *s, uint8_t **room)
{
    // The largest message is far smaller than the buffer, so there is room after this.
    if (s->start > 0) {
        memmove(s->data, s->data + s->start, s->end - s->start);
        s->end -= s->start;
        s->start = 0;
    }
    *room = s->data + s->end;
    return BUFFER_BYTES - s->end;
}

void
rtsp_stream_filled(struct rtsp_stream *s, size_t len)
{
    s->end += len;
}

static int
take_packet(struct rtsp_stream *s, struct rtsp_message *out)
{
    const uint8_t *p = s->data + s->start;
    size_t have = s->end - s->start;
    size_t len = have >= 4 ? (size_t)p[2] << 8 | p[3] : 0;
    if (have < 4 || have < 4 + len) {
        return 0;
    }
    *out = (struct rtsp_message){ .is_packet = true, .channel = p[1], .body = p + 4,
        .body_len = len };
    s->start += 4 + len;
    return 1;
}

static bool
body_length(const struct rtsp_message *m, size_t *len)
{
    char text[16];
    char *end;
    *len = 0;
    if (!rtsp_message_header(m, "Content-Length", text, sizeof(text))) {
        return true;
    }
    unsigned long value = strtoul(text, &end, 10);
    *len = (size_t)value;
    return end != text && *end == '\0' && text[0] != '-' && value <= BODY_MAX_BYTES;
}

static int
take_text(struct rtsp_stream *s, struct rtsp_message *out)
{
    const char *p = (const char *)s->data + s->start;
    size_t have = s->end - s->start;
    const char *blank = memmem(p, have, "\r\n\r\n", 4);
    if (!blank) {
        return have > HEAD_MAX_BYTES ? -EINVAL : 0;
    }
    *out = (struct rtsp_message){ .head = p, .head_len = (size_t)(blank - p) + 2 };
    size_t whole = out->head_len + 2;
    size_t body;
    if (out->head_len > HEAD_MAX_BYTES || !body_length(out, &body)) {
        return -EINVAL;
    }
    if (have < whole + body) {
        return 0;
    }
    if (out->head_len > 12 && strncmp(p, "RTSP/1.", 7) == 0) {
        unsigned status = 0;
        for (size_t i = 9; i < 12; i++) {
            if (p[i] < '0' || p[i] > '9') {
                return -EINVAL;
            }
            status = status * 10 + (unsigned)(p[i] - '0');
        }
        out->status = status;
    } else if (!memmem(p, out->head_len, " RTSP/1.", 8)) {
        return -EINVAL;
    }
    out->body = (const uint8_t *)p + whole;
    out->body_len = body;
    s->start += whole + body;
    return 1;
}

int
rtsp_stream_next(struct rtsp_stream *s, struct rtsp_message *out)
{
    if (s->start == s->end) {
        return 0;
    }
    return s->data[s->start] == '$' ? take_packet(s, out) : take_text(s, out);
}

bool
rtsp_message_header(
    const struct rtsp_message *m, const char *name, char *out, size_t size)
{
    if (!m->head) {
        return false; // media between the messages
    }
    size_t name_len = strlen(name);
    const char *line = m->head;
    const char *end = m->head + m->head_len;
    while (line && line < end) {
        const char *next = memmem(line, (size_t)(end - line), "\r\n", 2);
        size_t len = (size_t)((next ? next : end) - line);
        if (len > name_len && line[name_len] == ':'
            && strncasecmp(line, name, name_len) == 0) {
            const char *value = line + name_len + 1;
            len -= name_len + 1;
            while (len > 0 && (*value == ' ' || *value == '\t')) {
                value++;
                len--;
            }
            if (len >= size) {
                return false;
            }
            memcpy(out, value, len);
            out[len] = '\0';
            return true;
        }
        line = next ? next + 2 : NULL;
    }
    return false;
}
