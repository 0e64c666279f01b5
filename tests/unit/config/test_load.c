// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/writer.h"
#include "config/config.h"

// Parses `yaml`, which must fail with exactly these lines.
static void
expect_errors(const char *yaml, const char *expected)
{
    struct bc_config *cfg = NULL;
    struct bc_writer errors = { 0 };
    assert_int_equal(
        bc_config_parse("t.yaml", yaml, strlen(yaml), &cfg, &errors), -EINVAL);
    assert_null(cfg);
    bc_write_u8(&errors, 0);
    assert_string_equal((const char *)errors.data, expected);
    bc_writer_finish(&errors);
}

static void
expect_override_error(const char *override, const char *expected)
{
    struct bc_config *cfg = NULL;
    struct bc_writer errors = { 0 };
    assert_int_equal(bc_config_load(NULL, &override, 1, &cfg, &errors), -EINVAL);
    assert_null(cfg);
    bc_write_u8(&errors, 0);
    assert_string_equal((const char *)errors.data, expected);
    bc_writer_finish(&errors);
}

static void
test_unknown_keys_suggest_the_nearest(void **state)
{
    (void)state;
    expect_errors("hls:\n  part_msec: 200\n",
        "t.yaml:2: hls.part_msec: unknown key; did you mean hls.part_ms?\n");
    expect_errors(
        "hsl:\n  part_ms: 200\n", "t.yaml:1: hsl: unknown key; did you mean hls?\n");
    expect_errors("http:\n  cert: a.pem\n",
        "t.yaml:2: http.cert: unknown key; did you mean tls.cert?\n");
    expect_errors("grace_s: 30\n",
        "t.yaml:1: grace_s: unknown key; did you mean stream.grace_s?\n");
    expect_errors("colour: red\n", "t.yaml:1: colour: unknown key\n");
    expect_errors(
        "channel: {}\n", "t.yaml:1: channel: unknown key; did you mean channels?\n");
    expect_errors(
        "hls.part_ms: 200\n", "t.yaml:1: hls.part_ms: write it as part_ms under hls:\n");
    expect_errors("channels:\n  live/hq:\n    publishkey: x\n",
        "t.yaml:3: channels.live/hq.publishkey: unknown key; did you mean "
        "publish_key?\n");
}

static void
test_numbers_outside_bounds_are_refused(void **state)
{
    (void)state;
    expect_errors("# one\nhls:\n  part_ms: 20\n",
        "t.yaml:3: hls.part_ms: 20 is below the minimum 100\n");
    expect_errors("workers: -1\n", "t.yaml:1: workers: -1 is below the minimum 0\n");
    expect_errors("workers: 65\n", "t.yaml:1: workers: 65 is above the maximum 64\n");
    expect_errors("workers: 99999999999999999999999999\n",
        "t.yaml:1: workers: 99999999999999999999999999 is above the maximum 64\n");
    expect_errors("workers: 4 x\n", "t.yaml:1: workers: '4 x' is not a whole number\n");
    expect_errors("hls:\n  segment_s: 2s\n",
        "t.yaml:2: hls.segment_s: '2s' is not a whole number of s\n");
    expect_errors("hls: {segment_s: 1.5}\n",
        "t.yaml:1: hls.segment_s: '1.5' is not a whole number of s\n");
    expect_errors("rtmp: {max_message_bytes: 16MiB}\n",
        "t.yaml:1: rtmp.max_message_bytes: 16MiB is above the maximum 16777215\n");
    expect_errors("rtmp: {max_message_bytes: 999999999999999999999MiB}\n",
        "t.yaml:1: rtmp.max_message_bytes: 999999999999999999999MiB is above the "
        "maximum 16777215\n");
}

