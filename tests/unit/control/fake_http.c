// SPDX-License-Identifier: Apache-2.0
#include "fake_http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "control/control.h"
#include "protocol/http/files.h"
#include "protocol/http/token.h"

enum bc_http_method
bc_http_method(const struct bc_http_exchange *x)
{
    return x->method;
}

const char *
bc_http_path(const struct bc_http_exchange *x)
{
    return x->path;
}

const char *
bc_http_query(const struct bc_http_exchange *x)
{
    return x->query ? x->query : "";
}

const char *
bc_http_header(const struct bc_http_exchange *x, const char *name)
{
    if (strcasecmp(name, "host") == 0) {
        return x->host;
    }
    return strcasecmp(name, "authorization") == 0 ? x->authorization : NULL;
}

struct bc_http_body
bc_http_request_body(const struct bc_http_exchange *x)
{
    size_t len = x->sent && !x->sent_len ? strlen(x->sent) : x->sent_len;
    return (struct bc_http_body){ (const uint8_t *)x->sent, len };
}

const char *
bc_http_peer(const struct bc_http_exchange *x)
{
    (void)x;
    return "192.0.2.1:4711";
}

const char *
bc_http_peer_ip(const struct bc_http_exchange *x)
{
    (void)x;
    return "192.0.2.1";
}

void
bc_http_token(const struct bc_http_exchange *x, char *out, size_t cap)
{
    bool bearer = x->authorization && strncmp(x->authorization, "Bearer ", 7) == 0;
    snprintf(out, cap, "%s", bearer ? x->authorization + 7 : "");
}

void
bc_http_on_gone(struct bc_http_exchange *x, void (*gone)(void *user), void *user)
{
    x->gone = gone;
    x->gone_user = user;
}

void
bc_http_respond(struct bc_http_exchange *x, const struct bc_http_response *r)
{
    x->gone = NULL;
    x->answers++;
    x->status = r->status;
    snprintf(x->type, sizeof(x->type), "%s", r->content_type ? r->content_type : "");
    snprintf(x->headers, sizeof(x->headers), "%s", r->headers ? r->headers : "");
    for (size_t i = 0; i < r->count; i++) {
        char *body = realloc(x->body, x->len + r->bufs[i]->len + 1);
        assert_non_null(body);
        memcpy(body + x->len, r->bufs[i]->data, r->bufs[i]->len);
        x->body = body;
        x->len += r->bufs[i]->len;
        x->body[x->len] = '\0';
    }
}

void
bc_http_respond_text(struct bc_http_exchange *x, int status, const char *content_type,
    const char *headers, const char *body)
{
    struct bc_buf *buf = bc_buf_copy(body, strlen(body));
    struct bc_http_response r = { .status = status,
        .content_type = content_type ? content_type : "text/plain; charset=utf-8",
        .headers = headers,
        .bufs = &buf,
        .count = 1 };
    bc_http_respond(x, &r);
    bc_buf_unref(&buf);
}

void
bc_http_respond_error(struct bc_http_exchange *x, int status, const char *code,
    const char *message)
{
    (void)message;
    bc_http_respond_text(x, status, "application/json", "", code);
}

const char *const FAKE_FILES[] = { "index.html", "watch.html", "embed.html", "golive.html",
    "replay.html", "console.html", "assets/watch-1a2b.js", "favicon.svg", NULL };

bool
bc_http_files_respond(const struct bc_http_files *files, struct bc_http_exchange *x,
    const char *name)
{
    assert_non_null(files);
    if (x->method != BC_HTTP_GET && x->method != BC_HTTP_HEAD) {
        return false;
    }
    for (size_t i = 0; FAKE_FILES[i]; i++) {
        if (strcmp(FAKE_FILES[i], name) == 0) {
            bc_http_respond_text(x, 200, "file", "", name);
            return true;
        }
    }
    return false;
}

// --- asking ---

bool
fake_ask(struct bc_control *control, struct bc_http_exchange *x)
{
    bool handled = bc_control_handle(control, x);
    if (!x->gone) {
        assert_int_equal(x->answers, handled ? 1 : 0);
    }
    return handled;
}

struct bc_http_exchange
fake_get(struct bc_control *control, const char *path, const char *query, int status)
{
    struct bc_http_exchange x = { .method = BC_HTTP_GET, .path = path, .query = query };
    assert_true(fake_ask(control, &x));
    assert_int_equal(x.status, status);
    return x;
}

void
fake_finish(struct bc_http_exchange *x)
{
    free(x->body);
    x->body = NULL;
}

json_t *
fake_json(const struct bc_http_exchange *x)
{
    assert_string_equal(x->type, "application/json");
    assert_non_null(x->body);
    json_t *root = json_loadb(x->body, x->len, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    return root;
}

json_t *
fake_get_json(struct bc_control *control, const char *path, const char *query)
{
    struct bc_http_exchange x = fake_get(control, path, query, 200);
    assert_non_null(strstr(x.headers, "Cache-Control: no-"));
    json_t *root = fake_json(&x);
    fake_finish(&x);
    return root;
}

void
fake_check_error(const struct bc_http_exchange *x, int status, const char *code)
{
    assert_int_equal(x->status, status);
    json_t *root = fake_json(x);
    const json_t *error = json_object_get(root, "error");
    assert_string_equal(fake_text(error, "code"), code);
    assert_true(strlen(fake_text(error, "message")) > 0);
    json_decref(root);
}

const char *
fake_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

long long
fake_number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    assert_true(json_is_integer(value));
    return json_integer_value(value);
}

bool
fake_is_null(const json_t *object, const char *key)
{
    return json_is_null(json_object_get(object, key));
}
