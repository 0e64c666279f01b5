// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access/keys.h"
#include "base/writer.h"
#include "config/config.h"

// A data directory of its own for each test.
struct place {
    char root[64]; // removed at the end
    char data[80];
};

static int
setup(void **state)
{
    struct place *p = calloc(1, sizeof(*p));
    if (!p) {
        return -1;
    }
    strcpy(p->root, "/tmp/bc_keys_XXXXXX");
    if (!mkdtemp(p->root)) {
        free(p);
        return -1;
    }
    snprintf(p->data, sizeof(p->data), "%s/data", p->root);
    *state = p;
    return 0;
}

static char *
path_of(const struct place *p, const char *name, char out[128])
{
    snprintf(out, 128, "%s/data/%s", p->root, name);
    return out;
}

static int
teardown(void **state)
{
    struct place *p = *state;
    static const char *const FILES[] = { "keys/admin_token", "keys/publish_key",
        "keys/publish_key.new", "keys/target", "keys", "elsewhere", "" };
    char path[128];
    for (size_t i = 0; i < sizeof(FILES) / sizeof(FILES[0]); i++) {
        remove(path_of(p, FILES[i], path));
    }
    int ret = remove(p->root); // fails when a test left something behind
    free(p);
    return ret;
}

static struct bc_keys *
open_keys(const struct place *p)
{
    struct bc_keys *keys = NULL;
    assert_int_equal(bc_keys_open(p->data, &keys, NULL), 0);
    return keys;
}

static void
expect_mode(const struct place *p, const char *name, mode_t mode)
{
    char path[128];
    struct stat st;
    assert_int_equal(lstat(path_of(p, name, path), &st), 0);
    assert_int_equal(st.st_mode & 07777, mode);
}

