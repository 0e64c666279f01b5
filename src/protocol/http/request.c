// SPDX-License-Identifier: Apache-2.0
#include "request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "path.h"
#include "protocol/http/server.h"

#define TEXT_FIRST_BYTES 1024
#define TEXT_KEEP_BYTES 4096
#define FIELDS_FIRST 24
#define UPLOADS_MAX 4 // of one worker at one time

static const struct {
    const char *name;
    size_t len;
} FIELD_NAMES[BC_HTTP_FIELD_COUNT] = {
#define FIELD(id, text) [id] = { text, sizeof(text) - 1 }
    FIELD(BC_HTTP_FIELD_HOST, "host"),
    FIELD(BC_HTTP_FIELD_CONNECTION, "connection"),
    FIELD(BC_HTTP_FIELD_CONTENT_LENGTH, "content-length"),
    FIELD(BC_HTTP_FIELD_TRANSFER_ENCODING, "transfer-encoding"),
    FIELD(BC_HTTP_FIELD_EXPECT, "expect"),
    FIELD(BC_HTTP_FIELD_UPGRADE, "upgrade"),
    FIELD(BC_HTTP_FIELD_ACCEPT_ENCODING, "accept-encoding"),
    FIELD(BC_HTTP_FIELD_RANGE, "range"),
    FIELD(BC_HTTP_FIELD_IF_RANGE, "if-range"),
    FIELD(BC_HTTP_FIELD_IF_NONE_MATCH, "if-none-match"),
    FIELD(BC_HTTP_FIELD_REQUEST_METHOD, "access-control-request-method"),
    FIELD(BC_HTTP_FIELD_REQUEST_HEADERS, "access-control-request-headers"),
    FIELD(BC_HTTP_FIELD_HTTP2_SETTINGS, "http2-settings"),
    FIELD(BC_HTTP_FIELD_WEBSOCKET_KEY, "sec-websocket-key"),
    FIELD(BC_HTTP_FIELD_WEBSOCKET_VERSION, "sec-websocket-version"),
#undef FIELD
};

void
bc_http_request_reset(struct bc_http_request *req)
{
    if (req->cap > TEXT_KEEP_BYTES || req->body.cap > 0 || req->uploads) {
        bc_http_request_finish(req);
        return;
    }
    req->len = 0;
    req->count = 0;
    memset(req->first, 0, sizeof(req->first));
    req->repeated = 0;
}

void
bc_http_request_finish(struct bc_http_request *req)
{
    free(req->text);
    free(req->fields);
    bc_writer_finish(&req->body);
    if (req->uploads) {
        (*req->uploads)--;
    }
    *req = (struct bc_http_request){ 0 };
}

size_t
bc_http_request_body_limit(struct bc_http_request *req, struct bc_http_server *server,
    const char *target, size_t wanted)
{
    const struct bc_http_limits *limits = &server->limits;
    if (wanted <= limits->body_bytes && !req->uploads) {
        return limits->body_bytes;
    }
    size_t len = limits->upload_path ? strlen(limits->upload_path) : 0;
    if (!req->uploads && len > 0 && req->method == BC_HTTP_POST && target
        && strncmp(target, limits->upload_path, len) == 0
        && (target[len] == '\0' || target[len] == '?') && server->uploads < UPLOADS_MAX) {
        req->uploads = &server->uploads;
        server->uploads++;
    }
    return req->uploads ? limits->upload_bytes : limits->body_bytes;
}

int
bc_http_request_append(struct bc_http_request *req, const void *data, size_t len)
{
    if (req->cap - req->len < len) {
        size_t cap = req->cap ? req->cap : TEXT_FIRST_BYTES;
        while (cap - req->len < len) {
            cap *= 2;
        }
        char *text = realloc(req->text, cap);
        if (!text) {
            return -ENOMEM;
        }
        req->text = text;
        req->cap = cap;
    }
    memcpy(req->text + req->len, data, len);
    req->len += len;
    return 0;
}

int
bc_http_request_add(struct bc_http_request *req, const struct bc_http_field *field)
{
    if (req->count == req->fields_cap) {
        if (req->count >= BC_HTTP_FIELDS_MAX) {
            return -E2BIG;
        }
        unsigned cap = req->fields_cap ? req->fields_cap * 2u : FIELDS_FIRST;
        if (cap > BC_HTTP_FIELDS_MAX) {
            cap = BC_HTTP_FIELDS_MAX;
        }
        struct bc_http_field *fields = realloc(req->fields, cap * sizeof(*fields));
        if (!fields) {
            return -ENOMEM;
        }
        req->fields = fields;
        req->fields_cap = (uint16_t)cap;
    }
    req->fields[req->count++] = *field;
    return 0;
}

// The ids with names of that length; BC_HTTP_FIELD_OTHER ends the pair.
static void
candidates(size_t len, enum bc_http_field_id out[2])
{
    out[1] = BC_HTTP_FIELD_OTHER;
    switch (len) {
    case 4: out[0] = BC_HTTP_FIELD_HOST; break;
    case 5: out[0] = BC_HTTP_FIELD_RANGE; break;
    case 6: out[0] = BC_HTTP_FIELD_EXPECT; break;
    case 7: out[0] = BC_HTTP_FIELD_UPGRADE; break;
    case 8: out[0] = BC_HTTP_FIELD_IF_RANGE; break;
    case 10: out[0] = BC_HTTP_FIELD_CONNECTION; break;
    case 13: out[0] = BC_HTTP_FIELD_IF_NONE_MATCH; break;
    case 14:
        out[0] = BC_HTTP_FIELD_CONTENT_LENGTH;
        out[1] = BC_HTTP_FIELD_HTTP2_SETTINGS;
        break;
    case 15: out[0] = BC_HTTP_FIELD_ACCEPT_ENCODING; break;
    case 17:
        out[0] = BC_HTTP_FIELD_TRANSFER_ENCODING;
        out[1] = BC_HTTP_FIELD_WEBSOCKET_KEY;
        break;
    case 21: out[0] = BC_HTTP_FIELD_WEBSOCKET_VERSION; break;
    case 29: out[0] = BC_HTTP_FIELD_REQUEST_METHOD; break;
    case 30: out[0] = BC_HTTP_FIELD_REQUEST_HEADERS; break;
    default: out[0] = BC_HTTP_FIELD_OTHER; break;
    }
}

