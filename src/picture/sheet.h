// SPDX-License-Identifier: Apache-2.0
#ifndef PICTURE_SHEET_H
#define PICTURE_SHEET_H

#include "base/buf.h"
#include "ffmpeg.h"
#include "jpeg.h"

// A sheet of thumbnails while pictures are put on it: 5 x 5 places on black. Owned by whoever
// brings a recording's thumbnails up to date, for that call.
struct picture_sheet {
    AVFrame *canvas; // owned; NULL before the open
    struct picture_size cell;
};

// An empty sheet; what was on it is forgotten. 0 or -ENOMEM.
int
picture_sheet_open(struct picture_sheet *sheet, struct picture_size cell);

// The same with the pictures of a file that picture_sheet_jpeg() made. 0; -EINVAL: it is of
// another size or damaged; -ENOMEM.
int
picture_sheet_load(
    struct picture_sheet *sheet, struct picture_size cell, const struct bc_buf *jpeg);

void
picture_sheet_close(struct picture_sheet *sheet);

// Puts a picture in a place, as large as it fits. 0, -EINVAL or -ENOMEM.
int
picture_sheet_put(struct picture_sheet *sheet, size_t place, const AVFrame *picture);

// NULL without memory.
struct bc_buf *
picture_sheet_jpeg(struct picture_sheet *sheet);

#endif
