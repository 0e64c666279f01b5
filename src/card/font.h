// SPDX-License-Identifier: Apache-2.0
#ifndef FONT_H
#define FONT_H

#include "fit.h"
#include "tree.h"

// What an element and its style attribute change about the font that it inherits. Style sheets
// are not asked: the font of a field stands at the field or above it.
void
card_font_inherit(struct card_font *font, const struct card_node *node);

#endif
