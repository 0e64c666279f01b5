// SPDX-License-Identifier: Apache-2.0
#ifndef CONFIG_VALUE_LIST_H
#define CONFIG_VALUE_LIST_H

#include <stdbool.h>
#include <stdio.h>

struct bc_key;
struct bc_node;
struct bc_report;

// The operations of value.c on the types that are lists or maps.

bool
bc_listen_set(const struct bc_key *key, void *field, const struct bc_node *node,
    const char *path, struct bc_report *r);

// "a,b" as a list node; NULL when there is no memory.
struct bc_node *
bc_listen_split(const char *text);

bool
bc_listen_equal(const void *a, const void *b);

bool
bc_listen_copy(void *to, const void *from);

void
bc_listen_print(const struct bc_key *key, const void *field, FILE *out);

bool
bc_sources_set(const struct bc_key *key, void *field, const struct bc_node *node,
    const char *path, struct bc_report *r);

bool
bc_sources_equal(const void *a, const void *b);

bool
bc_sources_copy(void *to, const void *from);

void
bc_sources_print(const struct bc_key *key, const void *field, FILE *out);

void
bc_sources_clear(void *field);

bool
bc_urls_set(const struct bc_key *key, void *field, const struct bc_node *node,
    const char *path, struct bc_report *r);

bool
bc_urls_equal(const void *a, const void *b);

bool
bc_urls_copy(void *to, const void *from);

void
bc_urls_print(const struct bc_key *key, const void *field, FILE *out);

void
bc_urls_clear(void *field);

bool
bc_pushes_set(const struct bc_key *key, void *field, const struct bc_node *node,
    const char *path, struct bc_report *r);

bool
bc_pushes_equal(const void *a, const void *b);

bool
bc_pushes_copy(void *to, const void *from);

void
bc_pushes_print(const struct bc_key *key, const void *field, FILE *out);

void
bc_pushes_clear(void *field);

bool
bc_schedule_set(const struct bc_key *key, void *field, const struct bc_node *node,
    const char *path, struct bc_report *r);

bool
bc_schedule_equal(const void *a, const void *b);

bool
bc_schedule_copy(void *to, const void *from);

void
bc_schedule_print(const struct bc_key *key, const void *field, FILE *out);

#endif