static enum bc_http_field_id
recognise(const char *name, size_t len)
{
    enum bc_http_field_id ids[2];
    candidates(len, ids);
    for (size_t i = 0; i < 2 && ids[i] != BC_HTTP_FIELD_OTHER; i++) {
        if (strncasecmp(name, FIELD_NAMES[ids[i]].name, len) == 0) {
            return ids[i];
        }
    }
    return BC_HTTP_FIELD_OTHER;
}

static void
seal_field(struct bc_http_request *req, unsigned index)
{
    struct bc_http_field *f = &req->fields[index];
    char *value = req->text + f->value;
    while (f->value_len > 0
        && (value[f->value_len - 1] == ' ' || value[f->value_len - 1] == '\t')) {
        f->value_len--;
    }
    value[f->value_len] = '\0';
    char *name = req->text + f->name;
    name[f->name_len] = '\0';
    enum bc_http_field_id id = recognise(name, f->name_len);
    if (id == BC_HTTP_FIELD_OTHER) {
        return;
    }
    if (req->first[id]) {
        req->repeated |= 1u << id;
    } else {
        req->first[id] = (uint8_t)(index + 1);
    }
}

bool
bc_http_request_seal(struct bc_http_request *req, size_t target, size_t target_len)
{
    for (unsigned i = 0; i < req->count; i++) {
        seal_field(req, i);
    }
    return bc_http_target_split(req->text + target, target_len, &req->path, &req->query);
}

const char *
bc_http_request_get(const struct bc_http_request *req, enum bc_http_field_id id)
{
    unsigned i = req->first[id];
    return i ? req->text + req->fields[i - 1].value : NULL;
}

const char *
bc_http_request_find(const struct bc_http_request *req, const char *name)
{
    size_t len = strlen(name);
    for (unsigned i = 0; i < req->count; i++) {
        const struct bc_http_field *f = &req->fields[i];
        if (f->name_len == len && strncasecmp(req->text + f->name, name, len) == 0) {
            return req->text + f->value;
        }
    }
    return NULL;
}

bool
bc_http_request_has_token(const struct bc_http_request *req, enum bc_http_field_id id,
    const char *token)
{
    unsigned i = req->first[id];
    if (i == 0) {
        return false;
    }
    if (!(req->repeated & 1u << id)) {
        return bc_http_list_has(req->text + req->fields[i - 1].value, token);
    }
    for (; i <= req->count; i++) {
        const struct bc_http_field *f = &req->fields[i - 1];
        if (f->name_len == FIELD_NAMES[id].len
            && recognise(req->text + f->name, f->name_len) == id
            && bc_http_list_has(req->text + f->value, token)) {
            return true;
        }
    }
    return false;
}

static const char *
skip_blanks(const char *p)
{
    while (*p == ' ' || *p == '\t' || *p == ',') {
        p++;
    }
    return p;
}

// The element of a list at `p` that is that token; NULL when no element is.
static const char *
list_find(const char *p, const char *token)
{
    size_t len = strlen(token);
    for (p = skip_blanks(p); *p; p = skip_blanks(p)) {
        size_t n = strcspn(p, " \t,;");
        if (n == len && strncasecmp(p, token, len) == 0) {
            return p;
        }
        p += strcspn(p, ",");
    }
    return NULL;
}

bool
bc_http_list_has(const char *list, const char *token)
{
    return list_find(list, token) != NULL;
}

bool
bc_http_list_accepts_gzip(const char *list)
{
    const char *p = list_find(list, "gzip");
    if (!p) {
        p = list_find(list, "*");
    }
    if (!p) {
        return false;
    }
    p += strcspn(p, ",;");
    if (*p != ';') {
        return true;
    }
    p += 1 + strspn(p + 1, " \t");
    if (strncasecmp(p, "q=", 2) != 0) {
        return true;
    }
    // "0", "0.", "0.000" refuse; anything with another digit accepts.
    p += 2;
    return p[strspn(p, "0.")] >= '1' && p[strspn(p, "0.")] <= '9';
}

enum bc_http_method
bc_http_method_parse(const char *name, size_t len)
{
    static const struct {
        const char *name;
        enum bc_http_method method;
    } METHODS[] = {
        { "GET", BC_HTTP_GET },
        { "HEAD", BC_HTTP_HEAD },
        { "POST", BC_HTTP_POST },
        { "PUT", BC_HTTP_PUT },
        { "PATCH", BC_HTTP_PATCH },
        { "DELETE", BC_HTTP_DELETE },
        { "OPTIONS", BC_HTTP_OPTIONS },
    };
    for (size_t i = 0; i < sizeof(METHODS) / sizeof(METHODS[0]); i++) {
        if (strlen(METHODS[i].name) == len && memcmp(METHODS[i].name, name, len) == 0) {
            return METHODS[i].method;
        }
    }
    return BC_HTTP_OTHER;
}
