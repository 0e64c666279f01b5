// SPDX-License-Identifier: Apache-2.0
#ifndef SOURCE_BODY_H
#define SOURCE_BODY_H

#include <stdbool.h>
#include <stddef.h>

// What somebody wants on air.
struct bc_source_wish {
    bool automatic; // what the list says; else the next two
    int index;      // when there is no name
    char name[160];
    bool force;     // as soon as it comes
};

// Reads a request's body. Why it is refused; NULL: it is not.
const char *
bc_source_body_read(const void *body, size_t len, struct bc_source_wish *out);

// {"open": BOOL}; false: it is not.
bool
bc_open_body_read(const void *body, size_t len, bool *open);

#endif
