// SPDX-License-Identifier: Apache-2.0
#ifndef HTTP_PATH_H
#define HTTP_PATH_H

#include <stdbool.h>
#include <stddef.h>

// Takes a request target apart where it stands (RFC 9112 3.2): origin-form or
// absolute-form. The byte after it is overwritten with zero. `*path` becomes the
// percent-decoded, normalised path: starts with '/', is valid UTF-8 without control
// characters, has no "." or ".." and no empty segments (a slash at the end stays).
// `*query` is what follows the '?', untouched, or "". False when it is malformed: the
// answer is 400.
bool
bc_http_target_split(char *target, size_t len, const char **path, const char **query);

// Decodes and normalises a path in place. The new length, at most `len`, or 0 when
// malformed.
size_t
bc_http_path_decode(char *path, size_t len);

#endif
