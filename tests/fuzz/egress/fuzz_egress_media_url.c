// SPDX-License-Identifier: Apache-2.0
// Any path: what is taken for media names a valid channel, within the bounds.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "egress/media_internal.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char *path = malloc(len + 1);
    memcpy(path, data, len);
    path[len] = '\0';
    struct bc_media_url url;
    if (bc_media_url_parse(path, &url)
        && (!bc_channel_name_is_valid(url.channel) || url.kind == BC_MEDIA_NONE
            || url.file < path || url.file > path + strlen(path)
            || (url.sid[0] && strlen(url.sid) != BC_HLS_SID_TEXT - 1))) {
        abort();
    }
    free(path);
    return 0;
}
