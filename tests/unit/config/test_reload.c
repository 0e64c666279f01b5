// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
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
note_change(void *userdata, const char *key, bool needs_restart)
{
    bc_write_fmt(userdata, "%s%s ", key, needs_restart ? "!" : "");
}

// The changed keys, those that need a restart with a '!'.
static void
expect_diff(const struct bc_config *from, const struct bc_config *to, size_t n,
    const char *expected)
{
    struct bc_writer seen = { 0 };
    assert_int_equal(bc_config_diff(from, to, note_change, &seen), n);
    bc_write_u8(&seen, 0);
    assert_string_equal((const char *)seen.data, expected);
    bc_writer_finish(&seen);
}

static void
test_diff_names_what_changed(void **state)
{
    (void)state;
    struct bc_config *a = parse("hls: {part_ms: 200}\naccess: {publish_key: one}\n");
    struct bc_config *b = parse("hls: {part_ms: 300}\naccess: {publish_key: two}\n"
                                "workers: 2\nrtmp: {listen: \":1937\"}\n"
                                "log: {level: warn}\nstream: {gop_cache: false}\n");
    expect_diff(a, a, 0, "");
    expect_diff(a, b, 6,
        "workers! log.level rtmp.listen! access.publish_key stream.gop_cache "
        "hls.part_ms ");
    bc_config_unref(&a);
    bc_config_unref(&b);
}

static void
test_diff_names_channels(void **state)
{
    (void)state;
    struct bc_config *a = parse(
        "channels: {a/1: {}, b/1: {title: x}, c/1: {}, e/1: {}}\n");
    struct bc_config *b = parse("channels: {b/1: {title: y}, c/1: {}, d/1: {}, "
                                "e/1: {sources: [publisher: backup]}}\n");
    expect_diff(a, b, 4, "channels.a/1 channels.b/1 channels.d/1 channels.e/1 ");
    expect_diff(b, a, 4, "channels.a/1 channels.b/1 channels.d/1 channels.e/1 ");
    bc_config_unref(&a);
    bc_config_unref(&b);
}

static void
test_keep_restart_takes_the_running_values(void **state)
{
    (void)state;
    struct bc_config *running = parse(
        "data: {dir: old}\nworkers: 1\nhls: {part_ms: 200}\n"
        "http: {listen: \":81\"}\n");
    struct bc_config *fresh = parse(
        "data: {dir: new}\nworkers: 2\nhls: {part_ms: 300}\n");
    assert_int_equal(bc_config_keep_restart(fresh, running), 0);
    assert_string_equal(fresh->data.dir, "old");
    assert_int_equal(fresh->workers, 1);
    assert_int_equal(fresh->http.listen.items[0].port, 81);
    assert_int_equal(fresh->hls.part_ms, 300);
    expect_diff(running, fresh, 1, "hls.part_ms ");
    bc_config_unref(&running);
    assert_string_equal(fresh->data.dir, "old"); // a copy, not the other's
    bc_config_unref(&fresh);
}

static void
test_last_reference_frees(void **state)
{
    (void)state;
    struct bc_config *first = parse("data: {dir: here}\n");
    struct bc_config *second = bc_config_ref(first);
    bc_config_unref(&first);
    assert_null(first);
    assert_string_equal(second->data.dir, "here");
    bc_config_unref(&second);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_diff_names_what_changed),
        cmocka_unit_test(test_diff_names_channels),
        cmocka_unit_test(test_keep_restart_takes_the_running_values),
        cmocka_unit_test(test_last_reference_frees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
