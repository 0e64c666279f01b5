// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/schema.h"

static char *
written_by(void (*write)(FILE *out))
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    assert_non_null(f);
    write(f);
    fclose(f);
    char *copy = strdup(text); // gcc takes memory of a stream for a dangling pointer
    free(text);
    assert_non_null(copy);
    return copy;
}

static char *
effective(const struct bc_config *cfg)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    assert_non_null(f);
    bc_config_print_effective(cfg, f);
    fclose(f);
    return text;
}

static char *
read_committed(const char *path)
{
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    char *text = calloc(1, 256 * 1024);
    assert_non_null(text);
    assert_true(fread(text, 1, 256 * 1024 - 1, f) > 0);
    fclose(f);
    return text;
}

static struct bc_config *
parse(const char *yaml)
{
    struct bc_config *cfg = NULL;
    assert_int_equal(bc_config_parse("t.yaml", yaml, strlen(yaml), &cfg, NULL), 0);
    return cfg;
}

static void
expect_committed(void (*write)(FILE *out), const char *path)
{
    char *generated = written_by(write);
    char *committed = read_committed(path);
    // When this fails, generate the file anew: see src/config/meson.build.
    assert_string_equal(committed, generated);
    free(generated);
    free(committed);
}

static void
test_committed_files_are_the_generated_ones(void **state)
{
    (void)state;
    expect_committed(bc_config_write_sample, SOURCE_ROOT "/conf/branchcast.yaml");
    expect_committed(bc_config_write_docs, SOURCE_ROOT "/docs/config.md");
}

static void
test_sample_is_the_defaults(void **state)
{
    (void)state;
    char *sample = written_by(bc_config_write_sample);
    struct bc_config *defaults = parse("");
    struct bc_config *cfg = parse(sample);
    assert_int_equal(bc_config_diff(defaults, cfg, NULL, NULL), 0);
    bc_config_unref(&cfg);
    bc_config_unref(&defaults);
    free(sample);
}

// As the sample's head says: a '#' directly before a key, removed, makes the key active.
static void
test_sample_is_valid_with_its_keys_active(void **state)
{
    (void)state;
    char *sample = written_by(bc_config_write_sample);
    for (char *p = sample; *p; p++) {
        char *start = p + strspn(p, " ");
        if (start[0] == '#' && start[1] != ' ') {
            memmove(start, start + 1, strlen(start));
        }
        p = p + strcspn(p, "\n");
    }
    struct bc_config *defaults = parse("");
    struct bc_config *cfg = parse(sample);
    assert_int_equal(cfg->n_channels, 2);
    assert_string_equal(bc_config_channel(cfg, "live/hq")->publish_key, "change-me");
    assert_int_equal(bc_config_channel(cfg, "store/0571")->sources.n, 2);
    for (size_t i = 0; i < BC_CONFIG_N_KEYS; i++) {
        size_t section_len;
        assert_non_null(strstr(sample, bc_schema_leaf(&BC_CONFIG_KEYS[i], &section_len)));
    }
    // Without its channels it is the defaults again.
    bc_config_unref(&cfg);
    size_t len = (size_t)(strstr(sample, "\nchannels:") - sample);
    assert_int_equal(bc_config_parse("t.yaml", sample, len, &cfg, NULL), 0);
    assert_int_equal(bc_config_diff(defaults, cfg, NULL, NULL), 0);
    bc_config_unref(&cfg);
    bc_config_unref(&defaults);
    free(sample);
}

static void
test_effective_can_be_read_back(void **state)
{
    (void)state;
    struct bc_config *cfg = parse(
        "workers: 5\nlog: {format: json}\nhttp: {listen: [\":1\", \"[::1]:2\"]}\n"
        "rtmp: {listen: []}\ndata: {dir: 'a \"b\" \\c'}\nstream: {gop_cache: false}\n"
        "channels: {live/hq: {title: \"x\", record: request, sources: "
        "[publisher, publisher: b, channel: a/b, slate: {image: 'i\"'}, slate: {file: "
        "f}]}}\n");
    char *text = effective(cfg);
    struct bc_config *again = parse(text);
    assert_int_equal(bc_config_diff(cfg, again, NULL, NULL), 0);
    free(text);
    bc_config_unref(&again);
    bc_config_unref(&cfg);
}

static void
test_effective_masks_secrets(void **state)
{
    (void)state;
    struct bc_config *cfg = parse("access: {publish_key: aaSECRET, play_key: bbSECRET}\n"
                                  "channels: {live/hq: {publish_key: ccSECRET}}\n");
    char *text = effective(cfg);
    assert_null(strstr(text, "SECRET"));
    assert_non_null(strstr(text, "  play_key: \"***\"\n"));
    assert_non_null(strstr(text, "    publish_key: \"***\"\n"));
    free(text);
    bc_config_unref(&cfg);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_committed_files_are_the_generated_ones),
        cmocka_unit_test(test_sample_is_the_defaults),
        cmocka_unit_test(test_sample_is_valid_with_its_keys_active),
        cmocka_unit_test(test_effective_can_be_read_back),
        cmocka_unit_test(test_effective_masks_secrets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
