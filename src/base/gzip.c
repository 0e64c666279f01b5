// SPDX-License-Identifier: Apache-2.0
#include "base/gzip.h"

#include <zlib.h>

#define WINDOW_GZIP (15 + 16) // the largest window, with a gzip header
#define MEMORY 8

struct bc_buf *
bc_gzip(const struct bc_buf *plain, int level)
{
    z_stream z = { 0 };
    if (deflateInit2(&z, level, Z_DEFLATED, WINDOW_GZIP, MEMORY, Z_DEFAULT_STRATEGY)
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
