// SPDX-License-Identifier: Apache-2.0
// Which request goes where, and who may.
#include "control/control.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "access/keys.h"
#include "base/buf.h"
#include "config/config.h"
#include "control_internal.h"
#include "openapi.h"
#include "routes.h"
#include "stream/hub.h"

#define API "/api/v1"
#define CHALLENGE "WWW-Authenticate: Bearer realm=\"branchcast\""

struct bc_control *
bc_control_create(const struct bc_control_params *params)
{
    struct bc_control *c = calloc(1, sizeof(*c));
    if (!c) {
        return NULL;
    }
    c->params = *params;
    pthread_mutex_init(&c->replays.lock, NULL);
    c->openapi = bc_openapi_create(BC_CONTROL_ROUTES, BC_CONTROL_ROUTE_COUNT);
    if (!c->openapi) {
        pthread_mutex_destroy(&c->replays.lock);
        free(c);
        return NULL;
    }
    return c;
}

void
bc_control_destroy(struct bc_control *control)
{
    if (control) {
        bc_buf_unref(&control->openapi);
        pthread_mutex_destroy(&control->replays.lock);
        free(control);
    }
}

static bool
is_open(const struct bc_control *c)
{
    struct bc_config *config = bc_hub_config(c->params.hub);
    bool open = config->access.api == BC_ACCESS_OPEN;
    bc_config_unref(&config);
    return open;
}

// The token of "Authorization: Bearer <token>" (RFC 6750 2.1); NULL without one.
static const char *
bearer(const struct bc_http_exchange *x)
{
    const char *value = bc_http_header(x, "authorization");
    if (!value || strncasecmp(value, "Bearer ", 7) != 0) {
        return NULL;
    }
    return value + 7 + strspn(value + 7, " ");
}

static bool
is_admitted(const struct bc_control *c, struct bc_http_exchange *x,
    enum bc_control_access access)
{
    if (is_open(c)) {
        return true;
    }
    const char *token = bearer(x);
    if (!token) {
        bc_control_respond_error(x, 401, "unauthorized",
            "this needs the administrator's token: Authorization: Bearer <token>",
            CHALLENGE "\r\n" BC_CONTROL_NO_STORE);
        return false;
    }
    bool composer = access == BC_CONTROL_COMPOSER
        && bc_keys_compose_check(c->params.keys, token);
    if (!composer && !bc_keys_api_check(c->params.keys, token)) {
        bc_control_respond_error(x, 401, "unauthorized",
            "this is not the administrator's token",
            CHALLENGE ", error=\"invalid_token\"\r\n" BC_CONTROL_NO_STORE);
        return false;
    }
    return true;
}

static void
respond_method(struct bc_http_exchange *x, const char *allow)
{
    char headers[128];
    snprintf(headers, sizeof(headers), "Allow: %s\r\n" BC_CONTROL_NO_STORE, allow);
    bc_control_respond_error(x, 405, "method_not_allowed", "not with this method",
        headers);
}

bool
bc_control_handle(struct bc_control *control, struct bc_http_exchange *x)
{
    const char *path = bc_http_path(x);
    struct bc_control_found found;
    bc_control_route_find(bc_http_method(x), path, &found);
    if (found.route) {
        if (found.route->access == BC_CONTROL_OPEN 
            || is_admitted(control, x, found.route->access)) {
            found.route->handle(control, x, found.channel);
        }
        return true;
    }
    if (found.allow[0]) {
        respond_method(x, found.allow);
        return true;
    }
    if (strcmp(path, API) == 0 || strncmp(path, API "/", strlen(API "/")) == 0) {
        bc_control_respond_error(x, 404, "not_found", "there is no such resource", NULL);
        return true;
    }
    return bc_control_page(control, x);
}
