// SPDX-License-Identifier: Apache-2.0
#ifndef FAKE_LIBRARY_H
#define FAKE_LIBRARY_H

#include "record/library.h"

// Stands in for the open recordings: a test says which one is read.
struct bc_library {
    char used[64];    // id
    char dropped[8][64]; // the first ones that are gone
    size_t drops;
};

#endif
