// SPDX-License-Identifier: Apache-2.0
#include "gzip.h"

#include <zlib.h>

// The playlist of an evening has 7000 lines that are nearly alike: any level packs them.
#define LEVEL 1
#define WINDOW_GZIP (15 + 16) // the largest window, with a gzip header
#define MEMORY 8

struct bc_buf *
bc_replay_gzip(const struct bc_buf *plain)
{
    z_stream z = { 0 };
    if (deflateInit2(&z, LEVEL, Z_DEFLATED, WINDOW_GZIP, MEMORY, Z_DEFAULT_STRATEGY)
        != Z_OK) {
        return NULL;
    }
    struct bc_buf *out = bc_buf_create(deflateBound(&z, plain->len));
    if (out) {
        z.next_in = (Bytef *)plain->data;
        z.avail_in = (uInt)plain->len;
        z.next_out = out->data;
        z.avail_out = (uInt)out->len;
        (void)deflate(&z, Z_FINISH); // cannot fail: the room is as deflateBound() says
        if (!bc_buf_resize(&out, z.total_out)) {
            bc_buf_unref(&out);
        }
    }
    deflateEnd(&z);
    return out;
}
