// SPDX-License-Identifier: Apache-2.0
// Messages to the pages that watch.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_http.h"
#include "fake_stream.h"

#define MESSAGES "/api/v1/channels/live/hq/messages"

// Sends a body of `len` bytes (0: up to its end) and checks how it is answered; `code` is
// NULL when it goes through.
static void
post(struct fake *f, const char *path, const char *body, size_t len, int status,
    const char *code)
{
    int before = f->messages;
    struct bc_http_exchange x = { .method = BC_HTTP_POST, .path = path, .sent = body,
        .sent_len = len };
    assert_true(fake_ask(f->control, &x));
    if (code) {
        fake_check_error(&x, status, code);
        assert_int_equal(f->messages, before);
    } else {
        assert_int_equal(x.status, status);
        assert_int_equal(f->messages, before + 1);
    }
    fake_finish(&x);
}

static void
test_a_text_goes_to_the_channel(void **state)
{
    struct fake *f = *state;
    fake_add_live(f);
    struct bc_http_exchange x = { .method = BC_HTTP_POST, .path = MESSAGES,
        .sent = " {\"text\": \"50 % off \xe4\xbb\x8a\xe5\xa4\xa9 \\\"now\\\"\"}\n" };
    assert_true(fake_ask(f->control, &x));
    assert_int_equal(x.status, 202);
    json_t *root = fake_json(&x);
    assert_string_equal(fake_text(root, "channel"), "live/hq");
    assert_true(json_is_true(json_object_get(root, "accepted")));
    json_decref(root);
    fake_finish(&x);
    assert_int_equal(f->messages, 1);
    assert_string_equal(f->message_channel, "live/hq");
    assert_string_equal(f->message,
        "{\"type\":\"text\",\"text\":\"50 % off \xe4\xbb\x8a\xe5\xa4\xa9 \\\"now\\\"\"}");
}

static void
test_data_goes_through_as_it_is(void **state)
{
    struct fake *f = *state;
    fake_add_live(f)->state = BC_CHANNEL_WAITING; // they watch still
    post(f, MESSAGES,
        "{\"data\":{\"id\":9007199254740993,\"price\":0.1,\"at\":1772366400123.45,"
        "\"tags\":[\"a\",null,true],\"type\":\"card\"}}",
        0, 202, NULL);
    assert_string_equal(f->message,
        "{\"type\":\"data\",\"data\":{\"id\":9007199254740993,\"price\":0.1,"
        "\"at\":1772366400123.45,\"tags\":[\"a\",null,true],\"type\":\"card\"}}");
    post(f, MESSAGES, "{\"data\":{}}", 0, 202, NULL);
    assert_string_equal(f->message, "{\"type\":\"data\",\"data\":{}}");
}

static void
test_what_is_no_message_is_refused(void **state)
{
    struct fake *f = *state;
    fake_add_live(f);
    static const char *const WRONG[] = { NULL, "", "hello", "\"hello\"", "[]", "{}",
        "null", "{\"text\":1}", "{\"text\":null}", "{\"data\":\"x\"}", "{\"data\":[]}",
        "{\"text\":\"a\",\"data\":{}}", "{\"text\":\"a\",\"x\":1}", "{\"text\":\"a\"",
        "{\"text\":\"a\"}}", "{\"text\":\"a\",\"text\":\"b\"}", "{\"text\":\"\\u0000\"}",
        "{\"text\":\"\xff\"}", "{'text':'a'}" };
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
        post(f, MESSAGES, WRONG[i], 0, 400, "bad_message");
    }
    // Bytes after a zero count.
    post(f, MESSAGES, "{\"text\":\"a\"}\0x", 14, 400, "bad_message");
}

static void
test_every_truncation_is_refused(void **state)
{
    struct fake *f = *state;
    fake_add_live(f);
    static const char BODY[]
        = "{\"data\":{\"a\":[1,2.5,\"\\u4eca\"],\"b\":{\"c\":false}}}";
    for (size_t len = 1; len < sizeof(BODY) - 1; len++) {
        post(f, MESSAGES, BODY, len, 400, "bad_message");
    }
    post(f, MESSAGES, BODY, sizeof(BODY) - 1, 202, NULL);
}

// Brackets without end must not exhaust the stack either.
static void
test_long_messages_are_refused(void **state)
{
    struct fake *f = *state;
    fake_add_live(f);
    char body[5000];
    memset(body, '[', sizeof(body));
    post(f, MESSAGES, body, 4096, 400, "bad_message");
    post(f, MESSAGES, body, 4097, 413, "message_too_long");
    // As many bytes as may be sent, and one more, of the text that pages get.
    int before = (int)strlen("{\"type\":\"text\",\"text\":\"\"}");
    for (int more = 0; more < 2; more++) {
        int n = 4096 - before + more;
        snprintf(body, sizeof(body), "{\"text\":\"%0*d\"}", n, 0);
        post(f, MESSAGES, body, 0, more ? 413 : 202, more ? "message_too_long" : NULL);
    }
    assert_int_equal(strlen(f->message), 4096);
}

static void
test_channels_that_are_not_there_get_none(void **state)
{
    struct fake *f = *state;
    fake_add(f, "live/hq", BC_CHANNEL_ENDED);
    post(f, MESSAGES, "{\"text\":\"a\"}", 0, 409, "not_live");
    post(f, "/api/v1/channels/live/none/messages", "{\"text\":\"a\"}", 0, 404,
        "no_such_channel");
}

static void
test_no_memory_is_told(void **state)
{
    struct fake *f = *state;
    fake_add_live(f);
    f->no_memory = true;
    struct bc_http_exchange x = { .method = BC_HTTP_POST, .path = MESSAGES,
        .sent = "{\"text\":\"a\"}" };
    assert_true(fake_ask(f->control, &x));
    assert_int_equal(x.status, 503);
    fake_finish(&x);
}

#define WITH_FAKE(test) cmocka_unit_test_setup_teardown(test, fake_setup, fake_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FAKE(test_a_text_goes_to_the_channel),
        WITH_FAKE(test_data_goes_through_as_it_is),
        WITH_FAKE(test_what_is_no_message_is_refused),
        WITH_FAKE(test_every_truncation_is_refused),
        WITH_FAKE(test_long_messages_are_refused),
        WITH_FAKE(test_channels_that_are_not_there_get_none),
        WITH_FAKE(test_no_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
