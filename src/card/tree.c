// SPDX-License-Identifier: Apache-2.0
#include "tree.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <expat.h>

#include "rules.h"

#define MESSAGE 140

// One parse; lives on the stack of card_tree_parse().
struct reading {
    XML_Parser parser;
    struct card_tree *tree;
    struct card_node *open[CARD_DEPTH_MAX];
    size_t depth;
    size_t skipped; // depth inside an element that is left out
    size_t elements;
    size_t elements_max;
    size_t uses;
    size_t fields;
    bool failed;
    char *why;
};

static void
refuse(struct reading *r, const char *name, const char *message)
{
    if (!r->failed) {
        r->failed = true;
        snprintf(r->why, BC_CARD_WHY, "line %lu: %.40s%s%.*s",
            (unsigned long)XML_GetCurrentLineNumber(r->parser), name, *name ? " " : "",
            MESSAGE, message);
        XML_StopParser(r->parser, XML_FALSE);
    }
}

static void
refuse_element(struct reading *r, const char *name, const char *message)
{
    char text[48];
    snprintf(text, sizeof(text), "<%.36s>", name);
    refuse(r, text, message);
}

// --- nodes ---

static void
node_destroy(struct card_node *node)
{
    while (node->first) {
        struct card_node *child = node->first;
        node->first = child->next;
        node_destroy(child); // as deep as CARD_DEPTH_MAX
    }
    for (size_t i = 0; i < node->attribute_count; i++) {
        free(node->attributes[i].name);
        free(node->attributes[i].value);
    }
    free(node->attributes);
    free(node->name);
    free(node->text);
    free(node);
}

static void
add_child(struct card_node *parent, struct card_node *child)
{
    if (parent->last) {
        parent->last->next = child;
    } else {
        parent->first = child;
    }
    parent->last = child;
}

static bool
copy_attribute(struct card_node *node, const char *name, const char *value)
{
    struct card_attribute *a = &node->attributes[node->attribute_count];
    a->name = strdup(name);
    a->value = strdup(value);
    node->attribute_count++;
    return a->name && a->value;
}

const char *
card_node_get(const struct card_node *node, const char *name)
{
    for (size_t i = 0; i < node->attribute_count; i++) {
        if (strcmp(node->attributes[i].name, name) == 0) {
            return node->attributes[i].value;
        }
    }
    return NULL;
}

double
card_node_number(const struct card_node *node, const char *name, double otherwise)
{
    const char *text = card_node_get(node, name);
    char *end = NULL;
    double value = text ? strtod(text, &end) : otherwise;
    bool ok = !text || (end != text && (*end == '\0' || strcmp(end, "px") == 0));
    return ok && isfinite(value) ? value : otherwise;
}

// --- elements ---

// Editors keep notes of their own in elements with a prefix.
static const char *
plain_name(const char *name)
{
    return strncmp(name, "svg:", 4) == 0 ? name + 4 : name;
}

static bool
is_left_out(const char *name)
{
    return strchr(name, ':') || strcmp(name, "metadata") == 0
        || strcmp(name, "title") == 0 || strcmp(name, "desc") == 0;
}

static bool
take_attributes(struct reading *r, struct card_node *node, const char **attributes)
{
    size_t count = 0;
    while (attributes[2 * count]) {
        count++;
    }
    if (count > CARD_ATTRIBUTES_MAX) {
        refuse_element(r, node->name, "has too many attributes");
        return false;
    }
    node->attributes = calloc(count + 1, sizeof(*node->attributes));
    for (size_t i = 0; node->attributes && i < count; i++) {
        const char *name = attributes[2 * i];
        const char *value = attributes[2 * i + 1];
        const char *problem = card_rule_attribute(node->name, name, value);
        if (problem) {
            refuse(r, name, problem);
            return false;
        }
        if (card_rule_is_kept(name)
            && !copy_attribute(
                node, strcmp(name, "xlink:href") == 0 ? "href" : name, value)) {
            refuse(r, "", "no memory");
            return false;
        }
    }
    return node->attributes;
}

