// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "schedule/schedule.h"

#define SECOND_US INT64_C(1000000)
#define START INT64_C(1772366400000000) // 2026-03-01T12:00:00Z

// What was told last, and how often.
struct told {
    int calls;
    bool none;
    char channel[64];
    struct bc_schedule_now now;
};

// A folder of its own for each test, and a table in it.
struct stage {
    char dir[64];
    struct bc_config *config;
    struct bc_schedules *table;
    struct told told;
};

static void
apply(void *user, const char *channel, const struct bc_schedule_now *now)
{
    struct stage *s = user;
    s->told.calls++;
    s->told.none = now == NULL;
    snprintf(s->told.channel, sizeof(s->told.channel), "%s", channel);
    if (now) {
        s->told.now = *now;
    }
}

static const struct bc_schedule_ops OPS = { apply };

static struct bc_config *
parse(const char *yaml)
{
    struct bc_config *config = NULL;
    assert_int_equal(bc_config_parse("t.yaml", yaml, strlen(yaml), &config, NULL), 0);
    return config;
}

static int
setup(void **state)
{
    struct stage *s = calloc(1, sizeof(*s));
    if (!s) {
        return -1;
    }
    bc_log_set_level(BC_LOG_ERROR);
    strcpy(s->dir, "/tmp/bc-schedules-XXXXXX");
    if (!mkdtemp(s->dir)) {
        return -1;
    }
    s->config = parse("");
    s->table = bc_schedules_open(s->dir);
    *state = s;
    return s->table ? 0 : -1;
}

static int
teardown(void **state)
{
    struct stage *s = *state;
    static const char *const NAMES[] = { "schedules.json", "schedules.json.new",
        "schedules.json.damaged" };
    bc_schedules_close(s->table);
    bc_config_unref(&s->config);
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        char path[128];
        snprintf(path, sizeof(path), "%s/%s", s->dir, NAMES[i]);
        if (unlink(path) != 0 && errno == EISDIR) {
            rmdir(path);
        }
    }
    int ret = rmdir(s->dir);
    free(s);
    return ret;
}

static void
configure(struct stage *s, const char *yaml)
{
    bc_config_unref(&s->config);
    s->config = parse(yaml);
}

// How many were told something.
static int
tick(struct stage *s, int64_t now_us)
{
    s->told = (struct told){ 0 };
    bc_schedules_tick(s->table, s->config, now_us, &OPS, s);
    return s->told.calls;
}

static void
reopen(struct stage *s)
{
    bc_schedules_close(s->table);
    s->table = bc_schedules_open(s->dir);
    assert_non_null(s->table);
}

static void
put_file(const struct stage *s, const char *text)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/schedules.json", s->dir);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static bool
has_file(const struct stage *s, const char *name)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", s->dir, name);
    return access(path, F_OK) == 0;
}

static const struct bc_config_schedule EVENING = { .starts_at_wall_us = START,
    .ends_at_wall_us = START + 60 * SECOND_US,
    .keys_from_wall_us = START - 10 * SECOND_US,
    .record = BC_RECORD_NEVER,
    .title = "\xe5\xbc\x80\xe4\xb8\x9a" }; // two characters of Chinese

static void
test_each_change_is_told_once(void **state)
{
    struct stage *s = *state;
    assert_int_equal(tick(s, START), 0);
    assert_int_equal(bc_schedules_set(s->table, s->config, "live/hq", &EVENING), 0);
    assert_int_equal(tick(s, START - 11 * SECOND_US), 1);
    assert_string_equal(s->told.channel, "live/hq");
    assert_int_equal(s->told.now.phase, BC_SCHEDULE_EARLY);
    assert_int_equal(s->told.now.record, BC_RECORD_NEVER);
    assert_int_equal(tick(s, START - 11 * SECOND_US + 1), 0);
    assert_int_equal(tick(s, START - 10 * SECOND_US), 1);
    assert_int_equal(s->told.now.phase, BC_SCHEDULE_LOBBY);
    assert_int_equal(tick(s, START - 1), 0);
    assert_int_equal(tick(s, START), 1);
    assert_false(s->told.now.plan.lobby);
    assert_int_equal(tick(s, START + 60 * SECOND_US), 1);
    assert_true(s->told.now.plan.over);
    assert_int_equal(tick(s, START + 61 * SECOND_US), 0);
    // The wall clock was set back: what is true now counts.
    assert_int_equal(tick(s, START + 59 * SECOND_US), 1);
    assert_int_equal(s->told.now.phase, BC_SCHEDULE_ON);
    assert_int_equal(bc_schedules_remove(s->table, s->config, "live/hq"), 0);
    assert_int_equal(tick(s, START + 59 * SECOND_US), 1);
    assert_true(s->told.none);
    assert_int_equal(tick(s, START + 59 * SECOND_US), 0);
    assert_int_equal(bc_schedules_remove(s->table, s->config, "live/hq"), -ENOENT);
}

