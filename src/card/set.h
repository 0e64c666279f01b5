// SPDX-License-Identifier: Apache-2.0
#ifndef SET_H
#define SET_H

#include "tree.h"

// Made of conf/cards/*.svg when the program is built; ends with a NULL name.
struct card_builtin {
    const char *name;
    const unsigned char *svg;
    size_t len;
};

extern const struct card_builtin CARD_BUILTINS[];

// NULL: there is none. As long as the set.
const struct card_tree *
card_set_tree(const struct bc_card_set *set, const char *name);

#endif
