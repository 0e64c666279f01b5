// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_HTTP_FILES_H
#define PROTOCOL_HTTP_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "protocol/http/exchange.h"

// The files of one folder, read into memory once (they are a few web pages and scripts),
// with content types, strong ETags and gzip made at loading. Immutable after loading, so
// any thread may serve from it. Refuses files over a limit and never follows links out of
// the folder.
struct bc_http_files;

// NULL when the folder cannot be read or holds too much; a sentence in `error`.
struct bc_http_files *
bc_http_files_load(const char *folder, char *error, size_t error_len);

void
bc_http_files_destroy(struct bc_http_files *files);

// Answers GET and HEAD of `name` (relative, "assets/watch-1a2b.js") with ETag,
// If-None-Match, Range, gzip and a Cache-Control that is long for hashed assets. False
// when there is no such file (then nothing was answered).
bool
bc_http_files_respond(const struct bc_http_files *files, struct bc_http_exchange *x,
    const char *name);

#endif
