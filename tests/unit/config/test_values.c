// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/writer.h"
#include "config/config.h"

static struct bc_config *
parse(const char *yaml)
{
    struct bc_config *cfg = NULL;
    assert_int_equal(bc_config_parse("t.yaml", yaml, strlen(yaml), &cfg, NULL), 0);
    return cfg;
}

static void
test_defaults_need_no_file(void **state)
{
    (void)state;
    struct bc_config *cfg = NULL;
    assert_int_equal(bc_config_load(NULL, NULL, 0, &cfg, NULL), 0);
    assert_string_equal(cfg->data.dir, "./data");
    assert_int_equal(cfg->workers, 0);
    assert_int_equal(cfg->log.level, BC_LOG_INFO);
    assert_int_equal(cfg->log.format, BC_LOG_FORMAT_TEXT);
    assert_int_equal(cfg->rtmp.listen.n, 1);
    assert_string_equal(cfg->rtmp.listen.items[0].host, "");
    assert_int_equal(cfg->rtmp.listen.items[0].port, 1935);
    assert_int_equal(cfg->http.listen.items[0].port, 8080);
    assert_string_equal(cfg->http.cors_origin, "*");
    assert_int_equal(cfg->https.listen.items[0].port, 8443);
    assert_string_equal(cfg->tls.cert, "");
    assert_int_equal(cfg->access.publish, BC_ACCESS_KEY);
    assert_int_equal(cfg->access.play, BC_ACCESS_OPEN);
    assert_int_equal(cfg->access.api, BC_ACCESS_TOKEN);
    assert_true(cfg->stream.gop_cache);
    assert_int_equal(cfg->stream.grace_s, 30);
    assert_int_equal(cfg->hls.part_ms, 200);
    assert_int_equal(cfg->hls.window_s, 60);
    assert_int_equal(cfg->srt.listen.items[0].port, 8890);
    assert_int_equal(cfg->srt.latency_ms, 200);
    assert_string_equal(cfg->srt.passphrase, "");
    assert_int_equal(cfg->n_channels, 0);
    assert_null(bc_config_channel(cfg, "live/hq"));
    bc_config_unref(&cfg);
    assert_null(cfg);
    bc_config_unref(&cfg);
}

static void
test_empty_texts_give_the_defaults(void **state)
{
    (void)state;
    static const char *const TEXTS[] = { "", "\n", "# nothing\n", "---\n", "{}", "~",
        "hls:\nchannels:\n", "\xef\xbb\xbfhls: {}\n" };
    struct bc_config *defaults = parse("");
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
        struct bc_config *cfg = parse(TEXTS[i]);
        assert_int_equal(bc_config_diff(defaults, cfg, NULL, NULL), 0);
        bc_config_unref(&cfg);
    }
    bc_config_unref(&defaults);
}

static void
test_values_are_read(void **state)
{
    (void)state;
    struct bc_config *cfg = parse(
        "workers: 3\n"
        "data: { dir: /var/lib/branchcast }\n"
        "log: { level: debug, format: json }\n"
        "rtmp:\n"
        "  listen: []\n"
        "  max_message_bytes: 2MiB\n"
        "http:\n"
        "  listen: \"\"\n"
        "  cors_origin: \"https://shop.example:8443\"\n"
        "https:\n"
        "  listen: [localhost:1, \"*:2\", \"[2001:db8::1]:3\", 10.0.0.1:65535]\n"
        "access: { publish: open, play: token, api: open, play_key: secret }\n"
        "stream: { gop_cache: off, grace_s: 0 }\n");
    assert_int_equal(cfg->workers, 3);
    assert_string_equal(cfg->data.dir, "/var/lib/branchcast");
    assert_int_equal(cfg->log.level, BC_LOG_DEBUG);
    assert_int_equal(cfg->log.format, BC_LOG_FORMAT_JSON);
    assert_int_equal(cfg->rtmp.listen.n, 0);
    assert_int_equal(cfg->rtmp.max_message_bytes, 2 * 1024 * 1024);
    assert_int_equal(cfg->http.listen.n, 0);
    assert_string_equal(cfg->http.cors_origin, "https://shop.example:8443");
    assert_int_equal(cfg->https.listen.n, 4);
    assert_string_equal(cfg->https.listen.items[0].host, "127.0.0.1");
    assert_string_equal(cfg->https.listen.items[1].host, "");
    assert_string_equal(cfg->https.listen.items[2].host, "2001:db8::1");
    assert_int_equal(cfg->https.listen.items[3].port, 65535);
    assert_int_equal(cfg->access.publish, BC_ACCESS_OPEN);
    assert_int_equal(cfg->access.play, BC_ACCESS_TOKEN);
    assert_int_equal(cfg->access.api, BC_ACCESS_OPEN);
    assert_string_equal(cfg->access.play_key, "secret");
    assert_false(cfg->stream.gop_cache);
    assert_int_equal(cfg->stream.grace_s, 0);
    bc_config_unref(&cfg);
}

