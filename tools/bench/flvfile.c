// SPDX-License-Identifier: Apache-2.0
#include "flvfile.h"

#include <stdio.h>
#include <string.h>

#include "amf.h"
#include "flv.h"
#include "stamp.h"

enum {
    MAX_FILE_BYTES = 1 << 30,
    NAL_LENGTH_BYTES = 4,
    AVC_BODY_HEADER = 5, // frame type and codec, packet type, composition time
    ECMA_ARRAY = 8,
    OBJECT_END = 9,
};

static size_t
load(struct bc_flvfile *f, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END)) {
        bc_die("cannot open %s", path);
    }
    long n = ftell(file);
    rewind(file);
    if (n < 24 || n > MAX_FILE_BYTES) {
        bc_die("%s: bad size", path);
    }
    f->data = bc_xrealloc(NULL, (size_t)n);
    if (fread(f->data, 1, (size_t)n, file) != (size_t)n) {
        bc_die("cannot read %s", path);
    }
    fclose(file);
    return (size_t)n;
}

static bool
is_file_only(const uint8_t *key, size_t n)
{
    return n == 8 && (!memcmp(key, "duration", 8) || !memcmp(key, "filesize", 8));
}

// "onMetaData" and an ECMA array: what only a file has is left out.
static void
add_metadata(struct bc_flvfile *f, const uint8_t *p, size_t n)
{
    const uint8_t *end = p + n;
    const uint8_t *array = bc_amf_skip(p, end);
    uint32_t kept = 0;
    if (f->metadata.len || !array || end - array < 5 || *array != ECMA_ARRAY) {
        return;
    }
    bc_amf_add_string(&f->metadata, "@setDataFrame");
    bc_buf_add(&f->metadata, p, (size_t)(array - p));
    size_t count_at = f->metadata.len + 1;
    bc_buf_add(&f->metadata, array, 5);
    const uint8_t *at = array + 5;
    while (end - at >= 3 && !(bc_read16(at) == 0 && at[2] == OBJECT_END)) {
        size_t key_len = bc_read16(at);
        const uint8_t *value = at + 2 + key_len;
        const uint8_t *next = value < end ? bc_amf_skip(value, end) : NULL;
        if (!next) {
            bc_die("bad onMetaData");
        }
        if (!is_file_only(at + 2, key_len)) {
            bc_buf_add(&f->metadata, at, (size_t)(next - at));
            kept++;
        }
        at = next;
    }
    bc_amf_end_object(&f->metadata);
    bc_write32(f->metadata.data + count_at, kept);
}

static uint32_t
first_slice(const uint8_t *body, size_t n)
{
    size_t at = AVC_BODY_HEADER;
    while (at + NAL_LENGTH_BYTES + 1 <= n) {
        size_t len = bc_read32(body + at);
        int type = body[at + NAL_LENGTH_BYTES] & 31;
        if (type >= 1 && type <= 5) {
            return (uint32_t)at;
        }
        if (len > n - at - NAL_LENGTH_BYTES) {
            return 0;
        }
        at += NAL_LENGTH_BYTES + len;
    }
    return 0;
}

static void
add_tag(struct bc_flvfile *f, struct bc_flvfile_tag tag, const uint8_t *body)
{
    struct bc_flv_kind kind = bc_flv_kind_of(tag.type, body, tag.len);
    tag.header = !kind.media;
    tag.video_frame = kind.media && kind.video;
    if (tag.video_frame && (body[0] & 0x8f) == 7) {
        tag.stamp_at = first_slice(body, tag.len);
    }
    if (f->count == f->cap) {
        f->cap = f->cap * 2 + 1024;
        f->tags = bc_xrealloc(f->tags, f->cap * sizeof(*f->tags));
    }
    f->tags[f->count++] = tag;
}

// One round lasts until the longer of the two tracks would send its next frame.
static uint32_t
loop_length_ms(const struct bc_flvfile *f, uint8_t type)
{
    uint32_t first = 0;
    uint32_t last = 0;
    uint32_t frames = 0;
    for (size_t i = 0; i < f->count; i++) {
        if (f->tags[i].type == type && !f->tags[i].header) {
            first = frames++ ? first : f->tags[i].ts_ms;
            last = f->tags[i].ts_ms;
        }
    }
    if (frames < 2) {
        return 0;
    }
    uint32_t span = last - first;
    return span + (span + frames / 2) / (frames - 1);
}

void
bc_flvfile_load(struct bc_flvfile *f, const char *path)
{
    memset(f, 0, sizeof(*f));
    size_t n = load(f, path);
    if (memcmp(f->data, "FLV\1", 4)) {
        bc_die("%s is not FLV", path);
    }
    size_t at = (size_t)bc_read32(f->data + 5) + 4;
    while (at + BC_FLV_TAG_HEADER <= n) {
        const uint8_t *h = f->data + at;
        const uint8_t *body = h + BC_FLV_TAG_HEADER;
        struct bc_flvfile_tag tag = {
            .type = h[0] & 31,
            .ts_ms = bc_read24(h + 4) | (uint32_t)h[7] << 24,
            .offset = (uint32_t)at + BC_FLV_TAG_HEADER,
            .len = bc_read24(h + 1),
        };
        if (tag.len > n - at - BC_FLV_TAG_HEADER) {
            break;
        }
        at += BC_FLV_TAG_HEADER + tag.len + 4;
        if (tag.type == BC_FLV_SCRIPT) {
            add_metadata(f, body, tag.len);
        } else if ((tag.type == BC_FLV_AUDIO || tag.type == BC_FLV_VIDEO) &&
                   tag.len >= 2) {
            add_tag(f, tag, body);
        }
    }
    uint32_t video_ms = loop_length_ms(f, BC_FLV_VIDEO);
    uint32_t audio_ms = loop_length_ms(f, BC_FLV_AUDIO);
    f->loop_ms = video_ms > audio_ms ? video_ms : audio_ms;
    if (!f->loop_ms) {
        bc_die("%s: no media", path);
    }
}

void
bc_flvfile_body(const struct bc_flvfile *f, size_t i, struct bc_buf *out)
{
    const struct bc_flvfile_tag *tag = &f->tags[i];
    const uint8_t *body = f->data + tag->offset;
    bc_buf_clear(out);
    bc_buf_add(out, body, tag->stamp_at);
    if (tag->stamp_at) {
        uint8_t nal[NAL_LENGTH_BYTES + BC_STAMP_NAL_LEN];
        bc_write32(nal, BC_STAMP_NAL_LEN);
        bc_stamp_write(nal + NAL_LENGTH_BYTES, bc_now_ns());
        bc_buf_add(out, nal, sizeof(nal));
    }
    bc_buf_add(out, body + tag->stamp_at, tag->len - tag->stamp_at);
}
