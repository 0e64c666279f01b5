// SPDX-License-Identifier: Apache-2.0
#include "fields.h"

#include <stdlib.h>
#include <string.h>

#include "config/config.h"

#define BIT(type) (1U << (type))
#define ALL_TYPES (~0U)
#define WITH_CHANNEL (BIT(BC_LAYER_CHANNEL) | BIT(BC_LAYER_CUES))
#define WITH_SIZE (BIT(BC_LAYER_CHANNEL) | BIT(BC_LAYER_PICTURE))
#define WITH_LETTERS (BIT(BC_LAYER_TEXT) | BIT(BC_LAYER_CLOCK))
#define WITH_CARD (BIT(BC_LAYER_CARD) | BIT(BC_LAYER_CUES))
#define SHORT_TEXT_MAX 64
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

const struct scene_word SCENE_TYPES[] = {
    { "channel", BC_LAYER_CHANNEL },
    { "picture", BC_LAYER_PICTURE },
    { "text", BC_LAYER_TEXT },
    { "card", BC_LAYER_CARD },
    { "clock", BC_LAYER_CLOCK },
    { "qr", BC_LAYER_QR },
    { "cues", BC_LAYER_CUES },
    { NULL, 0 },
};

const struct scene_word SCENE_FITS[] = {
    { "cover", BC_FIT_COVER },
    { "contain", BC_FIT_CONTAIN },
    { "fill", BC_FIT_FILL },
    { NULL, 0 },
};

const struct scene_word SCENE_ALIGNS[] = {
    { "left", BC_ALIGN_LEFT },
    { "center", BC_ALIGN_CENTER },
    { "right", BC_ALIGN_RIGHT },
    { NULL, 0 },
};

const struct scene_word SCENE_EFFECTS[] = {
    { "none", BC_EFFECT_NONE },
    { "fade", BC_EFFECT_FADE },
    { "slide-left", BC_EFFECT_SLIDE_LEFT },
    { "slide-right", BC_EFFECT_SLIDE_RIGHT },
    { "slide-up", BC_EFFECT_SLIDE_UP },
    { "slide-down", BC_EFFECT_SLIDE_DOWN },
    { NULL, 0 },
};

static const char *
channel_problem(const char *text)
{
    return bc_channel_name_is_valid(text) ? NULL : "must be a channel, \"app/stream\"";
}

static const char *
picture_problem(const char *text)
{
    if (!text[0] || strpbrk(text, "\n\t")) {
        return "must be a file or the id of an uploaded picture";
    }
    if (strstr(text, "://") || strncmp(text, "data:", 5) == 0) {
        return "must be a file or the id of an uploaded picture, not a URL";
    }
    const char *part = text;
    while (part) {
        part += *part == '/';
        if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0')) {
            return "must not lead out of its folder by \"..\"";
        }
        part = strchr(part, '/');
    }
    return NULL;
}

static const char *
template_problem(const char *text)
{
    bool ok = text[0] && text[0] != '.' && strspn(text, LETTERS "_.-") == strlen(text);
    return ok ? NULL : "must be the name of a template: letters, digits, _ . -";
}

// What every locale writes in the same width, or nearly so.
static const char *
format_problem(const char *text)
{
    for (const char *c = strchr(text, '%'); c; c = strchr(c + 2, '%')) {
        if (!c[1] || !strchr("YmdHMSIpAaBbyejFTR%", c[1])) {
            return "knows % and one of Y m d H M S I p A a B b y e j F T R %";
        }
    }
    return text[0] ? NULL : "must not be empty";
}

static const char *
timezone_problem(const char *text)
{
    bool ok = text[0] && text[0] != '/' && strspn(text, LETTERS "_+-/") == strlen(text);
    return ok ? NULL : "must be a timezone as \"Asia/Shanghai\" or \"UTC\"";
}

// Whether it is a JSON object was seen when it was made.
static const char *
no_problem(const char *text)
{
    (void)text;
    return NULL;
}

#define TEXT_ROW(name, max, types, problem)                                              \
    {                                                                                    \
#name, offsetof(struct bc_scene_layer, name), max, types, problem                \
    }

const struct scene_text_field SCENE_TEXTS[] = {
    TEXT_ROW(channel, BC_CHANNEL_NAME_MAX, WITH_CHANNEL, channel_problem),
    TEXT_ROW(picture, BC_SCENE_NAME_MAX, BIT(BC_LAYER_PICTURE), picture_problem),
    TEXT_ROW(slate, BC_SCENE_NAME_MAX, BIT(BC_LAYER_CHANNEL), picture_problem),
    TEXT_ROW(text, BC_SCENE_TEXT_MAX, BIT(BC_LAYER_TEXT) | BIT(BC_LAYER_QR), no_problem),
    TEXT_ROW(template, SHORT_TEXT_MAX, WITH_CARD, template_problem),
    TEXT_ROW(format, SHORT_TEXT_MAX, BIT(BC_LAYER_CLOCK), format_problem),
    TEXT_ROW(timezone, SHORT_TEXT_MAX, BIT(BC_LAYER_CLOCK), timezone_problem),
};

