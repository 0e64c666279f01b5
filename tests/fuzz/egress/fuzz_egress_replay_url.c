// SPDX-License-Identifier: Apache-2.0
// Any path: what is taken for a recording names a valid id, within the bounds.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "egress/replay.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char *path = malloc(len + 1);
    memcpy(path, data, len);
    path[len] = '\0';
    struct bc_replay_url url;
    if (bc_replay_url_parse(path, &url)) {
        bool has_id = bc_recording_id_is_valid(url.id);
        bool dvr_list = url.dvr && url.what == BC_REPLAY_PLAYLIST;
        bool has_channel = bc_channel_name_is_valid(url.channel);
        if (has_id == dvr_list || has_channel != url.dvr || (url.dvr && !url.sid[0])
            || url.file < path || url.file > path + strlen(path)
            || (url.sid[0] && strlen(url.sid) != BC_HLS_SID_TEXT - 1)) {
            abort();
        }
    }
    free(path);
    return 0;
}
