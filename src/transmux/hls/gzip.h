// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_HLS_GZIP_H
#define TRANSMUX_HLS_GZIP_H

#include "base/buf.h"

// The bytes as a gzip file (RFC 1952); NULL without memory. The only user of zlib here.
struct bc_buf *
hls_gzip(const struct bc_buf *plain);

#endif
