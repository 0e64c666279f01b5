// SPDX-License-Identifier: Apache-2.0
// Layers that are no channel, as pixels. Not for the engine's thread: text and cards take
// their time.
#include "paint.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "card/card.h"
#include "image.h"
#include "scene/layout.h"

#define PLATE 0x1c1f24ff
#define PLATE_TEXT 0xffd0d4da
#define PLATE_PART 8 // of the plate's height is a letter's
#define LETTER_MIN 4.0
#define CLOCK_TEXT 128
#define QR_MIN 32
#define US_PER_S 1000000

static void
complain(const struct bc_scene_layer *layer, const char *why)
{
    bc_warn(NULL, "layer %s: %s", layer->id, why);
}

// Frees the image, which may be NULL.
static struct compose_sprite
sprite_of(struct compose_image *image, int x, int y)
{
    struct compose_sprite s = { NULL, x, y };
    if (image) {
        struct bc_rect box = { image->box.x, image->box.y, image->box.width,
            image->box.height };
        s.overlay = bc_draw_overlay_create(
            image->pixels, image->stride, image->width, image->height, &box);
        compose_image_free(&image);
    }
    return s;
}

// --- text ---

// The card's way is 0xAARRGGBB.
static uint32_t
argb(uint32_t rgba)
{
    return rgba >> 8 | rgba << 24;
}

static struct compose_sprite
paint_text(
    const struct compose_paint *p, const struct bc_scene_layer *layer, const char *text)
{
    struct bc_layout at;
    if (!text || !bc_layout_layer(layer, p->width, p->height, 0, 0, &at)) {
        return sprite_of(NULL, 0, 0);
    }
    double size = layer->font_size * p->height;
    struct bc_text_style style = { .size_px = size < LETTER_MIN ? LETTER_MIN : size,
        .bold = true,
        .color = argb(layer->color),
        .align = layer->align == BC_ALIGN_CENTER ? BC_TEXT_CENTER
            : layer->align == BC_ALIGN_RIGHT     ? BC_TEXT_RIGHT
                                                 : BC_TEXT_LEFT,
        .width_px = at.box.w };
    struct compose_image *image = compose_image_of_card(bc_text_draw(&style, text));
    if (!image) {
        return sprite_of(NULL, 0, 0);
    }
    int room = at.box.w - image->width;
    int left = layer->align == BC_ALIGN_CENTER ? room / 2
        : layer->align == BC_ALIGN_RIGHT       ? room
                                               : 0;
    return sprite_of(image, at.box.x + left, at.box.y + (at.box.h - image->height) / 2);
}

// NULL: the machine's.
static void
set_zone(const char *zone)
{
    if (zone) {
        setenv("TZ", zone, 1);
    } else {
        unsetenv("TZ");
    }
    tzset();
}

// The C library knows one time zone at a time.
static void
clock_text(const struct bc_scene_layer *layer, int64_t wall_us, char out[CLOCK_TEXT])
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    time_t t = (time_t)(wall_us / US_PER_S);
    struct tm tm;
    pthread_mutex_lock(&lock);
    if (layer->timezone) {
        // Times on cards are those of the server's zone again.
        const char *zone = getenv("TZ");
        char *own = zone ? strdup(zone) : NULL;
        set_zone(layer->timezone);
        localtime_r(&t, &tm);
        set_zone(own);
        free(own);
    } else {
        localtime_r(&t, &tm);
    }
    pthread_mutex_unlock(&lock);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    // The scene's parser lets only a safe part of the conversions pass.
    size_t n = strftime(out, CLOCK_TEXT, layer->format ? layer->format : "%H:%M:%S", &tm);
#pragma GCC diagnostic pop
    if (n == 0) {
        out[0] = '\0';
    }
}

// --- pictures ---

static struct compose_sprite
fit_picture(const struct compose_paint *p, const struct bc_scene_layer *layer,
    const struct compose_image *picture)
{
    struct bc_layout at;
    if (!bc_layout_layer(
            layer, p->width, p->height, picture->width, picture->height, &at)) {
        return sprite_of(NULL, 0, 0);
    }
    struct compose_image *image = compose_image_scale(picture, at.source.x, at.source.y,
        at.source.w, at.source.h, at.target.w, at.target.h);
    if (image) {
        compose_image_round(image, at.radius);
    }
    return sprite_of(image, at.target.x, at.target.y);
}

static struct compose_sprite
paint_picture(
    const struct compose_paint *p, const struct bc_scene_layer *layer, const char *name)
{
    char why[BC_CARD_WHY] = "the picture is not there";
    struct compose_sprite s = { 0 };
    struct bc_buf *buf = name ? p->load(p->user, name) : NULL;
    struct bc_card_image *card =
        buf ? bc_picture_load(buf->data, buf->len, BC_SCENE_MAX_SIDE, why) : NULL;
    struct compose_image *picture = compose_image_of_card(card);
    bc_buf_unref(&buf);
    if (picture) {
        s = fit_picture(p, layer, picture);
        compose_image_free(&picture);
    } else if (name) {
        complain(layer, why);
    }
    return s;
}

