// SPDX-License-Identifier: Apache-2.0
#ifndef PANGO_H
#define PANGO_H

// The only place that knows Pango and Cairo's headers but for draw.c.
#include <pango/pangocairo.h>

#endif
