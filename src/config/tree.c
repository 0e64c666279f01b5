// SPDX-License-Identifier: Apache-2.0
#include "tree.h"

#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "report.h"

#define MAX_DEPTH 8

// One parse. Maps and lists that are still open stand on the stack, the outermost first.
struct builder {
    yaml_parser_t parser;
    struct bc_report *report; // borrowed
    struct bc_node *root;     // owned
    struct bc_node *stack[MAX_DEPTH];
    unsigned depth;
    char *key; // owned; of a map, read before its value
    unsigned key_line;
    unsigned documents;
};

static char *
copy_text(const char *text, size_t len)
{
    char *copy = malloc(len + 1);
    if (copy) {
        memcpy(copy, text, len);
        copy[len] = '\0';
    }
    return copy;
}

struct bc_node *
bc_node_create_scalar(const char *text, size_t len)
{
    struct bc_node *node = calloc(1, sizeof(*node));
    char *copy = copy_text(text, len);
    if (!node || !copy) {
        free(node);
        free(copy);
        return NULL;
    }
    node->kind = BC_NODE_SCALAR;
    node->text = copy;
    return node;
}

struct bc_node *
bc_node_create_list(void)
{
    struct bc_node *node = calloc(1, sizeof(*node));
    if (node) {
        node->kind = BC_NODE_LIST;
    }
    return node;
}

void
bc_node_append(struct bc_node *parent, struct bc_node *child)
{
    if (parent->last) {
        parent->last->next = child;
    } else {
        parent->first = child;
    }
    parent->last = child;
}

void
bc_node_destroy(struct bc_node *node)
{
    if (!node) {
        return;
    }
    struct bc_node *child = node->first;
    while (child) {
        struct bc_node *next = child->next;
        bc_node_destroy(child); // as deep as MAX_DEPTH
        child = next;
    }
    free(node->key);
    free(node->text);
    free(node);
}

bool
bc_node_is_null(const struct bc_node *node)
{
    return node->kind == BC_NODE_SCALAR && node->plain
        && (node->text[0] == '\0' || strcmp(node->text, "~") == 0
            || strcmp(node->text, "null") == 0);
}

const char *
bc_node_kind_name(const struct bc_node *node)
{
    static const char *const NAMES[] = { "nothing", "a value", "a map", "a list" };
    return NAMES[node->kind];
}

static int
compare_keys(const void *a, const void *b)
{
    const struct bc_node *x = *(struct bc_node *const *)a;
    const struct bc_node *y = *(struct bc_node *const *)b;
    int order = strcmp(x->key, y->key);
    if (order != 0) {
        return order;
    }
    return x->line < y->line ? -1 : x->line > y->line;
}

// YAML wants keys to be unique, libyaml does not look. Sorted, as a map may be large.
static bool
check_duplicates(struct builder *b, const struct bc_node *map)
{
    size_t n = 0;
    for (const struct bc_node *c = map->first; c; c = c->next) {
        n++;
    }
    if (n < 2) {
        return true;
    }
    struct bc_node **sorted = malloc(n * sizeof(*sorted));
    if (!sorted) {
        bc_report_no_memory(b->report);
        return false;
    }
    n = 0;
    for (struct bc_node *c = map->first; c; c = c->next) {
        sorted[n++] = c;
    }
    qsort(sorted, n, sizeof(*sorted), compare_keys);
    for (size_t i = 1; i < n; i++) {
        if (strcmp(sorted[i - 1]->key, sorted[i]->key) == 0) {
            char shown[BC_SHOWN_BYTES];
            bc_report_error(b->report, sorted[i]->line,
                "%s is given twice, first on line %u",
                bc_report_shown(sorted[i]->key, shown), sorted[i - 1]->line);
        }
    }
    free(sorted);
    return true;
}

// Puts a complete node where the document is just now. Takes the node, also on failure.
static bool
place(struct builder *b, struct bc_node *node, unsigned line)
{
    if (!node) {
        bc_report_no_memory(b->report);
        return false;
    }
    node->line = line;
    if (b->depth == 0) {
        bc_node_destroy(b->root);
        b->root = node;
        return true;
    }
    struct bc_node *parent = b->stack[b->depth - 1];
    if (parent->kind == BC_NODE_MAP) {
        if (!b->key) {
            bc_report_error(b->report, line, "a key must be a single word");
            bc_node_destroy(node);
            return false;
        }
        node->key = b->key;
        node->line = b->key_line;
        b->key = NULL;
    }
    bc_node_append(parent, node);
    return true;
}

