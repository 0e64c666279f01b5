// SPDX-License-Identifier: Apache-2.0
#ifndef CUE_PRIVATE_RULES_H
#define CUE_PRIVATE_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "cue/cue.h"
#include "data.h"

struct json_t;

#define RULES_MAX 200 // of a name, of each kind

// What a name does with what it inherits: with one cue, or with all of one product. Owned
// by its set.
struct rule {
    char key[DATA_SKU_MAX + 1]; // a cue's id, or a product's number
    bool hidden;
    char *data; // owned; to be merged in; NULL: nothing
    size_t data_len;
};

// Of a board, under its lock.
struct rules {
    struct rule *items; // owned
    size_t count;
};

void
rules_finish(struct rules *rules);

// NULL: none.
const struct rule *
rules_find(const struct rules *rules, const char *key);

// A rule of that key, new and empty when there was none. NULL: there are too many, or there
// is no memory.
struct rule *
rules_obtain(struct rules *rules, const char *key);

// Harmless when there is none.
void
rules_remove(struct rules *rules, const char *key);

// Takes the rules whose keys `keep` does not want out; true when there were some.
bool
rules_prune(
    struct rules *rules, bool (*keep)(void *user, const char *key), void *user);

// What rules make of a cue that is inherited. Texts live as long as the rules and the cue, or
// as `merged`.
struct rules_outcome {
    bool hidden;
    bool changed;
    const char *data;
    size_t data_len;
    char *merged; // to be freed
};

struct rules_outcome
rules_judge(const struct rules *by_sku, const struct rules *by_id, const char *id,
    const char *data, size_t data_len);

// An array of {NAME: key, "hidden", "data"}, as in the API and in the file; `name` is "sku" or
// "id". NULL and the rules on success, else what is wrong; there was no memory where that is
// what it says.
const char *
rules_read(const struct json_t *list, const char *name, struct rules *out);

// A new array; NULL without memory.
struct json_t *
rules_write(const struct rules *rules, const char *name);

#endif
