// SPDX-License-Identifier: Apache-2.0
#include "protocol/http/token.h"

#include <string.h>
#include <strings.h>

#include "base/query.h"
#include "protocol/http/exchange.h"

#define SCHEME "Bearer "

void
bc_http_token_of(const char *authorization, const char *query, char *out, size_t cap)
{
    size_t scheme = strlen(SCHEME);
    out[0] = '\0';
    if (authorization && strncasecmp(authorization, SCHEME, scheme) == 0) {
        size_t len = strlen(authorization + scheme);
        if (len < cap) {
            memcpy(out, authorization + scheme, len + 1);
        }
    } else if (bc_query_get(query, "token", out, cap) < 0) {
        bc_query_get(query, "key", out, cap);
    }
}

void
bc_http_token(const struct bc_http_exchange *x, char *out, size_t cap)
{
    bc_http_token_of(bc_http_header(x, "authorization"), bc_http_query(x), out, cap);
}
