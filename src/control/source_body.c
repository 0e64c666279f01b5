// SPDX-License-Identifier: Apache-2.0
#include "source_body.h"

#include <string.h>

#include "json.h"

#define INDEX_MAX 1000

// Whether exactly one of these tells which.
static bool
read_which(const struct json_t *body, struct bc_source_wish *out)
{
    int64_t index = 0;
    int has_index = bc_json_get_int(body, "index", &index);
    const char *name = bc_json_get_text(body, "name");
    const char *mode = bc_json_get_text(body, "mode");
    if (mode) {
        out->automatic = strcmp(mode, "auto") == 0;
        return out->automatic && bc_json_size(body) == 1;
    }
    if (name && has_index == 0 && name[0] && strlen(name) < sizeof(out->name)) {
        strcpy(out->name, name);
        return true;
    }
    out->index = (int)(index >= 0 && index <= INDEX_MAX ? index : -1);
    double unused;
    return has_index == 1 && out->index >= 0
        && bc_json_get_kind(body, "name", &unused) == BC_JSON_MISSING
        && bc_json_get_kind(body, "mode", &unused) == BC_JSON_MISSING;
}

const char *
bc_source_body_read(const void *body, size_t len, struct bc_source_wish *out)
{
    static const char *const KEYS[] = { "index", "name", "mode", "force", NULL };
    struct json_t *object = bc_json_parse(body, len);
    *out = (struct bc_source_wish){ .automatic = false };
    bool ok = object && bc_json_has_only(object, KEYS) && read_which(object, out)
        && bc_json_get_bool(object, "force", &out->force) >= 0;
    bc_json_drop(object);
    return ok ? NULL
              : "the body is {\"index\": 0}, {\"name\": \"publisher\"}, both with \"force\" "
                "if need be, or {\"mode\": \"auto\"}";
}

bool
bc_open_body_read(const void *body, size_t len, bool *open)
{
    struct json_t *object = bc_json_parse(body, len);
    *open = false;
    bool ok = object && bc_json_size(object) == 1
        && bc_json_get_bool(object, "open", open) == 1;
    bc_json_drop(object);
    return ok;
}
