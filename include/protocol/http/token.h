// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_HTTP_TOKEN_H
#define PROTOCOL_HTTP_TOKEN_H

#include <stddef.h>

struct bc_http_exchange;

// The secret that came with a request: the bearer token (RFC 6750 2.1), else the query's
// `token` or `key`, for players that can set no header. "" when there is none or it is
// longer than `cap` allows, which is at least 1.
void
bc_http_token(const struct bc_http_exchange *x, char *out, size_t cap);

// The same of the two places where it may be; either may be NULL.
void
bc_http_token_of(const char *authorization, const char *query, char *out, size_t cap);

#endif
