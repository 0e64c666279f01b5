// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "base/writer.h"
#include "fill.h"
#include "fit.h"
#include "font.h"
#include "set.h"

#define LINE_HEIGHT 1.3

void
card_write_escaped(struct bc_writer *w, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const char *entity = text[i] == '&' ? "&amp;"
            : text[i] == '<'                ? "&lt;"
            : text[i] == '>'                ? "&gt;"
            : text[i] == '"'                ? "&quot;"
            : text[i] == '\''               ? "&#39;"
                                            : NULL;
        if (entity) {
            bc_write_str(w, entity);
        } else {
            bc_write_u8(w, (uint8_t)text[i]);
        }
    }
}

void
card_write_attribute(struct bc_writer *w, const char *name, const char *value)
{
    bc_write_fmt(w, " %s=\"", strcmp(name, "href") == 0 ? "xlink:href" : name);
    card_write_escaped(w, value, strlen(value));
    bc_write_str(w, "\"");
}

static bool
is_among(const char *const *list, const char *name)
{
    while (*list && strcmp(*list, name) != 0) {
        list++;
    }
    return *list;
}

// All but those for us and `without`.
void
card_write_attributes(
    struct bc_writer *w, const struct card_node *node, const char *const *without)
{
    for (size_t i = 0; i < node->attribute_count; i++) {
        const struct card_attribute *a = &node->attributes[i];
        if (strncmp(a->name, "data-", 5) != 0 && !is_among(without, a->name)) {
            card_write_attribute(w, a->name, a->value);
        }
    }
}

// --- what is shown ---

// Whether a picture is meant by this name.
static bool
is_picture_field(const struct card_node *node, const char *field)
{
    const char *own = card_node_get(node, "data-field");
    if (own && strcmp(node->name, "image") == 0 && strcmp(own, field) == 0) {
        return true;
    }
    for (const struct card_node *child = node->first; child; child = child->next) {
        if (child->name && is_picture_field(child, field)) {
            return true;
        }
    }
    return false;
}

static bool
has_field(struct filling *f, const char *field)
{
    return is_picture_field(f->tree->root, field) ? card_find_picture(f, field)->len > 0
                                                  : card_fields_has(&f->fields, field);
}

// Whether the data has all (or any) of the fields in a list.
static bool
has_fields(struct filling *f, const char *list, bool all)
{
    while (*list) {
        char name[BC_CARD_NAME_MAX + 1];
        list += strspn(list, " ,");
        size_t len = strcspn(list, " ,");
        if (len > 0) {
            snprintf(name, sizeof(name), "%.*s", (int)len, list);
            if (has_field(f, name) != all) {
                return !all;
            }
        }
        list += len;
    }
    return all;
}

static bool
is_shown(struct filling *f, const struct card_node *node)
{
    const char *when = card_node_get(node, "data-if");
    const char *unless = card_node_get(node, "data-unless");
    const char *currency = card_node_get(node, "data-currency");
    if (currency) {
        // Who sends "$99" wants no other sign before it.
        char text[CARD_TEXT_BYTES];
        card_fields_text(&f->fields, currency, text);
        if (!(text[0] >= '0' && text[0] <= '9')) {
            return false;
        }
    }
    return (!when || has_fields(f, when, true))
        && (!unless || !has_fields(f, unless, false));
}

// --- text ---

static void
write_number(struct bc_writer *w, const char *name, double value)
{
    bc_write_fmt(w, " %s=\"%.6g\"", name, value);
}

static void
write_smaller(struct bc_writer *w, const struct card_node *node, double size)
{
    const char *style = card_node_get(node, "style");
    bc_write_str(w, " style=\"");
    if (style) {
        card_write_escaped(w, style, strlen(style));
        bc_write_str(w, ";");
    }
    bc_write_fmt(w, "font-size:%.6gpx\"", size);
}