static bool
on_scalar(struct builder *b, const yaml_event_t *ev, unsigned line)
{
    const char *text = (const char *)ev->data.scalar.value;
    size_t len = ev->data.scalar.length;
    if (memchr(text, '\0', len)) {
        bc_report_error(b->report, line, "a value may not contain a zero byte");
        return false;
    }
    if (b->depth > 0 && b->stack[b->depth - 1]->kind == BC_NODE_MAP && !b->key) {
        b->key = copy_text(text, len);
        b->key_line = line;
        if (!b->key) {
            bc_report_no_memory(b->report);
        }
        return b->key != NULL;
    }
    struct bc_node *node = bc_node_create_scalar(text, len);
    if (node) {
        node->plain = ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    }
    return place(b, node, line);
}

static bool
on_start(struct builder *b, enum bc_node_kind kind, unsigned line)
{
    if (b->depth == MAX_DEPTH) {
        bc_report_error(b->report, line, "nested deeper than %d levels", MAX_DEPTH);
        return false;
    }
    struct bc_node *node = calloc(1, sizeof(*node));
    if (node) {
        node->kind = kind;
    }
    if (!place(b, node, line)) {
        return false;
    }
    b->stack[b->depth++] = node;
    return true;
}

static bool
on_end(struct builder *b)
{
    const struct bc_node *node = b->stack[--b->depth];
    return node->kind != BC_NODE_MAP || check_duplicates(b, node);
}

// Things of YAML that a configuration does not need.
static bool
check_plainness(struct builder *b, const yaml_event_t *ev, unsigned line)
{
    const yaml_char_t *anchor = NULL;
    const yaml_char_t *tag = NULL;
    switch (ev->type) {
    case YAML_ALIAS_EVENT:
        anchor = ev->data.alias.anchor;
        break;
    case YAML_SCALAR_EVENT:
        anchor = ev->data.scalar.anchor;
        tag = ev->data.scalar.tag;
        break;
    case YAML_MAPPING_START_EVENT:
        anchor = ev->data.mapping_start.anchor;
        tag = ev->data.mapping_start.tag;
        break;
    case YAML_SEQUENCE_START_EVENT:
        anchor = ev->data.sequence_start.anchor;
        tag = ev->data.sequence_start.tag;
        break;
    default:
        break;
    }
    if (anchor) {
        bc_report_error(b->report, line,
            "anchors (&) and aliases (*) are not supported; put the text in quotes if it "
            "is one");
    } else if (tag) {
        bc_report_error(b->report, line,
            "tags (!) are not supported; put the text in quotes if it is one");
    }
    return !anchor && !tag;
}

static bool
on_event(struct builder *b, const yaml_event_t *ev)
{
    unsigned line = (unsigned)ev->start_mark.line + 1;
    if (!check_plainness(b, ev, line)) {
        return false;
    }
    switch (ev->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (++b->documents > 1) {
            bc_report_error(b->report, line, "only one document (---) is read");
            return false;
        }
        return true;
    case YAML_SCALAR_EVENT:
        return on_scalar(b, ev, line);
    case YAML_MAPPING_START_EVENT:
        return on_start(b, BC_NODE_MAP, line);
    case YAML_SEQUENCE_START_EVENT:
        return on_start(b, BC_NODE_LIST, line);
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
        return on_end(b);
    default:
        return true;
    }
}

static void
report_problem(struct builder *b)
{
    const yaml_parser_t *p = &b->parser;
    if (p->error == YAML_MEMORY_ERROR) {
        bc_report_no_memory(b->report);
    } else if (p->error == YAML_READER_ERROR) {
        bc_report_error(b->report, 0, "at byte %zu: %s", p->problem_offset,
            p->problem ? p->problem : "cannot be read");
    } else {
        bc_report_error(b->report, (unsigned)p->problem_mark.line + 1,
            "not valid YAML: %s", p->problem ? p->problem : "unknown problem");
    }
}

static bool
build(struct builder *b)
{
    for (;;) {
        yaml_event_t ev;
        if (!yaml_parser_parse(&b->parser, &ev)) {
            report_problem(b);
            return false;
        }
        bool end = ev.type == YAML_STREAM_END_EVENT;
        bool ok = on_event(b, &ev);
        yaml_event_delete(&ev);
        if (end || !ok) {
            return ok;
        }
    }
}

bool
bc_tree_parse(const void *text, size_t len, struct bc_node **root, struct bc_report *r)
{
    *root = NULL;
    struct builder b = { .report = r };
    if (!yaml_parser_initialize(&b.parser)) {
        bc_report_no_memory(r);
        return false;
    }
    yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&b.parser, text, len);
    bool ok = build(&b);
    yaml_parser_delete(&b.parser);
    free(b.key);
    if (!ok) {
        bc_node_destroy(b.root);
        return false;
    }
    *root = b.root;
    return true;
}
