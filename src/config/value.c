// SPDX-License-Identifier: Apache-2.0
#include "value.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "schema.h"
#include "text.h"
#include "tree.h"
#include "value_list.h"

// What a type of key can do with its field.
struct value_ops {
    bool (*set)(const struct bc_key *key, void *field, const struct bc_node *node,
        const char *path, struct bc_report *r);
    bool (*equal)(const void *a, const void *b);
    bool (*copy)(void *to, const void *from);
    void (*print)(const struct bc_key *key, const void *field, FILE *out);
    void (*clear)(void *field);
};

static bool
scalar_expected(const struct bc_node *node, const char *path, struct bc_report *r)
{
    if (bc_node_is_null(node)) {
        bc_report_error(
            r, node->line, "%s: has no value; remove the line for the default", path);
        return false;
    }
    if (node->kind != BC_NODE_SCALAR) {
        bc_report_error(r, node->line, "%s: expected a single value, found %s", path,
            bc_node_kind_name(node));
        return false;
    }
    return true;
}

static void
clear_nothing(void *field)
{
    (void)field;
}

static bool
set_bool(const struct bc_key *key, void *field, const struct bc_node *node,
    const char *path, struct bc_report *r)
{
    (void)key;
    static const char *const WORDS[] = { "false", "true", "no", "yes", "off", "on" };
    if (!scalar_expected(node, path, r)) {
        return false;
    }
    for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++) {
        if (strcmp(node->text, WORDS[i]) == 0) {
            *(bool *)field = i % 2 == 1;
            return true;
        }
    }
    char shown[BC_SHOWN_BYTES];
    bc_report_error(r, node->line, "%s: '%s' is neither true nor false", path,
        bc_report_shown(node->text, shown));
    return false;
}

static bool
equal_bool(const void *a, const void *b)
{
    return *(const bool *)a == *(const bool *)b;
}

static bool
copy_bool(void *to, const void *from)
{
    *(bool *)to = *(const bool *)from;
    return true;
}

static void
print_bool(const struct bc_key *key, const void *field, FILE *out)
{
    (void)key;
    fputs(*(const bool *)field ? "true" : "false", out);
}

static int64_t
times(int64_t v, int64_t factor)
{
    return v > INT64_MAX / factor ? INT64_MAX : v * factor;
}

// A decimal number and nothing else, except that a size may end in KiB, MiB or GiB. What
// is too large for the type is the largest number.
static bool
parse_number(const char *text, bool is_size, int64_t *out)
{
    bool negative = text[0] == '-';
    const char *p = text + negative;
    int64_t v = 0;
    if (*p < '0' || *p > '9') {
        return false;
    }
    for (; *p >= '0' && *p <= '9'; p++) {
        int64_t tens = times(v, 10);
        v = tens > INT64_MAX - 9 ? INT64_MAX : tens + (*p - '0');
    }
    if (is_size && strcmp(p, "KiB") == 0) {
        v = times(v, 1024);
    } else if (is_size && strcmp(p, "MiB") == 0) {
        v = times(v, 1024 * 1024);
    } else if (is_size && strcmp(p, "GiB") == 0) {
        v = times(v, 1024 * 1024 * 1024);
    } else if (*p) {
        return false;
    }
    *out = negative ? -v : v;
    return true;
}

static bool
set_number(const struct bc_key *key, void *field, const struct bc_node *node,
    const char *path, struct bc_report *r)
{
    if (!scalar_expected(node, path, r)) {
        return false;
    }
    char shown[BC_SHOWN_BYTES];
    bc_report_shown(node->text, shown);
    bool is_size = key->type == BC_KEY_SIZE;
    int64_t v;
    if (!parse_number(node->text, is_size, &v)) {
        bc_report_error(r, node->line, "%s: '%s' is not a whole number%s%s", path, shown,
            key->unit ? " of " : "", key->unit ? key->unit : "");
        return false;
    }
    if (v < key->min) {
        bc_report_error(
            r, node->line, "%s: %s is below the minimum %" PRId64, path, shown, key->min);
        return false;
    }
    if (v > key->max) {
        bc_report_error(
            r, node->line, "%s: %s is above the maximum %" PRId64, path, shown, key->max);
        return false;
    }
    *(int64_t *)field = v;
    return true;
}

static bool
equal_number(const void *a, const void *b)
{
    return *(const int64_t *)a == *(const int64_t *)b;
}

static bool
copy_number(void *to, const void *from)
{
    *(int64_t *)to = *(const int64_t *)from;
    return true;
}

static void
print_number(const struct bc_key *key, const void *field, FILE *out)
{
    (void)key;
    fprintf(out, "%" PRId64, *(const int64_t *)field);
}

static bool
set_string(const struct bc_key *key, void *field, const struct bc_node *node,
    const char *path, struct bc_report *r)
{
    if (!scalar_expected(node, path, r)) {
        return false;
    }
    const char *text = node->text;
    size_t len = strlen(text);
    const char *problem = bc_text_problem(text);
    if (!problem && len > 0 && key->check) {
        problem = key->check(text);
    }
    if (problem) {
        bc_report_error(r, node->line, "%s: %s", path, problem);
        return false;
    }
    if (len < (size_t)key->min || len > (size_t)key->max) {
        bc_report_error(r, node->line,
            "%s: is %zu bytes long, %" PRId64 " to %" PRId64 " are allowed", path, len,
            key->min, key->max);
        return false;
    }
    char *copy = strdup(text);
    if (!copy) {
        bc_report_no_memory(r);
        return false;
    }
    free(*(char **)field);
    *(char **)field = copy;
    return true;
}

static bool
equal_string(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b) == 0;
}

