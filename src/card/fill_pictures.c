// SPDX-License-Identifier: Apache-2.0
// Pictures and QR codes in a card.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "fill.h"
#include "qr.h"
#include "rules.h"

#define QUIET 2 // modules: the card's own white goes on around it
#define PICTURE_ID_MAX 80
#define PICTURE_BYTES_MAX (200 << 10) // a picture for cards may have so many

// --- pictures ---

static bool
is_picture_id(const char *id)
{
    size_t len =
        strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.");
    return len <= PICTURE_ID_MAX && id[len] == '\0';
}

static void
write_picture(struct bc_writer *w, const struct bc_buf *picture)
{
    struct bc_picture_head head;
    char why[BC_CARD_WHY];
    if (bc_picture_head_read(picture->data, picture->len, &head, why)
        && strcmp(head.type, "image/webp") != 0) {
        bc_write_fmt(w, "data:%s;base64,", head.type);
        card_base64_encode(picture->data, picture->len, w);
    }
}

// Whoever gives pictures may give large ones, or WebP, which not all that draw SVG know.
static struct bc_buf *
load_picture(const struct bc_card_pictures *pictures, const char *id)
{
    struct bc_picture_head head;
    char why[BC_CARD_WHY];
    struct bc_buf *picture = pictures->load(pictures->user, id);
    if (picture && bc_picture_head_read(picture->data, picture->len, &head, why)
        && (picture->len > PICTURE_BYTES_MAX || strcmp(head.type, "image/webp") == 0)) {
        struct bc_buf *smaller = bc_picture_for_cards(picture->data, picture->len, why);
        bc_buf_unref(&picture);
        picture = smaller;
    }
    return picture;
}

// As a data: URL; empty when there is none.
const struct bc_writer *
card_find_picture(struct filling *f, const char *field)
{
    if (strcmp(f->picture_field, field) == 0) {
        return &f->picture;
    }
    snprintf(f->picture_field, sizeof(f->picture_field), "%s", field);
    bc_writer_reset(&f->picture);
    const char *value = card_fields_raw(&f->fields, field);
    if (value && strncmp(value, "data:", 5) == 0) {
        bc_write_str(&f->picture, card_rule_data_url(value) ? "" : value);
    } else if (value && f->pictures && is_picture_id(value)) {
        struct bc_buf *picture = load_picture(f->pictures, value);
        if (picture) {
            write_picture(&f->picture, picture);
        }
        bc_buf_unref(&picture);
    }
    return &f->picture;
}

void
card_write_image(struct filling *f, const struct card_node *node)
{
    static const char *const WITHOUT[] = { "href", NULL };
    const struct bc_writer *picture =
        card_find_picture(f, card_node_get(node, "data-field"));
    if (picture->len > 0 && f->out.len <= BC_CARD_SVG_BYTES_MAX) {
        bc_write_str(&f->out, "<image");
        card_write_attributes(&f->out, node, WITHOUT);
        bc_write_str(&f->out, " xlink:href=\"");
        bc_write_bytes(&f->out, picture->data, picture->len);
        bc_write_str(&f->out, "\"/>");
    }
}

// --- QR codes ---

static void
write_modules(struct bc_writer *w, const uint8_t *modules, size_t side)
{
    for (size_t y = 0; y < side; y++) {
        size_t x = 0;
        while (x < side) {
            size_t run = 0;
            while (x + run < side && (modules[y * side + x + run] & 1)) {
                run++;
            }
            if (run > 0) {
                bc_write_fmt(w, "M%zu %zuh%zuv1h-%zuz", x, y, run, run);
            }
            x += run > 0 ? run : 1;
        }
    }
}

void
card_write_qr(struct filling *f, const struct card_node *node)
{
    static const char *const NONE[] = { NULL };
    const char *text = card_fields_raw(&f->fields, card_node_get(node, "data-field"));
    const char *color = card_node_get(node, "data-color");
    double width = card_node_number(node, "width", 0);
    double height = card_node_number(node, "height", 0);
    double room = width < height ? width : height;
    size_t side = 0;
    uint8_t *modules = text && room > 0 ? card_qr_modules(text, &side) : NULL;
    if (!modules) {
        return;
    }
    double module = room / (double)(side + 2 * (size_t)QUIET);
    const char *turn = card_node_get(node, "transform");
    bc_write_str(&f->out, "<rect");
    card_write_attributes(&f->out, node, NONE);
    bc_write_str(&f->out, "/><path shape-rendering=\"crispEdges\" transform=\"");
    if (turn) {
        card_write_escaped(&f->out, turn, strlen(turn));
        bc_write_str(&f->out, " ");
    }
    bc_write_fmt(&f->out, "translate(%.6g %.6g) scale(%.6g)\"",
        card_node_number(node, "x", 0) + (width - module * (double)side) / 2,
        card_node_number(node, "y", 0) + (height - module * (double)side) / 2, module);
    card_write_attribute(&f->out, "fill", color ? color : "#000");
    bc_write_str(&f->out, " d=\"");
    write_modules(&f->out, modules, side);
    bc_write_str(&f->out, "\"/>");
    free(modules);
}
