// SPDX-License-Identifier: Apache-2.0
// The scene of a composite channel: program, preview, take.
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "control_internal.h"
#include "json.h"
#include "scene_body.h"
#include "scenes/scenes.h"

static void
respond_none(struct bc_http_exchange *x)
{
    bc_control_respond_error(
        x, 404, "no_scene", "this channel has no scene", NULL);
}

// Why a scene was not taken.
static void
respond_refused(struct bc_http_exchange *x, int ret)
{
    switch (ret) {
    case -ENOSPC:
        bc_control_respond_error(x, 409, "too_many_composers",
            "as many scenes are composed as compose.max allows", NULL);
        break;
    case -ELOOP:
        bc_control_respond_error(x, 400, "circle",
            "the channel would show itself, at once or by other channels", NULL);
        break;
    case -ENOENT:
        respond_none(x);
        break;
    default:
        bc_control_respond_json(x, 200, NULL);
    }
}

static struct json_t *
make_answer(struct bc_control *control, const char *channel)
{
    struct bc_scenes_status status;
    struct bc_scene *scene = bc_scenes_program(control->params.scenes, channel);
    struct bc_json j;
    bc_json_begin(&j);
    bc_json_put(&j, "scene", bc_control_scene_json(scene));
    if (bc_scenes_status(control->params.scenes, channel, &status)) {
        bc_json_text(&j, "origin", status.by_api ? "api" : "configuration");
        bc_json_int(&j, "version", status.version);
        bc_json_int(&j, "shared", status.shared);
        bc_buf_unref(&status.report);
    }
    bc_scene_unref(&scene);
    return bc_json_end(&j);
}

void
bc_control_scene(struct bc_control *control, struct bc_http_exchange *x, const char *channel)
{
    if (bc_scenes_has(control->params.scenes, channel)) {
        bc_control_respond_json(x, 200, make_answer(control, channel));
    } else {
        respond_none(x);
    }
}

// NULL: it was answered.
static struct bc_scene *
read_scene(struct bc_http_exchange *x, struct bc_scene_transition *transition)
{
    struct bc_http_body body = bc_http_request_body(x);
    struct bc_scene_error error;
    struct bc_scene *scene = bc_scene_body_read(body.data, body.len, transition, &error);
    if (!scene) {
        bc_control_respond_error(x, 400, "bad_scene", error.text, NULL);
    }
    return scene;
}

void
bc_control_scene_set(
    struct bc_control *control, struct bc_http_exchange *x, const char *channel)
{
    struct bc_scene_transition transition;
    struct bc_scene *scene = read_scene(x, &transition);
    if (!scene) {
        return;
    }
    int ret = bc_scenes_set(control->params.scenes, channel, scene, &transition);
    if (ret == 0) {
        bc_info(NULL, "scene of %s set by %s", channel, bc_http_peer(x));
        bc_control_respond_json(x, 200, make_answer(control, channel));
    } else {
        respond_refused(x, ret);
    }
    bc_scene_unref(&scene);
}

void
bc_control_scene_delete(
    struct bc_control *control, struct bc_http_exchange *x, const char *channel)
{
    int ret = bc_scenes_reset(control->params.scenes, channel);
    if (ret == 0) {
        bc_info(NULL, "scene of %s deleted by %s", channel, bc_http_peer(x));
        bc_control_respond_nothing(x);
    } else if (bc_scenes_has(control->params.scenes, channel)) {
        bc_control_respond_error(x, 409, "configured",
            "this scene is of the configuration file; the API can only replace it", NULL);
    } else {
        respond_none(x);
    }
}

static struct json_t *
make_preview(struct bc_control *control, const char *channel)
{
    struct bc_scene *scene = bc_scenes_preview(control->params.scenes, channel);
    struct bc_json j;
    bc_json_begin(&j);
    bc_json_put(&j, "scene", bc_control_scene_json(scene));
    bc_scene_unref(&scene);
    return bc_json_end(&j);
}

void
bc_control_scene_preview(
    struct bc_control *control, struct bc_http_exchange *x, const char *channel)
{
    if (bc_scenes_has(control->params.scenes, channel)) {
        bc_control_respond_json(x, 200, make_preview(control, channel));
    } else {
        respond_none(x);
    }
}