static bool
copy_string(void *to, const void *from)
{
    char *copy = strdup(*(char *const *)from);
    if (!copy) {
        return false;
    }
    free(*(char **)to);
    *(char **)to = copy;
    return true;
}

void
bc_value_print_quoted(const char *text, FILE *out)
{
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') {
            fputc('\\', out);
        }
        fputc(*text, out);
    }
    fputc('"', out);
}

static void
print_string(const struct bc_key *key, const void *field, FILE *out)
{
    const char *text = *(char *const *)field;
    bc_value_print_quoted(key->secret && text[0] ? "***" : text, out);
}

static void
clear_string(void *field)
{
    free(*(char **)field);
    *(char **)field = NULL;
}

static bool
set_enum(const struct bc_key *key, void *field, const struct bc_node *node,
    const char *path, struct bc_report *r)
{
    if (!scalar_expected(node, path, r)) {
        return false;
    }
    char allowed[256] = "";
    size_t len = 0;
    for (const struct bc_key_choice *c = key->choices; c->name; c++) {
        if (strcmp(c->name, node->text) == 0) {
            memcpy(field, &c->value, sizeof(int));
            return true;
        }
        len += (size_t)snprintf(
            allowed + len, sizeof(allowed) - len, "%s%s", len ? ", " : "", c->name);
    }
    char shown[BC_SHOWN_BYTES];
    bc_report_error(r, node->line, "%s: '%s' is not one of %s", path,
        bc_report_shown(node->text, shown), allowed);
    return false;
}

static bool
equal_enum(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(int)) == 0;
}

static bool
copy_enum(void *to, const void *from)
{
    memcpy(to, from, sizeof(int));
    return true;
}

static void
print_enum(const struct bc_key *key, const void *field, FILE *out)
{
    int value;
    memcpy(&value, field, sizeof(value));
    for (const struct bc_key_choice *c = key->choices; c->name; c++) {
        if (c->value == value) {
            fputs(c->name, out);
        }
    }
}

#define NUMBER_OPS { set_number, equal_number, copy_number, print_number, clear_nothing }
#define STRING_OPS { set_string, equal_string, copy_string, print_string, clear_string }

static const struct value_ops OPS[] = {
    [BC_KEY_BOOL] = { set_bool, equal_bool, copy_bool, print_bool, clear_nothing },
    [BC_KEY_INT] = NUMBER_OPS,
    [BC_KEY_SIZE] = NUMBER_OPS,
    [BC_KEY_STRING] = STRING_OPS,
    [BC_KEY_PATH] = STRING_OPS,
    [BC_KEY_ENUM] = { set_enum, equal_enum, copy_enum, print_enum, clear_nothing },
    [BC_KEY_LISTEN] = { bc_listen_set, bc_listen_equal, bc_listen_copy, bc_listen_print,
        clear_nothing },
    [BC_KEY_ADDRESSES] = { bc_listen_set, bc_listen_equal, bc_listen_copy,
        bc_listen_print, clear_nothing },
    [BC_KEY_SOURCES] = { bc_sources_set, bc_sources_equal, bc_sources_copy,
        bc_sources_print, bc_sources_clear },
    [BC_KEY_URLS] = { bc_urls_set, bc_urls_equal, bc_urls_copy, bc_urls_print,
        bc_urls_clear },
    [BC_KEY_PUSHES] = { bc_pushes_set, bc_pushes_equal, bc_pushes_copy, bc_pushes_print,
        bc_pushes_clear },
    [BC_KEY_SCHEDULE] = { bc_schedule_set, bc_schedule_equal, bc_schedule_copy,
        bc_schedule_print, clear_nothing },
};

bool
bc_value_set(const struct bc_key *key, void *base, const struct bc_node *node,
    const char *path, struct bc_report *r)
{
    return OPS[key->type].set(key, (char *)base + key->offset, node, path, r);
}

// What --set gives: text for a single value, "a,b" for addresses, YAML for what has more
// shape.
static struct bc_node *
node_from_text(const struct bc_key *key, const char *text, struct bc_report *r)
{
    struct bc_node *node = NULL;
    if (key->type == BC_KEY_SOURCES || key->type == BC_KEY_PUSHES
        || key->type == BC_KEY_SCHEDULE) {
        bc_tree_parse(text, strlen(text), &node, r);
        return node;
    }
    bool is_list = key->type == BC_KEY_LISTEN || key->type == BC_KEY_ADDRESSES
        || key->type == BC_KEY_URLS;
    node = is_list ? bc_listen_split(text) : bc_node_create_scalar(text, strlen(text));
    if (!node) {
        bc_report_no_memory(r);
    }
    return node;
}

bool
bc_value_set_text(const struct bc_key *key, void *base, const char *text,
    const char *path, struct bc_report *r)
{
    struct bc_node *node = node_from_text(key, text, r);
    if (!node) {
        if (!bc_report_failed(r)) {
            bc_report_error(r, 0, "%s: has no value", path);
        }
        return false;
    }
    node->line = 0;
    bool ok = bc_value_set(key, base, node, path, r);
    bc_node_destroy(node);
    return ok;
}

bool
bc_value_equal(const struct bc_key *key, const void *a, const void *b)
{
    return OPS[key->type].equal(
        (const char *)a + key->offset, (const char *)b + key->offset);
}

bool
bc_value_copy(const struct bc_key *key, void *to, const void *from)
{
    return OPS[key->type].copy(
        (char *)to + key->offset, (const char *)from + key->offset);
}

void
bc_value_print(const struct bc_key *key, const void *base, FILE *out)
{
    OPS[key->type].print(key, (const char *)base + key->offset, out);
}

void
bc_value_clear(const struct bc_key *key, void *base)
{
    OPS[key->type].clear((char *)base + key->offset);
}
