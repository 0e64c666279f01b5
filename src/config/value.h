// SPDX-License-Identifier: Apache-2.0
#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include <stdbool.h>
#include <stdio.h>

struct bc_key;
struct bc_node;
struct bc_report;

// The operations on one field of a snapshot, by the type of its schema row. `base` is the
// struct that the row's offset counts from. `path` is the key as the user knows it, for
// messages.

// False when something was reported; the field then keeps its value.
bool
bc_value_set(const struct bc_key *key, void *base, const struct bc_node *node,
    const char *path, struct bc_report *r);

// From one string: a default, or what follows the = of --set. Lists are comma-separated.
bool
bc_value_set_text(const struct bc_key *key, void *base, const char *text,
    const char *path, struct bc_report *r);

bool
bc_value_equal(const struct bc_key *key, const void *a, const void *b);

// False when there is no memory; the field then keeps its value.
bool
bc_value_copy(const struct bc_key *key, void *to, const void *from);

// As YAML on one line, so that reading it back gives the same value; a secret is masked.
void
bc_value_print(const struct bc_key *key, const void *base, FILE *out);

void
bc_value_clear(const struct bc_key *key, void *base);

// A double-quoted YAML string.
void
bc_value_print_quoted(const char *text, FILE *out);

#endif
