// SPDX-License-Identifier: Apache-2.0
#ifndef HTTP_MIME_H
#define HTTP_MIME_H

#include <stdbool.h>

// The content type of a file by its ending; application/octet-stream when unknown.
// `*compressible` says whether gzip makes it smaller.
const char *
bc_http_mime_type(const char *name, bool *compressible);

#endif
