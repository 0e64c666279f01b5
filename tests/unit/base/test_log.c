// SPDX-License-Identifier: Apache-2.0
// The lines that reach stderr, and the clock's text in them.
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"

#define TIME_LEN 24 // 2026-03-01T20:00:00.123Z

// stderr goes to a pipe while a line is written.
struct capture {
    int saved;
    int pipe[2];
    char text[8192];
};

static void
begin(struct capture *c)
{
    assert_int_equal(pipe2(c->pipe, O_NONBLOCK), 0);
    c->saved = dup(STDERR_FILENO);
    dup2(c->pipe[1], STDERR_FILENO);
}

static const char *
end(struct capture *c)
{
    dup2(c->saved, STDERR_FILENO);
    ssize_t n = read(c->pipe[0], c->text, sizeof(c->text) - 1);
    c->text[n > 0 ? n : 0] = '\0';
    close(c->saved);
    close(c->pipe[0]);
    close(c->pipe[1]);
    return c->text;
}

static int
setup(void **state)
{
    (void)state;
    bc_log_set_level(BC_LOG_INFO);
    bc_log_set_format(BC_LOG_FORMAT_TEXT);
    return 0;
}

static void
test_a_line_tells_time_level_names_and_message(void **state)
{
    (void)state;
    struct bc_logger parent;
    struct bc_logger child;
    struct capture c;
    bc_logger_init(&parent, NULL, "rtmp %s", "1.2.3.4:5");
    bc_logger_init(&child, &parent, "live/a");
    begin(&c);
    bc_info(&child, "%d bytes", 7);
    const char *line = end(&c);
    assert_int_equal(line[10], 'T');
    assert_string_equal(line + TIME_LEN, " info [rtmp 1.2.3.4:5][live/a] 7 bytes\n");
    begin(&c);
    bc_error(NULL, "no");
    assert_string_equal(end(&c) + TIME_LEN, " error no\n");
}

static void
test_only_levels_that_are_on_are_written(void **state)
{
    (void)state;
    struct capture c;
    begin(&c);
    bc_debug(NULL, "not this");
    bc_log_set_level(BC_LOG_WARN);
    bc_info(NULL, "nor this");
    bc_warn(NULL, "this");
    assert_string_equal(end(&c) + TIME_LEN, " warn this\n");
    assert_true(bc_log_enabled(BC_LOG_ERROR));
    assert_false(bc_log_enabled(BC_LOG_TRACE));
    assert_int_equal(bc_log_level_parse("trace"), BC_LOG_TRACE);
    assert_int_equal(bc_log_level_parse("none"), BC_LOG_INVALID);
    assert_int_equal(bc_log_level_parse(""), BC_LOG_INVALID);
}

static void
test_a_peers_text_cannot_forge_a_line(void **state)
{
    (void)state;
    struct bc_logger logger;
    struct capture c;
    bc_logger_init(&logger, NULL, "a\nb");
    begin(&c);
    bc_info(&logger, "x\r\n2026 error forged\x1b[31m\x7f\t");
    assert_string_equal(end(&c) + TIME_LEN,
        " info [a\\x0ab] x\\x0d\\x0a2026 error forged\\x1b[31m\\x7f\\x09\n");
}

static void
test_json_lines_are_escaped(void **state)
{
    (void)state;
    struct bc_logger logger;
    struct capture c;
    bc_logger_init(&logger, NULL, "a\"b");
    bc_log_set_format(BC_LOG_FORMAT_JSON);
    begin(&c);
    bc_info(&logger, "C:\\ \"quoted\"\n");
    const char *line = end(&c);
    assert_memory_equal(line, "{\"time\":\"", 9);
    assert_string_equal(line + 9 + TIME_LEN, "\",\"level\":\"info\",\"who\":\"[a\\\"b]\","
        "\"message\":\"C:\\\\ \\\"quoted\\\"\\u000a\"}\n");
}