static void
test_wrong_types_are_named(void **state)
{
    (void)state;
    expect_errors("hls: 5\n", "t.yaml:1: hls: expected keys under it, found a value\n");
    expect_errors("hls: [a]\n", "t.yaml:1: hls: expected keys under it, found a list\n");
    expect_errors("hls:\n  part_ms: [1]\n",
        "t.yaml:2: hls.part_ms: expected a single value, found a list\n");
    expect_errors("log:\n  level: {a: b}\n",
        "t.yaml:2: log.level: expected a single value, found a map\n");
    expect_errors("tls:\n  cert:\n",
        "t.yaml:2: tls.cert: has no value; remove the line for the default\n");
    expect_errors("stream: {gop_cache: maybe}\n",
        "t.yaml:1: stream.gop_cache: 'maybe' is neither true nor false\n");
    expect_errors("access: {publish: token}\n",
        "t.yaml:1: access.publish: 'token' is not one of key, open\n");
    expect_errors("- a\n", "t.yaml:1: expected keys and values, found a list\n");
    expect_errors("hello\n", "t.yaml:1: expected keys and values, found a value\n");
    expect_errors("channels: 1\n",
        "t.yaml:1: channels: expected channels under it, found a value\n");
    expect_errors("channels: {live/hq: on}\n",
        "t.yaml:1: channels.live/hq: expected keys under it, found a value\n");
}

static void
test_all_errors_are_reported(void **state)
{
    (void)state;
    expect_errors("hls:\n  part_ms: 1\n  segmen_s: 2\nlog:\n  level: loud\n",
        "t.yaml:2: hls.part_ms: 1 is below the minimum 100\n"
        "t.yaml:3: hls.segmen_s: unknown key; did you mean hls.segment_s?\n"
        "t.yaml:5: log.level: 'loud' is not one of error, warn, info, debug, trace\n");
}

static void
test_error_flood_is_cut(void **state)
{
    (void)state;
    char yaml[4096];
    size_t len = 0;
    for (int i = 0; i < 200; i++) {
        len += (size_t)snprintf(yaml + len, sizeof(yaml) - len, "zzzzzz%d: 1\n", i);
    }
    struct bc_config *cfg = NULL;
    struct bc_writer errors = { 0 };
    assert_int_equal(bc_config_parse("t", yaml, len, &cfg, &errors), -EINVAL);
    unsigned lines = 0;
    for (size_t i = 0; i < errors.len; i++) {
        lines += errors.data[i] == '\n';
    }
    assert_int_equal(lines, 51);
    bc_writer_finish(&errors);
}

static void
test_duplicates_are_refused(void **state)
{
    (void)state;
    expect_errors("hls:\n  part_ms: 200\n  segment_s: 2\n  part_ms: 300\n",
        "t.yaml:4: part_ms is given twice, first on line 2\n");
    expect_errors("workers: 1\nhls: {}\nworkers: 2\n",
        "t.yaml:3: workers is given twice, first on line 1\n");
    expect_errors("channels:\n  live/hq: {}\n  live/hq: {}\n",
        "t.yaml:3: live/hq is given twice, first on line 2\n");
    expect_errors("channels: {b/b: {}}\nchannels: {c/c: {}, a/a: {record: no}}\n",
        "t.yaml:2: channels is given twice, first on line 1\n"
        "t.yaml:2: channels.a/a.record: 'no' is not one of default, always, request, never\n");
}

static void
test_yaml_beyond_need_is_refused(void **state)
{
    (void)state;
    expect_errors("a: &x [1]\nb: *x\n",
        "t.yaml:1: anchors (&) and aliases (*) are not supported; put the text in "
        "quotes if it is one\n");
    expect_errors("http: {cors_origin: *}\n",
        "t.yaml:1: not valid YAML: did not find expected alphabetic or "
        "numeric character\n");
    expect_errors("workers: !!int 3\n",
        "t.yaml:1: tags (!) are not supported; put the text in quotes if it is one\n");
    expect_errors(
        "workers: 1\n---\nworkers: 2\n", "t.yaml:2: only one document (---) is read\n");
    expect_errors("[a, b]: 1\n", "t.yaml:1: a key must be a single word\n");
    expect_errors("? [a, b]\n: 1\n", "t.yaml:1: a key must be a single word\n");
    expect_errors("a: {a: {a: {a: {a: {a: {a: {a: {a: 1}}}}}}}}\n",
        "t.yaml:1: nested deeper than 8 levels\n");
    expect_errors("access: {publish_key: \"a\\0b\"}\n",
        "t.yaml:1: a value may not contain a zero byte\n");
}

