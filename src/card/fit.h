// SPDX-License-Identifier: Apache-2.0
#ifndef FIT_H
#define FIT_H

#include <stdbool.h>
#include <stddef.h>

#include "fields.h"

#define CARD_LINES_MAX 16
#define CARD_SANS                                                                        \
    "PingFang SC, Microsoft YaHei, Noto Sans CJK SC, Source Han Sans SC, sans-serif"

// How text looks, as SVG has it.
struct card_font {
    char family[200];
    double size;
    int weight; // 100 to 900
    double spacing;
};

// Text in lines that fit. Lives on its user's stack.
struct card_lines {
    char text[CARD_TEXT_BYTES + 4]; // with the ellipsis
    size_t count;
    size_t at[CARD_LINES_MAX];
    size_t len[CARD_LINES_MAX];
    double width[CARD_LINES_MAX];
    double size; // of the letters, perhaps smaller than asked for
};

// Breaks the text into at most `lines` lines of `width` (0: as wide as it is); letters shrink to
// `size_min` before an ellipsis is put. Characters without a glyph in any font are left out.
// False without memory.
bool
card_fit(const struct card_font *font, const char *text, double width, size_t lines,
    double size_min, struct card_lines *out);

// Leaves out what no font of this machine has, in place, so that no boxes are drawn. `layout` is
// a PangoLayout with its font.
struct _PangoLayout;
void
card_drop_unknown(struct _PangoLayout *layout, char *text);

#endif
