// SPDX-License-Identifier: Apache-2.0
#include "values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/writer.h"

#define MS_US 1000
#define ID_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"

static const char *const KINDS[BC_CUE_KIND_COUNT] = {
    [BC_CUE_PRODUCT] = "product",
    [BC_CUE_COUPON] = "coupon",
    [BC_CUE_DRAW] = "draw",
    [BC_CUE_TEXT] = "text",
    [BC_CUE_CUSTOM] = "custom",
};

const char *
bc_cue_kind_name(enum bc_cue_kind kind)
{
    return KINDS[kind];
}

bool
bc_cue_kind_parse(const char *name, enum bc_cue_kind *out)
{
    for (size_t i = 0; name && i < BC_CUE_KIND_COUNT; i++) {
        if (strcmp(name, KINDS[i]) == 0) {
            *out = (enum bc_cue_kind)i;
            return true;
        }
    }
    return false;
}

bool
bc_cue_id_is_valid(const char *id)
{
    size_t len = strspn(id, ID_CHARS);
    return len > 0 && len <= BC_CUE_ID_MAX && id[len] == '\0';
}

// Rounded down also below 0: times before the clock began.
static int64_t
to_ms(int64_t us)
{
    return us >= 0 ? us / MS_US : -((-us + MS_US - 1) / MS_US);
}

static struct bc_buf *
make_json(const struct bc_cue *cue, const char *card_of)
{
    struct bc_writer w = { 0 };
    char at[BC_TIME_TEXT];
    bc_clock_format(cue->at_wall_us, at);
    bc_write_fmt(&w,
        "{\"type\":\"cue\",\"id\":\"%s\",\"kind\":\"%s\",\"channel\":\"%s\",\"revision\":%u,"
        "\"at\":\"%s\",\"at_ms\":%lld",
        cue->id, KINDS[cue->kind], cue->channel, cue->revision, at,
        (long long)to_ms(cue->at_us));
    if (cue->duration_us > 0 || cue->ended) {
        bc_write_fmt(&w, ",\"duration_ms\":%lld", (long long)to_ms(cue->duration_us));
    }
    if (cue->ended) {
        bc_write_str(&w, ",\"ended\":true");
    }
    if (cue->kind != BC_CUE_CUSTOM) {
        bc_write_fmt(
            &w, ",\"card\":\"/%s/cues/%s.svg?rev=%u\"", card_of, cue->id, cue->revision);
    }
    bc_write_str(&w, ",\"data\":");
    bc_write_bytes(&w, cue->data, cue->data_len);
    bc_write_u8(&w, '}');
    struct bc_buf *json = bc_buf_from_writer(&w);
    bc_writer_finish(&w);
    return json;
}

struct bc_cue *
cue_create(const struct cue_values *v)
{
    struct bc_cue *cue = calloc(1, sizeof(*cue) + v->data_len + 1);
    if (!cue) {
        return NULL;
    }
    atomic_init(&cue->refs, 1);
    cue->kind = v->kind;
    cue->revision = v->revision;
    cue->ended = v->ended;
    cue->at_us = v->at_us;
    cue->at_wall_us = v->at_wall_us;
    cue->duration_us = v->duration_us;
    snprintf(cue->id, sizeof(cue->id), "%s", v->id);
    snprintf(cue->channel, sizeof(cue->channel), "%s", v->channel);
    memcpy(cue->data, v->data, v->data_len);
    cue->data_len = v->data_len;
    cue->json = make_json(cue, v->card_of ? v->card_of : v->channel);
    if (!cue->json) {
        bc_cue_unref(&cue);
    }
    return cue;
}

struct cue_values
cue_values_of(const struct bc_cue *cue)
{
    return (struct cue_values){ .id = cue->id, .kind = cue->kind, .channel = cue->channel,
        .revision = cue->revision, .ended = cue->ended, .at_us = cue->at_us,
        .at_wall_us = cue->at_wall_us, .duration_us = cue->duration_us,
        .data = cue->data, .data_len = cue->data_len };
}

struct bc_cue *
bc_cue_ref(const struct bc_cue *cue)
{
    struct bc_cue *counted = (struct bc_cue *)cue; // only the count changes
    atomic_fetch_add(&counted->refs, 1);
    return counted;
}

void
bc_cue_unref(struct bc_cue **holder)
{
    struct bc_cue *cue = *holder;
    *holder = NULL;
    if (cue && atomic_fetch_sub(&cue->refs, 1) == 1) {
        bc_buf_unref(&cue->json);
        free(cue);
    }
}

struct bc_buf *
bc_cue_json(const struct bc_cue *cue)
{
    return cue->json;
}

int64_t
bc_cue_end_us(const struct bc_cue *cue)
{
    return cue->duration_us > 0 || cue->ended ? cue->at_us + cue->duration_us : INT64_MAX;
}

bool
bc_cue_counts(const struct bc_cue *cue, int64_t clock_us)
{
    return !cue->ended && bc_cue_end_us(cue) > clock_us;
}