static void
test_broken_yaml_names_the_line(void **state)
{
    (void)state;
    expect_errors("hls:\n  part_ms: \"200\n",
        "t.yaml:3: not valid YAML: found unexpected end of stream\n");
    expect_errors("hls:\n\tpart_ms: 200\n",
        "t.yaml:2: not valid YAML: found character that cannot start any token\n");
    expect_errors("a\xff\n", "t.yaml: at byte 1: invalid leading UTF-8 octet\n");
}

static void
test_large_input_is_refused(void **state)
{
    (void)state;
    size_t len = 1024 * 1024 + 1;
    char *text = malloc(len);
    assert_non_null(text);
    memset(text, '\n', len);
    struct bc_config *cfg = NULL;
    struct bc_writer errors = { 0 };
    assert_int_equal(bc_config_parse("t", text, len, &cfg, &errors), -EINVAL);
    bc_write_u8(&errors, 0);
    assert_string_equal((char *)errors.data, "t: is larger than 1048576 bytes\n");
    bc_writer_finish(&errors);
    assert_int_equal(bc_config_parse("t", text, len - 1, &cfg, NULL), 0);
    bc_config_unref(&cfg);
    free(text);
}

static void
test_secrets_do_not_show_in_errors(void **state)
{
    (void)state;
    expect_errors("access: {publish_key: \"very secret\"}\n",
        "t.yaml:1: access.publish_key: a key is printable ASCII without spaces "
        "and without & ? # %\n");
    expect_errors("access: {publish_key: \"sha256:abc\"}\n",
        "t.yaml:1: access.publish_key: after sha256: come 64 hexadecimal digits\n");
    expect_errors("srt: {passphrase: too-short}\n",
        "t.yaml:1: srt.passphrase: a passphrase has 10 to 79 characters\n");
    expect_errors("channels: {a/b: {srt_passphrase: \"long enough \xc3\xa9\"}}\n",
        "t.yaml:1: channels.a/b.srt_passphrase: a passphrase is printable ASCII\n");
    expect_override_error("access.play_key=a b",
        "--set: access.play_key: a key is printable ASCII without spaces and without & "
        "? # %\n");
}

static void
test_strings_are_checked(void **state)
{
    (void)state;
    expect_errors("http: {cors_origin: www.example.com}\n",
        "t.yaml:1: http.cors_origin: is neither * nor an origin such "
        "as https://www.example.com\n");
    expect_errors("http: {cors_origin: \"http://a\\r\\nX: y\"}\n",
        "t.yaml:1: http.cors_origin: contains a control character\n");
    expect_errors("data: {dir: \"\"}\n",
        "t.yaml:1: data.dir: is 0 bytes long, 1 to 4095 are allowed\n");
    expect_errors("http: {\"cors\\u001borigin\": x}\n",
        "t.yaml:1: http.cors?origin: unknown key; did you mean http.cors_origin?\n");
}

