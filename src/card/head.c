// SPDX-License-Identifier: Apache-2.0
// What PNG, JPEG and WebP say about their size.
#include <stdio.h>
#include <string.h>

#include "base/reader.h"
#include "card/card.h"

static bool
png_head(const uint8_t *data, size_t len, struct bc_picture_head *out)
{
    static const uint8_t MAGIC[] = { 0x89, 'P', 'N', 'G', 13, 10, 26, 10, 0, 0, 0, 13,
        'I', 'H', 'D', 'R' };
    if (len < 24 || memcmp(data, MAGIC, sizeof(MAGIC)) != 0) {
        return false;
    }
    struct bc_reader r = bc_reader_init(data + sizeof(MAGIC), len - sizeof(MAGIC));
    uint32_t width = bc_read_u32(&r);
    uint32_t height = bc_read_u32(&r);
    out->type = "image/png";
    out->width = width > INT32_MAX ? 0 : (int)width;
    out->height = height > INT32_MAX ? 0 : (int)height;
    return true;
}

// ITU-T T.81: markers until the frame header.
static bool
jpeg_head(const uint8_t *data, size_t len, struct bc_picture_head *out)
{
    struct bc_reader r = bc_reader_init(data, len);
    if (bc_read_u16(&r) != 0xffd8) {
        return false;
    }
    out->type = "image/jpeg";
    out->width = 0;
    out->height = 0;
    while (!r.failed) {
        if (bc_read_u8(&r) != 0xff) {
            continue;
        }
        unsigned marker = bc_read_u8(&r);
        while (marker == 0xff && !r.failed) {
            marker = bc_read_u8(&r);
        }
        bool frame = marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8
            && marker != 0xcc;
        bool bare = marker <= 1 || (marker >= 0xd0 && marker <= 0xd8);
        if (marker == 0xd9 || marker == 0xda) {
            break;
        }
        size_t size = bare ? 0 : bc_read_u16(&r);
        if (frame) {
            bc_read_skip(&r, 1); // bits
            out->height = (int)bc_read_u16(&r);
            out->width = (int)bc_read_u16(&r);
            break;
        }
        bc_read_skip(&r, size >= 2 ? size - 2 : 0);
    }
    return true;
}

// RFC 9649: VP8 , VP8L or VP8X comes first.
static bool
webp_head(const uint8_t *data, size_t len, struct bc_picture_head *out)
{
    if (len < 30 || memcmp(data, "RIFF", 4) != 0 || memcmp(data + 8, "WEBP", 4) != 0) {
        return false;
    }
    const uint8_t *p = data + 20; // the chunk's content
    out->type = "image/webp";
    out->width = 0;
    out->height = 0;
    if (memcmp(data + 12, "VP8 ", 4) == 0) {
        out->width = (p[6] | p[7] << 8) & 0x3fff;
        out->height = (p[8] | p[9] << 8) & 0x3fff;
    } else if (memcmp(data + 12, "VP8L", 4) == 0) {
        out->width = 1 + ((p[1] | p[2] << 8) & 0x3fff);
        out->height = 1 + ((p[2] >> 6 | p[3] << 2 | p[4] << 10) & 0x3fff);
    } else if (memcmp(data + 12, "VP8X", 4) == 0) {
        out->width = 1 + (p[4] | p[5] << 8 | p[6] << 16);
        out->height = 1 + (p[7] | p[8] << 8 | p[9] << 16);
    }
    return true;
}

bool
bc_picture_head_read(
    const void *data, size_t len, struct bc_picture_head *out, char why[BC_CARD_WHY])
{
    if (len > BC_PICTURE_BYTES_MAX) {
        snprintf(why, BC_CARD_WHY, "the picture has more than %d MiB",
            BC_PICTURE_BYTES_MAX >> 20);
        return false;
    }
    if (!png_head(data, len, out) && !jpeg_head(data, len, out)
        && !webp_head(data, len, out)) {
        snprintf(why, BC_CARD_WHY, "it is neither PNG nor JPEG nor WebP");
        return false;
    }
    if (out->width < 1 || out->height < 1 || out->width > BC_PICTURE_SIDE_MAX
        || out->height > BC_PICTURE_SIDE_MAX) {
        snprintf(why, BC_CARD_WHY, "the picture is %d x %d; each side must be 1 to %d",
            out->width, out->height, BC_PICTURE_SIDE_MAX);
        return false;
    }
    return true;
}
