// SPDX-License-Identifier: Apache-2.0
#include "value_list.h"

#include <arpa/inet.h>
#include <string.h>

#include "config/settings.h"
#include "report.h"
#include "schema.h"
#include "tree.h"

// "8080", 1 to 65535 without sign or leading zero.
static bool
parse_port(const char *text, uint16_t *out)
{
    unsigned v = 0;
    size_t len = strlen(text);
    if (len == 0 || len > 5 || text[0] == '0') {
        return false;
    }
    for (; *text; text++) {
        if (*text < '0' || *text > '9') {
            return false;
        }
        v = v * 10 + (unsigned)(*text - '0');
    }
    *out = (uint16_t)v;
    return v <= 65535;
}

// Names are not looked up: a server should not wait for DNS to start, nor listen
// elsewhere than yesterday because of it.
static bool
host_is_valid(const char *host, bool bracketed)
{
    unsigned char address[16];
    if (bracketed) {
        return inet_pton(AF_INET6, host, address) == 1;
    }
    return host[0] == '\0' || inet_pton(AF_INET, host, address) == 1;
}

// "host:port", "[v6]:port", ":port".
static bool
parse_listen(const char *text, struct bc_config_listen *out)
{
    *out = (struct bc_config_listen){ .port = 0 };
    const char *colon = strrchr(text, ':');
    if (!colon || !parse_port(colon + 1, &out->port)) {
        return false;
    }
    size_t len = (size_t)(colon - text);
    bool bracketed = len >= 2 && text[0] == '[' && text[len - 1] == ']';
    if (bracketed) {
        text++;
        len -= 2;
    }
    if (len >= sizeof(out->host)) {
        return false;
    }
    memcpy(out->host, text, len);
    if (!bracketed && (strcmp(out->host, "*") == 0)) {
        out->host[0] = '\0';
    } else if (!bracketed && strcmp(out->host, "localhost") == 0) {
        strcpy(out->host, "127.0.0.1");
    }
    return host_is_valid(out->host, bracketed);
}

// "host", "host:port", "v6", "[v6]:port".
static bool
parse_address(const char *text, struct bc_config_listen *out)
{
    unsigned char address[16];
    *out = (struct bc_config_listen){ .port = 0 };
    if (strlen(text) < sizeof(out->host)
        && (inet_pton(AF_INET, text, address) == 1
            || inet_pton(AF_INET6, text, address) == 1)) {
        strcpy(out->host, text);
        return true;
    }
    return parse_listen(text, out) && out->host[0];
}

static bool
parse_item(const struct bc_key *key, const char *text, struct bc_config_listen *out)
{
    return key->type == BC_KEY_ADDRESSES ? parse_address(text, out)
                                         : parse_listen(text, out);
}

static bool
add_listen(const struct bc_key *key, struct bc_config_listen_list *list,
    const struct bc_node *node, const char *path, struct bc_report *r)
{
    struct bc_config_listen item;
    char shown[BC_SHOWN_BYTES];
    if (node->kind != BC_NODE_SCALAR || bc_node_is_null(node)) {
        bc_report_error(r, node->line, "%s: expected addresses such as \":8080\"", path);
        return false;
    }
    bc_report_shown(node->text, shown);
    if (!parse_item(key, node->text, &item)) {
        bc_report_error(r, node->line, "%s: '%s' is not an address; write %s", path,
            shown,
            key->type == BC_KEY_ADDRESSES ? "an IP address, host:port or [v6]:port"
                                          : "host:port, [v6]:port or :port");
        return false;
    }
    if (list->n == BC_CONFIG_MAX_LISTEN) {
        bc_report_error(
            r, node->line, "%s: more than %d addresses", path, BC_CONFIG_MAX_LISTEN);
        return false;
    }
    list->items[list->n++] = item;
    return true;
}

bool
bc_listen_set(const struct bc_key *key, void *field, const struct bc_node *node,
    const char *path, struct bc_report *r)
{
    struct bc_config_listen_list list = { .n = 0 };
    bool ok = true;
    if (node->kind == BC_NODE_LIST) {
        for (const struct bc_node *c = node->first; c; c = c->next) {
            ok = add_listen(key, &list, c, path, r) && ok;
        }
    } else if (node->kind != BC_NODE_SCALAR || node->text[0] || node->plain) {
        ok = add_listen(key, &list, node, path, r);
    }
    if (ok) {
        *(struct bc_config_listen_list *)field = list;
    }
    return ok;
}

struct bc_node *
bc_listen_split(const char *text)
{
    struct bc_node *list = bc_node_create_list();
    while (list && *text) {
        size_t len = strcspn(text, ",");
        struct bc_node *item = bc_node_create_scalar(text, len);
        if (!item) {
            bc_node_destroy(list);
            return NULL;
        }
        bc_node_append(list, item);
        text += len + (text[len] == ',');
    }
    return list;
}

bool
bc_listen_equal(const void *a, const void *b)
{
    const struct bc_config_listen_list *x = a;
    const struct bc_config_listen_list *y = b;
    bool equal = x->n == y->n;
    for (size_t i = 0; equal && i < x->n; i++) {
        equal = x->items[i].port == y->items[i].port
            && strcmp(x->items[i].host, y->items[i].host) == 0;
    }
    return equal;
}

bool
bc_listen_copy(void *to, const void *from)
{
    *(struct bc_config_listen_list *)to = *(const struct bc_config_listen_list *)from;
    return true;
}

void
bc_listen_print(const struct bc_key *key, const void *field, FILE *out)
{
    (void)key;
    const struct bc_config_listen_list *list = field;
    fputc('[', out);
    for (size_t i = 0; i < list->n; i++) {
        const struct bc_config_listen *l = &list->items[i];
        bool v6 = l->port > 0 && strchr(l->host, ':') != NULL;
        fprintf(out, "%s\"%s%s%s", i ? ", " : "", v6 ? "[" : "", l->host, v6 ? "]" : "");
        if (l->port > 0) {
            fprintf(out, ":%u", (unsigned)l->port);
        }
        fputc('"', out);
    }
    fputc(']', out);
}
