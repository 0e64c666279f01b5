// SPDX-License-Identifier: Apache-2.0
// Lists of other servers: origins of an edge, and where channels are pushed to.
#include "value_list.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/config.h"
#include "report.h"
#include "text.h"
#include "tree.h"
#include "value.h"

#define NAME_MAX_BYTES 100

// The scheme's end, "://" included; NULL: it is none of them.
static const char *
after_scheme(const char *url, const char *const *schemes)
{
    for (; *schemes; schemes++) {
        size_t len = strlen(*schemes);
        if (strncasecmp(url, *schemes, len) == 0 && strncmp(url + len, "://", 3) == 0) {
            return url + len + 3;
        }
    }
    return NULL;
}

static const char *
url_problem(const char *url, const char *const *schemes)
{
    const char *host = after_scheme(url, schemes);
    if (!host || strcspn(host, "/?") == 0 || host[0] == ':') {
        return "is no such URL";
    }
    for (const char *c = url; *c; c++) {
        if (*c <= ' ' || *c > '~' || *c == '#') {
            return "has characters that no URL has";
        }
    }
    return strlen(url) > BC_CONFIG_URL_MAX ? "is too long" : NULL;
}

// --- origins ---

static const char *
origin_problem(const char *url)
{
    static const char *const SCHEMES[] = { "http", "https", "rtmp", "rtmps", NULL };
    const char *problem = url_problem(url, SCHEMES);
    if (problem) {
        return problem;
    }
    const char *path = strchr(strstr(url, "://") + 3, '/');
    return path && path[1] && path[1] != '?' ? "must have no path: the channel's is added"
                                             : NULL;
}

static bool
add_origin(struct bc_config_url_list *list, const struct bc_node *node, const char *path,
    struct bc_report *r)
{
    bool scalar = node->kind == BC_NODE_SCALAR && !bc_node_is_null(node);
    const char *problem = scalar ? origin_problem(node->text) : "is no URL";
    if (problem) {
        char shown[BC_SHOWN_BYTES];
        bc_report_error(r, node->line,
            "%s: '%s' %s; an origin is http://HOST:PORT, https://, rtmp:// or rtmps://",
            path, bc_report_shown(scalar ? node->text : "", shown), problem);
        return false;
    }
    list->items[list->n] = strdup(node->text);
    if (!list->items[list->n]) {
        bc_report_no_memory(r);
        return false;
    }
    list->n++;
    return true;
}

bool
bc_urls_set(const struct bc_key *key, void *field, const struct bc_node *node,
    const char *path, struct bc_report *r)
{
    (void)key;
    struct bc_config_url_list list = { { NULL }, 0 };
    size_t n = 0;
    for (const struct bc_node *c = node->first; c; c = c->next) {
        n++;
    }
    bool ok = node->kind != BC_NODE_MAP && n <= BC_CONFIG_MAX_ORIGINS;
    if (!ok) {
        bc_report_error(r, node->line, "%s: expected a list of at most %d URLs", path,
            BC_CONFIG_MAX_ORIGINS);
    } else if (node->kind == BC_NODE_SCALAR && !bc_node_is_null(node)) {
        ok = add_origin(&list, node, path, r);
    }
    for (const struct bc_node *c = node->first; c && ok; c = c->next) {
        ok = add_origin(&list, c, path, r);
    }
    if (!ok) {
        bc_urls_clear(&list);
        return false;
    }
    bc_urls_clear(field);
    *(struct bc_config_url_list *)field = list;
    return true;
}

bool
bc_urls_equal(const void *a, const void *b)
{
    const struct bc_config_url_list *x = a;
    const struct bc_config_url_list *y = b;
    bool equal = x->n == y->n;
    for (size_t i = 0; equal && i < x->n; i++) {
        equal = strcmp(x->items[i], y->items[i]) == 0;
    }
    return equal;
}

bool
bc_urls_copy(void *to, const void *from)
{
    const struct bc_config_url_list *source = from;
    struct bc_config_url_list list = { { NULL }, 0 };
    for (size_t i = 0; i < source->n; i++) {
        list.items[i] = strdup(source->items[i]);
        if (!list.items[i]) {
            bc_urls_clear(&list);
            return false;
        }
        list.n++;
    }
    bc_urls_clear(to);
    *(struct bc_config_url_list *)to = list;
    return true;
}

// What follows the first of `stops` may be a key or hold one.
static void
print_masked(const char *url, const char *stops, FILE *out)
{
    const char *host = strstr(url, "://") + 3;
    size_t len = (size_t)(host - url) + strcspn(host, stops);
    fprintf(out, "\"%.*s%s\"", (int)len + (url[len] != '\0'), url, url[len] ? "***" : "");
}

void
bc_urls_print(const struct bc_key *key, const void *field, FILE *out)
{
    (void)key;
    const struct bc_config_url_list *list = field;
    fputc('[', out);
    for (size_t i = 0; i < list->n; i++) {
        fputs(i ? ", " : "", out);
        print_masked(list->items[i], "?", out);
    }
    fputc(']', out);
}

void
bc_urls_clear(void *field)
{
    struct bc_config_url_list *list = field;
    for (size_t i = 0; i < list->n; i++) {
        free(list->items[i]);
    }
    *list = (struct bc_config_url_list){ { NULL }, 0 };
}

