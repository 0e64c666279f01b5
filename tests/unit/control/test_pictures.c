// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_http.h"
#include "fake_record.h"
#include "fake_stream.h"

#define LIST "/api/v1/pictures"

static struct bc_http_exchange
ask(struct fake *f, enum bc_http_method method, const char *path, const char *body)
{
    struct bc_http_exchange x = { .method = method, .path = path, .sent = body };
    assert_true(fake_ask(f->control, &x));
    if (f->hub.posted) {
        fake_run_posted(f);
    }
    return x;
}

static void
test_a_picture_is_kept_shown_and_deleted(void **state)
{
    struct fake *f = *state;
    struct bc_http_exchange x = ask(f, BC_HTTP_POST, LIST, "PICTURE");
    assert_int_equal(x.status, 201);
    fake_finish(&x);
    json_t *list = fake_get_json(f->control, LIST, NULL);
    const json_t *one = json_array_get(json_object_get(list, "pictures"), 0);
    assert_string_equal(fake_text(one, "id"), FAKE_PICTURE);
    assert_string_equal(fake_text(one, "url"), "/pictures/" FAKE_PICTURE);
    json_decref(list);
    x = ask(f, BC_HTTP_GET, "/pictures/" FAKE_PICTURE, NULL);
    assert_int_equal(x.status, 200);
    assert_string_equal(x.type, "image/png");
    assert_non_null(strstr(x.headers, "nosniff"));
    fake_finish(&x);
    x = ask(f, BC_HTTP_DELETE, LIST "/" FAKE_PICTURE, NULL);
    assert_int_equal(x.status, 204);
    fake_finish(&x);
}

static void
test_what_is_refused_is_told(void **state)
{
    struct fake *f = *state;
    static const struct {
        enum bc_http_method method;
        const char *path;
        const char *body;
        int status;
        const char *code;
    } CASES[] = {
        { BC_HTTP_POST, LIST, "<svg/>", 400, "bad_picture" },
        { BC_HTTP_POST, LIST, NULL, 400, "bad_picture" },
        { BC_HTTP_POST, LIST, "FULL", 409, "too_many_pictures" },
        { BC_HTTP_DELETE, LIST "/ffffffffffffffff", NULL, 404, "no_such_picture" },
        { BC_HTTP_GET, "/pictures/ffffffffffffffff", NULL, 404, "no_such_picture" },
        { BC_HTTP_DELETE, LIST "/../keys", NULL, 404, "not_found" },
        { BC_HTTP_DELETE, LIST "/FFFFFFFFFFFFFFFF", NULL, 404, "not_found" },
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct bc_http_exchange x
            = ask(f, CASES[i].method, CASES[i].path, CASES[i].body);
        fake_check_error(&x, CASES[i].status, CASES[i].code);
        fake_finish(&x);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_a_picture_is_kept_shown_and_deleted, fake_setup, fake_teardown),
        cmocka_unit_test_setup_teardown(
            test_what_is_refused_is_told, fake_setup, fake_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
