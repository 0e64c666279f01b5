// SPDX-License-Identifier: Apache-2.0
#include "assets.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "card/card.h"

#define TIMEOUT_MS 3000
#define ASK_AGAIN_US 10000000 // for what was not there
#define SERVER_BYTES 600

void
compose_assets_init(struct compose_assets *a, struct compose_http *http, const char *base)
{
    memset(a, 0, sizeof(*a));
    a->http = http;
    a->base = base;
}

static void
drop(struct compose_assets *a, unsigned i)
{
    bc_buf_unref(&a->entries[i].buf);
    a->count--;
    memmove(a->entries + i, a->entries + i + 1, (a->count - i) * sizeof(a->entries[0]));
}

void
compose_assets_finish(struct compose_assets *a)
{
    while (a->count > 0) {
        drop(a, a->count - 1);
    }
}

void
compose_assets_begin(struct compose_assets *a)
{
    for (unsigned i = a->count; i-- > 0;) {
        if (a->entries[i].used) {
            a->entries[i].used = false;
        } else {
            drop(a, i);
        }
    }
}

static struct bc_buf *
fetch_from(struct compose_assets *a, const char *base, const char *path, const char *name)
{
    struct bc_writer url = { 0 };
    struct bc_writer body = { 0 };
    struct bc_buf *buf = NULL;
    compose_http_query(&url, base, path, name);
    if (!url.failed) {
        struct compose_request request = {
            .method = "GET", .url = (const char *)url.data, .timeout_ms = TIMEOUT_MS
        };
        int status = compose_http_call(a->http, &request, &body, BC_PICTURE_BYTES_MAX);
        buf = status == 200 ? bc_buf_from_writer(&body) : NULL;
    }
    bc_writer_finish(&url);
    bc_writer_finish(&body);
    return buf;
}

// What the scene names itself, or a picture that was uploaded.
static struct bc_buf *
fetch(struct compose_assets *a, const char *name)
{
    char server[SERVER_BYTES];
    struct bc_buf *buf = fetch_from(a, a->base, "/asset?name=", name);
    const char *api = strstr(a->base, "/api/");
    size_t len = api ? (size_t)(api - a->base) : 0;
    if (buf || strchr(name, '/') || strchr(name, '.') || len == 0
        || len >= sizeof(server)) {
        return buf;
    }
    memcpy(server, a->base, len);
    server[len] = '\0';
    return fetch_from(a, server, "/pictures/", name);
}

struct bc_buf *
compose_assets_get(struct compose_assets *a, const char *name)
{
    int64_t now_us = bc_clock_us();
    if (strlen(name) >= COMPOSE_ASSET_NAME) {
        return NULL;
    }
    for (unsigned i = 0; i < a->count; i++) {
        if (strcmp(a->entries[i].name, name) != 0) {
            continue;
        }
        a->entries[i].used = true;
        if (a->entries[i].buf || now_us - a->entries[i].asked_us < ASK_AGAIN_US) {
            return a->entries[i].buf ? bc_buf_ref(a->entries[i].buf) : NULL;
        }
        drop(a, i);
        break;
    }
    if (a->count == COMPOSE_ASSETS_MAX) {
        drop(a, 0);
    }
    struct bc_buf *buf = fetch(a, name);
    snprintf(a->entries[a->count].name, COMPOSE_ASSET_NAME, "%s", name);
    a->entries[a->count].used = true;
    a->entries[a->count].asked_us = now_us;
    a->entries[a->count++].buf = buf ? bc_buf_ref(buf) : NULL;
    return buf;
}
