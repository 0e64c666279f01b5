// SPDX-License-Identifier: Apache-2.0
// The bodies of the API's requests.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "board.h"
#include "cue/rules.h"
#include "jansson_glue.h"

#define MS_US 1000
#define BODY_MAX (8 * 1024) // of one cue: its data and a little more

static const char NO_OBJECT[] = "the body must be a JSON object";
static const char NO_MEMORY[] = "no memory";
static const char BAD_DATA[]
    = "data is an object of at most 4096 bytes of JSON and 8 levels";
static const char BAD_KIND[] = "kind is product, coupon, draw, text or custom";
static const char BAD_ID[] = "id is 1 to 40 letters, digits, _ or -";

static bool
has_only(const json_t *object, const char *const *keys)
{
    size_t known = 0;
    for (; *keys; keys++) {
        known += json_object_get(object, *keys) != NULL;
    }
    return known == json_object_size(object);
}

// NULL without memory or when it is none.
static json_t *
parse(const char *body, size_t len)
{
    json_t *value = json_loadb(body, len, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(value)) {
        json_decref(value);
        return NULL;
    }
    return value;
}

// --- one cue ---

// A count of milliseconds. False: it is none, or too large by far.
static bool
read_ms(const json_t *value, json_int_t min, json_int_t max, int64_t *out_us)
{
    if (!json_is_integer(value) || json_integer_value(value) < min
        || json_integer_value(value) > max) {
        return false;
    }
    *out_us = json_integer_value(value) * MS_US;
    return true;
}

static const char *
read_when(const json_t *body, struct bc_cue_wish *out)
{
    static const json_int_t FAR_MS = (json_int_t)1 << 50;
    const json_t *at = json_object_get(body, "at");
    const json_t *at_ms = json_object_get(body, "at_ms");
    const json_t *delay = json_object_get(body, "delay_ms");
    if ((at != NULL) + (at_ms != NULL) + (delay != NULL) > 1) {
        return "a cue has one of at, at_ms and delay_ms";
    }
    if (at
        && (!json_is_string(at)
            || !bc_clock_parse(json_string_value(at), &out->at_wall_us))) {
        return "at is a time like 2026-03-01T20:00:00.500+08:00";
    }
    if (at_ms && !read_ms(at_ms, -FAR_MS, FAR_MS, &out->at_us)) {
        return "at_ms is a count of milliseconds on the media clock";
    }
    out->has_at = at_ms != NULL;
    if (delay && !read_ms(delay, 0, BC_CUE_AHEAD_MAX_US / MS_US, &out->delay_us)) {
        return "delay_ms is a count of milliseconds up to 24 hours";
    }
    return NULL;
}

static const char *
read_duration(const json_t *value, int64_t *out_us)
{
    *out_us = 0;
    return !value || json_is_null(value)
            || read_ms(value, 1, BC_CUE_DURATION_MAX_US / MS_US, out_us)
        ? NULL
        : "duration_ms is a count of milliseconds above 0 and up to 24 hours";
}

static const char *
read_id(const json_t *value, struct bc_cue_body *out)
{
    const char *id = json_string_value(value);
    if (value && (!id || !bc_cue_id_is_valid(id))) {
        return BAD_ID;
    }
    snprintf(out->id, sizeof(out->id), "%s", id ? id : "");
    out->wish.id = id ? out->id : NULL;
    return NULL;
}

static const char *
read_what(const json_t *kind, const json_t *data, struct bc_cue_body *out)
{
    if (!bc_cue_kind_parse(json_string_value(kind), &out->wish.kind)) {
        return BAD_KIND;
    }
    int ret = data_of(data, &out->data, &out->wish.data_len);
    out->wish.data = out->data;
    return ret == 0 ? NULL : ret == -ENOMEM ? NO_MEMORY : BAD_DATA;
}

// The prepared cue of that id; to be dropped. NULL: there is none.
static json_t *
find_product(struct bc_cues *cues, const char *channel, const char *id)
{
    char *text = cues && id ? bc_cues_products(cues, channel) : NULL;
    json_t *all = text ? json_loads(text, 0, NULL) : NULL;
    json_t *found = NULL;
    size_t i;
    json_t *product;
    free(text);
    json_array_foreach(json_object_get(all, "products"), i, product)
    {
        const char *own = json_string_value(json_object_get(product, "id"));
        if (own && strcmp(own, id) == 0) {
            found = json_incref(product);
        }
    }
    json_decref(all);
    return found;
}

