// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_QUERY_H
#define BASE_QUERY_H

#include <stddef.h>

// The value of `name` in a query string such as "key=K&gop=0" (a leading '?' is skipped).
// - The last occurrence wins (RTMP-41), so a query appended to another overrides it.
// - Names and values are percent-decoded exactly once; '+' stays '+'. A '%' without two
//   hexadecimal digits stands for itself, as encoders send keys unescaped.
// - A name without '=' has the empty value.
// Returns the value's length with `out` zero-terminated; -ENOENT when the name is absent,
// -ENAMETOOLONG when the value and its zero exceed `cap`, -EINVAL when it contains %00.
// On failure `out` is empty. `query` may be NULL; `cap` is at least 1.
int
bc_query_get(const char *query, const char *name, char *out, size_t cap);

#endif
