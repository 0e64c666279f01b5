// SPDX-License-Identifier: Apache-2.0
#ifndef BENCH_AMF_H
#define BENCH_AMF_H

#include "util.h"

// AMF0, as far as a client of RTMP needs it.
void bc_amf_add_number(struct bc_buf *b, double value);
void bc_amf_add_string(struct bc_buf *b, const char *s);
void bc_amf_add_null(struct bc_buf *b);
void bc_amf_add_boolean(struct bc_buf *b, bool value);
void bc_amf_begin_object(struct bc_buf *b);
void bc_amf_add_key(struct bc_buf *b, const char *key);
void bc_amf_end_object(struct bc_buf *b);

// The byte after the value at p, or NULL when it is cut off, too deep or unknown.
const uint8_t *bc_amf_skip(const uint8_t *p, const uint8_t *end);
// The value of the number at p (marker included, 9 bytes).
double bc_amf_read_number(const uint8_t *p);

#endif
