// SPDX-License-Identifier: Apache-2.0
#include "mime.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *ending;
    const char *type;
    bool compressible;
} TYPES[] = {
    { "html", "text/html; charset=utf-8", true },
    { "js", "text/javascript; charset=utf-8", true },
    { "mjs", "text/javascript; charset=utf-8", true },
    { "css", "text/css; charset=utf-8", true },
    { "svg", "image/svg+xml", true },
    { "json", "application/json", true },
    { "map", "application/json", true },
    { "webmanifest", "application/manifest+json", true },
    { "txt", "text/plain; charset=utf-8", true },
    { "wasm", "application/wasm", true },
    { "ico", "image/x-icon", true },
    { "png", "image/png", false },
    { "jpg", "image/jpeg", false },
    { "jpeg", "image/jpeg", false },
    { "webp", "image/webp", false },
    { "gif", "image/gif", false },
    { "woff2", "font/woff2", false },
    { "woff", "font/woff", false },
    { "mp4", "video/mp4", false },
};

const char *
bc_http_mime_type(const char *name, bool *compressible)
{
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof(TYPES) / sizeof(TYPES[0]); i++) {
        if (strcasecmp(dot + 1, TYPES[i].ending) == 0) {
            *compressible = TYPES[i].compressible;
            return TYPES[i].type;
        }
    }
    *compressible = false;
    return "application/octet-stream";
}
