// SPDX-License-Identifier: Apache-2.0
#include "gzip.h"

#include <zlib.h>

// Playlists shrink to a tenth at any level; above this one it only takes longer.
#define LEVEL 4
#define WINDOW_GZIP (15 + 16) // the largest window, with a gzip header
#define MEMORY 8

struct bc_buf *
hls_gzip(const struct bc_buf *plain)
{
    z_stream z = { 0 };
    if (deflateInit2(&z, LEVEL, Z_DEFLATED, WINDOW_GZIP, MEMORY, Z_DEFAULT_STRATEGY)
        != Z_OK) {
        return NULL;
    }
    struct bc_buf *room = bc_buf_create(deflateBound(&z, plain->len));
    struct bc_buf *out = NULL;
    if (room) {
        z.next_in = (Bytef *)plain->data;
        z.avail_in = (uInt)plain->len;
        z.next_out = room->data;
        z.avail_out = (uInt)room->len;
        (void)deflate(&z, Z_FINISH); // cannot fail: the room is as deflateBound() says
        out = bc_buf_copy(room->data, z.total_out);
    }
    bc_buf_unref(&room);
    deflateEnd(&z);
    return out;
}
