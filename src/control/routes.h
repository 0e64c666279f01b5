// SPDX-License-Identifier: Apache-2.0
#ifndef ROUTES_H
#define ROUTES_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"
#include "control_internal.h"

enum bc_control_access {
    BC_CONTROL_INVALID,
    BC_CONTROL_OPEN,  // anybody
    BC_CONTROL_TOKEN, // who knows the administrator's token, unless access.api=open
    BC_CONTROL_COMPOSER, // these, and the server's own composers
};

// A row of the API. The OpenAPI document is generated from the rows, so what is served
// and what is described cannot differ.
struct bc_control_route {
    enum bc_http_method method; // GET rows answer HEAD too
    const char *pattern;        // "/api/v1/channels/{app}/{stream}"
    enum bc_control_access access;
    bc_control_handler *handle;
    bool paged;       // takes `limit` and `cursor`
    int status;       // when all goes well
    const char *type; // of the answer's body; NULL: it has none
    const char *id;   // operationId
    const char *text; // one line
    const char *body; // what the request must bring, in a line; NULL: nothing
};

extern const struct bc_control_route BC_CONTROL_ROUTES[];
extern const size_t BC_CONTROL_ROUTE_COUNT;

// Whether the path has the form of the pattern. "{app}/{stream}" stands for any valid
// channel name, however many levels its app has, "{id}" for a number, "{cue}" for the id of a
// cue behind a channel (which is not copied), "{recording}" for the
// id of a replay or clip, "{picture}" for that of a picture; it is copied to `channel` ("" without one).
bool
bc_control_route_match(const char *pattern, const char *path,
    char channel[BC_CHANNEL_NAME_MAX + 1]);

// What a path has been found to be.
struct bc_control_found {
    const struct bc_control_route *route; // NULL: none for this method
    char channel[BC_CHANNEL_NAME_MAX + 1];
    char allow[64]; // the methods the path does have, "GET, HEAD"; "": no such path
};

void
bc_control_route_find(enum bc_http_method method, const char *path,
    struct bc_control_found *out);

// "GET" ...
const char *
bc_control_method_name(enum bc_http_method method);

#endif
