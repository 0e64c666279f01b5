// SPDX-License-Identifier: Apache-2.0
#include "brush.h"

#include <string.h>

// BT.709 with limited range, in 1/65536.
static void
yuv_of(unsigned r, unsigned g, unsigned b, unsigned alpha, int out[3])
{
    int red = (int)r;
    int green = (int)g;
    int blue = (int)b;
    int base = (int)alpha;
    out[0] = (11966 * red + 40254 * green + 4064 * blue + 16 * 257 * base + 32768) >> 16;
    out[1] = (-6596 * red - 22189 * green + 28784 * blue + 128 * 257 * base + 32768) >> 16;
    out[2] = (28784 * red - 26145 * green - 2639 * blue + 128 * 257 * base + 32768) >> 16;
}

void
compose_brush_clear(AVFrame *canvas, uint32_t rgba)
{
    int yuv[3];
    yuv_of(rgba >> 24, rgba >> 16 & 0xff, rgba >> 8 & 0xff, 255, yuv);
    for (int p = 0; p < 3; p++) {
        int height = p ? canvas->height / 2 : canvas->height;
        memset(canvas->data[p], yuv[p], (size_t)canvas->linesize[p] * (size_t)height);
    }
}

// The part of a drawn rectangle that is on the canvas; in it `from_x` and `from_y` count.
struct area {
    int x;
    int y;
    int w;
    int h;
    int from_x;
    int from_y;
};

static bool
clip(const AVFrame *canvas, int x, int y, int w, int h, struct area *out)
{
    x &= ~1;
    y &= ~1;
    int left = x < 0 ? -x : 0;
    int top = y < 0 ? -y : 0;
    int right = x + w > canvas->width ? canvas->width : x + w;
    int bottom = y + h > canvas->height ? canvas->height : y + h;
    *out = (struct area){ x + left, y + top, right - x - left, bottom - y - top, left, top };
    return out->w > 0 && out->h > 0;
}

// --- pictures ---

static void
blend_row(uint8_t *to, const uint8_t *from, int count, unsigned alpha)
{
    for (int i = 0; i < count; i++) {
        to[i] = (uint8_t)((from[i] * alpha + to[i] * (256 - alpha) + 128) >> 8);
    }
}

// How far a row of a rounded rectangle is set in, in pixels.
static int
inset(int y, int height, int radius)
{
    int from_edge = y < radius ? radius - y : y >= height - radius ? y - (height - radius) + 1 : 0;
    int in = 0;
    int rest = radius * radius - from_edge * from_edge;
    if (from_edge <= 0) {
        return 0;
    }
    while ((radius - in) * (radius - in) > rest && in < radius) {
        in++;
    }
    return in;
}

void
compose_brush_picture(
    AVFrame *canvas, const AVFrame *f, int x, int y, int radius, double opacity)
{
    struct area a;
    unsigned alpha = (unsigned)(opacity * 256 + 0.5);
    if (alpha == 0 || !clip(canvas, x, y, f->width & ~1, f->height & ~1, &a)) {
        return;
    }
    for (int p = 0; p < 3; p++) {
        int s = p > 0;
        int w = (f->width & ~1) >> s;
        int h = (f->height & ~1) >> s;
        for (int row = 0; row < a.h >> s; row++) {
            int fy = (a.from_y >> s) + row;
            int in = radius > 0 ? inset(fy, h, radius >> s) : 0;
            int begin = a.from_x >> s > in ? a.from_x >> s : in;
            int end = (a.from_x + a.w) >> s < w - in ? (a.from_x + a.w) >> s : w - in;
            uint8_t *to = canvas->data[p] + (int64_t)((a.y >> s) + row) * canvas->linesize[p]
                + (a.x >> s) + begin - (a.from_x >> s);
            const uint8_t *from = f->data[p] + (int64_t)fy * f->linesize[p] + begin;
            if (end <= begin) {
                continue;
            }
            if (alpha >= 256) {
                memcpy(to, from, (size_t)(end - begin));
            } else {
                blend_row(to, from, end - begin, alpha);
            }
        }
    }
}

// --- images ---

static void
lay(uint8_t *to, int value, unsigned alpha, unsigned part)
{
    int rest = 255 - (int)(alpha * part >> 8);
    *to = (uint8_t)((value * (int)part >> 8) + (*to * rest + 127) / 255);
}

// Two by two pixels: four of brightness, one of colour.
static void
lay_block(AVFrame *canvas, int x, int y, const uint8_t *const px[4], unsigned part)
{
    int yuv[3];
    unsigned sum[4] = { 0 };
    for (int i = 0; i < 4; i++) {
        const uint8_t *p = px[i];
        for (int c = 0; c < 4; c++) {
            sum[c] += p[c];
        }
        if (p[3] > 0) {
            yuv_of(p[2], p[1], p[0], p[3], yuv);
            lay(canvas->data[0] + (int64_t)(y + i / 2) * canvas->linesize[0] + x + i % 2,
                yuv[0], p[3], part);
        }
    }
    if (sum[3] > 0) {
        yuv_of(sum[2] / 4, sum[1] / 4, sum[0] / 4, sum[3] / 4, yuv);
        for (int p = 1; p < 3; p++) {
            lay(canvas->data[p] + (int64_t)(y / 2) * canvas->linesize[p] + x / 2, yuv[p],
                sum[3] / 4, part);
        }
    }
}

void
compose_brush_image(
    AVFrame *canvas, const struct compose_image *image, int x, int y, double opacity)
{
    struct area a;
    unsigned part = (unsigned)(opacity * 256 + 0.5);
    int bx = image->box.x & ~1;
    int by = image->box.y & ~1;
    int w = (image->box.x + image->box.width - bx) & ~1;
    int h = (image->box.y + image->box.height - by) & ~1;
    if (part == 0 || !clip(canvas, x + bx, y + by, w, h, &a)) {
        return;
    }
    for (int row = 0; row + 1 < a.h; row += 2) {
        const uint8_t *one = image->pixels
            + (int64_t)(by + a.from_y + row) * image->stride + 4 * (bx + a.from_x);
        const uint8_t *two = one + image->stride;
        for (int i = 0; i + 1 < a.w; i += 2) {
            const uint8_t *px[4]
                = { one + 4 * i, one + 4 * i + 4, two + 4 * i, two + 4 * i + 4 };
            lay_block(canvas, a.x + i, a.y + row, px, part);
        }
    }
}

void
compose_brush_cross(AVFrame *canvas, const AVFrame *over, double part)
{
    unsigned alpha = (unsigned)(part * 256 + 0.5);
    for (int p = 0; p < 3; p++) {
        int s = p > 0;
        for (int row = 0; row < canvas->height >> s; row++) {
            blend_row(canvas->data[p] + (int64_t)row * canvas->linesize[p],
                over->data[p] + (int64_t)row * over->linesize[p], canvas->width >> s, alpha);
        }
    }
}