static void
test_bad_listeners_are_refused(void **state)
{
    (void)state;
#define REST " is not an address; write host:port, [v6]:port or :port\n"
    expect_errors("http: {listen: 8080}\n", "t.yaml:1: http.listen: '8080'" REST);
    expect_errors("http: {listen: [\":0\"]}\n", "t.yaml:1: http.listen: ':0'" REST);
    expect_errors(
        "http: {listen: [\":65536\"]}\n", "t.yaml:1: http.listen: ':65536'" REST);
    expect_errors(
        "http: {listen: [\"1.2.3:80\"]}\n", "t.yaml:1: http.listen: '1.2.3:80'" REST);
    expect_errors(
        "http: {listen: [\"::1:80\"]}\n", "t.yaml:1: http.listen: '::1:80'" REST);
    expect_errors("http:\n  listen:\n  - \":80\"\n  - \"[1.2.3.4]:81\"\n  - x:82\n",
        "t.yaml:4: http.listen: '[1.2.3.4]:81'" REST
        "t.yaml:5: http.listen: 'x:82'" REST);
    expect_errors("http: {listen: {a: b}}\n",
        "t.yaml:1: http.listen: expected addresses such as \":8080\"\n");
    expect_errors("http:\n  listen:\n",
        "t.yaml:2: http.listen: expected addresses such as \":8080\"\n");
    expect_override_error(
        "http.listen=:1,:2,:3,:4,:5,:6,:7,:8,:9,:10,:11,:12,:13,:14,:15,:16,:17",
        "--set: http.listen: more than 16 addresses\n");
#undef REST
}

static void
test_bad_channels_are_refused(void **state)
{
    (void)state;
#define REST                                                                             \
    " is not a channel's name; write app/stream, each 1 to 64 letters, digits, _ . - "   \
    "and "                                                                               \
    "not starting with a dot\n"
    expect_errors("channels: {hq: {}}\n", "t.yaml:1: channels: 'hq'" REST);
    expect_errors(
        "channels: {live/../hq: {}}\n", "t.yaml:1: channels: 'live/../hq'" REST);
    expect_override_error(
        "channels.live hq/x.title=a", "--set: channels: 'live hq/x'" REST);
#undef REST
    expect_override_error(
        "channels.title=a", "--set: write channels.APP/STREAM.KEY=VALUE\n");
    expect_errors("channels: {live/hq: {record: sometimes}}\n",
        "t.yaml:1: channels.live/hq.record: 'sometimes' is not one of default, "
        "always, request, never\n");
}

static void
test_bad_sources_are_refused(void **state)
{
    (void)state;
#define PATH "t.yaml:3: channels.live/hq.sources: "
#define A_FILE \
    "a file is { path: NAME, loop: true or false, start_at_s: SECONDS }\n"
#define A_PULL "a pull is { url: URL, on_demand: true or false, idle_s: SECONDS }\n"
#define FORMS                                                                            \
    "a source is publisher, publisher: ROLE, pull: URL, file: PATH, channel: NAME, slate: { image: PATH } or "  \
    "slate: { file: PATH }\n"
    static const struct {
        const char *sources;
        const char *error;
    } cases[] = {
        { "[]", PATH "expected a list of 1 to 16 sources\n" },
        { "publisher", PATH "expected a list of 1 to 16 sources\n" },
        { "[camera]", PATH FORMS },
        { "[{pull: x}]", PATH "pull is not a URL\n" },
        { "[{pull: }]", PATH "pull has no value\n" },
        { "[{pull: {}}]", PATH A_PULL },
        { "[{pull: {url: \"http://a/b.flv\", on_demand: often}}]", PATH A_PULL },
        { "[{pull: {url: \"http://a/b.flv\", idle_s: 3601}}]", PATH A_PULL },
        { "[{file: }]", PATH "file has no value\n" },
        { "[{file: {}}]", PATH A_FILE },
        { "[{file: {loop: true}}]", PATH A_FILE },
        { "[{file: {path: a, loop: often}}]", PATH A_FILE },
        { "[{file: {path: a, start_at_s: -1}}]", PATH A_FILE },
        { "[{file: {path: a, start_at_s: 1x}}]", PATH A_FILE },
        { "[{file: {path: a, start_at_s: 1000001}}]", PATH A_FILE },
        { "[{file: {path: a, speed: 2}}]", PATH A_FILE },
        { "[{file: {path: [a]}}]", PATH A_FILE },
        { "[{slate: x}]", PATH FORMS },
        { "[{slate: {}}]", PATH FORMS },
        { "[{slate: {image: a, file: b}}]", PATH FORMS },
        { "[{slate: {image: a}, channel: b/c}]", PATH FORMS },
        { "[{channel: b/c, publisher: x}]", PATH FORMS },
        { "[{image: a}]", PATH FORMS },
        { "[[publisher]]", PATH FORMS },
        { "[{publisher: }]", PATH "publisher has no value\n" },
        { "[{publisher: a/b}]",
            PATH "publisher is not a role's name (letters, digits, _ . -)\n" },
        { "[{channel: hq}]", PATH "channel is not a channel's name (app/stream)\n" },
        { "[{slate: {file: \"a\\tb\"}}]", PATH "file contains a control character\n" },
        { "[p, p, p, p, p, p, p, p, p, p, p, p, p, p, p, p, p]",
            PATH "expected a list of 1 to 16 sources\n" },
        { "[{channel: live/hq}]",
            "t.yaml:2: channels.live/hq.sources: a channel cannot feed itself\n" },
    };
#undef PATH
#undef FORMS
#undef A_FILE
#undef A_PULL
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char yaml[256];
        snprintf(yaml, sizeof(yaml), "channels:\n  live/hq:\n    sources: %s\n",
            cases[i].sources);
        expect_errors(yaml, cases[i].error);
    }
}

