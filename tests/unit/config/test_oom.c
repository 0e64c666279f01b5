// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"

// The linker sends our code's allocations here (--wrap); after `g_left` of them one
// fails.
static long g_left = -1;

static int
is_failing(void)
{
    return g_left >= 0 && g_left-- == 0;
}

void *
__real_malloc(size_t len);
void *
__real_calloc(size_t n, size_t len);
void *
__real_realloc(void *p, size_t len);
char *
__real_strdup(const char *s);
void *
__wrap_malloc(size_t len);
void *
__wrap_calloc(size_t n, size_t len);
void *
__wrap_realloc(void *p, size_t len);
char *
__wrap_strdup(const char *s);

void *
__wrap_malloc(size_t len)
{
    return is_failing() ? NULL : __real_malloc(len);
}

void *
__wrap_calloc(size_t n, size_t len)
{
    return is_failing() ? NULL : __real_calloc(n, len);
}

void *
__wrap_realloc(void *p, size_t len)
{
    return is_failing() ? NULL : __real_realloc(p, len);
}

char *
__wrap_strdup(const char *s)
{
    return is_failing() ? NULL : __real_strdup(s);
}

static const char *const OVERRIDES[] = { "channels.b/b.title=x", "http.listen=:81,:82",
    "channels.a/a.sources=[publisher, channel: b/b, slate: {file: x}]",
    "data.dir=there" };

static int
load(struct bc_config **cfg)
{
    return bc_config_load(SOURCE_ROOT "/tests/fuzz/corpus/config_yaml/channels.yaml",
        OVERRIDES, sizeof(OVERRIDES) / sizeof(OVERRIDES[0]), cfg, NULL);
}

// Every allocation fails once; the sanitizer sees what leaks.
static void
test_load_survives_each_failed_allocation(void **state)
{
    (void)state;
    for (long n = 0;; n++) {
        struct bc_config *cfg = NULL;
        g_left = n;
        int ret = load(&cfg);
        long left = g_left;
        g_left = -1;
        if (left >= 0) {
            assert_int_equal(ret, 0);
            bc_config_unref(&cfg);
            assert_true(n > 50); // there was something to fail
            return;
        }
        assert_int_equal(ret, -ENOMEM);
        assert_null(cfg);
    }
}

static void
test_keep_restart_survives_each_failed_allocation(void **state)
{
    (void)state;
    struct bc_config *running = NULL;
    assert_int_equal(bc_config_load(NULL, NULL, 0, &running, NULL), 0);
    int ret = -ENOMEM;
    for (long n = 0; ret == -ENOMEM; n++) {
        struct bc_config *cfg = NULL;
        assert_int_equal(load(&cfg), 0);
        g_left = n;
        ret = bc_config_keep_restart(cfg, running);
        g_left = -1;
        bc_config_unref(&cfg);
    }
    assert_int_equal(ret, 0);
    bc_config_unref(&running);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_load_survives_each_failed_allocation),
        cmocka_unit_test(test_keep_restart_survives_each_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