// With the members of the body's data over its own.
static const char *
read_product(struct bc_cues *cues, const char *channel, const json_t *body,
    struct bc_cue_body *out)
{
    const char *id = json_string_value(json_object_get(body, "product"));
    const json_t *changes = json_object_get(body, "data");
    if (json_object_get(body, "kind")) {
        return "a cue of a prepared product has the product's kind";
    }
    if (changes && !json_is_object(changes)) {
        return BAD_DATA;
    }
    json_t *product = find_product(cues, channel, id);
    if (!product) {
        return "the channel has no such product";
    }
    json_t *data = json_copy(json_object_get(product, "data"));
    if (changes && data) {
        json_object_update(data, (json_t *)changes);
    }
    const char *wrong = read_what(json_object_get(product, "kind"), data, out);
    json_decref(data);
    json_decref(product);
    return wrong;
}

static const char *
read_cue(struct bc_cues *cues, const char *channel, const json_t *body,
    struct bc_cue_body *out)
{
    static const char *const KEYS[] = { "id", "kind", "data", "product", "at", "at_ms",
        "delay_ms", "duration_ms", NULL };
    if (!has_only(body, KEYS)) {
        return "a cue has kind, data or product, and id, at, at_ms, delay_ms, duration_ms";
    }
    const char *wrong = read_id(json_object_get(body, "id"), out);
    wrong = wrong ? wrong : read_when(body, &out->wish);
    wrong = wrong ? wrong
                  : read_duration(
                      json_object_get(body, "duration_ms"), &out->wish.duration_us);
    if (wrong) {
        return wrong;
    }
    return json_object_get(body, "product")
        ? read_product(cues, channel, body, out)
        : read_what(json_object_get(body, "kind"), json_object_get(body, "data"), out);
}

const char *
bc_cue_body_read(struct bc_cues *cues, const char *channel, const char *body, size_t len,
    struct bc_cue_body *out)
{
    *out = (struct bc_cue_body){ 0 };
    if (len > BODY_MAX) {
        return BAD_DATA;
    }
    json_t *object = parse(body, len);
    const char *wrong = object ? read_cue(cues, channel, object, out) : NO_OBJECT;
    json_decref(object);
    if (wrong) {
        bc_cue_body_finish(out);
    }
    return wrong;
}

void
bc_cue_body_finish(struct bc_cue_body *body)
{
    free(body->data);
    *body = (struct bc_cue_body){ 0 };
}

static const char *
read_change(const json_t *body, struct bc_cue_change *out, char **data)
{
    static const char *const KEYS[] = { "data", "duration_ms", "hidden", NULL };
    const json_t *hidden = json_object_get(body, "hidden");
    const json_t *changes = json_object_get(body, "data");
    const json_t *duration = json_object_get(body, "duration_ms");
    if (!has_only(body, KEYS) || json_object_size(body) == 0) {
        return "a change has data, duration_ms or hidden";
    }
    if (hidden && !json_is_boolean(hidden)) {
        return "hidden is true or false";
    }
    out->has_hidden = hidden != NULL;
    out->hidden = json_is_true(hidden);
    out->has_duration = duration != NULL;
    const char *wrong = read_duration(duration, &out->duration_us);
    if (!wrong && changes && data_of(changes, data, &out->data_len) != 0) {
        return BAD_DATA;
    }
    out->data = *data;
    return wrong;
}

const char *
bc_cue_change_read(const char *body, size_t len, struct bc_cue_change *out, char **data)
{
    *out = (struct bc_cue_change){ 0 };
    *data = NULL;
    json_t *object = len <= BODY_MAX ? parse(body, len) : NULL;
    const char *wrong = len > BODY_MAX ? BAD_DATA
        : object                       ? read_change(object, out, data)
                                       : NO_OBJECT;
    json_decref(object);
    return wrong;
}

// --- rules and products ---

static const char *
put_rules(struct bc_cues *cues, const char *channel, struct rules *rules)
{
    cues_lock(cues);
    struct board *board = board_obtain(cues, channel);
    if (board) {
        rules_finish(&board->by_sku);
        board->by_sku = *rules;
        board->dirty = true;
        board_refresh(board);
    }
    cues_unlock(cues);
    if (!board) {
        rules_finish(rules);
        return NO_MEMORY;
    }
    cues_tell_change(cues, channel);
    return NULL;
}

