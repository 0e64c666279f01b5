// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_GZIP_H
#define BASE_GZIP_H

#include "base/buf.h"

// The bytes as a gzip file (RFC 1952), which players take instead of a playlist's text; NULL
// without memory. `level` is zlib's, 1 (quick) to 9.
struct bc_buf *
bc_gzip(const struct bc_buf *plain, int level);

#endif
