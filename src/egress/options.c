// SPDX-License-Identifier: Apache-2.0
#include "options.h"

#include <stdlib.h>
#include <string.h>

#include "base/query.h"
#include "media/packet.h"

enum bc_flv_hevc
bc_hevc_choice(const char *query, bool supports_fourcc)
{
    char value[16];
    if (bc_query_get(query, "hevc", value, sizeof(value)) > 0) {
        return strcmp(value, "enhanced") == 0 ? BC_FLV_HEVC_ENHANCED : BC_FLV_HEVC_ID12;
    }
    return supports_fourcc ? BC_FLV_HEVC_ENHANCED : BC_FLV_HEVC_ID12;
}

uint8_t
bc_rendition_choice(const char *query)
{
    char value[8];
    if (bc_query_get(query, "rendition", value, sizeof(value)) <= 0
        || strspn(value, "0123456789") != strlen(value)) {
        return 0;
    }
    unsigned long n = strtoul(value, NULL, 10);
    return (uint8_t)(n < BC_RENDITION_MAX ? n : BC_RENDITION_MAX - 1);
}

bool
bc_wants_gop(const char *query)
{
    char value[8];
    return bc_query_get(query, "gop", value, sizeof(value)) <= 0
        || strcmp(value, "0") != 0;
}
