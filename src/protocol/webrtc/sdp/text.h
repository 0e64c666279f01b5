// SPDX-License-Identifier: Apache-2.0
#ifndef SDP_TEXT_H
#define SDP_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A longer line is no SDP that we need; an m= line with all 128 payload types has 500.
#define SDP_LINE_MAX 8192

// A stretch of the peer's text, not terminated. Borrowed.
struct sdp_span {
    const char *p;
    size_t len;
};

// Where a parser is and where it leaves its complaint. On the parser's stack.
struct sdp_lines {
    struct sdp_span rest;
    unsigned number; // of the line taken last, from 1
    char *error; // of the caller
    size_t error_len;
};

void
sdp_lines_init(
    struct sdp_lines *lines, struct sdp_span text, char *error, size_t error_len);

// Takes the next line that is not empty as its type letter and value. 1, 0 at the end, or
// -EINVAL (explained) when it is no line of SDP.
int
sdp_next_line(struct sdp_lines *lines, char *type, struct sdp_span *value);

// Writes "line N: " and the sentence; always -EINVAL.
int
sdp_fail(struct sdp_lines *lines, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

// Takes what stands before `separator`, and the separator.
struct sdp_span
sdp_take(struct sdp_span *s, char separator);

// Takes the next of several words between spaces; empty at the end.
struct sdp_span
sdp_word(struct sdp_span *s);

// An attribute's name, without regard to case.
bool
sdp_is(struct sdp_span s, const char *text);

bool
sdp_same(struct sdp_span a, struct sdp_span b);

// Decimal digits only, up to `max`.
bool
sdp_number(struct sdp_span s, uint32_t max, uint32_t *out);

// False and "" when it does not fit or has characters other than visible ASCII and spaces.
bool
sdp_copy(struct sdp_span s, char *out, size_t size);

// A token as RFC 8866 9 has it, which fits: it may be written back as it is.
bool
sdp_copy_token(struct sdp_span s, char *out, size_t size);

// The value of a parameter in "a=1;b=2"; false when it is absent.
bool
sdp_parameter(const char *fmtp, const char *name, struct sdp_span *value);

#endif
