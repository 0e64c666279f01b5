// SPDX-License-Identifier: Apache-2.0
#include "openapi.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "routes.h"

static struct json_t *
make_ref(const char *ref)
{
    struct bc_json j;
    bc_json_begin(&j);
    bc_json_text(&j, "$ref", ref);
    return bc_json_end(&j);
}

static struct json_t *
make_type(const char *type)
{
    struct bc_json j;
    bc_json_begin(&j);
    bc_json_text(&j, "type", type);
    return bc_json_end(&j);
}

static struct json_t *
make_parameter(const char *name, const char *in, const char *type, const char *text)
{
    struct bc_json j;
    bc_json_begin(&j);
    bc_json_text(&j, "name", name);
    bc_json_text(&j, "in", in);
    bc_json_bool(&j, "required", strcmp(in, "path") == 0);
    bc_json_text(&j, "description", text);
    bc_json_put(&j, "schema", make_type(type));
    return bc_json_end(&j);
}

static struct json_t *
make_parameters(const struct bc_control_route *r)
{
    struct bc_json j;
    bc_json_begin_array(&j);
    if (strstr(r->pattern, "{app}")) {
        bc_json_append(&j,
            make_parameter("app", "path", "string",
                "The first part of the channel's name; may have several levels "
                "(\"cn/hz\")."));
        bc_json_append(&j,
            make_parameter("stream", "path", "string",
                "The last part of the channel's name."));
    }
    if (strstr(r->pattern, "{id}")) {
        bc_json_append(&j, make_parameter("id", "path", "integer", "From the list."));
    }
    if (strstr(r->pattern, "{cue}")) {
        bc_json_append(&j, make_parameter("cue", "path", "string", "A cue's id."));
    }
    if (strstr(r->pattern, "{recording}")) {
        bc_json_append(&j,
            make_parameter("recording", "path", "string", "A replay's or clip's id."));
    }
    if (strstr(r->pattern, "{picture}")) {
        bc_json_append(
            &j, make_parameter("picture", "path", "string", "A picture's id."));
    }
    if (r->paged) {
        bc_json_append(&j,
            make_parameter("limit", "query", "integer",
                "How many at most; 100 unless told."));
        bc_json_append(&j,
            make_parameter("cursor", "query", "string",
                "Where to go on: the cursor of the answer before."));
    }
    return bc_json_end(&j);
}

// {"description":…,"content":{type:{"schema":…}}}
static struct json_t *
make_response(const char *text, const char *type, struct json_t *schema)
{
    struct bc_json media;
    bc_json_begin(&media);
    bc_json_put(&media, "schema", schema);
    struct bc_json content;
    bc_json_begin(&content);
    bc_json_put(&content, type, bc_json_end(&media));
    struct bc_json j;
    bc_json_begin(&j);
    bc_json_text(&j, "description", text);
    bc_json_put(&j, "content", bc_json_end(&content));
    return bc_json_end(&j);
}

static struct json_t *
make_content(const char *type)
{
    bool json = strcmp(type, "application/json") == 0;
    return make_response("As asked.", type, make_type(json ? "object" : "string"));
}

static struct json_t *
make_empty(void)
{
    struct bc_json j;
    bc_json_begin(&j);
    bc_json_text(&j, "description", "As asked.");
    return bc_json_end(&j);
}

static struct json_t *
make_responses(const struct bc_control_route *r)
{
    char status[8];
    snprintf(status, sizeof(status), "%d", r->status);
    struct bc_json j;
    bc_json_begin(&j);
    bc_json_put(&j, status, r->type ? make_content(r->type) : make_empty());
    bc_json_put(&j, "default",
        make_response("An error.", "application/json",
            make_ref("#/components/schemas/Error")));
    return bc_json_end(&j);
}

// {"required":true,"description":…,"content":{TYPE:…}}
static struct json_t *
make_request_body(const struct bc_control_route *r)
{
    bool picture = strcmp(r->pattern, BC_CONTROL_PICTURES_PATH) == 0;
    struct bc_json media;
    bc_json_begin(&media);
    bc_json_put(&media, "schema", make_type(picture ? "string" : "object"));
    struct bc_json content;
    bc_json_begin(&content);
    bc_json_put(&content, picture ? "image/*" : "application/json", bc_json_end(&media));
    struct bc_json j;
    bc_json_begin(&j);
    bc_json_bool(&j, "required", true);
    bc_json_text(&j, "description", r->body);
    bc_json_put(&j, "content", bc_json_end(&content));
    return bc_json_end(&j);
}

