// SPDX-License-Identifier: Apache-2.0
#include "rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jansson_glue.h"

#define GROW 8

static void
finish_rule(struct rule *rule)
{
    free(rule->data);
}

void
rules_finish(struct rules *rules)
{
    for (size_t i = 0; i < rules->count; i++) {
        finish_rule(&rules->items[i]);
    }
    free(rules->items);
    *rules = (struct rules){ 0 };
}

static struct rule *
find(const struct rules *rules, const char *key)
{
    for (size_t i = 0; i < rules->count; i++) {
        if (strcmp(rules->items[i].key, key) == 0) {
            return &rules->items[i];
        }
    }
    return NULL;
}

const struct rule *
rules_find(const struct rules *rules, const char *key)
{
    return key[0] ? find(rules, key) : NULL;
}

struct rule *
rules_obtain(struct rules *rules, const char *key)
{
    struct rule *rule = find(rules, key);
    if (rule || rules->count >= RULES_MAX) {
        return rule;
    }
    if (rules->count % GROW == 0) {
        struct rule *more
            = realloc(rules->items, (rules->count + GROW) * sizeof(*rules->items));
        if (!more) {
            return NULL;
        }
        rules->items = more;
    }
    rule = &rules->items[rules->count++];
    *rule = (struct rule){ 0 };
    snprintf(rule->key, sizeof(rule->key), "%s", key);
    return rule;
}

bool
rules_prune(struct rules *rules, bool (*keep)(void *user, const char *key), void *user)
{
    size_t kept = 0;
    for (size_t i = 0; i < rules->count; i++) {
        if (keep(user, rules->items[i].key)) {
            rules->items[kept++] = rules->items[i];
        } else {
            finish_rule(&rules->items[i]);
        }
    }
    bool any = kept < rules->count;
    rules->count = kept;
    if (kept == 0) {
        rules_finish(rules); // so that it grows from nothing again
    }
    return any;
}

static bool
is_other(void *user, const char *key)
{
    return strcmp(user, key) != 0;
}

void
rules_remove(struct rules *rules, const char *key)
{
    char name[DATA_SKU_MAX + 1];
    snprintf(name, sizeof(name), "%s", key);
    rules_prune(rules, is_other, name);
}

// --- what they make of a cue ---

static void
apply_rule(const struct rule *rule, struct rules_outcome *out)
{
    char *text;
    size_t len;
    if (!rule) {
        return;
    }
    out->hidden = out->hidden || rule->hidden;
    if (!rule->data
        || data_merge(out->data, out->data_len, rule->data, rule->data_len, &text, &len)
            != 0) {
        return; // with the changes it would be too long: it stays as it was
    }
    free(out->merged);
    out->merged = text;
    out->data = text;
    out->data_len = len;
    out->changed = true;
}

struct rules_outcome
rules_judge(const struct rules *by_sku, const struct rules *by_id, const char *id,
    const char *data, size_t data_len)
{
    struct rules_outcome out = { .data = data, .data_len = data_len };
    if (by_sku->count > 0) {
        char sku[DATA_SKU_MAX + 1];
        data_sku(data, data_len, sku);
        apply_rule(rules_find(by_sku, sku), &out);
    }
    apply_rule(rules_find(by_id, id), &out);
    return out;
}

// --- as JSON ---

static bool
has_only(const json_t *object, const char *name)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value)
    {
        if (strcmp(key, name) != 0 && strcmp(key, "hidden") != 0
            && strcmp(key, "data") != 0) {
            return false;
        }
    }
    return true;
}

static const char *
read_rule(const json_t *object, const char *name, struct rules *out)
{
    const char *key = json_string_value(json_object_get(object, name));
    const json_t *hidden = json_object_get(object, "hidden");
    const json_t *data = json_object_get(object, "data");
    if (!json_is_object(object) || !has_only(object, name)) {
        return "a rule is {\"sku\": …, \"hidden\": true} or {\"sku\": …, \"data\": {…}}";
    }
    if (!key || key[0] == '\0' || strlen(key) > DATA_SKU_MAX) {
        return "a rule's sku is a text of 1 to 64 bytes";
    }
    if (find(out, key)) {
        return "two rules have the same sku";
    }
    if (hidden && !json_is_boolean(hidden)) {
        return "hidden is true or false";
    }
    struct rule *rule = rules_obtain(out, key);
    if (!rule) {
        return out->count >= RULES_MAX ? "there are at most 200 rules" : "no memory";
    }
    rule->hidden = json_is_true(hidden);
    if (data && data_of(data, &rule->data, &rule->data_len) != 0) {
        return "a rule's data is an object of at most 4096 bytes and 8 levels";
    }
    return rule->hidden || data ? NULL : "a rule hides a product or changes its data";
}

const char *
rules_read(const json_t *list, const char *name, struct rules *out)
{
    *out = (struct rules){ 0 };
    const char *wrong = json_is_array(list) ? NULL : "rules is a list";
    size_t i;
    json_t *value;
    json_array_foreach(list, i, value)
    {
        wrong = wrong ? wrong : read_rule(value, name, out);
    }
    if (wrong) {
        rules_finish(out);
    }
    return wrong;
}

json_t *
rules_write(const struct rules *rules, const char *name)
{
    json_t *list = json_array();
    int failed = !list;
    for (size_t i = 0; i < rules->count && !failed; i++) {
        const struct rule *rule = &rules->items[i];
        json_t *object = json_pack("{s:s}", name, rule->key);
        if (rule->hidden) {
            failed |= json_object_set_new(object, "hidden", json_true());
        }
        if (rule->data) {
            failed |= json_object_set_new(
                object, "data", json_loadb(rule->data, rule->data_len, 0, NULL));
        }
        failed |= json_array_append_new(list, object); // takes it over anyway
    }
    if (failed) {
        json_decref(list);
        return NULL;
    }
    return list;
}
