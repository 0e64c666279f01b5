// SPDX-License-Identifier: Apache-2.0
#include "schema.h"

#include <string.h>

#define WORD_MAX 64 // longer words are no typing mistakes

const struct bc_key *
bc_schema_key(const char *name)
{
    for (size_t i = 0; i < BC_CONFIG_N_KEYS; i++) {
        if (strcmp(BC_CONFIG_KEYS[i].name, name) == 0) {
            return &BC_CONFIG_KEYS[i];
        }
    }
    return NULL;
}

const struct bc_key *
bc_schema_channel_key(const char *name)
{
    for (size_t i = 0; i < BC_CHANNEL_N_KEYS; i++) {
        if (strcmp(BC_CHANNEL_KEYS[i].name, name) == 0) {
            return &BC_CHANNEL_KEYS[i];
        }
    }
    return NULL;
}

const struct bc_section *
bc_schema_section(const char *name)
{
    for (size_t i = 0; name[0] && i < BC_CONFIG_N_SECTIONS; i++) {
        if (strcmp(BC_CONFIG_SECTIONS[i].name, name) == 0) {
            return &BC_CONFIG_SECTIONS[i];
        }
    }
    return NULL;
}

const char *
bc_schema_leaf(const struct bc_key *key, size_t *section_len)
{
    const char *dot = strchr(key->name, '.');
    *section_len = dot ? (size_t)(dot - key->name) : 0;
    return dot ? dot + 1 : key->name;
}

bool
bc_schema_is_in(const struct bc_key *key, const struct bc_section *section)
{
    size_t len;
    bc_schema_leaf(key, &len);
    return strlen(section->name) == len && strncmp(key->name, section->name, len) == 0;
}

static size_t
min3(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

// Levenshtein's distance: letters inserted, removed, replaced, or swapped with the next.
static size_t
distance(const char *a, const char *b)
{
    size_t na = strlen(a);
    size_t nb = strlen(b);
    if (na > WORD_MAX || nb > WORD_MAX) {
        return WORD_MAX;
    }
    // Row i of the table of distances between the first i and j letters is rows[i % 3].
    size_t rows[3][WORD_MAX + 1];
    for (size_t j = 0; j <= nb; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= na; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i - 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            size_t differ = a[i - 1] != b[j - 1];
            row[j] = min3(above[j] + 1, row[j - 1] + 1, above[j - 1] + differ);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                size_t swapped = rows[(i - 2) % 3][j - 2] + 1;
                row[j] = swapped < row[j] ? swapped : row[j];
            }
        }
    }
    return rows[na % 3][nb];
}

// The best so far in a search.
struct nearest {
    const char *name;
    size_t distance;
};

static void
consider(struct nearest *best, const char *typed, const char *known, const char *result)
{
    size_t d = distance(typed, known);
    // A third of the letters wrong is a typing mistake, more is another word.
    if (d <= strlen(known) / 3 && (!best->name || d < best->distance)) {
        *best = (struct nearest){ result, d };
    }
}

static const char *
last_part(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot ? dot + 1 : name;
}

const char *
bc_schema_nearest(const char *name)
{
    struct nearest best = { NULL, 0 };
    for (size_t i = 0; i < BC_CONFIG_N_KEYS; i++) {
        consider(&best, name, BC_CONFIG_KEYS[i].name, BC_CONFIG_KEYS[i].name);
    }
    for (size_t i = 1; i < BC_CONFIG_N_SECTIONS; i++) {
        consider(&best, name, BC_CONFIG_SECTIONS[i].name, BC_CONFIG_SECTIONS[i].name);
    }
    consider(&best, name, "channels", "channels");
    // The right key in the wrong section.
    for (size_t i = 0; !best.name && i < BC_CONFIG_N_KEYS; i++) {
        if (strcmp(last_part(name), last_part(BC_CONFIG_KEYS[i].name)) == 0) {
            best.name = BC_CONFIG_KEYS[i].name;
        }
    }
    return best.name;
}

const char *
bc_schema_nearest_channel_key(const char *name)
{
    struct nearest best = { NULL, 0 };
    for (size_t i = 0; i < BC_CHANNEL_N_KEYS; i++) {
        consider(&best, name, BC_CHANNEL_KEYS[i].name, BC_CHANNEL_KEYS[i].name);
    }
    return best.name;
}
