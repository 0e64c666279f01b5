// SPDX-License-Identifier: Apache-2.0
#include "base/writer.h"
#include "card/card.h"
#include "pango.h"

static cairo_status_t
write_bytes(void *user, const unsigned char *data, unsigned len)
{
    bc_write_bytes(user, data, len);
    return CAIRO_STATUS_SUCCESS;
}

struct bc_buf *
bc_card_image_png(const struct bc_card_image *image)
{
    struct bc_writer w = { 0 };
    cairo_surface_t *surface = cairo_image_surface_create_for_data(
        image->pixels, CAIRO_FORMAT_ARGB32, image->width, image->height, image->stride);
    struct bc_buf *png = NULL;
    if (cairo_surface_write_to_png_stream(surface, write_bytes, &w)
        == CAIRO_STATUS_SUCCESS) {
        png = bc_buf_from_writer(&w);
    }
    cairo_surface_destroy(surface);
    bc_writer_finish(&w);
    return png;
}
