// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "ffmpeg.h"
#include "image.h"
#include "image/image.h"

static const char *const NO_MEMORY = "no memory";

// --- to BGRA ---

static void
multiply(struct bc_card_image *image)
{
    for (int y = 0; y < image->height; y++) {
        uint8_t *p = image->pixels + (ptrdiff_t)y * image->stride;
        for (int x = 0; x < image->width; x++, p += 4) {
            for (int c = 0; c < 3; c++) {
                p[c] = (uint8_t)((p[c] * p[3] + 127) / 255);
            }
        }
    }
}

// The formats that mean full range by their name are the others with another range.
static enum AVPixelFormat
plain_format(enum AVPixelFormat format)
{
    return format == AV_PIX_FMT_YUVJ420P ? AV_PIX_FMT_YUV420P
        : format == AV_PIX_FMT_YUVJ422P  ? AV_PIX_FMT_YUV422P
        : format == AV_PIX_FMT_YUVJ444P  ? AV_PIX_FMT_YUV444P
        : format == AV_PIX_FMT_YUVJ440P  ? AV_PIX_FMT_YUV440P
                                         : format;
}

static void
set_colours(struct SwsContext *sws, const AVFrame *from)
{
    bool full = from->color_range == AVCOL_RANGE_JPEG
        || plain_format(from->format) != from->format;
    const int *table = sws_getCoefficients(SWS_CS_ITU601);
    sws_setColorspaceDetails(sws, table, full, table, 1, 0, 1 << 16, 1 << 16);
}

static struct bc_card_image *
convert(const AVFrame *f, int width, int height)
{
    struct bc_card_image *image = card_image_create(width, height);
    struct SwsContext *sws = sws_getContext(f->width, f->height, plain_format(f->format),
        width, height, AV_PIX_FMT_BGRA, SWS_AREA | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT,
        NULL, NULL, NULL);
    if (image && sws) {
        uint8_t *planes[4] = { image->pixels };
        int strides[4] = { image->stride };
        set_colours(sws, f);
        if (sws_scale(sws, (const uint8_t *const *)f->data, f->linesize, 0, f->height,
                planes, strides)
            <= 0) {
            bc_card_image_unref(&image);
        }
    } else {
        bc_card_image_unref(&image);
    }
    sws_freeContext(sws);
    if (image) {
        multiply(image);
    }
    return image;
}

// --- turning, as phones write it into JPEGs ---

static void
turned_pixel(const struct bc_card_image *from, struct bc_card_image *to, const int m[4],
    int x, int y)
{
    // The matrix maps the picture as it is stored to the picture as it is meant.
    int tx = m[0] * x + m[2] * y;
    int ty = m[1] * x + m[3] * y;
    tx += tx < 0 || m[0] < 0 || m[2] < 0 ? to->width - 1 : 0;
    ty += ty < 0 || m[1] < 0 || m[3] < 0 ? to->height - 1 : 0;
    memcpy(to->pixels + (ptrdiff_t)ty * to->stride + (ptrdiff_t)tx * 4,
        from->pixels + (ptrdiff_t)y * from->stride + (ptrdiff_t)x * 4, 4);
}

static struct bc_card_image *
turn(struct bc_card_image *image, const AVFrame *f)
{
    const AVFrameSideData *side = av_frame_get_side_data(f, AV_FRAME_DATA_DISPLAYMATRIX);
    if (!side || side->size < 9 * sizeof(int32_t)) {
        return image;
    }
    const int32_t *matrix = (const int32_t *)side->data;
    const int m[4] = { matrix[0] >> 16, matrix[1] >> 16, matrix[3] >> 16,
        matrix[4] >> 16 };
    bool straight = m[1] == 0 && m[2] == 0 && m[0] * m[0] == 1 && m[3] * m[3] == 1;
    bool across = m[0] == 0 && m[3] == 0 && m[1] * m[1] == 1 && m[2] * m[2] == 1;
    if (!straight && !across) {
        return image;
    }
    struct bc_card_image *out = straight ? card_image_create(image->width, image->height)
                                         : card_image_create(image->height, image->width);
    for (int y = 0; out && y < image->height; y++) {
        for (int x = 0; x < image->width; x++) {
            turned_pixel(image, out, m, x, y);
        }
    }
    bc_card_image_unref(&image);
    return out;
}

struct bc_card_image *
bc_picture_load(const void *data, size_t len, int side_max, char why[BC_CARD_WHY])
{
    struct bc_picture_head head;
    if (!bc_picture_head_read(data, len, &head, why)) {
        return NULL;
    }
    static const struct bc_image_limits LIMITS = { .bytes_max = BC_PICTURE_BYTES_MAX,
        .pixels_max = (int64_t)BC_PICTURE_SIDE_MAX * BC_PICTURE_SIDE_MAX,
        .side_min = 1,
        .side_max = BC_PICTURE_SIDE_MAX };
    AVFrame *f;
    const char *problem = bc_image_decode(data, len, &LIMITS, &f);
    if (problem) {
        snprintf(why, BC_CARD_WHY, "the picture is refused: %.150s", problem);
        return NULL;
    }
    int longer = f->width > f->height ? f->width : f->height;
    bool smaller = side_max > 0 && side_max < longer;
    int width = smaller ? (int)((int64_t)f->width * side_max / longer) : f->width;
    int height = smaller ? (int)((int64_t)f->height * side_max / longer) : f->height;
    struct bc_card_image *image =
        convert(f, width < 1 ? 1 : width, height < 1 ? 1 : height);
    image = image ? turn(image, f) : NULL;
    av_frame_free(&f);
    if (image) {
        card_image_find_box(image);
    }
    snprintf(why, BC_CARD_WHY, "%s", image ? "" : NO_MEMORY);
    return image;
}