// The set-up of a headquarters and a store.
static const char CHANNELS[] = "channels:\n"
                               "  store/0571:\n"
                               "    sources:\n"
                               "      - publisher\n"
                               "      - channel: live/hq\n"
                               "      - slate: { file: conf/closed.mp4 }\n"
                               "  live/hq:\n"
                               "    publish_key: 0571\n"
                               "    srt_passphrase: 0123456789\n"
                               "    record: always\n"
                               "    title: \"总部 \\\"HQ\\\"\"\n"
                               "    sources:\n"
                               "      - publisher\n"
                               "      - publisher: backup\n"
                               "      - slate: { image: conf/slate.png }\n"
                               "  a/b/c/d/e:\n";

static void
expect_source(const struct bc_config_channel *channel, size_t i, enum bc_source_kind kind,
    const char *value)
{
    assert_int_equal(channel->sources.items[i].kind, kind);
    assert_string_equal(channel->sources.items[i].value, value);
}

static void
test_files_and_pulls_are_read(void **state)
{
    (void)state;
    struct bc_config *cfg = parse("channels:\n"
                                  "  a/f:\n"
                                  "    sources:\n"
                                  "      - publisher\n"
                                  "      - pull: rtmp://origin.example/live/hq\n"
                                  "      - file: intro.mp4\n"
                                  "      - file: { path: day.m3u, loop: true, "
                                  "start_at_s: 90 }\n");
    const struct bc_config_channel *channel = bc_config_channel(cfg, "a/f");
    assert_int_equal(channel->sources.n, 4);
    expect_source(channel, 1, BC_SOURCE_PULL, "rtmp://origin.example/live/hq");
    expect_source(channel, 2, BC_SOURCE_FILE, "intro.mp4");
    assert_false(channel->sources.items[2].loop);
    expect_source(channel, 3, BC_SOURCE_FILE, "day.m3u");
    assert_true(channel->sources.items[3].loop);
    assert_int_equal(channel->sources.items[3].start_at_s, 90);
    bc_config_unref(&cfg);
}

static void
test_origins_and_targets_are_read(void **state)
{
    (void)state;
    struct bc_config *cfg = parse("relay:\n"
                                  "  origins: [\"http://a:8080?token=t\", rtmps://b]\n"
                                  "channels:\n"
                                  "  a/p:\n"
                                  "    sources: [{ pull: { url: http://x/y.flv, "
                                  "on_demand: true, idle_s: 3 } }]\n"
                                  "    push:\n"
                                  "      - rtmp://one.example/live/key\n"
                                  "      - { url: srt://two:9000, name: Two, enabled: "
                                  "false }\n");
    assert_int_equal(cfg->relay.origins.n, 2);
    assert_string_equal(cfg->relay.origins.items[0], "http://a:8080?token=t");
    assert_int_equal(cfg->relay.edge_grace_s, 10);
    const struct bc_config_channel *channel = bc_config_channel(cfg, "a/p");
    expect_source(channel, 0, BC_SOURCE_PULL, "http://x/y.flv");
    assert_true(channel->sources.items[0].on_demand);
    assert_int_equal(channel->sources.items[0].idle_s, 3);
    assert_int_equal(channel->push.n, 2);
    assert_string_equal(channel->push.items[0].url, "rtmp://one.example/live/key");
    assert_true(channel->push.items[0].enabled);
    assert_string_equal(channel->push.items[1].name, "Two");
    assert_false(channel->push.items[1].enabled);
    bc_config_unref(&cfg);
}