static void
test_another_start_is_told_within_a_phase(void **state)
{
    struct stage *s = *state;
    struct bc_config_schedule later = EVENING;
    assert_int_equal(bc_schedules_set(s->table, s->config, "live/hq", &EVENING), 0);
    assert_int_equal(tick(s, START - SECOND_US), 1);
    later.starts_at_wall_us += SECOND_US;
    assert_int_equal(bc_schedules_set(s->table, s->config, "live/hq", &later), 0);
    assert_int_equal(tick(s, START - SECOND_US), 1);
    assert_int_equal(s->told.now.phase, BC_SCHEDULE_LOBBY);
    assert_int_equal(s->told.now.plan.countdown_to_wall_us, START + SECOND_US);
}

static void
test_the_table_survives_a_restart(void **state)
{
    struct stage *s = *state;
    struct bc_schedule_found found;
    assert_int_equal(bc_schedules_set(s->table, s->config, "live/hq", &EVENING), 0);
    assert_int_equal(tick(s, START), 1);
    assert_true(has_file(s, "schedules.json"));
    assert_false(has_file(s, "schedules.json.new"));
    reopen(s);
    assert_true(bc_schedules_get(s->table, s->config, "live/hq", &found));
    assert_false(found.configured);
    assert_memory_equal(&found.schedule, &EVENING, sizeof(EVENING));
    // What no tick has written is written at the end.
    struct bc_config_schedule end = { .ends_at_wall_us = START };
    assert_int_equal(bc_schedules_set(s->table, s->config, "store/0571", &end), 0);
    assert_int_equal(bc_schedules_remove(s->table, s->config, "live/hq"), 0);
    reopen(s);
    assert_false(bc_schedules_get(s->table, s->config, "live/hq", &found));
    assert_true(bc_schedules_get(s->table, s->config, "store/0571", &found));
    assert_int_equal(tick(s, START), 1);
    assert_int_equal(s->told.now.phase, BC_SCHEDULE_OVER);
}

static void
test_the_configuration_counts_and_says_so(void **state)
{
    struct stage *s = *state;
    struct bc_schedule_found found;
    assert_int_equal(bc_schedules_set(s->table, s->config, "live/hq", &EVENING), 0);
    assert_int_equal(tick(s, START), 1);
    configure(s,
        "channels:\n"
        "  live/hq:\n"
        "    schedule: { starts_at: 2026-03-01T20:00:05+08:00, record: true }\n");
    assert_true(bc_schedules_get(s->table, s->config, "live/hq", &found));
    assert_true(found.configured);
    assert_true(found.shadows);
    assert_int_equal(found.schedule.starts_at_wall_us, START + 5 * SECOND_US);
    assert_int_equal(tick(s, START), 1);
    assert_int_equal(s->told.now.phase, BC_SCHEDULE_LOBBY);
    assert_int_equal(s->told.now.record, BC_RECORD_ALWAYS);
    assert_int_equal(
        bc_schedules_set(s->table, s->config, "live/hq", &EVENING), -EPERM);
    // The API's goes; the other one stays.
    assert_int_equal(bc_schedules_remove(s->table, s->config, "live/hq"), 0);
    assert_int_equal(bc_schedules_remove(s->table, s->config, "live/hq"), -EPERM);
    assert_int_equal(tick(s, START), 0);
    configure(s, "");
    assert_int_equal(tick(s, START), 1);
    assert_true(s->told.none);
}