// A <use> of something that holds a <use> would double with every step.
static bool
use_is_plain(const struct reading *r)
{
    for (size_t i = 1; i < r->depth; i++) {
        if (card_node_get(r->open[i], "id")) {
            return strcmp(r->open[i]->name, "clipPath") == 0;
        }
    }
    return true;
}

static bool
element_is_allowed(struct reading *r, const char *name)
{
    const char *problem = card_rule_element(name);
    if (r->depth == 0 && strcmp(name, "svg") != 0) {
        refuse_element(r, name, "is no SVG: the first element must be <svg>");
    } else if (problem) {
        refuse_element(r, name, problem);
    } else if (r->depth >= CARD_DEPTH_MAX) {
        refuse_element(r, name, "lies too deep: at most 32 elements inside each other");
    } else if (++r->elements > r->elements_max) {
        refuse_element(r, name, "is one too many: at most 2000 elements");
    } else if (r->depth > 0 && strcmp(name, "svg") == 0) {
        refuse_element(r, name, "must not stand inside another one");
    } else if (strcmp(name, "use") == 0
        && (++r->uses > CARD_USES_MAX || !use_is_plain(r))) {
        refuse_element(
            r, name, "is not allowed inside what has an id, nor more than 64 times");
    } else {
        return true;
    }
    return false;
}

static void
on_start(void *user, const char *name, const char **attributes)
{
    struct reading *r = user;
    name = plain_name(name);
    if (r->failed || r->skipped > 0 || (r->depth > 0 && is_left_out(name))) {
        // expat itself recurses nowhere, so what is skipped may be deep.
        r->skipped++;
        return;
    }
    if (!element_is_allowed(r, name)) {
        return;
    }
    struct card_node *node = calloc(1, sizeof(*node));
    if (!node) {
        refuse(r, "", "no memory");
        return;
    }
    if (r->depth > 0) {
        add_child(r->open[r->depth - 1], node);
    } else {
        r->tree->root = node;
    }
    node->name = strdup(name);
    if (!node->name || !take_attributes(r, node, attributes)) {
        refuse(r, "", "no memory");
        return;
    }
    if (card_node_get(node, "data-field") && ++r->fields > CARD_FIELDS_MAX) {
        refuse_element(r, name, "is one field too many: at most 100");
        return;
    }
    r->open[r->depth++] = node;
}

static void
on_end(void *user, const char *name)
{
    struct reading *r = user;
    if (r->failed) {
        return;
    }
    if (r->skipped > 0) {
        r->skipped--;
        return;
    }
    struct card_node *node = r->open[--r->depth];
    if (strcmp(node->name, "style") == 0) {
        for (const struct card_node *n = node->first; n; n = n->next) {
            const char *problem = n->text ? card_rule_css(n->text) : "holds elements";
            if (problem) {
                refuse_element(r, plain_name(name), problem);
                return;
            }
        }
    }
}

static bool
keeps_text(const struct card_node *node)
{
    return strcmp(node->name, "text") == 0 || strcmp(node->name, "tspan") == 0
        || strcmp(node->name, "style") == 0;
}

// Room for `len` more bytes and the end. A line feed alone is a piece, so it grows by doubling.
static bool
grow_text(struct card_node *node, size_t len)
{
    size_t needed = node->text_len + len + 1;
    if (needed <= node->text_cap) {
        return true;
    }
    char *text = realloc(node->text, 2 * needed);
    if (text) {
        node->text = text;
        node->text_cap = 2 * needed;
    }
    return text;
}

