// SPDX-License-Identifier: Apache-2.0
// Scenes by the API, and what composers ask and tell.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/scene_body.h"
#include "fake_http.h"
#include "fake_stream.h"

#define ONE "/api/v1/channels/store/scene/scene"
#define NONE "/api/v1/channels/live/none/scene"
#define SCENE "{\"preset\":\"full\",\"inputs\":[\"live/hq\"]}"

static void
check_status(struct fake *f, enum bc_http_method method, const char *path,
    const char *body, int status)
{
    struct bc_http_exchange x = fake_send(f, method, path, body);
    assert_int_equal(x.status, status);
    fake_finish(&x);
}

static void
test_scenes_are_set_and_hostile_ones_refused(void **state)
{
    struct fake *f = *state;
    check_status(f, BC_HTTP_PUT, ONE, SCENE, 200);
    check_status(f, BC_HTTP_PUT, ONE,
        "{\"scene\":" SCENE ",\"transition\":{\"effect\":\"fade\",\"ms\":300}}", 200);
    static const char *const BAD[] = { "", "[]", "{}x", "{\"scene\":3}",
        "{\"scene\":{\"layers\":3}}", "{\"width\":99999}",
        "{\"scene\":" SCENE ",\"transition\":{\"effect\":\"wipe\"}}",
        "{\"scene\":" SCENE ",\"transition\":{\"effect\":\"fade\",\"ms\":99999}}",
        "{\"scene\":" SCENE ",\"more\":1}",
        // A file of the server's machine.
        "{\"layers\":[{\"id\":\"p\",\"type\":\"picture\",\"picture\":\"/etc/passwd\"}]}" };
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        fake_check_refused(f, BC_HTTP_PUT, ONE, BAD[i], 400, "bad_scene");
    }
    fake_check_refused(f, BC_HTTP_PUT, "/api/v1/channels/live/hq/scene", SCENE, 400, "circle");
    fake_check_refused(f, BC_HTTP_PUT, "/api/v1/channels/store/b/scene", SCENE, 409,
        "too_many_composers");
    fake_check_refused(f, BC_HTTP_GET, NONE, NULL, 404, "no_scene");
    fake_check_refused(f, BC_HTTP_POST, ONE "/take", NULL, 409, "no_preview");
    fake_check_refused(f, BC_HTTP_POST, ONE "/take", "{\"ms\":1}", 400, "bad_take");
    check_status(f, BC_HTTP_PUT, ONE "/preview", SCENE, 200);
    check_status(f, BC_HTTP_GET, ONE "/status", NULL, 200);
    check_status(f, BC_HTTP_GET, ONE "/preview.jpg", NULL, 204);
    check_status(f, BC_HTTP_DELETE, ONE, NULL, 204);
}

static void
test_composers_hear_what_to_do_and_report(void **state)
{
    struct fake *f = *state;
    check_status(f, BC_HTTP_PUT, ONE, SCENE, 200);
    struct bc_http_exchange x = fake_send(f, BC_HTTP_GET, "/api/v1/composers/7", NULL);
    assert_int_equal(x.status, 200);
    json_t *wish = fake_json(&x);
    fake_finish(&x);
    assert_non_null(strstr(fake_text(wish, "publish"), "/~scene/7?key=secret"));
    const json_t *inputs = json_object_get(wish, "inputs");
    assert_non_null(strstr(fake_text(inputs, "live/hq"), "/live/hq.flv?token=composer-token"));
    json_decref(wish);
    fake_check_refused(f, BC_HTTP_GET, "/api/v1/composers/8", NULL, 404, "no_such_composer");
    check_status(f, BC_HTTP_GET, "/api/v1/composers/7000000005", NULL, 200);
    fake_check_refused(f, BC_HTTP_GET, "/api/v1/composers/7000000006", NULL, 404, "no_such_composer");
    check_status(f, BC_HTTP_PUT, "/api/v1/composers/7000000005/status", "{\"version\":3}", 204);
    check_status(f, BC_HTTP_PUT, "/api/v1/composers/7/status", "{\"version\":3}", 204);
    fake_check_refused(f, BC_HTTP_PUT, "/api/v1/composers/7/status", "3", 400, "bad_report");
    fake_check_refused(f, BC_HTTP_PUT, "/api/v1/composers/7/preview.jpg", "no", 400, "bad_report");
    fake_check_refused(f, BC_HTTP_GET, "/api/v1/composers/7/asset", NULL, 404, "no_such_file");
    check_status(f, BC_HTTP_POST, "/api/v1/composers", "{\"channel\":\"store/scene\"}", 201);
    fake_check_refused(f, BC_HTTP_POST, "/api/v1/composers", "{\"channel\":\"live/hq\"}", 409,
        "already_composed");
    fake_check_refused(f, BC_HTTP_POST, "/api/v1/composers", "{\"channel\":\"a/b\"}", 404, "no_scene");
    fake_check_refused(f, BC_HTTP_POST, "/api/v1/composers", "{}", 400, "bad_composer");
}

static void
test_every_truncation_of_a_body_is_survived(void **state)
{
    (void)state;
    static const char WHOLE[] = "{\"scene\":" SCENE ",\"transition\":{\"effect\":\"fade\"}}";
    struct bc_scene_transition transition;
    struct bc_scene_error error;
    for (size_t len = 0; len < sizeof(WHOLE) - 1; len++) {
        assert_null(bc_scene_body_read(WHOLE, len, &transition, &error));
        assert_true(error.text[0]);
    }
    struct bc_scene *scene
        = bc_scene_body_read(WHOLE, sizeof(WHOLE) - 1, &transition, &error);
    assert_non_null(scene);
    assert_true(transition.fade);
    assert_int_equal(transition.ms, 500);
    bc_scene_unref(&scene);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_scenes_are_set_and_hostile_ones_refused, fake_setup, fake_teardown),
        cmocka_unit_test_setup_teardown(
            test_composers_hear_what_to_do_and_report, fake_setup, fake_teardown),
        cmocka_unit_test(test_every_truncation_of_a_body_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
