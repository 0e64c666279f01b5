// SPDX-License-Identifier: Apache-2.0
#include "container/emsg.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/reader.h"
#include "container/box.h"
#include "container/cmaf_read.h"

#define EMSG BC_FOURCC('e', 'm', 's', 'g')
#define SCHEME_MAX 255
#define ID3_HEAD_BYTES 10
#define ID3_FRAME_HEAD_BYTES 10
#define ID3_UTF8 3
// Sizes of ID3v2.4 are four times seven bits (id3v2.4.0-structure 6.2).
#define SYNCSAFE_MAX 0x0fffffff

void
bc_emsg_write(struct bc_writer *w, const struct bc_emsg *emsg)
{
    size_t at = bc_full_box_begin(w, "emsg", 1, 0);
    bc_write_u32(w, emsg->timescale);
    bc_write_u64(w, emsg->presentation_time);
    bc_write_u32(w, emsg->event_duration);
    bc_write_u32(w, emsg->id);
    bc_write_str(w, emsg->scheme);
    bc_write_u8(w, 0);
    bc_write_u8(w, 0); // value: none
    bc_write_bytes(w, emsg->data, emsg->len);
    bc_box_end(w, at);
}

// A text that ends with a zero; NULL when it does not, or is too long.
static const char *
read_text(struct bc_reader *r)
{
    size_t left = bc_reader_left(r);
    const uint8_t *end = left > 0 ? memchr(r->p, 0, left) : NULL;
    if (!end || end - r->p > SCHEME_MAX) {
        r->failed = true;
        return NULL;
    }
    const char *text = (const char *)r->p;
    r->p = end + 1;
    return text;
}

int
bc_emsg_read(const uint8_t *box, size_t len, struct bc_emsg *out)
{
    struct bc_reader r = bc_reader_init(box, len);
    uint32_t type;
    struct bc_reader body;
    *out = (struct bc_emsg){ 0 };
    if (!bc_cmaf_box_next(&r, &type, &body) || type != EMSG || bc_read_u8(&body) != 1) {
        return -EINVAL;
    }
    bc_read_skip(&body, 3);
    out->timescale = bc_read_u32(&body);
    out->presentation_time = bc_read_u64(&body);
    out->event_duration = bc_read_u32(&body);
    out->id = bc_read_u32(&body);
    out->scheme = read_text(&body);
    (void)read_text(&body);
    out->data = body.p;
    out->len = bc_reader_left(&body);
    return body.failed || out->timescale == 0 ? -EINVAL : 0;
}

size_t
bc_emsg_run(const uint8_t *data, size_t len)
{
    size_t at = 0;
    struct bc_cmaf_box box;
    while (bc_cmaf_box_read(data + at, len - at, &box) == 0 && box.type == EMSG
        && box.size <= len - at) {
        at += (size_t)box.size;
    }
    return at;
}

// What a time becomes.
static uint64_t
shifted(uint64_t ticks, uint32_t timescale, int64_t delta_us)
{
    int64_t delta = bc_cmaf_ticks(delta_us, timescale);
    if (delta < 0) {
        uint64_t less = (uint64_t)-delta;
        return ticks > less ? ticks - less : 0;
    }
    return ticks > UINT64_MAX - (uint64_t)delta ? UINT64_MAX : ticks + (uint64_t)delta;
}

int
bc_emsg_shift(uint8_t *run, size_t len, int64_t delta_us)
{
    size_t at = 0;
    while (at < len) {
        struct bc_cmaf_box box;
        if (bc_cmaf_box_read(run + at, len - at, &box) != 0 || box.type != EMSG
            || box.size > len - at) {
            return -EINVAL;
        }
        struct bc_emsg emsg;
        if (bc_emsg_read(run + at, (size_t)box.size, &emsg) == 0) {
            uint64_t v = shifted(emsg.presentation_time, emsg.timescale, delta_us);
            uint8_t *p = run + at + box.head + 8; // version, flags, timescale
            for (int i = 0; i < 8; i++) {
                p[i] = (uint8_t)(v >> (56 - 8 * i));
            }
        }
        at += (size_t)box.size;
    }
    return 0;
}

static void
write_syncsafe(struct bc_writer *w, size_t v)
{
    for (int shift = 21; shift >= 0; shift -= 7) {
        bc_write_u8(w, (uint8_t)(v >> shift & 0x7f));
    }
}

void
bc_id3_write_text(struct bc_writer *w, const char *name, const void *text, size_t len)
{
    size_t body = 1 + strlen(name) + 1 + len;
    if (body > SYNCSAFE_MAX - ID3_FRAME_HEAD_BYTES) {
        w->failed = true;
        return;
    }
    bc_write_bytes(w, "ID3\4\0\0", 6);
    write_syncsafe(w, ID3_FRAME_HEAD_BYTES + body);
    bc_write_bytes(w, "TXXX", 4);
    write_syncsafe(w, body);
    bc_write_u16(w, 0);
    bc_write_u8(w, ID3_UTF8);
    bc_write_bytes(w, name, strlen(name) + 1);
    bc_write_bytes(w, text, len);
}

static size_t
read_syncsafe(struct bc_reader *r)
{
    size_t v = 0;
    for (int i = 0; i < 4; i++) {
        uint8_t byte = bc_read_u8(r);
        r->failed = r->failed || byte > 0x7f;
        v = v << 7 | byte;
    }
    return v;
}

// The text of a frame's body, when it has that name.
static const uint8_t *
match(struct bc_reader body, const char *name, size_t *text_len)
{
    size_t name_len = strlen(name) + 1;
    if (bc_read_u8(&body) != ID3_UTF8) {
        return NULL;
    }
    const uint8_t *found = bc_read_bytes(&body, name_len);
    if (!found || memcmp(found, name, name_len) != 0) {
        return NULL;
    }
    *text_len = bc_reader_left(&body);
    return body.p;
}

const uint8_t *
bc_id3_find_text(const uint8_t *tag, size_t len, const char *name, size_t *text_len)
{
    struct bc_reader r = bc_reader_init(tag, len);
    const uint8_t *head = bc_read_bytes(&r, 6);
    size_t size = read_syncsafe(&r);
    // No flags: unsynchronisation and extended headers are nothing that we write.
    if (!head || memcmp(head, "ID3\4", 4) != 0 || head[5] != 0) {
        return NULL;
    }
    struct bc_reader frames = bc_read_sub(&r, size);
    while (!frames.failed && bc_reader_left(&frames) > ID3_FRAME_HEAD_BYTES) {
        const uint8_t *id = bc_read_bytes(&frames, 4);
        size_t bytes = read_syncsafe(&frames);
        bc_read_skip(&frames, 2);
        struct bc_reader body = bc_read_sub(&frames, bytes);
        const uint8_t *text = !body.failed && memcmp(id, "TXXX", 4) == 0
            ? match(body, name, text_len)
            : NULL;
        if (text) {
            return text;
        }
    }
    return NULL;
}
