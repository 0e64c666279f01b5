// SPDX-License-Identifier: Apache-2.0
#include "scene_body.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "json.h"

#define FADE_DEFAULT_MS 500

static bool
read_transition(const struct json_t *object, struct bc_scene_transition *out)
{
    static const char *const KEYS[] = { "effect", "ms", NULL };
    const char *effect = bc_json_get_text(object, "effect");
    int64_t ms = FADE_DEFAULT_MS;
    bool fade = effect && strcmp(effect, "fade") == 0;
    if (!bc_json_has_only(object, KEYS) || bc_json_get_int(object, "ms", &ms) < 0 || ms < 0
        || ms > BC_SCENE_TRANSITION_MAX_MS || !(fade || !effect || strcmp(effect, "cut") == 0)
        || (!effect && bc_json_size(object) > 0)) {
        return false;
    }
    *out = (struct bc_scene_transition){ .fade = fade, .ms = fade ? (unsigned)ms : 0 };
    return true;
}

bool
bc_take_body_read(const void *body, size_t len, struct bc_scene_transition *out)
{
    *out = (struct bc_scene_transition){ .fade = false };
    if (len == 0) {
        return true;
    }
    struct json_t *object = bc_json_parse(body, len);
    bool ok = object && read_transition(object, out);
    bc_json_drop(object);
    return ok;
}

static struct bc_scene *
parse_member(struct json_t *scene, struct bc_scene_error *error)
{
    char *text = bc_json_print(scene);
    struct bc_scene *parsed = text ? bc_scene_parse_json(text, strlen(text), error) : NULL;
    if (!text) {
        snprintf(error->text, sizeof(error->text), "no memory");
    }
    free(text);
    return parsed;
}

// With what stands beside it.
static struct bc_scene *
read_wrapped(struct json_t *object, struct json_t *scene,
    struct bc_scene_transition *transition, struct bc_scene_error *error)
{
    static const char *const KEYS[] = { "scene", "transition", NULL };
    struct json_t *how = bc_json_get_object(object, "transition");
    bool has = bc_json_get_kind(object, "transition", NULL) != BC_JSON_MISSING;
    bool ok = bc_json_has_only(object, KEYS) && (!has || how)
        && (!how || read_transition(how, transition));
    bc_json_drop(how);
    if (!ok) {
        bc_json_drop(scene);
        snprintf(error->text, sizeof(error->text),
            "transition: must be {\"effect\": \"cut\" or \"fade\", \"ms\": 0 to %d}",
            BC_SCENE_TRANSITION_MAX_MS);
        return NULL;
    }
    return parse_member(scene, error);
}

struct bc_scene *
bc_scene_body_read(const void *body, size_t len, struct bc_scene_transition *transition,
    struct bc_scene_error *error)
{
    *transition = (struct bc_scene_transition){ .fade = false };
    error->text[0] = '\0';
    struct json_t *object = bc_json_parse(body, len);
    struct json_t *inner = object ? bc_json_get_object(object, "scene") : NULL;
    struct bc_scene *scene = inner ? read_wrapped(object, inner, transition, error)
                                   : bc_scene_parse_json(body, len, error);
    bc_json_drop(object);
    if (scene && bc_scene_names_files(scene, error)) {
        bc_scene_unref(&scene);
    }
    return scene;
}

struct json_t *
bc_control_scene_json(const struct bc_scene *scene)
{
    if (!scene) {
        return bc_json_nothing();
    }
    struct bc_buf *text = bc_scene_to_json(scene);
    struct json_t *value = text ? bc_json_parse(text->data, text->len) : NULL;
    bc_buf_unref(&text);
    return value;
}
