// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "replay/playlist.h"

#define DIGITS_MAX 18 // so that the number fits

bool
bc_replay_media_name(const char *name, bool *init, uint64_t *number)
{
    bool is_init = name[0] == 'i';
    if (!is_init && name[0] != 's') {
        return false;
    }
    size_t digits = strspn(name + 1, "0123456789");
    bool one_form = digits == 1 || (digits > 1 && name[1] != '0');
    if (!one_form || digits > DIGITS_MAX
        || strcmp(name + 1 + digits, is_init ? ".mp4" : ".m4s") != 0) {
        return false;
    }
    *init = is_init;
    *number = strtoull(name + 1, NULL, 10);
    return true;
}
