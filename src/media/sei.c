// SPDX-License-Identifier: Apache-2.0
#include "media/sei.h"

#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "base/writer.h"
#include "media/nal_types.h"

#define PAYLOAD_USER_DATA 5
#define STOP_BIT 0x80
#define HEVC_NAL_PREFIX_SEI 39
#define AVC_NAL_PREFIX 14 // belongs to the slice behind it
#define LENGTH_BYTES 4

const uint8_t BC_SEI_CUE_UUID[BC_SEI_UUID_BYTES] = { 0x8f, 0x4b, 0x6a, 0x52, 0x31, 0xc7, 0x4e,
    0x0d, 0x9a, 0x86, 0xd2, 0xb0, 0x5c, 0x7e, 0x1f, 0x39 };

static bool
is_known(enum bc_codec codec)
{
    return codec == BC_CODEC_AVC || codec == BC_CODEC_HEVC;
}

// Whether nothing but slices may follow from here on.
static bool
begins_picture(enum bc_codec codec, uint8_t type)
{
    return codec == BC_CODEC_HEVC ? type < HEVC_NAL_VPS
                                  : (type >= 1 && type <= AVC_NAL_IDR) || type == AVC_NAL_PREFIX;
}

// Where the first slice's unit begins; its head in `*unit`. `len`: there is none.
static size_t
find_picture(enum bc_codec codec, const uint8_t *data, size_t len, const uint8_t **unit)
{
    struct bc_reader r = bc_reader_init(data, len);
    while (bc_reader_left(&r) > 0) {
        size_t at = len - bc_reader_left(&r);
        uint32_t size = bc_read_u32(&r);
        const uint8_t *u = bc_read_bytes(&r, size);
        if (!u) {
            return len;
        }
        if (size >= bc_nal_head_bytes(codec) && begins_picture(codec, bc_nal_type(codec, u))) {
            *unit = u;
            return at;
        }
    }
    return len;
}

// The same bytes without 00 00 00..03 in them (H.264 7.4.1, H.265 7.4.2).
static void
write_escaped(struct bc_writer *w, const uint8_t *p, size_t n, unsigned *zeros)
{
    for (size_t i = 0; i < n; i++) {
        if (*zeros == 2 && p[i] <= 3) {
            bc_write_u8(w, 3);
            *zeros = 0;
        }
        bc_write_u8(w, p[i]);
        *zeros = p[i] == 0 ? *zeros + 1 : 0;
    }
}

static void
write_unit(struct bc_writer *w, enum bc_codec codec, const uint8_t *slice,
    const uint8_t *uuid, const struct bc_buf *text)
{
    size_t at = w->len;
    unsigned zeros = 0;
    bc_write_u32(w, 0);
    if (codec == BC_CODEC_HEVC) {
        bc_write_u8(w, HEVC_NAL_PREFIX_SEI << 1);
        bc_write_u8(w, slice[1] & 7); // of the picture's temporal layer (H.265 7.4.2.2)
    } else {
        bc_write_u8(w, AVC_NAL_SEI);
    }
    bc_write_u8(w, PAYLOAD_USER_DATA);
    size_t size = BC_SEI_UUID_BYTES + text->len;
    for (; size >= 255; size -= 255) {
        bc_write_u8(w, 255);
    }
    bc_write_u8(w, (uint8_t)size);
    write_escaped(w, uuid, BC_SEI_UUID_BYTES, &zeros);
    write_escaped(w, text->data, text->len, &zeros);
    bc_write_u8(w, STOP_BIT);
    if (!w->failed) {
        bc_write_be_at(w, at, w->len - at - LENGTH_BYTES, LENGTH_BYTES);
    }
}