const size_t SCENE_N_TEXTS = sizeof(SCENE_TEXTS) / sizeof(SCENE_TEXTS[0]);

// All other fields, and which layers may have them.
static const struct {
    const char *name;
    unsigned types;
} PLAIN_FIELDS[] = {
    { "id", ALL_TYPES },
    { "type", ALL_TYPES },
    { "x", ALL_TYPES },
    { "y", ALL_TYPES },
    { "w", ALL_TYPES },
    { "h", ALL_TYPES },
    { "z", ALL_TYPES },
    { "opacity", ALL_TYPES },
    { "enter", ALL_TYPES },
    { "leave", ALL_TYPES },
    { "crop", WITH_SIZE },
    { "fit", WITH_SIZE },
    { "radius", WITH_SIZE },
    { "volume", BIT(BC_LAYER_CHANNEL) },
    { "duck", BIT(BC_LAYER_CHANNEL) },
    { "cues", BIT(BC_LAYER_CHANNEL) },
    { "font_size", WITH_LETTERS },
    { "align", WITH_LETTERS },
    { "color", WITH_LETTERS },
    { "data", BIT(BC_LAYER_CARD) },
};

static unsigned
types_of(const char *field)
{
    for (size_t i = 0; i < sizeof(PLAIN_FIELDS) / sizeof(PLAIN_FIELDS[0]); i++) {
        if (strcmp(PLAIN_FIELDS[i].name, field) == 0) {
            return PLAIN_FIELDS[i].types;
        }
    }
    for (size_t i = 0; i < SCENE_N_TEXTS; i++) {
        if (strcmp(SCENE_TEXTS[i].name, field) == 0) {
            return SCENE_TEXTS[i].types;
        }
    }
    return 0;
}

static void
check_fields(struct scene_reading *r, const json_t *object, enum bc_layer_type type)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        unsigned types = types_of(name);
        if (types == 0) {
            scene_refuse(r, name, "no such field");
        } else if (!(types & BIT(type)) && !json_is_null(value)) {
            scene_refuse(r, name, "is nothing for a layer of the type %s",
                scene_word_of(SCENE_TYPES, (int)type));
        }
    }
}

void
scene_layer_defaults(enum bc_layer_type type, struct bc_scene_layer *out)
{
    *out = (struct bc_scene_layer){
        .type = type,
        .w = 1,
        .h = 1,
        .opacity = 1,
        .fit = type == BC_LAYER_PICTURE ? BC_FIT_CONTAIN : BC_FIT_COVER,
        .volume = type == BC_LAYER_CHANNEL ? 1 : 0,
        .font_size = 0.05,
        .color = 0xffffffff,
    };
    if (type == BC_LAYER_CUES) {
        out->enter = (struct bc_motion){ BC_EFFECT_FADE, 300 };
        out->leave = out->enter;
    }
}

char **
scene_layer_text(struct bc_scene_layer *layer, const struct scene_text_field *field)
{
    return (char **)((char *)layer + field->offset);
}

static void
take_id(struct scene_reading *r, const json_t *object, char out[BC_SCENE_ID_MAX + 1])
{
    char *text = NULL;
    scene_take_text(r, object, "id", BC_SCENE_ID_MAX, &text);
    if (text && (!text[0] || strspn(text, LETTERS "_-") != strlen(text))) {
        scene_refuse(
            r, "id", "must be 1 to %d letters, digits, _ and -", BC_SCENE_ID_MAX);
    } else if (text) {
        strcpy(out, text);
    }
    free(text);
}

static void
take_crop(struct scene_reading *r, const json_t *object, struct bc_crop *out)
{
    static const char *const KEYS[] = { "l", "t", "r", "b", NULL };
    const json_t *crop = scene_member(object, "crop");
    if (!crop) {
        return;
    }
    if (!json_is_object(crop)) {
        scene_refuse(r, "crop", "must be an object with l, t, r, b");
        return;
    }
    struct scene_reading inner = *r;
    size_t len = strlen(inner.place);
    memcpy(inner.place + len, ".crop", sizeof(".crop"));
    scene_check_keys(&inner, crop, KEYS);
    scene_take_fraction(&inner, crop, "l", 0, 0.95, &out->left);
    scene_take_fraction(&inner, crop, "t", 0, 0.95, &out->top);
    scene_take_fraction(&inner, crop, "r", 0, 0.95, &out->right);
    scene_take_fraction(&inner, crop, "b", 0, 0.95, &out->bottom);
    r->failed = inner.failed;
    if (out->left + out->right > 0.95 || out->top + out->bottom > 0.95) {
        scene_refuse(r, "crop", "must leave a twentieth of the width and the height");
    }
}