void
bc_control_scene_preview_set(
    struct bc_control *control, struct bc_http_exchange *x, const char *channel)
{
    struct bc_scene_transition unused;
    struct bc_scene *scene = read_scene(x, &unused);
    if (!scene) {
        return;
    }
    int ret = bc_scenes_set_preview(control->params.scenes, channel, scene);
    if (ret == 0) {
        bc_control_respond_json(x, 200, make_preview(control, channel));
    } else {
        respond_refused(x, ret);
    }
    bc_scene_unref(&scene);
}

void
bc_control_scene_take(
    struct bc_control *control, struct bc_http_exchange *x, const char *channel)
{
    struct bc_http_body body = bc_http_request_body(x);
    struct bc_scene_transition transition;
    if (!bc_take_body_read(body.data, body.len, &transition)) {
        bc_control_respond_error(x, 400, "bad_take",
            "a take is {\"effect\": \"cut\" or \"fade\", \"ms\": 0 to 5000}", NULL);
        return;
    }
    int ret = bc_scenes_take(control->params.scenes, channel, &transition);
    if (ret == 0) {
        bc_info(NULL, "%s takes its preview, by %s", channel, bc_http_peer(x));
        bc_control_respond_json(x, 200, make_answer(control, channel));
    } else if (ret == -ENOENT && bc_scenes_has(control->params.scenes, channel)) {
        bc_control_respond_error(
            x, 409, "no_preview", "there is no preview that could be taken", NULL);
    } else {
        respond_refused(x, ret);
    }
}

void
bc_control_scene_picture(
    struct bc_control *control, struct bc_http_exchange *x, const char *channel)
{
    struct bc_buf *jpeg = bc_scenes_preview_picture(control->params.scenes, channel);
    if (jpeg) {
        struct bc_http_response r = { .status = 200,
            .content_type = "image/jpeg",
            .headers = BC_CONTROL_NO_STORE,
            .bufs = &jpeg,
            .count = 1 };
        bc_http_respond(x, &r);
        bc_buf_unref(&jpeg);
    } else if (bc_scenes_has(control->params.scenes, channel)) {
        bc_control_respond_nothing(x); // pages ask each second: no error for their consoles
    } else {
        respond_none(x);
    }
}

void
bc_control_scene_status(
    struct bc_control *control, struct bc_http_exchange *x, const char *channel)
{
    struct bc_scenes_status s;
    if (!bc_scenes_status(control->params.scenes, channel, &s)) {
        respond_none(x);
        return;
    }
    struct bc_json j;
    bc_json_begin(&j);
    bc_json_text(&j, "state",
        s.composer == 0 ? "no_composer" : s.on_air ? "on_air" : s.running ? "ready" : "down");
    bc_json_int(&j, "composer", (int64_t)s.composer);
    bc_json_int(&j, "shared", s.shared);
    bc_json_int(&j, "version", s.version);
    bc_json_int(&j, "starts", (int64_t)s.starts);
    bc_json_bool(&j, "has_preview", s.has_preview);
    bc_json_text(&j, "host", s.host[0] ? s.host : NULL);
    bc_json_put(&j, "report",
        s.report ? bc_json_parse(s.report->data, s.report->len) : bc_json_nothing());
    bc_control_respond_json(x, 200, bc_json_end(&j));
    bc_buf_unref(&s.report);
}

void
bc_control_scene_presets(
    struct bc_control *control, struct bc_http_exchange *x, const char *none)
{
    (void)control;
    (void)none;
    struct bc_json list;
    bc_json_begin_array(&list);
    const struct bc_scene_preset *preset;
    for (size_t i = 0; (preset = bc_scene_preset(i)); i++) {
        struct bc_json j;
        bc_json_begin(&j);
        bc_json_text(&j, "name", preset->name);
        bc_json_int(&j, "inputs", preset->inputs);
        bc_json_text(&j, "text", preset->text);
        bc_json_append(&list, bc_json_end(&j));
    }
    struct bc_json j;
    bc_json_begin(&j);
    bc_json_put(&j, "presets", bc_json_end(&list));
    bc_control_respond_json(x, 200, bc_json_end(&j));
}
