// SPDX-License-Identifier: Apache-2.0
#ifndef HTTP_RANGE_H
#define HTTP_RANGE_H

#include <stdint.h>

enum bc_http_range_result {
    BC_HTTP_RANGE_IGNORE,        // none, several, or malformed: send everything
    BC_HTTP_RANGE_PART,          // 206
    BC_HTTP_RANGE_UNSATISFIABLE, // 416
};

struct bc_http_range {
    uint64_t offset;
    uint64_t len;
};

// A Range header (RFC 9110 14.2) for a body of `total` bytes; NULL is none.
enum bc_http_range_result
bc_http_range_parse(const char *text, uint64_t total, struct bc_http_range *range);

#endif