static void
take_motion(
    struct scene_reading *r, const json_t *object, const char *key, struct bc_motion *out)
{
    static const char *const KEYS[] = { "effect", "ms", NULL };
    static const int RANGE[2] = { 0, SCENE_MAX_DURATION_MS };
    const json_t *motion = scene_member(object, key);
    if (!motion) {
        return;
    }
    if (!json_is_object(motion)) {
        scene_refuse(r, key, "must be an object with effect and ms");
        return;
    }
    struct scene_reading inner = *r;
    size_t len = strlen(inner.place);
    inner.place[len] = '.';
    strcpy(inner.place + len + 1, key);
    scene_check_keys(&inner, motion, KEYS);
    int effect = BC_EFFECT_FADE;
    int ms = 300;
    scene_take_word(&inner, motion, "effect", SCENE_EFFECTS, &effect);
    scene_take_count(&inner, motion, "ms", RANGE, &ms);
    r->failed = inner.failed;
    if (ms == 0 || effect == BC_EFFECT_NONE) {
        ms = 0;
        effect = BC_EFFECT_NONE;
    }
    *out = (struct bc_motion){ (enum bc_effect)effect, (unsigned)ms };
}

static void
take_data(struct scene_reading *r, const json_t *object, char **out)
{
    const json_t *data = scene_member(object, "data");
    if (!data) {
        return;
    }
    if (!json_is_object(data)) {
        scene_refuse(r, "data", "must be an object with the fields of the card");
        return;
    }
    char *text =
        json_dumps(data, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(15));
    if (!text) {
        scene_refuse_memory(r);
    } else if (strlen(text) > BC_SCENE_DATA_MAX) {
        scene_refuse(r, "data", "must not be longer than %d bytes", BC_SCENE_DATA_MAX);
    } else {
        *out = text;
        return;
    }
    free(text);
}

static void
take_texts(struct scene_reading *r, const json_t *object, struct bc_scene_layer *out)
{
    for (size_t i = 0; i < SCENE_N_TEXTS; i++) {
        const struct scene_text_field *field = &SCENE_TEXTS[i];
        char **text = scene_layer_text(out, field);
        scene_take_text(r, object, field->name, field->max, text);
        const char *problem = *text ? field->problem(*text) : NULL;
        if (problem) {
            scene_refuse(r, field->name, "%s", problem);
        }
    }
    take_data(r, object, &out->data);
}

static void
check_needs(struct scene_reading *r, const struct bc_scene_layer *layer)
{
    const struct {
        enum bc_layer_type type;
        const char *field;
        const char *text;
    } needs[] = {
        { BC_LAYER_CHANNEL, "channel", layer->channel },
        { BC_LAYER_CUES, "channel", layer->channel },
        { BC_LAYER_PICTURE, "picture", layer->picture },
        { BC_LAYER_TEXT, "text", layer->text },
        { BC_LAYER_QR, "text", layer->text },
        { BC_LAYER_CARD, "data", layer->data },
    };
    for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
        if (needs[i].type == layer->type && !needs[i].text) {
            scene_refuse(r, needs[i].field, "is missing");
        }
    }
    if (layer->type == BC_LAYER_QR && layer->text && !layer->text[0]) {
        scene_refuse(r, "text", "must not be empty");
    }
}

void
scene_layer_parse(
    struct scene_reading *r, const json_t *object, struct bc_scene_layer *out)
{
    static const int Z_RANGE[2] = { -1000, 1000 };
    int type = BC_LAYER_INVALID;
    scene_take_word(r, object, "type", SCENE_TYPES, &type);
    if (type == BC_LAYER_INVALID) {
        scene_refuse(r, "type", "is missing");
        return;
    }
    check_fields(r, object, (enum bc_layer_type)type);
    scene_layer_defaults((enum bc_layer_type)type, out);
    int fit = (int)out->fit;
    int align = (int)out->align;
    take_id(r, object, out->id);
    scene_take_fraction(r, object, "x", -1, 2, &out->x);
    scene_take_fraction(r, object, "y", -1, 2, &out->y);
    scene_take_fraction(r, object, "w", 0.001, 3, &out->w);
    scene_take_fraction(r, object, "h", 0.001, 3, &out->h);
    scene_take_count(r, object, "z", Z_RANGE, &out->z);
    scene_take_fraction(r, object, "opacity", 0, 1, &out->opacity);
    take_crop(r, object, &out->crop);
    scene_take_word(r, object, "fit", SCENE_FITS, &fit);
    scene_take_fraction(r, object, "radius", 0, 0.5, &out->radius);
    scene_take_fraction(r, object, "volume", 0, 2, &out->volume);
    scene_take_bool(r, object, "duck", &out->duck);
    scene_take_bool(r, object, "cues", &out->cues);
    out->cues_given = scene_member(object, "cues") != NULL;
    scene_take_fraction(r, object, "font_size", 0.005, 0.5, &out->font_size);
    scene_take_word(r, object, "align", SCENE_ALIGNS, &align);
    scene_take_color(r, object, "color", &out->color);
    take_motion(r, object, "enter", &out->enter);
    take_motion(r, object, "leave", &out->leave);
    out->fit = (enum bc_fit)fit;
    out->align = (enum bc_align)align;
    take_texts(r, object, out);
    check_needs(r, out);
}
