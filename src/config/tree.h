// SPDX-License-Identifier: Apache-2.0
#ifndef CONFIG_TREE_H
#define CONFIG_TREE_H

#include <stdbool.h>
#include <stddef.h>

struct bc_report;

enum bc_node_kind {
    BC_NODE_INVALID,
    BC_NODE_SCALAR,
    BC_NODE_MAP,
    BC_NODE_LIST,
};

// One node of a YAML document: a scalar, or a map or list with its children in file
// order. The tree belongs to whoever parsed it, who frees it by its root.
struct bc_node {
    enum bc_node_kind kind;
    unsigned line;         // of the key for a map's child, of the value otherwise
    bool plain;            // a scalar without quotes
    char *key;             // owned; of a map's child, else NULL
    char *text;            // owned; of a scalar, else NULL
    struct bc_node *first; // owned
    struct bc_node *last;
    struct bc_node *next;
};

// Reads one document. False when something was reported. An empty document gives NULL.
// Anchors, aliases and tags are refused: a configuration needs none of them, and they are
// the ways to make a small file grow large.
bool
bc_tree_parse(const void *text, size_t len, struct bc_node **root, struct bc_report *r);

// A scalar as if it stood in quotes; NULL when there is no memory.
struct bc_node *
bc_node_create_scalar(const char *text, size_t len);

struct bc_node *
bc_node_create_list(void);

void
bc_node_append(struct bc_node *parent, struct bc_node *child);

void
bc_node_destroy(struct bc_node *node);

// `key:` with nothing after it, `~` or `null`.
bool
bc_node_is_null(const struct bc_node *node);

const char *
bc_node_kind_name(const struct bc_node *node);

#endif
