// SPDX-License-Identifier: Apache-2.0
#ifndef CARD_CARD_H
#define CARD_CARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct bc_writer;

// Cards: SVG templates with named fields (docs/cards.md), filled from the JSON of a cue, and
// drawn. Nothing here keeps state but the sets of templates, which are immutable once they are
// shared; so all functions may be called by any thread. None may be called by a worker: a card
// costs some milliseconds, as its text is measured with real fonts, and the first one of a
// thread some tenths of a second. bc_cards (card/cards.h) fills them on a thread of its own and
// keeps what is asked for again.

#define BC_CARD_TEMPLATE_BYTES_MAX (256 << 10)
#define BC_CARD_SVG_BYTES_MAX (4 << 20) // filled, with its pictures inside
#define BC_CARD_DATA_BYTES_MAX 4096
#define BC_CARD_SIDE_MAX 4096 // pixels, of templates and of what is drawn
#define BC_CARD_NAME_MAX 40
#define BC_CARD_WHY 200 // an error's text, with its end

// --- templates ---

// Checked templates by name. Reference-counted; immutable but for bc_card_set_add(), which is
// for its creator before others have it.
struct bc_card_set;

// The templates that come with the program, and those of the *.svg files in `dir` (NULL or "":
// none), which go first. A file that is refused is left out; `problems` (may be NULL) gets a
// line for each, such as "conf/cards/x.svg: line 3: <script> is not allowed". NULL without
// memory.
struct bc_card_set *
bc_card_set_load(const char *dir, struct bc_writer *problems);

struct bc_card_set *
bc_card_set_ref(struct bc_card_set *set);

// Drops the reference and makes the holder NULL; a NULL holder is fine.
void
bc_card_set_unref(struct bc_card_set **holder);

// Adds a template, or replaces the one of this name ([A-Za-z0-9_-], 1 to BC_CARD_NAME_MAX).
// False: it was refused, and `why` tells.
bool
bc_card_set_add(struct bc_card_set *set, const char *name, const void *svg, size_t len,
    char why[BC_CARD_WHY]);

// Whether there is one of that name, and its size; both pointers may be NULL.
bool
bc_card_set_find(
    const struct bc_card_set *set, const char *name, int *width, int *height);

// The template for a cue: that of `data`'s "template" when there is such a one, else that of the
// kind ("product", "coupon", "draw", "text"). NULL: this kind has none. Never NULL for those
// four. The name lives as long as the set.
const char *
bc_card_set_choose(
    const struct bc_card_set *set, const char *kind, const char *data, size_t len);

// The template as it was given, to be sent to whoever draws elsewhere: a new reference. NULL:
// there is none.
struct bc_buf *
bc_card_set_source(const struct bc_card_set *set, const char *name);

// Names in the order of the alphabet; NULL behind the last one.
const char *
bc_card_set_name(const struct bc_card_set *set, size_t index);

// --- filling ---

// Where uploaded pictures come from. NULL instead of it: there are none.
struct bc_card_pictures {
    // The bytes of a picture (PNG, JPEG or WebP), a reference for the caller; NULL: there is
    // none of that id. Called by bc_card_fill() on its thread, which makes large ones smaller.
    struct bc_buf *(*load)(void *user, const char *id);
    void *user;
};

// The card as a complete SVG, with its pictures and QR code inside and every line of text in its
// place, so that browsers, mini-programs and bc_card_draw() all show the same. `data` is a JSON
// object of at most BC_CARD_DATA_BYTES_MAX bytes; its texts, numbers and booleans are fields,
// whatever they hold: markup is escaped, control characters and those that turn the direction of
// text are left out, what is too long is shortened. Fields that the template does not know are
// ignored. NULL: `why` tells.
struct bc_buf *
bc_card_fill(const struct bc_card_set *set, const char *name, const char *data,
    size_t len, const struct bc_card_pictures *pictures, char why[BC_CARD_WHY]);

// --- pictures in memory ---

// Pixels as blue, green, red, alpha (bytes), the colours multiplied by alpha. Reference-counted;
// immutable once shared.
struct bc_card_image {
    atomic_uint refs;
    int width;
    int height;
    int stride; // bytes from row to row, a multiple of 64
    // What is not wholly transparent lies inside; all 0 when nothing is there.
    struct {
        int x;
        int y;
        int width;
        int height;
    } box;
    uint8_t *pixels; // owned, aligned to 64
};

struct bc_card_image *
bc_card_image_ref(struct bc_card_image *image);

void
bc_card_image_unref(struct bc_card_image **holder);

// A filled card, scaled into width x height (in its middle, keeping its shape; the rest is
// transparent). Any SVG may be given: what bc_card_set_add() would refuse is refused. NULL: `why`
// tells.
struct bc_card_image *
bc_card_draw(const void *svg, size_t len, int width, int height, char why[BC_CARD_WHY]);

enum bc_text_align { BC_TEXT_LEFT, BC_TEXT_CENTER, BC_TEXT_RIGHT };

struct bc_text_style {
    const char *family; // NULL: the sans serif that the cards use
    double size_px; // of the letters, 4 to 1000
    bool bold;
    uint32_t color; // 0xAARRGGBB
    uint32_t outline_color; // the same
    double outline_px; // around each letter; 0: none
    enum bc_text_align align;
    int width_px; // lines are broken here; 0: never
    int lines_max; // what is more ends in an ellipsis; 0: 64
};

// Text as wide and high as it is, Chinese and emoji where fonts have them. Characters that no
// font has are left out. NULL: no text, wrong numbers or no memory.
struct bc_card_image *
bc_text_draw(const struct bc_text_style *style, const char *text);

// Black on white with the quiet zone, size x size (at least 32); modules are whole pixels. NULL:
// the text (at most 600 bytes) does not fit, or no memory.
struct bc_card_image *
bc_qr_draw(const char *text, int size);

#define BC_PICTURE_BYTES_MAX (8 << 20)
#define BC_PICTURE_SIDE_MAX 4096

// A PNG, JPEG or WebP, decoded and turned as its EXIF data says. `side_max` scales what is larger
// down; 0: never. NULL: `why` tells.
struct bc_card_image *
bc_picture_load(const void *data, size_t len, int side_max, char why[BC_CARD_WHY]);

// What a picture says about itself, without decoding it. `type` is its media type.
struct bc_picture_head {
    const char *type;
    int width;
    int height;
};

// False: it is no picture of a known kind, or too large; `why` tells.
bool
bc_picture_head_read(
    const void *data, size_t len, struct bc_picture_head *out, char why[BC_CARD_WHY]);

// An uploaded picture as cards use it: turned, at most 512 pixels wide and high, a JPEG, or a PNG
// when parts of it are transparent. NULL: `why` tells.
struct bc_buf *
bc_picture_for_cards(const void *data, size_t len, char why[BC_CARD_WHY]);

// As PNG. NULL without memory.
struct bc_buf *
bc_card_image_png(const struct bc_card_image *image);

#endif
