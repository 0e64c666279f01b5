// SPDX-License-Identifier: Apache-2.0
#include "name.h"

#include <inttypes.h>
#include <string.h>

static const char *const NAMES[BC_HLS_RENDITIONS] = {
    [BC_HLS_MAIN] = "main",
    [BC_HLS_AUDIO] = "audio",
    [BC_HLS_V1] = "v1",
    [BC_HLS_V2] = "v2",
    [BC_HLS_V3] = "v3",
};

const char *
hls_rendition_name(enum bc_hls_rendition rendition)
{
    return NAMES[rendition];
}

// Moves `*p` behind `text` if it stands there.
static bool
skip(const char **p, const char *text)
{
    size_t len = strlen(text);
    if (strncmp(*p, text, len) != 0) {
        return false;
    }
    *p += len;
    return true;
}

static bool
skip_rendition(const char **p, enum bc_hls_rendition *out)
{
    for (int i = 0; i < BC_HLS_RENDITIONS; i++) {
        if (skip(p, NAMES[i])) {
            *out = (enum bc_hls_rendition)i;
            return true;
        }
    }
    return false;
}

// A decimal number in its only form: one file must not have many names.
static bool
skip_number(const char **p, uint64_t *out)
{
    const char *start = *p;
    uint64_t v = 0;
    while (**p >= '0' && **p <= '9') {
        uint64_t digit = (uint64_t)(**p - '0');
        if (v > (UINT64_MAX - digit) / 10) {
            return false;
        }
        v = v * 10 + digit;
        ++*p;
    }
    *out = v;
    return *p > start && (*start != '0' || *p == start + 1);
}

bool
hls_name_parse(const char *text, struct hls_name *out)
{
    const char *p = text;
    *out = (struct hls_name){ .kind = HLS_NAME_NONE };
    if (!skip_rendition(&p, &out->rendition)) {
        return false;
    }
    bool init = skip(&p, "_init_");
    if ((!init && !skip(&p, "_")) || !skip_number(&p, &out->msn)) {
        return false;
    }
    bool part = !init && p[0] == '.' && p[1] >= '0' && p[1] <= '9';
    if (part && (!skip(&p, ".") || !skip_number(&p, &out->part))) {
        return false;
    }
    if (strcmp(p, init ? ".mp4" : ".m4s") != 0) {
        return false;
    }
    out->kind = init ? HLS_NAME_INIT : part ? HLS_NAME_PART : HLS_NAME_SEGMENT;
    return true;
}

void
hls_name_write(struct bc_writer *w, const struct hls_name *name)
{
    bc_write_str(w, NAMES[name->rendition]);
    switch (name->kind) {
    case HLS_NAME_INIT:
        bc_write_fmt(w, "_init_%" PRIu64 ".mp4", name->msn);
        break;
    case HLS_NAME_PART:
        bc_write_fmt(w, "_%" PRIu64 ".%" PRIu64 ".m4s", name->msn, name->part);
        break;
    default:
        bc_write_fmt(w, "_%" PRIu64 ".m4s", name->msn);
    }
}

bool
bc_hls_playlist_name(const char *name, enum bc_hls_rendition *rendition)
{
    return skip_rendition(&name, rendition) && strcmp(name, ".m3u8") == 0;
}
