// SPDX-License-Identifier: Apache-2.0
#include "data.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cue/cue.h"
#include "jansson_glue.h"

// The depth is bounded here, so that no reader behind us needs to care.
static bool
is_shallow(const json_t *value, unsigned left)
{
    if (!json_is_object(value) && !json_is_array(value)) {
        return true;
    }
    if (left == 0) {
        return false;
    }
    const char *key;
    json_t *member;
    json_object_foreach((json_t *)value, key, member)
    {
        if (!is_shallow(member, left - 1)) {
            return false;
        }
    }
    size_t i;
    json_array_foreach(value, i, member)
    {
        if (!is_shallow(member, left - 1)) {
            return false;
        }
    }
    return true;
}

int
data_of(const json_t *value, char **out, size_t *out_len)
{
    if (!json_is_object(value)) {
        return -EINVAL;
    }
    if (!is_shallow(value, DATA_DEPTH_MAX)) {
        return -E2BIG;
    }
    *out = json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(15));
    if (!*out) {
        return -ENOMEM;
    }
    *out_len = strlen(*out);
    if (*out_len > BC_CUE_DATA_MAX) {
        free(*out);
        *out = NULL;
        return -E2BIG;
    }
    return 0;
}

int
data_read(const char *text, size_t len, char **out, size_t *out_len)
{
    if (len > BC_CUE_DATA_MAX) {
        return -E2BIG;
    }
    json_t *value = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    int ret = data_of(value, out, out_len);
    json_decref(value);
    return ret;
}

// Merges one member; `keep_null`: as a value, else what is null goes.
static int
set_member(json_t *object, const char *key, json_t *member, bool keep_null)
{
    if (json_is_null(member) && !keep_null) {
        json_object_del(object, key);
        return 0;
    }
    return json_object_set(object, key, member) == 0 ? 0 : -ENOMEM;
}

static int
merge(json_t *value, const json_t *changes, bool keep_null)
{
    if (!json_is_object(changes) || !json_is_object(value)) {
        return -EINVAL;
    }
    int ret = 0;
    const char *key;
    json_t *member;
    json_object_foreach((json_t *)changes, key, member)
    {
        ret = ret == 0 ? set_member(value, key, member, keep_null) : ret;
    }
    return ret;
}

static int
merge_texts(const char *base, size_t base_len, const char *patch, size_t patch_len,
    bool keep_null, char **out, size_t *out_len)
{
    if (patch_len > BC_CUE_DATA_MAX) {
        return -E2BIG;
    }
    json_t *value = json_loadb(base, base_len, 0, NULL);
    json_t *changes = json_loadb(patch, patch_len, JSON_REJECT_DUPLICATES, NULL);
    int ret = merge(value, changes, keep_null);
    ret = ret == 0 ? data_of(value, out, out_len) : ret;
    json_decref(changes);
    json_decref(value);
    return ret;
}

int
data_merge(const char *base, size_t base_len, const char *patch, size_t patch_len,
    char **out, size_t *out_len)
{
    return merge_texts(base, base_len, patch, patch_len, false, out, out_len);
}

int
data_overlay(const char *base, size_t base_len, const char *patch, size_t patch_len,
    char **out, size_t *out_len)
{
    return merge_texts(base, base_len, patch, patch_len, true, out, out_len);
}

void
data_sku(const char *text, size_t len, char out[DATA_SKU_MAX + 1])
{
    json_t *value = json_loadb(text, len, 0, NULL);
    const char *sku = json_string_value(json_object_get(value, "sku"));
    snprintf(out, DATA_SKU_MAX + 1, "%s", sku ? sku : "");
    json_decref(value);
}
