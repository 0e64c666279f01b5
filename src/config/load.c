// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/writer.h"
#include "channels.h"
#include "check.h"
#include "config/config.h"
#include "report.h"
#include "schema.h"
#include "tree.h"
#include "value.h"

#define MAX_FILE_BYTES (1024 * 1024)
#define KEY_BYTES 192

// One load, on the stack.
struct load {
    struct bc_config *cfg; // owned until it is handed out
    struct bc_report report;
    struct bc_origins origins;
};

static void
report_unknown(struct load *l, const char *name, unsigned line)
{
    char shown[BC_SHOWN_BYTES];
    bc_report_shown(name, shown);
    const char *near = bc_schema_nearest(name);
    bc_report_error(&l->report, line, "%s: unknown key%s%s%s", shown,
        near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static void
note_origin(struct load *l, const struct bc_key *key, unsigned line)
{
    size_t at = (size_t)(key - BC_CONFIG_KEYS);
    l->origins.at[at].file = l->report.file;
    l->origins.at[at].line = line;
}

static void
set_key(struct load *l, const struct bc_key *key, const struct bc_node *node)
{
    bc_value_set(key, l->cfg, node, key->name, &l->report);
    note_origin(l, key, node->line);
}

static void
set_section(struct load *l, const struct bc_node *node)
{
    if (node->kind != BC_NODE_MAP) {
        // A section whose keys are all commented out reads as null.
        if (!bc_node_is_null(node)) {
            bc_report_error(&l->report, node->line,
                "%s: expected keys under it, found %s", node->key,
                bc_node_kind_name(node));
        }
        return;
    }
    for (const struct bc_node *c = node->first; c; c = c->next) {
        char name[KEY_BYTES];
        int n = snprintf(name, sizeof(name), "%s.%s", node->key, c->key);
        const struct bc_key *key = n < (int)sizeof(name) ? bc_schema_key(name) : NULL;
        if (key) {
            set_key(l, key, c);
        } else {
            report_unknown(l, name, c->line);
        }
    }
}

static void
set_channels(struct load *l, const struct bc_node *node)
{
    if (node->kind == BC_NODE_MAP) {
        bc_channels_set(l->cfg, node, &l->report);
    } else if (!bc_node_is_null(node)) {
        bc_report_error(&l->report, node->line,
            "channels: expected channels under it, found %s", bc_node_kind_name(node));
    }
}

static void
set_root(struct load *l, const struct bc_node *root)
{
    if (root->kind != BC_NODE_MAP) {
        if (!bc_node_is_null(root)) {
            bc_report_error(&l->report, root->line, "expected keys and values, found %s",
                bc_node_kind_name(root));
        }
        return;
    }
    for (const struct bc_node *c = root->first; c; c = c->next) {
        const struct bc_key *key = bc_schema_key(c->key);
        size_t section_len = 0;
        const char *leaf = key ? bc_schema_leaf(key, &section_len) : NULL;
        if (strcmp(c->key, "channels") == 0) {
            set_channels(l, c);
        } else if (bc_schema_section(c->key)) {
            set_section(l, c);
        } else if (key && section_len > 0) {
            bc_report_error(&l->report, c->line, "%s: write it as %s under %.*s:", c->key,
                leaf, (int)section_len, c->key);
        } else if (key) {
            set_key(l, key, c);
        } else {
            report_unknown(l, c->key, c->line);
        }
    }
}

static void
set_text(struct load *l, const char *name, const void *text, size_t len)
{
    l->report.file = name;
    l->report.has_lines = true;
    if (len > MAX_FILE_BYTES) {
        bc_report_error(&l->report, 0, "is larger than %d bytes", MAX_FILE_BYTES);
        return;
    }
    struct bc_node *root = NULL;
    if (bc_tree_parse(text, len, &root, &l->report) && root) {
        set_root(l, root);
    }
    bc_node_destroy(root);
}

static void
set_override(struct load *l, const char *override)
{
    l->report.file = "--set";
    l->report.has_lines = false;
    const char *equals = strchr(override, '=');
    char name[BC_CHANNEL_NAME_MAX + KEY_BYTES];
    size_t len = equals ? (size_t)(equals - override) : 0;
    if (len == 0 || len >= sizeof(name)) {
        char shown[BC_SHOWN_BYTES];
        bc_report_error(
            &l->report, 0, "'%s' is not key=value", bc_report_shown(override, shown));
        return;
    }
    memcpy(name, override, len);
    name[len] = '\0';
    const struct bc_key *key = bc_schema_key(name);
    if (strncmp(name, "channels.", 9) == 0) {
        bc_channels_override(l->cfg, name + 9, equals + 1, &l->report);
    } else if (key) {
        bc_value_set_text(key, l->cfg, equals + 1, name, &l->report);
        note_origin(l, key, 0);
    } else {
        report_unknown(l, name, 0);
    }
}

static int
start(struct load *l, struct bc_writer *errors)
{
    *l = (struct load){ .report = { .file = "default", .out = errors } };
    l->cfg = calloc(1, sizeof(*l->cfg));
    if (!l->cfg) {
        return -ENOMEM;
    }
    atomic_init(&l->cfg->refs, 1);
    for (size_t i = 0; i < BC_CONFIG_N_KEYS; i++) {
        const struct bc_key *key = &BC_CONFIG_KEYS[i];
        bc_value_set_text(key, l->cfg, key->def, key->name, &l->report);
    }
    assert(l->report.count == 0);
    return 0;
}

static int
finish(struct load *l, struct bc_config **out)
{
    // A value that was refused left its default: comparing that with others would
    // mislead.
    if (!bc_report_failed(&l->report)) {
        bc_check_config(l->cfg, &l->origins, &l->report);
        bc_channels_check_circles(l->cfg, &l->report);
    }
    if (bc_report_failed(&l->report)) {
        bc_config_unref(&l->cfg);
        return l->report.no_memory ? -ENOMEM : -EINVAL;
    }
    *out = l->cfg;
    return 0;
}

// At most one byte more than allowed. Any kind of file, so that -c <(generate) works.
static int
read_file(const char *path, char *text, size_t cap, size_t *len)
{
    FILE *f = fopen(path, "re");
    if (!f) {
        return -errno;
    }
    errno = 0;
    *len = fread(text, 1, cap, f);
    int ret = ferror(f) ? -(errno ? errno : EIO) : 0;
    fclose(f);
    return ret;
}

static int
set_file(struct load *l, const char *path)
{
    char *text = malloc(MAX_FILE_BYTES + 1);
    if (!text) {
        return -ENOMEM;
    }
    size_t len = 0;
    int ret = read_file(path, text, MAX_FILE_BYTES + 1, &len);
    if (ret == 0) {
        set_text(l, path, text, len);
    } else {
        l->report.file = path;
        bc_report_error(&l->report, 0, "%s", strerror(-ret));
    }
    free(text);
    return ret;
}

int
bc_config_load(const char *path, const char *const *overrides, size_t n_overrides,
    struct bc_config **out, struct bc_writer *errors)
{
    struct load l;
    int ret = start(&l, errors);
    if (ret == 0 && path) {
        ret = set_file(&l, path);
    }
    if (ret != 0) {
        bc_config_unref(&l.cfg);
        return ret;
    }
    for (size_t i = 0; i < n_overrides; i++) {
        set_override(&l, overrides[i]);
    }
    return finish(&l, out);
}

int
bc_config_parse(const char *name, const void *text, size_t len, struct bc_config **out,
    struct bc_writer *errors)
{
    struct load l;
    int ret = start(&l, errors);
    if (ret != 0) {
        return ret;
    }
    set_text(&l, name, text, len);
    return finish(&l, out);
}
