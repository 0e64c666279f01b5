// SPDX-License-Identifier: Apache-2.0
#include "value_list.h"

#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "report.h"
#include "text.h"
#include "tree.h"
#include "value.h"

#define VALUE_MAX 4095
#define START_AT_MAX_S 1000000
#define IDLE_DEFAULT_S 10
#define IDLE_MAX_S 3600

// How a kind of source is written: `key: value`, or `slate: { key: value }`.
static const struct source_form {
    const char *key;
    enum bc_source_kind kind;
    bool in_slate;
} FORMS[] = {
    { "publisher", BC_SOURCE_PUBLISHER, false },
    { "channel", BC_SOURCE_CHANNEL, false },
    { "image", BC_SOURCE_SLATE_IMAGE, true },
    { "file", BC_SOURCE_SLATE_FILE, true },
    { "pull", BC_SOURCE_PULL, false },
    { "file", BC_SOURCE_FILE, false },
};
#define N_FORMS (sizeof(FORMS) / sizeof(FORMS[0]))

static bool
append(struct bc_config_source_list *list, const struct bc_config_source *source)
{
    char *copy = strdup(source->value);
    if (!copy) {
        return false;
    }
    list->items[list->n] = *source;
    list->items[list->n++].value = copy;
    return true;
}

static const struct source_form *
find_form(const char *key, bool in_slate)
{
    for (size_t i = 0; i < N_FORMS; i++) {
        if (FORMS[i].in_slate == in_slate && strcmp(FORMS[i].key, key) == 0) {
            return &FORMS[i];
        }
    }
    return NULL;
}

// A role is a word of a URL's query, like one level of a channel's name.
static bool
role_is_valid(const char *role)
{
    char name[BC_CHANNEL_NAME_MAX + 1];
    int n = snprintf(name, sizeof(name), "role/%s", role);
    return n > 0 && (size_t)n < sizeof(name) && !strchr(role, '/')
        && bc_channel_name_is_valid(name);
}

static const char *
check_value(const struct source_form *form, const struct bc_node *node)
{
    if (node->kind != BC_NODE_SCALAR || bc_node_is_null(node) || node->text[0] == '\0') {
        return "has no value";
    }
    if (form->kind == BC_SOURCE_CHANNEL && !bc_channel_name_is_valid(node->text)) {
        return "is not a channel's name (app/stream)";
    }
    if (form->kind == BC_SOURCE_PUBLISHER && !role_is_valid(node->text)) {
        return "is not a role's name (letters, digits, _ . -)";
    }
    if (form->kind == BC_SOURCE_PULL && !strstr(node->text, "://")) {
        return "is not a URL";
    }
    return strlen(node->text) > VALUE_MAX ? "is too long" : bc_text_problem(node->text);
}

// `file: { path: NAME, loop: true, start_at_s: 5 }`. The path's node; NULL: it is not
// written so.
static const struct bc_node *
read_file_map(const struct bc_node *map, struct bc_config_source *out)
{
    const struct bc_node *path = NULL;
    for (const struct bc_node *c = map->first; c; c = c->next) {
        if (c->kind != BC_NODE_SCALAR) {
            return NULL;
        }
        char *end = NULL;
        if (strcmp(c->key, "path") == 0) {
            path = c;
        } else if (strcmp(c->key, "loop") == 0
            && (strcmp(c->text, "true") == 0 || strcmp(c->text, "false") == 0)) {
            out->loop = strcmp(c->text, "true") == 0;
        } else if (strcmp(c->key, "start_at_s") == 0) {
            out->start_at_s = strtoll(c->text, &end, 10);
            if (end == c->text || *end || out->start_at_s < 0
                || out->start_at_s > START_AT_MAX_S) {
                return NULL;
            }
        } else {
            return NULL;
        }
    }
    return path;
}

// `pull: { url: URL, on_demand: true, idle_s: 10 }`, as above.
static const struct bc_node *
read_pull_map(const struct bc_node *map, struct bc_config_source *out)
{
    const struct bc_node *url = NULL;
    for (const struct bc_node *c = map->first; c; c = c->next) {
        char *end = NULL;
        if (c->kind != BC_NODE_SCALAR) {
            return NULL;
        }
        if (strcmp(c->key, "url") == 0) {
            url = c;
        } else if (strcmp(c->key, "on_demand") == 0
            && (strcmp(c->text, "true") == 0 || strcmp(c->text, "false") == 0)) {
            out->on_demand = strcmp(c->text, "true") == 0;
        } else if (strcmp(c->key, "idle_s") == 0) {
            out->idle_s = strtoll(c->text, &end, 10);
            if (end == c->text || *end || out->idle_s < 0 || out->idle_s > IDLE_MAX_S) {
                return NULL;
            }
        } else {
            return NULL;
        }
    }
    return url;
}