static void
test_wrong_origins_and_targets_are_refused(void **state)
{
    (void)state;
    static const char *const WRONG[] = { "relay: { origins: ftp://a }",
        "relay: { origins: \"http://\" }", "relay: { origins: \"http://a/live\" }",
        "relay: { origins: [{ a: b }] }", "relay: { origins: { a: b } }",
        "channels: { a/p: { push: rtmp://a/b/c } }",
        "channels: { a/p: { push: [rtsp://a/b] } }",
        "channels: { a/p: { push: [{ name: x }] } }",
        "channels: { a/p: { push: [{ url: srt://a, enabled: maybe }] } }",
        "channels: { a/p: { push: [[srt://a]] } }",
        "channels: { a/p: { sources: [{ pull: { on_demand: true } }] } }",
        "channels: { a/p: { sources: [{ pull: { url: http://a/b, idle_s: -1 } }] } }" };
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
        struct bc_config *cfg = NULL;
        assert_int_not_equal(
            bc_config_parse("t.yaml", WRONG[i], strlen(WRONG[i]), &cfg, NULL), 0);
    }
}

static void
test_channels_are_read(void **state)
{
    (void)state;
    struct bc_config *cfg = parse(CHANNELS);
    assert_int_equal(cfg->n_channels, 3);
    const struct bc_config_channel *hq = bc_config_channel(cfg, "live/hq");
    assert_string_equal(hq->publish_key, "0571");
    assert_string_equal(hq->srt_passphrase, "0123456789");
    assert_int_equal(hq->record, BC_RECORD_ALWAYS);
    assert_string_equal(hq->title, "总部 \"HQ\"");
    assert_int_equal(hq->sources.n, 3);
    expect_source(hq, 0, BC_SOURCE_PUBLISHER, "");
    expect_source(hq, 1, BC_SOURCE_PUBLISHER, "backup");
    expect_source(hq, 2, BC_SOURCE_SLATE_IMAGE, "conf/slate.png");
    const struct bc_config_channel *store = bc_config_channel(cfg, "store/0571");
    assert_int_equal(store->record, BC_RECORD_DEFAULT);
    assert_int_equal(bc_config_record_mode(cfg, "live/hq"), BC_RECORD_ALWAYS);
    assert_int_equal(bc_config_record_mode(cfg, "live/other"), BC_RECORD_REQUEST);
    expect_source(store, 1, BC_SOURCE_CHANNEL, "live/hq");
    expect_source(store, 2, BC_SOURCE_SLATE_FILE, "conf/closed.mp4");
    const struct bc_config_channel *plain = bc_config_channel(cfg, "a/b/c/d/e");
    assert_string_equal(plain->publish_key, "");
    assert_int_equal(plain->sources.n, 1);
    expect_source(plain, 0, BC_SOURCE_PUBLISHER, "");
    assert_null(bc_config_channel(cfg, "live/h"));
    bc_config_unref(&cfg);
}

static void
test_truncated_text_is_safe(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof(CHANNELS); len++) {
        char *text = malloc(len ? len : 1); // so that the sanitizer sees one byte too far
        assert_non_null(text);
        memcpy(text, CHANNELS, len);
        struct bc_config *cfg = NULL;
        struct bc_writer errors = { 0 };
        int ret = bc_config_parse("t", text, len, &cfg, &errors);
        assert_true((ret == 0) == (cfg != NULL));
        assert_true((ret == 0) == (errors.len == 0));
        bc_config_unref(&cfg);
        bc_writer_finish(&errors);
        free(text);
    }
}

static void
test_channel_names(void **state)
{
    (void)state;
    char level[66];
    memset(level, 'a', 64);
    level[64] = '\0';
    char name[400];
    snprintf(name, sizeof(name), "%s/%s/%s/%s/%s", level, level, level, level, level);
    assert_true(bc_channel_name_is_valid(name));
    assert_int_equal(strlen(name), BC_CHANNEL_NAME_MAX);
    assert_true(bc_channel_name_is_valid("live/hq"));
    assert_true(bc_channel_name_is_valid("a.b-c_9/Z.m"));
    level[64] = 'a';
    level[65] = '\0';
    snprintf(name, sizeof(name), "live/%s", level);
    static const char *const BAD[] = { "", "/", "live", "live/", "/hq", "live//hq",
        "live/hq/", "a/b/c/d/e/f", "live/..", "./hq", "live/.x", "live/h q", "live/h%41",
        "live/总部", "live/h\nq", "live\\hq" };
    assert_false(bc_channel_name_is_valid(name));
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        assert_false(bc_channel_name_is_valid(BAD[i]));
    }
}