// Comes in pieces, which become one text: a style sheet must be checked as a whole.
static void
on_text(void *user, const char *text, int len)
{
    struct reading *r = user;
    if (r->failed || r->skipped > 0 || r->depth == 0
        || !keeps_text(r->open[r->depth - 1])) {
        return;
    }
    struct card_node *parent = r->open[r->depth - 1];
    struct card_node *node = parent->last && !parent->last->name ? parent->last : NULL;
    if (!node) {
        node = calloc(1, sizeof(*node));
        if (node) {
            add_child(parent, node);
        }
    }
    if (!node || !grow_text(node, (size_t)len)) {
        refuse(r, "", "no memory");
        return;
    }
    memcpy(node->text + node->text_len, text, (size_t)len);
    node->text_len += (size_t)len;
    node->text[node->text_len] = '\0';
}

static void
on_doctype(
    void *user, const char *name, const char *system, const char *public, int inner)
{
    (void)name;
    (void)system;
    (void)public;
    (void)inner;
    refuse(user, "", "a DOCTYPE with its entities is not allowed: delete it");
}

static void
on_instruction(void *user, const char *target, const char *data)
{
    (void)data;
    if (strcmp(target, "xml-stylesheet") == 0) {
        refuse(user, target, "is not allowed: nothing is loaded from elsewhere");
    }
}

// --- the whole ---

static bool
is_side(double value)
{
    return isfinite(value) && value >= 1 && value <= BC_CARD_SIDE_MAX;
}

static bool
read_size(struct card_tree *tree)
{
    const char *box = card_node_get(tree->root, "viewBox");
    for (int i = 0; box && i < 4; i++) {
        char *end;
        tree->view[i] = strtod(box, &end);
        if (end == box || !isfinite(tree->view[i])) {
            return false;
        }
        box = end + strspn(end, " ,\t\r\n");
    }
    if (!card_node_get(tree->root, "viewBox")) {
        tree->view[2] = card_node_number(tree->root, "width", 0);
        tree->view[3] = card_node_number(tree->root, "height", 0);
    }
    return is_side(tree->view[2]) && is_side(tree->view[3])
        && is_side(card_node_number(tree->root, "width", 1))
        && is_side(card_node_number(tree->root, "height", 1));
}

static void
read_all(struct reading *r, const void *svg, size_t len)
{
    XML_SetUserData(r->parser, r);
    XML_SetElementHandler(r->parser, on_start, on_end);
    XML_SetCharacterDataHandler(r->parser, on_text);
    XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
    XML_SetProcessingInstructionHandler(r->parser, on_instruction);
    if (XML_Parse(r->parser, svg, (int)len, XML_TRUE) != XML_STATUS_OK && !r->failed) {
        refuse(r, "", XML_ErrorString(XML_GetErrorCode(r->parser)));
    }
    if (!r->failed && !read_size(r->tree)) {
        r->failed = true;
        snprintf(r->why, BC_CARD_WHY,
            "<svg> needs a viewBox, its sides and width and height 1 to %d",
            BC_CARD_SIDE_MAX);
    }
}

struct card_tree *
card_tree_parse(const void *svg, size_t len, size_t len_max, size_t elements_max,
    char why[BC_CARD_WHY])
{
    why[0] = '\0';
    if (len > len_max) {
        snprintf(why, BC_CARD_WHY, "it has more than %zu KiB", len_max >> 10);
        return NULL;
    }
    struct reading r = { .elements_max = elements_max, .why = why };
    // Whatever the file says: UTF-8, so that all checks see what a browser sees.
    r.parser = XML_ParserCreate("UTF-8");
    r.tree = calloc(1, sizeof(*r.tree));
    if (r.parser && r.tree) {
        read_all(&r, svg, len);
    } else {
        r.failed = true;
        snprintf(why, BC_CARD_WHY, "no memory");
    }
    if (r.parser) {
        XML_ParserFree(r.parser);
    }
    if (r.failed) {
        card_tree_destroy(r.tree);
        return NULL;
    }
    return r.tree;
}

void
card_tree_destroy(struct card_tree *tree)
{
    if (tree) {
        if (tree->root) {
            node_destroy(tree->root);
        }
        free(tree);
    }
}