// One of the forms above, or the single word `publisher`.
static bool
add_source(struct bc_config_source_list *list, const struct bc_node *node,
    const char *path, struct bc_report *r)
{
    if (node->kind == BC_NODE_SCALAR && strcmp(node->text, "publisher") == 0) {
        char none[] = "";
        struct bc_config_source plain = { .kind = BC_SOURCE_PUBLISHER, .value = none };
        if (!append(list, &plain)) {
            bc_report_no_memory(r);
            return false;
        }
        return true;
    }
    const struct bc_node *value = node->kind == BC_NODE_MAP ? node->first : NULL;
    bool in_slate = value && strcmp(value->key, "slate") == 0;
    bool single = value && !value->next;
    if (in_slate) {
        value = value->kind == BC_NODE_MAP ? value->first : NULL;
        single = single && value && !value->next;
    }
    const struct source_form *form = value && single ? find_form(value->key, in_slate)
                                                     : NULL;
    if (!form) {
        bc_report_error(r, node->line,
            "%s: a source is publisher, publisher: ROLE, "
            "pull: URL, file: PATH, channel: NAME, slate: { image: PATH } or slate: { file: PATH }",
            path);
        return false;
    }
    struct bc_config_source source = { .kind = form->kind, .idle_s = IDLE_DEFAULT_S };
    if (form->kind == BC_SOURCE_PULL && value->kind == BC_NODE_MAP) {
        unsigned line = value->line;
        value = read_pull_map(value, &source);
        if (!value) {
            bc_report_error(r, line,
                "%s: a pull is { url: URL, on_demand: true or false, idle_s: SECONDS }",
                path);
            return false;
        }
    }
    if (form->kind == BC_SOURCE_FILE && value->kind == BC_NODE_MAP) {
        unsigned line = value->line;
        value = read_file_map(value, &source);
        if (!value) {
            bc_report_error(r, line,
                "%s: a file is { path: NAME, loop: true or false, start_at_s: SECONDS }",
                path);
            return false;
        }
    }
    const char *problem = check_value(form, value);
    if (problem) {
        bc_report_error(r, value->line, "%s: %s %s", path, form->key, problem);
        return false;
    }
    source.value = value->text;
    if (!append(list, &source)) {
        bc_report_no_memory(r);
        return false;
    }
    return true;
}

static bool
sources_parse(struct bc_config_source_list *list, const struct bc_node *node,
    const char *path, struct bc_report *r)
{
    size_t n = 0;
    for (const struct bc_node *c = node->first; c; c = c->next) {
        n++;
    }
    if (node->kind != BC_NODE_LIST || n == 0 || n > BC_CONFIG_MAX_SOURCES) {
        bc_report_error(r, node->line, "%s: expected a list of 1 to %d sources", path,
            BC_CONFIG_MAX_SOURCES);
        return false;
    }
    list->items = calloc(n, sizeof(*list->items));
    if (!list->items) {
        bc_report_no_memory(r);
        return false;
    }
    bool ok = true;
    for (const struct bc_node *c = node->first; c; c = c->next) {
        ok = add_source(list, c, path, r) && ok;
    }
    return ok;
}

bool
bc_sources_set(const struct bc_key *key, void *field, const struct bc_node *node,
    const char *path, struct bc_report *r)
{
    (void)key;
    struct bc_config_source_list list = { NULL, 0 };
    if (!sources_parse(&list, node, path, r)) {
        bc_sources_clear(&list);
        return false;
    }
    bc_sources_clear(field);
    *(struct bc_config_source_list *)field = list;
    return true;
}

bool
bc_sources_equal(const void *a, const void *b)
{
    const struct bc_config_source_list *x = a;
    const struct bc_config_source_list *y = b;
    bool equal = x->n == y->n;
    for (size_t i = 0; equal && i < x->n; i++) {
        equal = x->items[i].kind == y->items[i].kind
            && x->items[i].loop == y->items[i].loop
            && x->items[i].start_at_s == y->items[i].start_at_s
            && x->items[i].on_demand == y->items[i].on_demand
            && x->items[i].idle_s == y->items[i].idle_s
            && strcmp(x->items[i].value, y->items[i].value) == 0;
    }
    return equal;
}

bool
bc_sources_copy(void *to, const void *from)
{
    const struct bc_config_source_list *source = from;
    struct bc_config_source_list list = { calloc(source->n, sizeof(*list.items)), 0 };
    bool ok = list.items != NULL;
    for (size_t i = 0; ok && i < source->n; i++) {
        ok = append(&list, &source->items[i]);
    }
    if (!ok) {
        bc_sources_clear(&list);
        return false;
    }
    bc_sources_clear(to);
    *(struct bc_config_source_list *)to = list;
    return true;
}

static void
print_source(const struct bc_config_source *s, FILE *out)
{
    const struct source_form *form = FORMS;
    while (form->kind != s->kind) {
        form++;
    }
    bool is_file = s->kind == BC_SOURCE_FILE;
    bool is_map = s->kind == BC_SOURCE_PULL && s->on_demand;
    fprintf(out, "%s%s: %s", form->in_slate ? "slate: { " : "", form->key,
        is_file    ? "{ path: "
            : is_map ? "{ url: "
                     : "");
    bc_value_print_quoted(s->value, out);
    if (is_file) {
        fprintf(out, ", loop: %s, start_at_s: %lld }", s->loop ? "true" : "false",
            (long long)s->start_at_s);
    }
    if (is_map) {
        fprintf(out, ", on_demand: true, idle_s: %lld }", (long long)s->idle_s);
    }
    fputs(form->in_slate ? " }" : "", out);
}

void
bc_sources_print(const struct bc_key *key, const void *field, FILE *out)
{
    (void)key;
    const struct bc_config_source_list *list = field;
    fputc('[', out);
    for (size_t i = 0; i < list->n; i++) {
        const struct bc_config_source *s = &list->items[i];
        fputs(i ? ", " : "", out);
        if (s->kind == BC_SOURCE_PUBLISHER && s->value[0] == '\0') {
            fputs("publisher", out);
            continue;
        }
        print_source(s, out);
    }
    fputc(']', out);
}

void
bc_sources_clear(void *field)
{
    struct bc_config_source_list *list = field;
    for (size_t i = 0; i < list->n; i++) {
        free(list->items[i].value);
    }
    free(list->items);
    *list = (struct bc_config_source_list){ NULL, 0 };
}