static void
test_keys_are_checked_together(void **state)
{
    (void)state;
    expect_errors("hls:\n  target_s: 12\n",
        "t.yaml:2: hls.window_s: 60 is less than 6 times hls.target_s, which is 12\n");
    expect_errors("hls:\n  target_s: 12\n  window_s: 70\n",
        "t.yaml:3: hls.window_s: 70 is less than 6 times hls.target_s, which is 12\n");
    expect_errors("hls:\n  segment_s: 5\n",
        "t.yaml:2: hls.segment_s: 5 is more than hls.target_s, which is 4\n");
    expect_errors("hls:\n  segment_s: 1\n  part_ms: 1500\n",
        "t.yaml:3: hls.part_ms: 1500 is longer than a segment, hls.segment_s is 1\n");
    expect_errors("access:\n  play: token\n",
        "t.yaml:2: access.play: token needs access.play_key, else nobody can play\n");
    expect_errors(
        "tls:\n  cert: /dev/null\n", "t.yaml:2: tls.cert: needs tls.key beside it\n");
    expect_errors("tls:\n  key: /nowhere/key.pem\n",
        "t.yaml:2: tls.key: needs tls.cert beside it\n"
        "t.yaml:2: tls.key: /nowhere/key.pem: No such file or directory\n");
    expect_errors("http:\n  listen: \":1935\"\n",
        "t.yaml:2: http.listen: an address is also in rtmp.listen\n");
    expect_errors("http:\n  listen: [\":81\", \"*:81\"]\n",
        "t.yaml:2: http.listen: an address is listed twice\n");
    // One is TCP, one UDP, and one both.
    expect_errors("srt:\n  listen: \":8189\"\nhttp:\n  listen: \":8890\"\n",
        "t.yaml:2: srt.listen: an address is also in webrtc.listen\n");
}

static void
test_bad_overrides_are_refused(void **state)
{
    (void)state;
    expect_override_error("hls.part_ms", "--set: 'hls.part_ms' is not key=value\n");
    expect_override_error("=1", "--set: '=1' is not key=value\n");
    expect_override_error(
        "hls.part_ms=20", "--set: hls.part_ms: 20 is below the minimum 100\n");
    expect_override_error("hls.part_ms=",
        "--set: hls.part_ms: '' is not a whole number of ms\n");
    expect_override_error(
        "hls.part=1", "--set: hls.part: unknown key; did you mean hls.part_ms?\n");
    expect_override_error(
        "channels.live/hq.sources=", "--set: channels.live/hq.sources: has no value\n");
    expect_override_error("channels.live/hq.sources=[a",
        "--set: not valid YAML: did not find expected ',' or ']'\n");
    expect_override_error(
        "channels.live/hq.title=\xff", "--set: channels.live/hq.title: is not UTF-8\n");
}