static void
test_damage_is_put_aside_and_the_rest_is_kept(void **state)
{
    struct stage *s = *state;
    struct bc_schedule_found found;
    bc_log_set_level(BC_LOG_ERROR);
    put_file(s,
        "{\"version\":1,\"schedules\":{"
        "\"live/hq\":{\"starts_at\":\"2026-03-01T12:00:00Z\"},"
        "\"../etc\":{\"starts_at\":\"2026-03-01T12:00:00Z\"},"
        "\"live/b\":{\"starts_at\":\"soon\"},"
        "\"live/c\":{\"starts_at\":\"2026-03-01T12:00:00Z\",\"record\":1},"
        "\"live/d\":7}}");
    reopen(s);
    assert_true(has_file(s, "schedules.json.damaged"));
    assert_true(bc_schedules_get(s->table, s->config, "live/hq", &found));
    assert_false(bc_schedules_get(s->table, s->config, "live/b", &found));
    assert_false(bc_schedules_get(s->table, s->config, "live/c", &found));
    assert_int_equal(tick(s, START), 1);
    assert_true(has_file(s, "schedules.json"));
    put_file(s, "{\"version\":1,\"schedules\":{\"live/hq\"");
    reopen(s);
    assert_false(bc_schedules_get(s->table, s->config, "live/hq", &found));
    assert_false(has_file(s, "schedules.json"));
}

static void
test_every_torn_file_is_read_without_harm(void **state)
{
    struct stage *s = *state;
    static const char WHOLE[] = "{\"version\":1,\"schedules\":{\"live/hq\":{"
                                "\"starts_at\":\"2026-03-01T12:00:00Z\",\"record\":true}}}";
    for (size_t n = 0; n < sizeof(WHOLE) - 1; n++) {
        struct bc_schedule_found found;
        char text[sizeof(WHOLE)];
        memcpy(text, WHOLE, n);
        text[n] = '\0';
        put_file(s, text);
        reopen(s);
        assert_false(bc_schedules_get(s->table, s->config, "live/hq", &found));
    }
}

static void
test_a_file_that_cannot_be_read_stops_the_start(void **state)
{
    struct stage *s = *state;
    char path[128];
    snprintf(path, sizeof(path), "%s/schedules.json", s->dir);
    assert_int_equal(mkdir(path, 0700), 0);
    bc_schedules_close(s->table);
    s->table = bc_schedules_open(s->dir);
    assert_null(s->table);
    assert_int_equal(rmdir(path), 0);
}

static void
test_a_disk_that_fails_is_tried_again(void **state)
{
    struct stage *s = *state;
    char path[128];
    snprintf(path, sizeof(path), "%s/schedules.json.new", s->dir);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(bc_schedules_set(s->table, s->config, "live/hq", &EVENING), 0);
    assert_int_equal(tick(s, START), 1); // it counts all the same
    assert_false(has_file(s, "schedules.json"));
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(tick(s, START), 0);
    assert_true(has_file(s, "schedules.json"));
}

static void
test_there_may_be_only_so_many(void **state)
{
    struct stage *s = *state;
    char name[32];
    for (int i = 0; i < BC_SCHEDULES_MAX; i++) {
        snprintf(name, sizeof(name), "live/%d", i);
        assert_int_equal(bc_schedules_set(s->table, s->config, name, &EVENING), 0);
    }
    assert_int_equal(
        bc_schedules_set(s->table, s->config, "live/more", &EVENING), -ENOSPC);
    assert_int_equal(bc_schedules_set(s->table, s->config, "live/7", &EVENING), 0);
    assert_int_equal(tick(s, START), BC_SCHEDULES_MAX);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_each_change_is_told_once, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_another_start_is_told_within_a_phase, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_the_table_survives_a_restart, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_the_configuration_counts_and_says_so, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_damage_is_put_aside_and_the_rest_is_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_every_torn_file_is_read_without_harm, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_a_file_that_cannot_be_read_stops_the_start, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_a_disk_that_fails_is_tried_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_there_may_be_only_so_many, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
