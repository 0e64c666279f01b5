// SPDX-License-Identifier: Apache-2.0
#ifndef COMPOSE_ASSETS_H
#define COMPOSE_ASSETS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "http.h"

#define COMPOSE_ASSETS_MAX 48
#define COMPOSE_ASSET_NAME 256

// What scenes name, got from the server and kept while a scene names it. Part of the
// painter; its thread only.
struct compose_assets {
    struct compose_http *http; // borrowed
    const char *base; // borrowed
    struct {
        char name[COMPOSE_ASSET_NAME];
        struct bc_buf *buf; // owned reference; NULL: the server has none
        int64_t asked_us;
        bool used; // since the last compose_assets_begin()
    } entries[COMPOSE_ASSETS_MAX];
    unsigned count;
};

void
compose_assets_init(
    struct compose_assets *a, struct compose_http *http, const char *base);

void
compose_assets_finish(struct compose_assets *a);

// Another scene: what was not used since the last call is forgotten.
void
compose_assets_begin(struct compose_assets *a);

// A reference of the caller's; NULL: the server has none. May wait for the server a
// little.
struct bc_buf *
compose_assets_get(struct compose_assets *a, const char *name);

#endif
