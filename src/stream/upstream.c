// SPDX-License-Identifier: Apache-2.0
// By which servers what a channel shows comes here.
#include <stdio.h>
#include <string.h>

#include "channel_internal.h"
#include "stream/program.h"
#include "stream/via.h"

static void
upstream_of(struct bc_channel *channel, char out[BC_VIA_TEXT])
{
    struct bc_channel *program = bc_channel_program(channel);
    out[0] = '\0';
    if (program) {
        pthread_mutex_lock(&program->info_lock);
        memcpy(out, program->upstream, BC_VIA_TEXT);
        pthread_mutex_unlock(&program->info_lock);
    }
    bc_channel_unref(&program);
}

void
bc_via_downstream(struct bc_channel *channel, char out[BC_VIA_TEXT])
{
    char upstream[BC_VIA_TEXT];
    upstream_of(channel, upstream);
    bool fits = strlen(upstream) + BC_VIA_ID_TEXT < BC_VIA_TEXT;
    bc_via_extend(channel->hub, fits ? upstream : NULL, out);
}

bool
bc_via_comes_back(struct bc_channel *channel, const char *via)
{
    char upstream[BC_VIA_TEXT];
    upstream_of(channel, upstream);
    for (const char *id = upstream; *id;) {
        size_t len = strcspn(id, ",");
        char text[BC_VIA_ID_TEXT];
        snprintf(text, sizeof(text), "%.*s", (int)len, id);
        if (len == BC_VIA_ID_TEXT - 1 && strstr(via, text)) {
            return true;
        }
        id += len + (id[len] == ',');
    }
    return false;
}
