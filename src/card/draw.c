// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include <librsvg/rsvg.h>

#include "image.h"
#include "lsan.h"
#include "tree.h"

static bool
render(RsvgHandle *handle, struct bc_card_image *image, char why[BC_CARD_WHY])
{
    cairo_surface_t *surface = cairo_image_surface_create_for_data(
        image->pixels, CAIRO_FORMAT_ARGB32, image->width, image->height, image->stride);
    cairo_t *cr = cairo_create(surface);
    RsvgRectangle place = { 0, 0, image->width, image->height };
    GError *error = NULL;
    bool ok = rsvg_handle_render_document(handle, cr, &place, &error);
    if (!ok) {
        snprintf(why, BC_CARD_WHY, "it cannot be drawn: %.140s", error->message);
        g_error_free(error);
    } else if (cairo_status(cr) != CAIRO_STATUS_SUCCESS) {
        ok = false;
        snprintf(why, BC_CARD_WHY, "it cannot be drawn: %.140s",
            cairo_status_to_string(cairo_status(cr)));
    }
    cairo_destroy(cr);
    cairo_surface_flush(surface);
    cairo_surface_destroy(surface);
    return ok;
}

struct bc_card_image *
bc_card_draw(const void *svg, size_t len, int width, int height, char why[BC_CARD_WHY])
{
    struct card_tree *tree =
        card_tree_parse(svg, len, BC_CARD_SVG_BYTES_MAX, CARD_FILLED_ELEMENTS_MAX, why);
    if (!tree) {
        return NULL;
    }
    card_tree_destroy(tree);
    struct bc_card_image *image = card_image_create(width, height);
    if (!image) {
        snprintf(why, BC_CARD_WHY, "no memory, or a size beyond %d", BC_CARD_SIDE_MAX);
        return NULL;
    }
    GError *error = NULL;
    // From memory and without a base: there is nothing that it could load.
    RsvgHandle *handle = rsvg_handle_new_from_data(svg, len, &error);
    if (!handle) {
        snprintf(why, BC_CARD_WHY, "it is no SVG: %.140s", error->message);
        g_error_free(error);
        bc_card_image_unref(&image);
        return NULL;
    }
    rsvg_handle_set_dpi(handle, 96);
    if (!render(handle, image, why)) {
        bc_card_image_unref(&image);
    } else {
        card_image_find_box(image);
    }
    g_object_unref(handle);
    return image;
}