struct compose_sprite
compose_paint_slate(const struct compose_paint *p, const struct bc_scene_layer *layer)
{
    struct bc_layout at;
    struct compose_sprite s = { 0 };
    if (layer->slate) {
        s = paint_picture(p, layer, layer->slate);
    }
    if (s.overlay || !bc_layout_layer(layer, p->width, p->height, 0, 0, &at)) {
        return s;
    }
    struct compose_image *plate = compose_image_create(at.target.w, at.target.h);
    if (!plate) {
        return s;
    }
    compose_image_fill(plate, PLATE);
    double size = (double)at.target.h / PLATE_PART;
    struct bc_text_style style = { .size_px = size < LETTER_MIN ? LETTER_MIN : size,
        .color = PLATE_TEXT,
        .align = BC_TEXT_CENTER,
        .width_px = at.target.w,
        .lines_max = 2 };
    struct compose_image *text = compose_image_of_card(
        bc_text_draw(&style, layer->channel ? layer->channel : layer->id));
    if (text) {
        compose_image_put(plate, text, (at.target.w - text->width) / 2,
            (at.target.h - text->height) / 2);
        compose_image_free(&text);
    }
    compose_image_round(plate, at.radius);
    return sprite_of(plate, at.target.x, at.target.y);
}

// --- cards and codes ---

static struct bc_buf *
load_picture(void *user, const char *id)
{
    const struct compose_paint *p = user;
    return p->load(p->user, id);
}

static struct compose_sprite
paint_card(const struct compose_paint *p, const struct bc_scene_layer *layer,
    const char *template, const char *data)
{
    char why[BC_CARD_WHY] = "";
    struct bc_layout at;
    struct compose_sprite s = { 0 };
    struct bc_card_pictures pictures = { load_picture, (void *)p };
    if (!template || !bc_layout_layer(layer, p->width, p->height, 0, 0, &at)) {
        return s;
    }
    struct bc_buf *svg =
        bc_card_fill(p->cards, template, data, strlen(data), &pictures, why);
    struct bc_card_image *card =
        svg ? bc_card_draw(svg->data, svg->len, at.box.w, at.box.h, why) : NULL;
    bc_buf_unref(&svg);
    if (!card) {
        complain(layer, why);
        return s;
    }
    return sprite_of(compose_image_of_card(card), at.box.x, at.box.y);
}

// The layer's, or the one that the data and the kind ask for.
static const char *
template_of(const struct compose_paint *p, const struct bc_scene_layer *layer,
    const char *kind, const char *data)
{
    bool named =
        layer->template && bc_card_set_find(p->cards, layer->template, NULL, NULL);
    return named ? layer->template
                 : bc_card_set_choose(p->cards, kind, data, strlen(data));
}

struct compose_sprite
compose_paint_cue(const struct compose_paint *p, const struct bc_scene_layer *layer,
    const struct compose_cue *cue)
{
    const char *data = cue->data ? cue->data : "{}";
    return paint_card(p, layer, template_of(p, layer, cue->kind, data), data);
}

static struct compose_sprite
paint_scene_card(const struct compose_paint *p, const struct bc_scene_layer *layer)
{
    const char *data = layer->data ? layer->data : "{}";
    return paint_card(p, layer, template_of(p, layer, "product", data), data);
}

static struct compose_sprite
paint_qr(const struct compose_paint *p, const struct bc_scene_layer *layer)
{
    struct bc_layout at;
    struct compose_sprite s = { 0 };
    if (!layer->text || !bc_layout_layer(layer, p->width, p->height, 0, 0, &at)) {
        return s;
    }
    int size = at.box.w < at.box.h ? at.box.w : at.box.h;
    size = size < QR_MIN ? QR_MIN : size;
    return sprite_of(compose_image_of_card(bc_qr_draw(layer->text, size)),
        at.box.x + (at.box.w - size) / 2, at.box.y + (at.box.h - size) / 2);
}

struct compose_sprite
compose_paint_layer(
    const struct compose_paint *p, const struct bc_scene_layer *layer, int64_t wall_us)
{
    char text[CLOCK_TEXT];
    switch (layer->type) {
    case BC_LAYER_PICTURE:
        return paint_picture(p, layer, layer->picture);
    case BC_LAYER_TEXT:
        return paint_text(p, layer, layer->text);
    case BC_LAYER_CARD:
        return paint_scene_card(p, layer);
    case BC_LAYER_CLOCK:
        clock_text(layer, wall_us, text);
        return paint_text(p, layer, text);
    case BC_LAYER_QR:
        return paint_qr(p, layer);
    case BC_LAYER_INVALID:
    case BC_LAYER_CHANNEL:
    case BC_LAYER_CUES:
        break;
    }
    return (struct compose_sprite){ 0 };
}
