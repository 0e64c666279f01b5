// SPDX-License-Identifier: Apache-2.0
#include "sheet.h"

#include <errno.h>
#include <string.h>

#include "decode.h"
#include "vtt.h"

// Beyond this pictures become coarser; noise is not worth more.
#define BYTES_WANTED (200 << 10)
#define BLACK_Y 0
#define BLACK_C 128

static void
paint_black(AVFrame *f, int x, int y, struct picture_size size)
{
    for (int row = 0; row < size.height; row++) {
        memset(f->data[0] + (y + row) * f->linesize[0] + x, BLACK_Y, (size_t)size.width);
    }
    for (int row = 0; row < size.height / 2; row++) {
        for (int plane = 1; plane <= 2; plane++) {
            memset(f->data[plane] + (y / 2 + row) * f->linesize[plane] + x / 2, BLACK_C,
                (size_t)size.width / 2);
        }
    }
}

int
picture_sheet_open(struct picture_sheet *sheet, struct picture_size cell)
{
    picture_sheet_close(sheet);
    AVFrame *f = av_frame_alloc();
    if (!f) {
        return -ENOMEM;
    }
    f->width = cell.width * PICTURE_SHEET_COLUMNS;
    f->height = cell.height * PICTURE_SHEET_ROWS;
    f->format = AV_PIX_FMT_YUV420P;
    f->color_range = AVCOL_RANGE_JPEG;
    f->colorspace = AVCOL_SPC_BT470BG;
    if (av_frame_get_buffer(f, 0) < 0) {
        av_frame_free(&f);
        return -ENOMEM;
    }
    paint_black(f, 0, 0, (struct picture_size){ f->width, f->height });
    sheet->canvas = f;
    sheet->cell = cell;
    return 0;
}

void
picture_sheet_close(struct picture_sheet *sheet)
{
    av_frame_free(&sheet->canvas);
}

static void
copy_to(AVFrame *to, int x, int y, const AVFrame *from)
{
    for (int plane = 0; plane < 3; plane++) {
        int half = plane > 0;
        uint8_t *at = to->data[plane] + (y >> half) * to->linesize[plane] + (x >> half);
        av_image_copy_plane(at, to->linesize[plane], from->data[plane],
            from->linesize[plane], from->width >> half, from->height >> half);
    }
}

int
picture_sheet_load(
    struct picture_sheet *sheet, struct picture_size cell, const struct bc_buf *jpeg)
{
    AVFrame *f = av_frame_alloc();
    int err = f ? picture_decode_jpeg(jpeg->data, jpeg->len, f) : -ENOMEM;
    if (err == 0) {
        bool fits = f->width == cell.width * PICTURE_SHEET_COLUMNS
            && f->height == cell.height * PICTURE_SHEET_ROWS
            && (f->format == AV_PIX_FMT_YUVJ420P || f->format == AV_PIX_FMT_YUV420P);
        err = fits ? picture_sheet_open(sheet, cell) : -EINVAL;
    }
    if (err == 0) {
        copy_to(sheet->canvas, 0, 0, f);
    }
    av_frame_free(&f);
    return err;
}

int
picture_sheet_put(struct picture_sheet *sheet, size_t place, const AVFrame *picture)
{
    AVFrame *small = av_frame_alloc();
    int err = small ? 0 : -ENOMEM;
    if (err == 0) {
        err = picture_scale(picture, picture_fit(picture, sheet->cell), small);
    }
    if (err == 0) {
        int x = (int)(place % PICTURE_SHEET_COLUMNS) * sheet->cell.width;
        int y = (int)(place / PICTURE_SHEET_COLUMNS) * sheet->cell.height;
        paint_black(sheet->canvas, x, y, sheet->cell);
        // Even places, as two pixels share a colour.
        x += ((sheet->cell.width - small->width) / 2) & ~1;
        y += ((sheet->cell.height - small->height) / 2) & ~1;
        copy_to(sheet->canvas, x, y, small);
    }
    av_frame_free(&small);
    return err;
}

struct bc_buf *
picture_sheet_jpeg(struct picture_sheet *sheet)
{
    return picture_jpeg(sheet->canvas, BYTES_WANTED);
}
