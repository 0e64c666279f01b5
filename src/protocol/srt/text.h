// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_SRT_TEXT_H
#define PROTOCOL_SRT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

// Valid UTF-8 (RFC 3629) without control characters.
bool
srt_text_is_clean(const char *text, size_t len);

// Decodes "%2F"-style escapes once; a '%' without two hexadecimal digits stands for
// itself. `out` has room for len + 1. An escaped control character becomes '?', which no
// name has.
void
srt_text_unescape(const char *text, size_t len, char *out);

#endif