// --- pushes ---

static bool
append_push(struct bc_config_push_list *list, const char *url, const char *name,
    bool enabled)
{
    struct bc_config_push push
        = { .url = strdup(url), .name = strdup(name), .enabled = enabled };
    if (!push.url || !push.name) {
        free(push.url);
        free(push.name);
        return false;
    }
    list->items[list->n++] = push;
    return true;
}

// What one entry says; borrowed from its nodes.
struct push_entry {
    const char *url;
    const char *name;
    bool enabled;
};

// NULL, or what is wrong.
static const char *
read_push(const struct bc_node *node, struct push_entry *out)
{
    static const char *const SCHEMES[] = { "rtmp", "rtmps", "srt", "http", "https", NULL };
    *out = (struct push_entry){ .name = "", .enabled = true };
    if (node->kind == BC_NODE_SCALAR && !bc_node_is_null(node)) {
        out->url = node->text;
    }
    for (const struct bc_node *c = node->first; c; c = c->next) {
        bool scalar = node->kind == BC_NODE_MAP && c->kind == BC_NODE_SCALAR;
        if (scalar && strcmp(c->key, "url") == 0) {
            out->url = c->text;
        } else if (scalar && strcmp(c->key, "name") == 0) {
            out->name = c->text;
        } else if (scalar && strcmp(c->key, "enabled") == 0
            && (strcmp(c->text, "true") == 0 || strcmp(c->text, "false") == 0)) {
            out->enabled = strcmp(c->text, "true") == 0;
        } else {
            return "is not understood";
        }
    }
    if (!out->url) {
        return "has no url";
    }
    if (strlen(out->name) > NAME_MAX_BYTES || bc_text_problem(out->name)) {
        return "has no valid name";
    }
    return url_problem(out->url, SCHEMES) ? "has no URL of rtmp, rtmps, srt, http or https"
                                          : NULL;
}

static bool
pushes_parse(struct bc_config_push_list *list, const struct bc_node *node,
    const char *path, struct bc_report *r)
{
    size_t n = 0;
    for (const struct bc_node *c = node->first; c; c = c->next) {
        n++;
    }
    if (node->kind != BC_NODE_LIST || n > BC_CONFIG_MAX_PUSHES) {
        bc_report_error(r, node->line, "%s: expected a list of at most %d targets", path,
            BC_CONFIG_MAX_PUSHES);
        return false;
    }
    for (const struct bc_node *c = node->first; c; c = c->next) {
        struct push_entry entry;
        const char *problem = read_push(c, &entry);
        if (problem) {
            bc_report_error(r, c->line,
                "%s: a target %s; write { url: URL, name: NAME, enabled: true }", path,
                problem);
            return false;
        }
        if (!append_push(list, entry.url, entry.name, entry.enabled)) {
            bc_report_no_memory(r);
            return false;
        }
    }
    return true;
}

bool
bc_pushes_set(const struct bc_key *key, void *field, const struct bc_node *node,
    const char *path, struct bc_report *r)
{
    (void)key;
    struct bc_config_push_list list = { .n = 0 };
    if (!pushes_parse(&list, node, path, r)) {
        bc_pushes_clear(&list);
        return false;
    }
    bc_pushes_clear(field);
    *(struct bc_config_push_list *)field = list;
    return true;
}

bool
bc_pushes_equal(const void *a, const void *b)
{
    const struct bc_config_push_list *x = a;
    const struct bc_config_push_list *y = b;
    bool equal = x->n == y->n;
    for (size_t i = 0; equal && i < x->n; i++) {
        equal = x->items[i].enabled == y->items[i].enabled
            && strcmp(x->items[i].url, y->items[i].url) == 0
            && strcmp(x->items[i].name, y->items[i].name) == 0;
    }
    return equal;
}

bool
bc_pushes_copy(void *to, const void *from)
{
    const struct bc_config_push_list *source = from;
    struct bc_config_push_list list = { .n = 0 };
    for (size_t i = 0; i < source->n; i++) {
        const struct bc_config_push *p = &source->items[i];
        if (!append_push(&list, p->url, p->name, p->enabled)) {
            bc_pushes_clear(&list);
            return false;
        }
    }
    bc_pushes_clear(to);
    *(struct bc_config_push_list *)to = list;
    return true;
}

void
bc_pushes_print(const struct bc_key *key, const void *field, FILE *out)
{
    (void)key;
    const struct bc_config_push_list *list = field;
    fputc('[', out);
    for (size_t i = 0; i < list->n; i++) {
        fputs(i ? ", { url: " : "{ url: ", out);
        print_masked(list->items[i].url, "/?", out);
        fputs(", name: ", out);
        bc_value_print_quoted(list->items[i].name, out);
        fprintf(out, ", enabled: %s }", list->items[i].enabled ? "true" : "false");
    }
    fputc(']', out);
}

void
bc_pushes_clear(void *field)
{
    struct bc_config_push_list *list = field;
    for (size_t i = 0; i < list->n; i++) {
        free(list->items[i].url);
        free(list->items[i].name);
    }
    *list = (struct bc_config_push_list){ .n = 0 };
}
