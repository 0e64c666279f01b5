// SPDX-License-Identifier: Apache-2.0
#include "stream/via.h"

#include <stdio.h>
#include <string.h>

static bool
is_id(const char *text, size_t len)
{
    return len == BC_VIA_ID_TEXT - 1 && strspn(text, "0123456789abcdef") >= len;
}

const char *
bc_via_problem(const struct bc_hub *hub, const char *via)
{
    unsigned hops = 0;
    while (via && *via) {
        size_t len = strcspn(via, ",");
        if (!is_id(via, len)) {
            return "the chain of servers is not understood";
        }
        if (memcmp(via, bc_hub_id(hub), len) == 0) {
            return "a loop: this server would be given its own stream";
        }
        if (++hops >= BC_VIA_HOPS_MAX) {
            return "the chain of servers is too long";
        }
        via += len + (via[len] == ',');
    }
    return NULL;
}

void
bc_via_extend(const struct bc_hub *hub, const char *via, char out[BC_VIA_TEXT])
{
    bool has = via && *via;
    snprintf(out, BC_VIA_TEXT, "%s%s%s", has ? via : "", has ? "," : "", bc_hub_id(hub));
}
