// SPDX-License-Identifier: Apache-2.0
#ifndef FILL_H
#define FILL_H

#include "base/writer.h"
#include "fields.h"
#include "tree.h"

// One filling; lives on the stack of bc_card_fill().
struct filling {
    const struct card_tree *tree;
    struct card_fields fields;
    const struct bc_card_pictures *pictures;
    struct bc_writer out;
    // The data: URL of the picture asked for last, as a template asks for it several times.
    char picture_field[BC_CARD_NAME_MAX + 1];
    struct bc_writer picture;
};

// --- fill.c ---

void
card_write_escaped(struct bc_writer *w, const char *text, size_t len);

void
card_write_attribute(struct bc_writer *w, const char *name, const char *value);

// All but those for us and `without`, which ends with NULL.
void
card_write_attributes(
    struct bc_writer *w, const struct card_node *node, const char *const *without);

// --- fill_pictures.c ---

// A field's picture as a data: URL; empty when there is none.
const struct bc_writer *
card_find_picture(struct filling *f, const char *field);

void
card_write_image(struct filling *f, const struct card_node *node);

void
card_write_qr(struct filling *f, const struct card_node *node);

#endif