struct bc_buf *
bc_sei_insert(enum bc_codec codec, const uint8_t *data, size_t len,
    const uint8_t uuid[BC_SEI_UUID_BYTES], struct bc_buf *const *texts, size_t count)
{
    const uint8_t *slice = NULL;
    size_t at = is_known(codec) ? find_picture(codec, data, len, &slice) : len;
    if (!slice) {
        return NULL;
    }
    struct bc_writer w = { 0 };
    bc_write_bytes(&w, data, at);
    for (size_t i = 0; i < count; i++) {
        write_unit(&w, codec, slice, uuid, texts[i]);
    }
    bc_write_bytes(&w, data + at, len - at);
    struct bc_buf *out = bc_buf_from_writer(&w);
    bc_writer_finish(&w);
    return out;
}

// --- reading ---

// Appends a unit's bytes as they were before they were escaped.
static void
unescape(struct bc_writer *w, const uint8_t *p, size_t n)
{
    unsigned zeros = 0;
    for (size_t i = 0; i < n; i++) {
        if (zeros >= 2 && p[i] == 3) {
            zeros = 0;
            continue;
        }
        bc_write_u8(w, p[i]);
        zeros = p[i] == 0 ? zeros + 1 : 0;
    }
}

// A number as SEI has them: 255 as long as there is more.
static uint32_t
read_number(struct bc_reader *r)
{
    uint32_t n = 0;
    uint8_t byte = 255;
    while (byte == 255 && !r->failed) {
        byte = bc_read_u8(r);
        n += byte;
    }
    return n;
}

struct search {
    const uint8_t *uuid;
    bool (*each)(void *user, const char *text, size_t text_len);
    void *user;
    struct bc_writer scratch;
    struct bc_writer text;
};

static bool
tell(struct search *s, const uint8_t *data, size_t len)
{
    if (len < BC_SEI_UUID_BYTES || len - BC_SEI_UUID_BYTES > BC_SEI_TEXT_MAX
        || memcmp(data, s->uuid, BC_SEI_UUID_BYTES) != 0) {
        return true;
    }
    bc_writer_reset(&s->text);
    bc_write_bytes(&s->text, data + BC_SEI_UUID_BYTES, len - BC_SEI_UUID_BYTES);
    bc_write_u8(&s->text, 0);
    return s->text.failed || s->each(s->user, (const char *)s->text.data, s->text.len - 1);
}

static bool
look_into(struct search *s, const uint8_t *rbsp, size_t len)
{
    struct bc_reader r = bc_reader_init(rbsp, len);
    while (bc_reader_left(&r) > 2) {
        uint32_t type = read_number(&r);
        uint32_t size = read_number(&r);
        const uint8_t *payload = bc_read_bytes(&r, size);
        if (!payload) {
            return true;
        }
        if (type == PAYLOAD_USER_DATA && !tell(s, payload, size)) {
            return false;
        }
    }
    return true;
}

static bool
is_sei(enum bc_codec codec, const uint8_t *unit, size_t size)
{
    return size > bc_nal_head_bytes(codec)
        && bc_nal_type(codec, unit)
        == (codec == BC_CODEC_HEVC ? HEVC_NAL_PREFIX_SEI : AVC_NAL_SEI);
}

void
bc_sei_each(enum bc_codec codec, const uint8_t *data, size_t len,
    const uint8_t uuid[BC_SEI_UUID_BYTES],
    bool (*each)(void *user, const char *text, size_t text_len), void *user)
{
    struct search s = { .uuid = uuid, .each = each, .user = user };
    struct bc_reader r = bc_reader_init(data, len);
    bool go_on = is_known(codec);
    while (go_on && bc_reader_left(&r) > 0) {
        uint32_t size = bc_read_u32(&r);
        const uint8_t *unit = bc_read_bytes(&r, size);
        if (!unit) {
            break;
        }
        if (is_sei(codec, unit, size)) {
            size_t head = bc_nal_head_bytes(codec);
            bc_writer_reset(&s.scratch);
            unescape(&s.scratch, unit + head, size - head);
            go_on = s.scratch.failed || look_into(&s, s.scratch.data, s.scratch.len);
        }
    }
    bc_writer_finish(&s.scratch);
    bc_writer_finish(&s.text);
}
