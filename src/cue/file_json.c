// SPDX-License-Identifier: Apache-2.0
// What is in a channel's file.
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "board.h"
#include "file.h"
#include "jansson_glue.h"
#include "values.h"

#define VERSION 1
#define MS_US 1000

bool
cue_file_is_wanted(const struct board *board)
{
    bool own = false;
    for (size_t i = 0; i < board->own_count; i++) {
        own = own || !board->own[i].imported;
    }
    return own || board->by_sku.count > 0 || board->by_id.count > 0 || board->products;
}

static json_t *
print_cue(const struct bc_cue *cue)
{
    return json_pack("{s:s,s:s,s:I,s:I,s:I,s:b,s:o}", "id", cue->id, "kind",
        bc_cue_kind_name(cue->kind), "revision", (json_int_t)cue->revision, "at_us",
        (json_int_t)cue->at_wall_us, "duration_us", (json_int_t)cue->duration_us, "ended",
        cue->ended, "data", json_loadb(cue->data, cue->data_len, 0, NULL));
}

char *
cue_file_print(const struct board *board)
{
    json_t *cues = json_array();
    int failed = !cues;
    for (size_t i = 0; i < board->own_count; i++) {
        if (!board->own[i].imported) {
            failed |= json_array_append_new(cues, print_cue(board->own[i].cue));
        }
    }
    json_t *products = board->products
        ? json_loads(board->products, JSON_DECODE_ANY, NULL)
        : json_array();
    json_t *file = json_pack("{s:i,s:s,s:o,s:o,s:o,s:o}", "version", VERSION, "channel",
        board->name, "cues", cues, "rules", rules_write(&board->by_sku, "sku"),
        "cue_rules", rules_write(&board->by_id, "id"), "products", products);
    char *text = failed ? NULL : json_dumps(file, JSON_INDENT(1) | JSON_REAL_PRECISION(15));
    json_decref(file);
    return text;
}

static bool
take_cue(struct board *board, const json_t *object)
{
    struct cue_values v = { .id = json_string_value(json_object_get(object, "id")),
        .channel = board->name };
    const char *kind = json_string_value(json_object_get(object, "kind"));
    json_int_t revision = json_integer_value(json_object_get(object, "revision"));
    char *data;
    int64_t wall_us = bc_clock_wall_us();
    v.at_wall_us = json_integer_value(json_object_get(object, "at_us"));
    v.duration_us = json_integer_value(json_object_get(object, "duration_us"));
    v.ended = json_is_true(json_object_get(object, "ended"));
    if (!v.id || !bc_cue_id_is_valid(v.id) || board_own(board, v.id)
        || !bc_cue_kind_parse(kind, &v.kind) || revision < 1 || revision > INT32_MAX
        || v.at_wall_us < 0 || v.at_wall_us > wall_us + 2 * BC_CUE_AHEAD_MAX_US
        || v.duration_us < 0 || v.duration_us > BC_CUE_DURATION_MAX_US
        || data_of(json_object_get(object, "data"), &data, &v.data_len) != 0) {
        return false;
    }
    v.data = data;
    v.revision = (uint32_t)revision;
    // The media clock of another run says nothing now.
    v.at_us = cues_clock_us(board->cues) + (v.at_wall_us - wall_us);
    struct bc_cue *cue = cue_create(&v);
    free(data);
    return cue && board_add(board, cue, false) == 0;
}

static bool
take_products(struct board *board, const json_t *list)
{
    if (!json_is_array(list)) {
        return false;
    }
    if (json_array_size(list) > 0) {
        board->products = json_dumps(list, JSON_COMPACT | JSON_REAL_PRECISION(15));
    }
    return true;
}

static bool
take(struct bc_cues *cues, const json_t *file)
{
    const char *name = json_string_value(json_object_get(file, "channel"));
    const json_t *list = json_object_get(file, "cues");
    bool ok = json_integer_value(json_object_get(file, "version")) == VERSION && name
        && bc_channel_name_is_valid(name) && !board_find(cues, name);
    struct board *board = ok ? board_obtain(cues, name) : NULL;
    if (!board) {
        return false;
    }
    size_t i;
    json_t *object;
    json_array_foreach(list, i, object)
    {
        ok = take_cue(board, object) && ok;
    }
    ok = !rules_read(json_object_get(file, "rules"), "sku", &board->by_sku) && ok;
    ok = !rules_read(json_object_get(file, "cue_rules"), "id", &board->by_id) && ok;
    ok = take_products(board, json_object_get(file, "products")) && ok;
    board->dirty = !ok; // what could be read is kept
    return ok;
}

bool
cue_file_parse(struct bc_cues *cues, const char *text, size_t len)
{
    json_t *file = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    bool ok = take(cues, file);
    json_decref(file);
    return ok;
}