const char *
bc_cues_set_rules(struct bc_cues *cues, const char *channel, const char *body, size_t len)
{
    static const char *const KEYS[] = { "rules", NULL };
    struct rules rules = { 0 };
    json_t *object = parse(body, len);
    const char *wrong = !object      ? NO_OBJECT
        : !has_only(object, KEYS) ? "the body is {\"rules\": […]}"
                                  : rules_read(json_object_get(object, "rules"), "sku", &rules);
    json_decref(object);
    return wrong ? wrong : put_rules(cues, channel, &rules);
}

static char *
print(const char *name, json_t *list)
{
    json_t *object = json_pack("{s:o}", name, list);
    char *text
        = object ? json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(15)) : NULL;
    json_decref(object);
    return text;
}

char *
bc_cues_rules(struct bc_cues *cues, const char *channel)
{
    static const struct rules NONE = { 0 };
    cues_lock(cues);
    const struct board *board = board_find(cues, channel);
    json_t *list = rules_write(board ? &board->by_sku : &NONE, "sku");
    cues_unlock(cues);
    return list ? print("rules", list) : NULL;
}

static const char *
check_product(const json_t *product, const json_t *all, size_t index)
{
    static const char *const KEYS[] = { "id", "kind", "data", NULL };
    struct bc_cue_body body = { 0 };
    const json_t *id = json_object_get(product, "id");
    if (!json_is_object(product) || !has_only(product, KEYS) || !id) {
        return "a product is {\"id\": …, \"kind\": …, \"data\": {…}}";
    }
    const char *wrong = read_id(id, &body);
    wrong = wrong ? wrong
                  : read_what(json_object_get(product, "kind"),
                      json_object_get(product, "data"), &body);
    bc_cue_body_finish(&body);
    for (size_t i = 0; i < index && !wrong; i++) {
        if (json_equal(json_object_get(json_array_get(all, i), "id"), id)) {
            wrong = "two products have the same id";
        }
    }
    return wrong;
}

static const char *
check_products(const json_t *object)
{
    static const char *const KEYS[] = { "products", NULL };
    const json_t *list = json_object_get(object, "products");
    if (!has_only(object, KEYS) || !json_is_array(list)) {
        return "the body is {\"products\": […]}";
    }
    if (json_array_size(list) > BC_CUE_PRODUCTS_MAX) {
        return "there are at most 200 products";
    }
    const char *wrong = NULL;
    size_t i;
    json_t *product;
    json_array_foreach(list, i, product)
    {
        wrong = wrong ? wrong : check_product(product, list, i);
    }
    return wrong;
}

// Takes the text over; NULL: no products.
static const char *
put_products(struct bc_cues *cues, const char *channel, char *text)
{
    cues_lock(cues);
    struct board *board = board_obtain(cues, channel);
    if (board) {
        free(board->products);
        board->products = text;
        board->dirty = true;
    }
    cues_unlock(cues);
    if (!board) {
        free(text);
    }
    return board ? NULL : NO_MEMORY;
}

const char *
bc_cues_set_products(
    struct bc_cues *cues, const char *channel, const char *body, size_t len)
{
    json_t *object = parse(body, len);
    const char *wrong = object ? check_products(object) : NO_OBJECT;
    const json_t *list = json_object_get(object, "products");
    char *text = !wrong && json_array_size(list) > 0
        ? json_dumps(list, JSON_COMPACT | JSON_REAL_PRECISION(15))
        : NULL;
    if (!wrong && !text && json_array_size(list) > 0) {
        wrong = NO_MEMORY;
    }
    json_decref(object);
    return wrong ? wrong : put_products(cues, channel, text);
}

char *
bc_cues_products(struct bc_cues *cues, const char *channel)
{
    cues_lock(cues);
    const struct board *board = board_find(cues, channel);
    char *kept = board && board->products ? strdup(board->products) : NULL;
    cues_unlock(cues);
    json_t *list = kept ? json_loads(kept, JSON_DECODE_ANY, NULL) : json_array();
    free(kept);
    return list ? print("products", list) : NULL;
}
