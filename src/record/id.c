// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "record/recording.h"

bool
bc_recording_id_is_valid(const char *id)
{
    static const char ALLOWED[] = "0123456789abcdefghijklmnopqrstuvwxyz-";
    size_t len = strlen(id);
    return len > 0 && len <= BC_RECORDING_ID_MAX && id[0] != '-'
        && strspn(id, ALLOWED) == len;
}