static void
expect_warnings(const char *yaml, unsigned expected)
{
    struct bc_config *cfg = parse(yaml);
    struct bc_writer out = { 0 };
    bc_config_warnings(cfg, &out);
    unsigned lines = 0;
    for (size_t i = 0; i < out.len; i++) {
        lines += out.data[i] == '\n';
    }
    assert_int_equal(lines, expected);
    bc_writer_finish(&out);
    bc_config_unref(&cfg);
}

static void
test_open_public_servers_are_warned_of(void **state)
{
    (void)state;
    expect_warnings("", 0);
    expect_warnings("access: {publish: open, api: open}\n", 2);
    expect_warnings("access: {publish: open, api: open}\n"
                    "rtmp: {listen: 127.0.0.1:1935}\nhttp: {listen: \"[::1]:80\"}\n"
                    "srt: {listen: 127.0.0.1:8890}\n",
        0);
    expect_warnings(
        "access: {publish: open}\nrtmp: {listen: [127.0.0.1:1, 10.0.0.1:1]}\n", 1);
    expect_warnings("access: {publish: open}\nrtmp: {listen: []}\n", 1);
    expect_warnings("access: {api: open}\nhttp: {listen: []}\n", 0);
    expect_warnings("access: {api: open}\nhttp: {listen: []}\n"
                    "tls: {cert: /dev/null, key: /dev/null}\n",
        1);
}

static void
test_schedules_are_read(void **state)
{
    (void)state;
    struct bc_config *cfg = parse(
        "channels:\n"
        "  live/hq:\n"
        "    schedule:\n"
        "      starts_at: 2026-03-01T20:00:00+08:00\n"
        "      ends_at: \"2026-03-01T22:00:00+08:00\"\n"
        "      keys_from: 2026-03-01T19:45:00.5+08:00\n"
        "      record: false\n"
        "      title: \"Opening \\\"x\\\"\"\n"
        "  live/b: { schedule: {} }\n"
        "  live/c:\n");
    const struct bc_config_schedule *s = &bc_config_channel(cfg, "live/hq")->schedule;
    assert_int_equal(s->starts_at_wall_us, INT64_C(1772366400000000));
    assert_int_equal(s->ends_at_wall_us, INT64_C(1772373600000000));
    assert_int_equal(s->keys_from_wall_us, INT64_C(1772365500500000));
    assert_int_equal(s->record, BC_RECORD_NEVER);
    assert_string_equal(s->title, "Opening \"x\"");
    assert_false(bc_config_schedule_is_set(&bc_config_channel(cfg, "live/b")->schedule));
    assert_false(bc_config_schedule_is_set(&bc_config_channel(cfg, "live/c")->schedule));
    bc_config_unref(&cfg);
    static const char *const WRONG[] = { "soon", "[]", "", "{ starts_at: soon }",
        "{ starts_at: }", "{ starts_at: [] }", "{ begins: 2026-03-01T20:00:00Z }",
        "{ record: true }", "{ ends_at: 2026-03-01T20:00:00Z, record: maybe }",
        "{ starts_at: 2026-03-01T20:00:00Z, ends_at: 2026-03-01T20:00:00Z }" };
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
        char yaml[200];
        snprintf(yaml, sizeof(yaml), "channels:\n  live/hq:\n    schedule: %s\n", WRONG[i]);
        assert_int_not_equal(bc_config_parse("t.yaml", yaml, strlen(yaml), &cfg, NULL), 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults_need_no_file),
        cmocka_unit_test(test_empty_texts_give_the_defaults),
        cmocka_unit_test(test_values_are_read),
        cmocka_unit_test(test_files_and_pulls_are_read),
        cmocka_unit_test(test_origins_and_targets_are_read),
        cmocka_unit_test(test_wrong_origins_and_targets_are_refused),
        cmocka_unit_test(test_channels_are_read),
        cmocka_unit_test(test_schedules_are_read),
        cmocka_unit_test(test_truncated_text_is_safe),
        cmocka_unit_test(test_channel_names),
        cmocka_unit_test(test_open_public_servers_are_warned_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
