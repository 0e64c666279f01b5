// SPDX-License-Identifier: Apache-2.0
#include "base/buf.h"
#include "control_internal.h"
#include "json.h"

static void
respond(struct bc_http_exchange *x, int status, struct json_t *value, const char *headers)
{
    struct bc_buf *body = bc_json_dump(value);
    if (!body) {
        bc_http_respond_error(x, 503, "no_memory", "the server is out of memory");
        return;
    }
    struct bc_http_response r = {
        .status = status,
        .content_type = "application/json",
        .headers = headers,
        .bufs = &body,
        .count = 1,
    };
    bc_http_respond(x, &r);
    bc_buf_unref(&body);
}

void
bc_control_respond_json(struct bc_http_exchange *x, int status, struct json_t *value)
{
    respond(x, status, value, BC_CONTROL_NO_STORE);
}

void
bc_control_respond_error(struct bc_http_exchange *x, int status, const char *code,
    const char *message, const char *headers)
{
    struct bc_json error;
    bc_json_begin(&error);
    bc_json_text(&error, "code", code);
    bc_json_text(&error, "message", message);
    struct bc_json root;
    bc_json_begin(&root);
    bc_json_put(&root, "error", bc_json_end(&error));
    respond(x, status, bc_json_end(&root), headers ? headers : BC_CONTROL_NO_STORE);
}

void
bc_control_respond_nothing(struct bc_http_exchange *x)
{
    struct bc_http_response r = { .status = 204, .headers = BC_CONTROL_NO_STORE };
    bc_http_respond(x, &r);
}
