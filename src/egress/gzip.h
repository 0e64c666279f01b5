// SPDX-License-Identifier: Apache-2.0
#ifndef EGRESS_GZIP_H
#define EGRESS_GZIP_H

#include "base/buf.h"

// The bytes as a gzip file (RFC 1952); NULL without memory. The only user of zlib here.
struct bc_buf *
bc_replay_gzip(const struct bc_buf *plain);

#endif
