// SPDX-License-Identifier: Apache-2.0
#ifndef CUE_DATA_H
#define CUE_DATA_H

#include <stdbool.h>
#include <stddef.h>

#define DATA_DEPTH_MAX 8
#define DATA_SKU_MAX 64

struct json_t;

// The data of cues: JSON objects as compact text of at most BC_CUE_DATA_MAX bytes. All return
// 0 and the text to be freed, or -EINVAL (no object), -E2BIG (too long or too deep), -ENOMEM.

int
data_read(const char *text, size_t len, char **out, size_t *out_len);

// The same of a value that was parsed; borrowed.
int
data_of(const struct json_t *value, char **out, size_t *out_len);

// `base` with the members of `patch` in it; those that are null there go.
int
data_merge(const char *base, size_t base_len, const char *patch, size_t patch_len,
    char **out, size_t *out_len);

// The same, but what is null stays so: a change to be merged in later.
int
data_overlay(const char *base, size_t base_len, const char *patch, size_t patch_len,
    char **out, size_t *out_len);

// The product's number ("sku"), "" for none.
void
data_sku(const char *text, size_t len, char out[DATA_SKU_MAX + 1]);

#endif