// [{"bearer":[]}], or [] for what is open.
static struct json_t *
make_security(const struct bc_control_route *r)
{
    struct bc_json j;
    bc_json_begin_array(&j);
    if (r->access != BC_CONTROL_OPEN) {
        struct bc_json scopes;
        bc_json_begin_array(&scopes);
        struct bc_json scheme;
        bc_json_begin(&scheme);
        bc_json_put(&scheme, "bearer", bc_json_end(&scopes));
        bc_json_append(&j, bc_json_end(&scheme));
    }
    return bc_json_end(&j);
}

static struct json_t *
make_operation(const struct bc_control_route *r)
{
    struct bc_json j;
    bc_json_begin(&j);
    bc_json_text(&j, "operationId", r->id);
    bc_json_text(&j, "summary", r->text);
    bc_json_put(&j, "parameters", make_parameters(r));
    if (r->body) {
        bc_json_put(&j, "requestBody", make_request_body(r));
    }
    bc_json_put(&j, "security", make_security(r));
    bc_json_put(&j, "responses", make_responses(r));
    return bc_json_end(&j);
}

// All methods of one pattern; they may stand anywhere in the table.
static struct json_t *
make_path(const struct bc_control_route *routes, size_t count, const char *pattern)
{
    struct bc_json j;
    bc_json_begin(&j);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(routes[i].pattern, pattern) == 0) {
            char method[8] = "";
            const char *name = bc_control_method_name(routes[i].method);
            for (size_t n = 0; name[n] && n < sizeof(method) - 1; n++) {
                method[n] = (char)tolower((unsigned char)name[n]);
            }
            bc_json_put(&j, method, make_operation(&routes[i]));
        }
    }
    return bc_json_end(&j);
}

static struct json_t *
make_paths(const struct bc_control_route *routes, size_t count)
{
    struct bc_json j;
    bc_json_begin(&j);
    for (size_t i = 0; i < count; i++) {
        bc_json_put(&j, routes[i].pattern, make_path(routes, count, routes[i].pattern));
    }
    return bc_json_end(&j);
}

static struct json_t *
make_info(void)
{
    struct bc_json j;
    bc_json_begin(&j);
    bc_json_text(&j, "title", "Branchcast");
    bc_json_text(&j, "version", BC_VERSION);
    return bc_json_end(&j);
}

// {"type":"object","properties":{"error":{…{"code":string,"message":string}}}}
static struct json_t *
make_error_schema(void)
{
    struct bc_json texts;
    bc_json_begin(&texts);
    bc_json_put(&texts, "code", make_type("string"));
    bc_json_put(&texts, "message", make_type("string"));
    struct bc_json error;
    bc_json_begin(&error);
    bc_json_text(&error, "type", "object");
    bc_json_put(&error, "properties", bc_json_end(&texts));
    struct bc_json members;
    bc_json_begin(&members);
    bc_json_put(&members, "error", bc_json_end(&error));
    struct bc_json j;
    bc_json_begin(&j);
    bc_json_text(&j, "type", "object");
    bc_json_put(&j, "properties", bc_json_end(&members));
    return bc_json_end(&j);
}

static struct json_t *
make_components(void)
{
    struct bc_json schemas;
    bc_json_begin(&schemas);
    bc_json_put(&schemas, "Error", make_error_schema());
    struct bc_json bearer;
    bc_json_begin(&bearer);
    bc_json_text(&bearer, "type", "http");
    bc_json_text(&bearer, "scheme", "bearer");
    struct bc_json schemes;
    bc_json_begin(&schemes);
    bc_json_put(&schemes, "bearer", bc_json_end(&bearer));
    struct bc_json j;
    bc_json_begin(&j);
    bc_json_put(&j, "schemas", bc_json_end(&schemas));
    bc_json_put(&j, "securitySchemes", bc_json_end(&schemes));
    return bc_json_end(&j);
}

struct bc_buf *
bc_openapi_create(const struct bc_control_route *routes, size_t count)
{
    struct bc_json j;
    bc_json_begin(&j);
    bc_json_text(&j, "openapi", "3.0.3");
    bc_json_put(&j, "info", make_info());
    bc_json_put(&j, "paths", make_paths(routes, count));
    bc_json_put(&j, "components", make_components());
    return bc_json_dump(bc_json_end(&j));
}
