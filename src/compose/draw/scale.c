// SPDX-License-Identifier: Apache-2.0
// libswscale's fast way of scaling looks at two pixels of each row, however many become one:
// what is much smaller would flicker. Pictures are halved before, by the mean of four pixels,
// which costs less than the better ways of libswscale and less than it saves.
#include "scale.h"

#include <stdlib.h>

#include <libswscale/swscale.h>

#include "rows.h"

#define ALIGN 64

void
draw_scaler_finish(struct draw_scaler *scaler)
{
    sws_freeContext(scaler->sws);
    free(scaler->rooms[0].memory);
    free(scaler->rooms[1].memory);
    *scaler = (struct draw_scaler){ 0 };
}

// A picture of an even size to be made. Rows are padded, since libswscale writes beyond
// their ends.
static bool
make_room(struct draw_room *room, int width, int height, struct bc_draw_canvas *out)
{
    int luma = (width + ALIGN - 1) / ALIGN * ALIGN;
    int chroma = (width / 2 + ALIGN - 1) / ALIGN * ALIGN;
    size_t luma_bytes = (size_t)luma * (size_t)height;
    size_t chroma_bytes = (size_t)chroma * (size_t)(height / 2);
    size_t bytes = luma_bytes + 2 * chroma_bytes + ALIGN;
    if (bytes > room->bytes) {
        free(room->memory);
        room->memory = aligned_alloc(ALIGN, bytes);
        room->bytes = room->memory ? bytes : 0;
    }
    uint8_t *memory = room->memory;
    if (!memory) {
        return false;
    }
    *out = (struct bc_draw_canvas){
        .planes = { memory, memory + luma_bytes, memory + luma_bytes + chroma_bytes },
        .strides = { luma, chroma, chroma },
        .width = width,
        .height = height,
    };
    return true;
}

static struct bc_draw_picture
picture_of(const struct bc_draw_canvas *c)
{
    return (struct bc_draw_picture){
        .planes = { c->planes[0], c->planes[1], c->planes[2] },
        .strides = { c->strides[0], c->strides[1], c->strides[2] },
        .width = c->width,
        .height = c->height,
    };
}

static void
halve(const struct bc_draw_canvas *to, const struct bc_draw_picture *from)
{
    for (int p = 0; p < 3; p++) {
        int shift = p > 0;
        for (int y = 0; y < to->height >> shift; y++) {
            const uint8_t *upper =
                from->planes[p] + (ptrdiff_t)(2 * y) * from->strides[p];
            draw_row_halve(to->planes[p] + (ptrdiff_t)y * to->strides[p], upper,
                upper + from->strides[p], (size_t)(to->width >> shift));
        }
    }
}

static bool
scale(struct draw_scaler *scaler, const struct bc_draw_picture *from,
    const struct bc_draw_canvas *to)
{
    scaler->sws = sws_getCachedContext(scaler->sws, from->width, from->height,
        AV_PIX_FMT_YUV420P, to->width, to->height, AV_PIX_FMT_YUV420P, SWS_FAST_BILINEAR,
        NULL, NULL, NULL);
    return scaler->sws
        && sws_scale(scaler->sws, from->planes, from->strides, 0, from->height,
               to->planes, to->strides)
        == to->height;
}

bool
draw_scale(
    struct draw_scaler *scaler, const struct bc_draw_picture *from, int width, int height)
{
    struct bc_draw_picture now = *from;
    struct bc_draw_canvas to;
    int room = 0;
    scaler->made = (struct bc_draw_picture){ 0 };
    while (now.width / 4 * 2 >= width && now.height / 4 * 2 >= height) {
        if (!make_room(
                &scaler->rooms[room], now.width / 4 * 2, now.height / 4 * 2, &to)) {
            return false;
        }
        halve(&to, &now);
        now = picture_of(&to);
        room = !room;
    }
    if (now.width != width || now.height != height) {
        if (!make_room(&scaler->rooms[room], width, height, &to)
            || !scale(scaler, &now, &to)) {
            return false;
        }
        now = picture_of(&to);
    }
    scaler->made = now;
    return true;
}
