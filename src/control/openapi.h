// SPDX-License-Identifier: Apache-2.0
#ifndef OPENAPI_H
#define OPENAPI_H

#include <stddef.h>

struct bc_buf;
struct bc_control_route;

// The OpenAPI 3.0 document of the routes; NULL without memory.
struct bc_buf *
bc_openapi_create(const struct bc_control_route *routes, size_t count);

#endif