// The field's value with what the template puts around it; "" when the field is empty.
static void
field_text(struct filling *f, const struct card_node *node, char out[CARD_TEXT_BYTES])
{
    const char *prefix = card_node_get(node, "data-prefix");
    const char *suffix = card_node_get(node, "data-suffix");
    char value[CARD_TEXT_BYTES];
    card_fields_text(&f->fields, card_node_get(node, "data-field"), value);
    out[0] = '\0';
    if (value[0]) {
        struct bc_writer w = { 0 };
        bc_write_str(&w, prefix ? prefix : "");
        bc_write_str(&w, value);
        bc_write_str(&w, suffix ? suffix : "");
        bc_write_u8(&w, 0);
        if (!w.failed) {
            card_text_clean((const char *)w.data, out);
        }
        bc_writer_finish(&w);
    }
}

static bool
fit_field(struct filling *f, const struct card_node *node, const struct card_font *font,
    struct card_lines *lines)
{
    char text[CARD_TEXT_BYTES];
    field_text(f, node, text);
    double count =
        strcmp(node->name, "text") == 0 ? card_node_number(node, "data-lines", 1) : 1;
    double smallest = card_node_number(node, "data-min-size", font->size);
    smallest = smallest < 1 ? 1 : smallest;
    count = count < 1 ? 1 : count > CARD_LINES_MAX ? CARD_LINES_MAX : count;
    return text[0]
        && card_fit(font, text, card_node_number(node, "data-width", 0), (size_t)count,
            smallest, lines);
}

static size_t
count_characters(const char *text, size_t len)
{
    size_t count = 0;
    for (size_t i = 0; i < len; i++) {
        count += ((unsigned char)text[i] >> 6) != 2;
    }
    return count;
}

// Each line is an element of its own, as not all browsers know textLength on a <tspan>; with it
// a line is as long on a phone with other fonts as it was measured here.
static void
write_text(struct filling *f, const struct card_node *node, const struct card_font *font)
{
    static const char *const FIRST[] = { "y", "style", "textLength", "lengthAdjust",
        NULL };
    static const char *const LATER[] = { "y", "style", "textLength", "lengthAdjust", "id",
        NULL };
    struct card_lines lines;
    if (!fit_field(f, node, font, &lines)) {
        return;
    }
    double height = card_node_number(node, "data-line-height", font->size * LINE_HEIGHT);
    height *= lines.size / font->size;
    const char *align = card_node_get(node, "data-valign");
    double up = !align                 ? 0
        : strcmp(align, "middle") == 0 ? 0.5
                                       : strcmp(align, "bottom") == 0;
    double top = card_node_number(node, "y", 0) - up * height * ((double)lines.count - 1);
    for (size_t i = 0; i < lines.count; i++) {
        const char *text = lines.text + lines.at[i];
        if (lines.len[i] == 0) {
            continue;
        }
        bc_write_str(&f->out, "<text");
        card_write_attributes(&f->out, node, i == 0 ? FIRST : LATER);
        write_number(&f->out, "y", top + height * (double)i);
        write_smaller(&f->out, node, lines.size);
        if (count_characters(text, lines.len[i]) > 1) {
            write_number(&f->out, "textLength", lines.width[i]);
            card_write_attribute(&f->out, "lengthAdjust", "spacingAndGlyphs");
        }
        bc_write_str(&f->out, ">");
        card_write_escaped(&f->out, text, lines.len[i]);
        bc_write_str(&f->out, "</text>");
    }
}

static void
write_tspan(struct filling *f, const struct card_node *node, const struct card_font *font)
{
    static const char *const WITHOUT[] = { "style", NULL };
    struct card_lines lines;
    if (fit_field(f, node, font, &lines)) {
        bc_write_str(&f->out, "<tspan");
        card_write_attributes(&f->out, node, WITHOUT);
        write_smaller(&f->out, node, lines.size);
        bc_write_str(&f->out, ">");
        card_write_escaped(&f->out, lines.text + lines.at[0], lines.len[0]);
        bc_write_str(&f->out, "</tspan>");
    }
}

