// SPDX-License-Identifier: Apache-2.0
#ifndef TREE_H
#define TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "card/card.h"

#define CARD_DEPTH_MAX 32
#define CARD_ELEMENTS_MAX 2000
#define CARD_FILLED_ELEMENTS_MAX 20000
#define CARD_ATTRIBUTES_MAX 64
#define CARD_USES_MAX 64
#define CARD_FIELDS_MAX 100 // places where one is shown

struct card_attribute {
    char *name; // owned
    char *value; // owned
};

// An element, or text when `name` is NULL. Owned by its parent.
struct card_node {
    struct card_node *next;
    struct card_node *first;
    struct card_node *last;
    char *name;
    char *text; // owned
    size_t text_len;
    size_t text_cap;
    struct card_attribute *attributes; // owned
    size_t attribute_count;
};

// What an SVG says, checked: only what cards may have is in it. Owned by its creator, immutable.
struct card_tree {
    struct card_node *root; // owned, <svg>
    double view[4]; // viewBox: x, y, width, height
};

// NULL: it is refused, and `why` tells. `len_max` and `elements_max` are what is allowed.
struct card_tree *
card_tree_parse(const void *svg, size_t len, size_t len_max, size_t elements_max,
    char why[BC_CARD_WHY]);

// NULL is fine.
void
card_tree_destroy(struct card_tree *tree);

// An attribute's value, or NULL.
const char *
card_node_get(const struct card_node *node, const char *name);

// A plain number that stands there, `otherwise` without one.
double
card_node_number(const struct card_node *node, const char *name, double otherwise);

#endif