// Every line ends in a whole escape and a closing quote, wherever it had to be cut.
static void
test_a_long_json_line_is_cut_between_escapes(void **state)
{
    (void)state;
    char text[1100];
    bc_log_set_format(BC_LOG_FORMAT_JSON);
    for (int plain = 0; plain < 14; plain++) {
        memset(text, 'x', (size_t)plain);
        memset(text + plain, '\x01', sizeof(text) - 1 - (size_t)plain);
        text[sizeof(text) - 1] = '\0';
        struct capture c;
        begin(&c);
        bc_info(NULL, "%s", text);
        const char *line = end(&c);
        size_t len = strlen(line);
        assert_true(len > 2000 && len <= 2048);
        assert_string_equal(line + len - 9, "\\u0001\"}\n");
        size_t escapes = 0;
        for (const char *at = line; (at = strstr(at, "\\u")); at++) {
            assert_memory_equal(at, "\\u0001", 6);
            escapes++;
        }
        assert_true(escapes > 300);
    }
}

static void
test_json_is_utf8_whatever_a_peer_sends(void **state)
{
    (void)state;
    struct capture c;
    bc_log_set_format(BC_LOG_FORMAT_JSON);
    begin(&c);
    // A good character of each length, then: a lone continuation, a cut one, an overlong
    // slash, a surrogate, one above U+10FFFF.
    bc_info(NULL, "\xc3\xa9\xe5\xba\x97\xf0\x9f\x8e\x81|\x80|\xe5\xba|\xc0\xaf|\xed\xa0\x80|"
        "\xf4\x90\x80\x80|");
    const char *line = end(&c);
    const char *message = strstr(line, "\"message\":\"") + 11;
    assert_string_equal(message, "\xc3\xa9\xe5\xba\x97\xf0\x9f\x8e\x81|\\ufffd|\\ufffd\\ufffd|"
        "\\ufffd\\ufffd|\\ufffd\\ufffd\\ufffd|\\ufffd\\ufffd\\ufffd\\ufffd|\"}\n");
}

static void
test_the_limit_passes_one_a_second_and_counts_the_rest(void **state)
{
    (void)state;
    struct bc_log_limit limit = { 0 };
    unsigned suppressed = 99;
    assert_true(bc_log_limit_pass(&limit, 5000000, &suppressed));
    assert_int_equal(suppressed, 0);
    for (int i = 0; i < 10; i++) {
        assert_false(bc_log_limit_pass(&limit, 5999999, &suppressed));
    }
    assert_true(bc_log_limit_pass(&limit, 6000000, &suppressed));
    assert_int_equal(suppressed, 10);
    assert_true(bc_log_limit_pass(&limit, 9000000, &suppressed));
    assert_int_equal(suppressed, 0);
}

static void
test_the_clock_is_rfc_3339(void **state)
{
    (void)state;
    char text[BC_TIME_TEXT];
    bc_clock_format(0, text);
    assert_string_equal(text, "1970-01-01T00:00:00.000Z");
    bc_clock_format(1772395200123999, text);
    assert_string_equal(text, "2026-03-01T20:00:00.123Z");
    bc_clock_format(-1000, text);
    assert_string_equal(text, "1969-12-31T23:59:59.999Z");
    bc_clock_format(INT64_MAX, text); // must fit, whatever it says
    assert_true(strlen(text) < BC_TIME_TEXT);
    bc_clock_format(INT64_MIN, text);
    int64_t a = bc_clock_us();
    assert_true(bc_clock_us() >= a);
    assert_true(bc_clock_wall_us() > 1700000000000000);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        TEST(test_a_line_tells_time_level_names_and_message),
        TEST(test_only_levels_that_are_on_are_written),
        TEST(test_a_peers_text_cannot_forge_a_line),
        TEST(test_json_lines_are_escaped),
        TEST(test_a_long_json_line_is_cut_between_escapes),
        TEST(test_json_is_utf8_whatever_a_peer_sends),
        TEST(test_the_limit_passes_one_a_second_and_counts_the_rest),
        TEST(test_the_clock_is_rfc_3339),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