// --- the tree ---

static void
write_root_attributes(struct filling *f)
{
    static const char *const WITHOUT[] = { "width", "height", "viewBox", NULL };
    const double *view = f->tree->view;
    const struct card_node *root = f->tree->root;
    bc_write_str(&f->out,
        " xmlns=\"http://www.w3.org/2000/svg\""
        " xmlns:xlink=\"http://www.w3.org/1999/xlink\"");
    bc_write_fmt(
        &f->out, " viewBox=\"%.6g %.6g %.6g %.6g\"", view[0], view[1], view[2], view[3]);
    write_number(&f->out, "width", card_node_number(root, "width", view[2]));
    write_number(&f->out, "height", card_node_number(root, "height", view[3]));
    card_write_attributes(&f->out, root, WITHOUT);
}

static void
write_element(
    struct filling *f, const struct card_node *node, const struct card_font *inherited);

static void
write_plain(struct filling *f, const struct card_node *node, const struct card_font *font)
{
    static const char *const NONE[] = { NULL };
    bc_write_fmt(&f->out, "<%s", node->name);
    if (node == f->tree->root) {
        write_root_attributes(f);
    } else {
        card_write_attributes(&f->out, node, NONE);
    }
    if (!node->first) {
        bc_write_str(&f->out, "/>");
        return;
    }
    bc_write_str(&f->out, ">");
    for (const struct card_node *child = node->first; child; child = child->next) {
        if (child->name) {
            write_element(f, child, font); // as deep as CARD_DEPTH_MAX
        } else {
            card_write_escaped(&f->out, child->text, child->text_len);
        }
    }
    bc_write_fmt(&f->out, "</%s>", node->name);
}

static void
write_element(
    struct filling *f, const struct card_node *node, const struct card_font *inherited)
{
    if (!is_shown(f, node)) {
        return;
    }
    struct card_font font = *inherited;
    card_font_inherit(&font, node);
    if (!card_node_get(node, "data-field")) {
        write_plain(f, node, &font);
    } else if (strcmp(node->name, "text") == 0) {
        write_text(f, node, &font);
    } else if (strcmp(node->name, "tspan") == 0) {
        write_tspan(f, node, &font);
    } else if (strcmp(node->name, "image") == 0) {
        card_write_image(f, node);
    } else {
        card_write_qr(f, node);
    }
}

struct bc_buf *
bc_card_fill(const struct bc_card_set *set, const char *name, const char *data,
    size_t len, const struct bc_card_pictures *pictures, char why[BC_CARD_WHY])
{
    struct filling f = { .tree = card_set_tree(set, name), .pictures = pictures };
    if (!f.tree) {
        snprintf(why, BC_CARD_WHY, "there is no template of that name");
        return NULL;
    }
    if (!card_fields_parse(&f.fields, data, len)) {
        snprintf(why, BC_CARD_WHY, "the data is no JSON object of at most %d bytes",
            BC_CARD_DATA_BYTES_MAX);
        return NULL;
    }
    struct card_font font = { .family = CARD_SANS, .size = 16, .weight = 400 };
    write_element(&f, f.tree->root, &font);
    struct bc_buf *svg = NULL;
    if (f.out.len > BC_CARD_SVG_BYTES_MAX) {
        snprintf(why, BC_CARD_WHY, "the card with its pictures has more than %d MiB",
            BC_CARD_SVG_BYTES_MAX >> 20);
    } else {
        svg = bc_buf_from_writer(&f.out);
        snprintf(why, BC_CARD_WHY, "%s", svg ? "" : "no memory");
    }
    bc_writer_finish(&f.out);
    bc_writer_finish(&f.picture);
    card_fields_finish(&f.fields);
    return svg;
}