static void
test_missing_file_is_named(void **state)
{
    (void)state;
    struct bc_config *cfg = NULL;
    struct bc_writer errors = { 0 };
    assert_int_equal(bc_config_load("/nowhere/c.yaml", NULL, 0, &cfg, &errors), -ENOENT);
    bc_write_u8(&errors, 0);
    assert_string_equal(
        (char *)errors.data, "/nowhere/c.yaml: No such file or directory\n");
    bc_writer_finish(&errors);
    assert_int_equal(bc_config_load("/", NULL, 0, &cfg, NULL), -EISDIR);
    assert_null(cfg);
}

static void
test_override_beats_file(void **state)
{
    (void)state;
    char path[] = "/tmp/bc_config_XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    static const char YAML[] = "hls: {part_ms: 300, window_s: 70}\n"
                               "channels: {a/b: {title: file}, c/d: {title: file}}\n";
    assert_int_equal(write(fd, YAML, sizeof(YAML) - 1), sizeof(YAML) - 1);
    close(fd);
    const char *const overrides[] = { "hls.part_ms=400", "hls.part_ms=500",
        "channels.a/b.title=given", "channels.b/c.1.title=added",
        "rtmp.listen=[::1]:1936,:1937",
        "http.listen=", "channels.a/b.sources=[channel: c/d]", "access.publish_key=a=b" };
    struct bc_config *cfg = NULL;
    assert_int_equal(bc_config_load(path, overrides, 8, &cfg, NULL), 0);
    unlink(path);
    assert_int_equal(cfg->hls.part_ms, 500);
    assert_int_equal(cfg->hls.window_s, 70);
    assert_int_equal(cfg->n_channels, 3);
    assert_string_equal(bc_config_channel(cfg, "a/b")->title, "given");
    assert_string_equal(bc_config_channel(cfg, "b/c.1")->title, "added");
    assert_string_equal(bc_config_channel(cfg, "c/d")->title, "file");
    assert_int_equal(
        bc_config_channel(cfg, "a/b")->sources.items[0].kind, BC_SOURCE_CHANNEL);
    assert_int_equal(cfg->rtmp.listen.n, 2);
    assert_string_equal(cfg->rtmp.listen.items[0].host, "::1");
    assert_int_equal(cfg->rtmp.listen.items[1].port, 1937);
    assert_int_equal(cfg->http.listen.n, 0);
    assert_string_equal(cfg->access.publish_key, "a=b");
    bc_config_unref(&cfg);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unknown_keys_suggest_the_nearest),
        cmocka_unit_test(test_numbers_outside_bounds_are_refused),
        cmocka_unit_test(test_wrong_types_are_named),
        cmocka_unit_test(test_all_errors_are_reported),
        cmocka_unit_test(test_error_flood_is_cut),
        cmocka_unit_test(test_duplicates_are_refused),
        cmocka_unit_test(test_yaml_beyond_need_is_refused),
        cmocka_unit_test(test_broken_yaml_names_the_line),
        cmocka_unit_test(test_large_input_is_refused),
        cmocka_unit_test(test_secrets_do_not_show_in_errors),
        cmocka_unit_test(test_strings_are_checked),
        cmocka_unit_test(test_bad_listeners_are_refused),
        cmocka_unit_test(test_bad_channels_are_refused),
        cmocka_unit_test(test_bad_sources_are_refused),
        cmocka_unit_test(test_keys_are_checked_together),
        cmocka_unit_test(test_bad_overrides_are_refused),
        cmocka_unit_test(test_missing_file_is_named),
        cmocka_unit_test(test_override_beats_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
