// SPDX-License-Identifier: Apache-2.0
#ifndef UTF8_H
#define UTF8_H

struct bc_writer;

// Appends `text` as valid UTF-8 (RFC 3629): every byte that belongs to no well-formed
// sequence becomes U+FFFD.
void
bc_utf8_repair(const char *text, struct bc_writer *out);

#endif
