// SPDX-License-Identifier: Apache-2.0
#include "fake_library.h"

#include <stdio.h>
#include <string.h>

unsigned
bc_library_users(struct bc_library *lib, const char *id)
{
    return strcmp(lib->used, id) == 0 ? 1 : 0;
}

void
bc_library_drop(struct bc_library *lib, const char *id, bool gone)
{
    if (gone && lib->drops < 8) {
        snprintf(lib->dropped[lib->drops++], 64, "%s", id);
    }
}
