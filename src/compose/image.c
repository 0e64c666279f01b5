// SPDX-License-Identifier: Apache-2.0
#include "image.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "card/card.h"
#include "ffmpeg.h"

#define ALIGN 64
#define SIDE_MAX 4096

struct compose_image *
compose_image_create(int width, int height)
{
    if (width <= 0 || height <= 0 || width > SIDE_MAX || height > SIDE_MAX) {
        return NULL;
    }
    struct compose_image *image = calloc(1, sizeof(*image));
    int stride = (width * 4 + ALIGN - 1) / ALIGN * ALIGN;
    size_t bytes = (size_t)stride * (size_t)height;
    uint8_t *pixels = image ? aligned_alloc(ALIGN, bytes) : NULL;
    if (!pixels) {
        free(image);
        return NULL;
    }
    memset(pixels, 0, bytes);
    image->width = image->box.width = width;
    image->height = image->box.height = height;
    image->stride = stride;
    image->pixels = pixels;
    return image;
}

struct compose_image *
compose_image_of_card(struct bc_card_image *card)
{
    struct compose_image *image = card ? calloc(1, sizeof(*image)) : NULL;
    if (!image) {
        bc_card_image_unref(&card);
        return NULL;
    }
    image->width = card->width;
    image->height = card->height;
    image->stride = card->stride;
    image->box.x = card->box.x;
    image->box.y = card->box.y;
    image->box.width = card->box.width;
    image->box.height = card->box.height;
    image->pixels = card->pixels;
    image->card = card;
    return image;
}

void
compose_image_free(struct compose_image **holder)
{
    struct compose_image *image = *holder;
    *holder = NULL;
    if (image && image->card) {
        bc_card_image_unref(&image->card);
    } else if (image) {
        free(image->pixels);
    }
    free(image);
}

struct compose_image *
compose_image_scale(
    const struct compose_image *from, int x, int y, int w, int h, int width, int height)
{
    if (x < 0 || y < 0 || w <= 0 || h <= 0 || x + w > from->width
        || y + h > from->height) {
        return NULL;
    }
    struct compose_image *to = compose_image_create(width, height);
    struct SwsContext *sws = to ? sws_getContext(w, h, AV_PIX_FMT_BGRA, width, height,
                                 AV_PIX_FMT_BGRA, SWS_AREA, NULL, NULL, NULL)
                                : NULL;
    if (!sws) {
        compose_image_free(&to);
        return NULL;
    }
    const uint8_t *in[1] = { from->pixels + (size_t)y * (size_t)from->stride
        + 4 * (size_t)x };
    int in_stride[1] = { from->stride };
    uint8_t *out[1] = { to->pixels };
    int out_stride[1] = { to->stride };
    (void)sws_scale(sws, in, in_stride, 0, h, out, out_stride);
    sws_freeContext(sws);
    return to;
}

// How much of a pixel is inside (0 to 1), for a corner whose centre is (radius, radius).
static double
cover(int x, int y, int radius)
{
    double dx = radius - (x + 0.5);
    double dy = radius - (y + 0.5);
    double inside = radius - sqrt(dx * dx + dy * dy) + 0.5;
    return inside < 0 ? 0 : inside > 1 ? 1 : inside;
}

static void
dim(struct compose_image *image, int x, int y, double part)
{
    uint8_t *p = image->pixels + (size_t)y * (size_t)image->stride + 4 * (size_t)x;
    for (int i = 0; i < 4; i++) {
        p[i] = (uint8_t)lround(p[i] * part);
    }
}

void
compose_image_round(struct compose_image *image, int radius)
{
    int most = (image->width < image->height ? image->width : image->height) / 2;
    radius = radius > most ? most : radius;
    for (int y = 0; y < radius; y++) {
        for (int x = 0; x < radius; x++) {
            double part = cover(x, y, radius);
            if (part < 1) {
                dim(image, x, y, part);
                dim(image, image->width - 1 - x, y, part);
                dim(image, x, image->height - 1 - y, part);
                dim(image, image->width - 1 - x, image->height - 1 - y, part);
            }
        }
    }
}

void
compose_image_fill(struct compose_image *image, uint32_t rgba)
{
    uint32_t alpha = rgba & 0xff;
    uint8_t pixel[4] = { (uint8_t)((rgba >> 8 & 0xff) * alpha / 255),
        (uint8_t)((rgba >> 16 & 0xff) * alpha / 255),
        (uint8_t)((rgba >> 24 & 0xff) * alpha / 255), (uint8_t)alpha };
    for (int y = 0; y < image->height; y++) {
        uint8_t *row = image->pixels + (size_t)y * (size_t)image->stride;
        for (int x = 0; x < image->width; x++) {
            memcpy(row + 4 * (size_t)x, pixel, 4);
        }
    }
}

void
compose_image_put(
    struct compose_image *image, const struct compose_image *over, int x, int y)
{
    for (int j = 0; j < over->height; j++) {
        if (y + j < 0 || y + j >= image->height) {
            continue;
        }
        const uint8_t *from = over->pixels + (size_t)j * (size_t)over->stride;
        uint8_t *to = image->pixels + (size_t)(y + j) * (size_t)image->stride;
        for (int i = 0; i < over->width; i++) {
            if (x + i < 0 || x + i >= image->width) {
                continue;
            }
            for (int c = 0; c < 4; c++) {
                uint8_t *p = to + 4 * (size_t)(x + i) + c;
                unsigned rest = 255u - from[4 * i + 3];
                *p = (uint8_t)(from[4 * i + c] + (*p * rest + 127) / 255);
            }
        }
    }
}