static void
write_file(const struct place *p, const char *name, const char *text)
{
    char path[128];
    FILE *f = fopen(path_of(p, name, path), "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

// Opening fails with `ret` and one line that contains `reason`.
static void
expect_failure(const struct place *p, int ret, const char *reason)
{
    struct bc_keys *keys = NULL;
    struct bc_writer error = { 0 };
    assert_int_equal(bc_keys_open(p->data, &keys, &error), ret);
    assert_null(keys);
    bc_write_u8(&error, 0);
    assert_non_null(strstr((const char *)error.data, reason));
    bc_writer_finish(&error);
}

static void
test_first_start_creates_secrets(void **state)
{
    struct place *p = *state;
    mode_t mask = umask(0);
    struct bc_keys *keys = open_keys(p);
    umask(mask);
    assert_true(bc_keys_is_new(keys));
    assert_int_equal(strlen(bc_keys_admin_token(keys)), 26);
    assert_int_equal(strlen(bc_keys_publish_key(keys)), 26);
    assert_int_equal(
        strspn(bc_keys_publish_key(keys), "abcdefghijklmnopqrstuvwxyz234567"), 26);
    assert_string_not_equal(bc_keys_admin_token(keys), bc_keys_publish_key(keys));
    expect_mode(p, "", 0700);
    expect_mode(p, "keys", 0700);
    expect_mode(p, "keys/admin_token", 0600);
    expect_mode(p, "keys/publish_key", 0600);
    bc_keys_close(&keys);
    assert_null(keys);
    bc_keys_close(&keys);
}

static void
test_next_start_reads_them_back(void **state)
{
    struct place *p = *state;
    struct bc_keys *first = open_keys(p);
    struct bc_keys *second = open_keys(p);
    assert_false(bc_keys_is_new(second));
    assert_string_equal(bc_keys_admin_token(first), bc_keys_admin_token(second));
    assert_string_equal(bc_keys_publish_key(first), bc_keys_publish_key(second));
    bc_keys_close(&first);
    bc_keys_close(&second);
}

static void
test_restrictive_umask_changes_nothing(void **state)
{
    struct place *p = *state;
    assert_int_equal(mkdir(p->data, 0755), 0);
    mode_t mask = umask(0377);
    struct bc_keys *keys = open_keys(p);
    umask(mask);
    expect_mode(p, "", 0755); // not ours to change
    expect_mode(p, "keys/publish_key", 0600);
    bc_keys_close(&keys);
}

static void
test_open_modes_are_tightened(void **state)
{
    struct place *p = *state;
    struct bc_keys *keys = open_keys(p);
    char path[128];
    assert_int_equal(chmod(path_of(p, "keys", path), 0755), 0);
    assert_int_equal(chmod(path_of(p, "keys/publish_key", path), 0644), 0);
    bc_keys_close(&keys);
    keys = open_keys(p);
    expect_mode(p, "keys", 0700);
    expect_mode(p, "keys/publish_key", 0600);
    bc_keys_close(&keys);
}

static void
test_edited_file_is_read(void **state)
{
    struct place *p = *state;
    struct bc_keys *keys = open_keys(p);
    bc_keys_close(&keys);
    write_file(p, "keys/publish_key", "abcdefghijklmnopqrstuvwxyz\r\n");
    keys = open_keys(p);
    assert_string_equal(bc_keys_publish_key(keys), "abcdefghijklmnopqrstuvwxyz");
    bc_keys_close(&keys);
}

static void
test_bad_files_are_refused(void **state)
{
    struct place *p = *state;
    struct bc_keys *keys = open_keys(p);
    bc_keys_close(&keys);
    static const char *const BAD[] = { "", "\n", "abc\n", "abcdefghijklmnopqrstuvwxy\n",
        "abcdefghijklmnopqrstuvwxyza\n", "ABCDEFGHIJKLMNOPQRSTUVWXYZ\n",
        "abcdefghijklmnopqrstuvwxyz\nmore",
        "abcdefghijklmnopqrstuvwxyz\n\n\n\n\n\n\n\n\n\n\nmore" };
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        write_file(p, "keys/publish_key", BAD[i]);
        expect_failure(p, -EINVAL, "/keys/publish_key: does not hold a key");
    }
}

static void
test_links_are_not_followed(void **state)
{
    struct place *p = *state;
    struct bc_keys *keys = open_keys(p);
    bc_keys_close(&keys);
    write_file(p, "keys/target", "abcdefghijklmnopqrstuvwxyz\n");
    char path[128];
    remove(path_of(p, "keys/publish_key", path));
    assert_int_equal(symlink("target", path), 0);
    expect_failure(p, -ELOOP, "/keys/publish_key: is a symbolic link");
    remove(path);
    // A link where the new file is to be written aside: replaced, not written through.
    assert_int_equal(symlink("target", path_of(p, "keys/publish_key.new", path)), 0);
    keys = open_keys(p);
    expect_mode(p, "keys/publish_key", 0600);
    char line[64] = "";
    FILE *f = fopen(path_of(p, "keys/target", path), "r");
    assert_non_null(fgets(line, sizeof(line), f));
    fclose(f);
    assert_string_equal(line, "abcdefghijklmnopqrstuvwxyz\n");
    bc_keys_close(&keys);
}

static void
test_linked_directory_is_refused(void **state)
{
    struct place *p = *state;
    char path[128];
    assert_int_equal(mkdir(p->data, 0700), 0);
    assert_int_equal(mkdir(path_of(p, "elsewhere", path), 0700), 0);
    assert_int_equal(symlink("elsewhere", path_of(p, "keys", path)), 0);
    struct bc_keys *keys = NULL;
    assert_true(bc_keys_open(p->data, &keys, NULL) < 0);
}

static void
test_fifo_does_not_block(void **state)
{
    struct place *p = *state;
    char path[128];
    struct bc_keys *keys = open_keys(p);
    bc_keys_close(&keys);
    remove(path_of(p, "keys/publish_key", path));
    assert_int_equal(mkfifo(path, 0600), 0);
    expect_failure(p, -EINVAL, "does not hold a key");
}

static void
test_unusable_data_directory_is_named(void **state)
{
    struct place *p = *state;
    struct bc_keys *keys = NULL;
    struct bc_writer error = { 0 };
    assert_int_equal(bc_keys_open("/nowhere/data", &keys, &error), -ENOENT);
    bc_write_u8(&error, 0);
    assert_string_equal((char *)error.data, "/nowhere/data: No such file or directory\n");
    bc_writer_finish(&error);
    assert_int_equal(mkdir(p->data, 0700), 0);
    write_file(p, "keys", "a file\n");
    expect_failure(p, -ENOTDIR, "/data/keys: Not a directory");
}

static struct bc_config *
configure(const char *yaml)
{
    struct bc_config *cfg = NULL;
    assert_int_equal(bc_config_parse("t.yaml", yaml, strlen(yaml), &cfg, NULL), 0);
    return cfg;
}

static void
test_publish_with_the_stored_key(void **state)
{
    struct bc_keys *keys = open_keys(*state);
    struct bc_config *cfg = configure("");
    const char *key = bc_keys_publish_key(keys);
    assert_true(bc_keys_publish_check(keys, cfg, "live/hq", key));
    assert_false(bc_keys_publish_check(keys, cfg, "live/hq", NULL));
    assert_false(bc_keys_publish_check(keys, cfg, "live/hq", ""));
    assert_false(bc_keys_publish_check(keys, cfg, "live/hq", "wrong"));
    assert_false(bc_keys_publish_check(keys, cfg, "live/hq", bc_keys_admin_token(keys)));
    char near[64];
    snprintf(near, sizeof(near), "%s ", key);
    assert_false(bc_keys_publish_check(keys, cfg, "live/hq", near));
    bc_config_unref(&cfg);
    bc_keys_close(&keys);
}

static void
test_configured_keys_override(void **state)
{
    struct bc_keys *keys = open_keys(*state);
    // printf %s hashed | sha256sum
    struct bc_config *cfg = configure(
        "access: {publish_key: global}\n"
        "channels:\n"
        "  live/own: {publish_key: own}\n"
        "  live/hash: {publish_key: \"sha256:"
        "1A06DF824ED741B53C785079A6347F00EEC5AF82F9850775409CA69DFF4068A6\"}\n"
        "  live/none: {title: x}\n");
    const char *stored = bc_keys_publish_key(keys);
    assert_true(bc_keys_publish_check(keys, cfg, "live/hq", "global"));
    assert_true(bc_keys_publish_check(keys, cfg, "live/none", "global"));
    assert_false(bc_keys_publish_check(keys, cfg, "live/hq", stored));
    assert_true(bc_keys_publish_check(keys, cfg, "live/own", "own"));
    assert_false(bc_keys_publish_check(keys, cfg, "live/own", "global"));
    assert_false(bc_keys_publish_check(keys, cfg, "live/own", stored));
    assert_true(bc_keys_publish_check(keys, cfg, "live/hash", "hashed"));
    // Knowing the hash is not knowing the key.
    assert_false(bc_keys_publish_check(
        keys, cfg, "live/hash", bc_config_channel(cfg, "live/hash")->publish_key));
    bc_config_unref(&cfg);
    bc_keys_close(&keys);
}

static void
test_open_publishing(void **state)
{
    struct bc_keys *keys = open_keys(*state);
    struct bc_config *cfg = configure("access: {publish: open}\n"
                                      "channels: {live/own: {publish_key: own}}\n");
    assert_true(bc_keys_publish_check(keys, cfg, "live/hq", NULL));
    assert_true(bc_keys_publish_check(keys, cfg, "live/hq", "anything"));
    assert_false(bc_keys_publish_check(keys, cfg, "live/own", NULL));
    assert_true(bc_keys_publish_check(keys, cfg, "live/own", "own"));
    bc_config_unref(&cfg);
    bc_keys_close(&keys);
}

static void
test_publisher_ids_tell_credentials_apart(void **state)
{
    struct bc_keys *keys = open_keys(*state);
    struct bc_keys *other = open_keys(*state);
    uint64_t a = bc_keys_publish_id(keys, "a");
    assert_true(a != 0);
    assert_true(a == bc_keys_publish_id(keys, "a"));
    assert_true(a != bc_keys_publish_id(keys, "b"));
    assert_true(a != bc_keys_publish_id(keys, NULL));
    assert_true(bc_keys_publish_id(keys, "") == bc_keys_publish_id(keys, NULL));
    // Salted: an id that shows somewhere does not help to guess the key.
    assert_true(a != bc_keys_publish_id(other, "a"));
    bc_keys_close(&keys);
    bc_keys_close(&other);
}

static void
test_playing(void **state)
{
    struct bc_keys *keys = open_keys(*state);
    struct bc_config *cfg = configure("");
    assert_true(bc_keys_play_check(keys, cfg, "live/hq", NULL));
    bc_config_unref(&cfg);
    cfg = configure("access: {play: token, play_key: watch}\n");
    assert_false(bc_keys_play_check(keys, cfg, "live/hq", NULL));
    assert_false(bc_keys_play_check(keys, cfg, "live/hq", "Watch"));
    assert_true(bc_keys_play_check(keys, cfg, "live/hq", "watch"));
    bc_config_unref(&cfg);
    bc_keys_close(&keys);
}

static void
test_api_wants_the_admin_token(void **state)
{
    struct bc_keys *keys = open_keys(*state);
    assert_true(bc_keys_api_check(keys, bc_keys_admin_token(keys)));
    assert_false(bc_keys_api_check(keys, bc_keys_publish_key(keys)));
    assert_false(bc_keys_api_check(keys, NULL));
    assert_false(bc_keys_api_check(keys, ""));
    bc_keys_close(&keys);
}

#define KEYS_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        KEYS_TEST(test_first_start_creates_secrets),
        KEYS_TEST(test_next_start_reads_them_back),
        KEYS_TEST(test_restrictive_umask_changes_nothing),
        KEYS_TEST(test_open_modes_are_tightened),
        KEYS_TEST(test_edited_file_is_read),
        KEYS_TEST(test_bad_files_are_refused),
        KEYS_TEST(test_links_are_not_followed),
        KEYS_TEST(test_linked_directory_is_refused),
        KEYS_TEST(test_fifo_does_not_block),
        KEYS_TEST(test_unusable_data_directory_is_named),
        KEYS_TEST(test_publish_with_the_stored_key),
        KEYS_TEST(test_configured_keys_override),
        KEYS_TEST(test_open_publishing),
        KEYS_TEST(test_publisher_ids_tell_credentials_apart),
        KEYS_TEST(test_playing),
        KEYS_TEST(test_api_wants_the_admin_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
