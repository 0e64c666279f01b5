// SPDX-License-Identifier: Apache-2.0
// The list of replays and clips: order, pages, damage, and that it is only a list.
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "data_dir.h"
#include "stage.h"
#include "record/catalogue.h"
#include "record/lock.h"

static struct bc_catalogue_entry
make_entry(const char *id, const char *channel)
{
    struct bc_catalogue_entry e = { .state = BC_CATALOGUE_READY };
    snprintf(e.info.id, sizeof(e.info.id), "%s", id);
    snprintf(e.info.channel, sizeof(e.info.channel), "%s", channel);
    e.info.began_wall_us = 1700000000000000;
    e.info.ended_wall_us = 1700000060000000;
    e.info.duration_us = 60000000;
    e.info.bytes = 123456789012;
    return e;
}

// With a folder, without which it would be taken for lost.
static void
put(const char *dir, struct bc_catalogue *c, const char *id, const char *channel)
{
    struct bc_catalogue_entry e = make_entry(id, channel);
    data_dir_add(dir, BC_RECORDING_REPLAY, id, true);
    bc_catalogue_put(c, &e);
}

static struct bc_catalogue_query
ask(struct bc_catalogue *c, enum bc_recording_kind kind, const char *id,
    const char *channel, size_t limit, const char *cursor)
{
    struct bc_catalogue_query q = { .filter = { .kind = kind, .limit = limit } };
    snprintf(q.filter.id, sizeof(q.filter.id), "%s", id);
    snprintf(q.filter.channel, sizeof(q.filter.channel), "%s", channel);
    snprintf(q.filter.cursor, sizeof(q.filter.cursor), "%s", cursor);
    bc_catalogue_ask_now(c, &q);
    assert_false(q.failed);
    return q;
}

static size_t
count_all(struct bc_catalogue *c, enum bc_recording_kind kind)
{
    struct bc_catalogue_query q = ask(c, kind, "", "", 1000, "");
    free(q.entries);
    return q.count;
}

// What the background does at the start; a hang is ended by the test's time limit.
static void
wait_for_count(struct bc_catalogue *c, enum bc_recording_kind kind, size_t count)
{
    while (count_all(c, kind) != count) {
        usleep(1000);
    }
}

static void
check_ids(const struct bc_catalogue_query *q, const char *const *ids, size_t count)
{
    assert_int_equal(q->count, count);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(q->entries[i].info.id, ids[i]);
    }
}

static void
test_an_entry_comes_back_as_it_was(void **state)
{
    struct bc_catalogue *c = bc_catalogue_open(*state);
    struct bc_catalogue_entry e = make_entry("20260101-000000-aa", "cn/hz/0571");
    e.info.kind = BC_RECORDING_CLIP;
    strcpy(e.info.title, "It's \"the\" 'hat' \xe5\xb8\xbd; DROP TABLE recordings");
    strcpy(e.info.source, "20251231-000000-00");
    e.info.source_from_us = 5000001;
    e.info.parts = 7;
    e.info.segments = 3;
    e.info.formats = 2;
    e.info.gaps = 1;
    e.state = BC_CATALOGUE_FAILED;
    e.progress = 42;
    e.info.source_to_us = 9000000;
    e.info.frame_exact = true;
    strcpy(e.error, "no keyframe");
    bc_catalogue_put(c, &e);
    bc_catalogue_close(c);
    c = bc_catalogue_open(*state);
    struct bc_catalogue_query q = ask(c, BC_RECORDING_CLIP, e.info.id, "", 1, "");
    assert_int_equal(q.count, 1);
    const struct bc_catalogue_entry *got = &q.entries[0];
    assert_int_equal(got->info.kind, BC_RECORDING_CLIP);
    assert_string_equal(got->info.id, e.info.id);
    assert_string_equal(got->info.channel, "cn/hz/0571");
    assert_string_equal(got->info.title, e.info.title);
    assert_string_equal(got->info.source, e.info.source);
    assert_int_equal(got->info.source_from_us, 5000001);
    assert_int_equal(got->info.began_wall_us, e.info.began_wall_us);
    assert_int_equal(got->info.ended_wall_us, e.info.ended_wall_us);
    assert_int_equal(got->info.duration_us, e.info.duration_us);
    assert_int_equal(got->info.bytes, e.info.bytes);
    assert_int_equal(got->info.parts, 7);
    assert_int_equal(got->info.segments, 3);
    assert_int_equal(got->info.formats, 2);
    assert_int_equal(got->info.gaps, 1);
    assert_int_equal(got->state, BC_CATALOGUE_FAILED);
    assert_int_equal(got->progress, 42);
    assert_int_equal(got->info.source_to_us, 9000000);
    assert_true(got->info.frame_exact);
    assert_string_equal(got->error, "no keyframe");
    free(q.entries);
    // Of the other kind there is none.
    q = ask(c, BC_RECORDING_REPLAY, e.info.id, "", 1, "");
    assert_int_equal(q.count, 0);
    free(q.entries);
    bc_catalogue_close(c);
}

static void
test_lists_are_newest_first_and_paged(void **state)
{
    struct bc_catalogue *c = bc_catalogue_open(*state);
    put(*state, c, "20260102-000000-bb", "a/b");
    put(*state, c, "20260101-000000-aa", "a/b");
    put(*state, c, "20260103-000000-cc", "a/c");
    put(*state, c, "20260104-000000-dd", "a/b");
    static const char *const ALL[] = { "20260104-000000-dd", "20260103-000000-cc",
        "20260102-000000-bb", "20260101-000000-aa" };
    struct bc_catalogue_query q = ask(c, BC_RECORDING_REPLAY, "", "", 4, "");
    check_ids(&q, ALL, 4);
    assert_false(q.more);
    free(q.entries);
    q = ask(c, BC_RECORDING_REPLAY, "", "", 2, "");
    check_ids(&q, ALL, 2);
    assert_true(q.more);
    free(q.entries);
    q = ask(c, BC_RECORDING_REPLAY, "", "", 2, ALL[1]);
    check_ids(&q, ALL + 2, 2);
    assert_false(q.more);
    free(q.entries);
    // A cursor holds also when what it names is gone.
    bc_catalogue_remove(c, ALL[1]);
    q = ask(c, BC_RECORDING_REPLAY, "", "", 9, ALL[1]);
    check_ids(&q, ALL + 2, 2);
    free(q.entries);
    static const char *const OF_CHANNEL[] = { "20260104-000000-dd", "20260102-000000-bb",
        "20260101-000000-aa" };
    q = ask(c, BC_RECORDING_REPLAY, "", "a/b", 1000, "");
    check_ids(&q, OF_CHANNEL, 3);
    free(q.entries);
    q = ask(c, BC_RECORDING_REPLAY, "", "a/b", 1, "20260104-000000-dd");
    check_ids(&q, OF_CHANNEL + 1, 1);
    assert_true(q.more);
    free(q.entries);
    bc_catalogue_close(c);
}

static void
test_the_last_word_counts(void **state)
{
    struct bc_catalogue *c = bc_catalogue_open(*state);
    struct bc_catalogue_entry e = make_entry("20260101-000000-aa", "a/b");
    data_dir_add(*state, BC_RECORDING_REPLAY, e.info.id, true);
    e.state = BC_CATALOGUE_RUNNING;
    bc_catalogue_put(c, &e);
    e.state = BC_CATALOGUE_READY;
    bc_catalogue_put(c, &e);
    struct bc_catalogue_query q = ask(c, BC_RECORDING_REPLAY, e.info.id, "", 1, "");
    assert_int_equal(q.entries[0].state, BC_CATALOGUE_READY);
    free(q.entries);
    bc_catalogue_remove(c, e.info.id);
    bc_catalogue_remove(c, e.info.id);
    assert_int_equal(count_all(c, BC_RECORDING_REPLAY), 0);
    bc_catalogue_put(c, &e); // somebody who had not heard of it
    assert_int_equal(count_all(c, BC_RECORDING_REPLAY), 0);
    bc_catalogue_close(c);
}

static void
test_clips_in_the_making_have_failed_after_a_crash(void **state)
{
    struct bc_catalogue *c = bc_catalogue_open(*state);
    struct bc_catalogue_entry e = make_entry("20260101-000000-aa", "a/b");
    e.state = BC_CATALOGUE_RUNNING;
    bc_catalogue_put(c, &e);
    e = make_entry("20260101-000000-bb", "a/b");
    e.info.kind = BC_RECORDING_CLIP;
    e.state = BC_CATALOGUE_RUNNING;
    bc_catalogue_put(c, &e);
    bc_catalogue_close(c);
    c = bc_catalogue_open(*state);
    struct bc_catalogue_query q = ask(c, BC_RECORDING_CLIP, "", "", 10, "");
    assert_int_equal(q.entries[0].state, BC_CATALOGUE_FAILED);
    assert_true(strlen(q.entries[0].error) > 0);
    free(q.entries);
    // A broadcast may go on.
    q = ask(c, BC_RECORDING_REPLAY, "", "", 10, "");
    assert_int_equal(q.entries[0].state, BC_CATALOGUE_RUNNING);
    free(q.entries);
    bc_catalogue_close(c);
}

// --- the folders ---

static void
test_folders_are_found_at_the_start(void **state)
{
    const char *dir = *state;
    data_dir_add(dir, BC_RECORDING_REPLAY, "20260101-000000-aa", true);
    data_dir_add(dir, BC_RECORDING_REPLAY, "20260102-000000-bb", false);
    data_dir_add(dir, BC_RECORDING_CLIP, "20260103-000000-cc", true);
    data_dir_add(dir, BC_RECORDING_CLIP, "20260104-000000-dd", false); // half a clip
    struct bc_catalogue *c = bc_catalogue_open(dir);
    wait_for_count(c, BC_RECORDING_REPLAY, 2);
    wait_for_count(c, BC_RECORDING_CLIP, 1);
    struct bc_catalogue_query q = ask(c, BC_RECORDING_REPLAY, "", "", 10, "");
    assert_int_equal(q.entries[0].state, BC_CATALOGUE_RUNNING);
    assert_int_equal(q.entries[1].state, BC_CATALOGUE_READY);
    assert_int_equal(q.entries[1].info.ended_wall_us, DATA_DIR_ENDED_WALL_US);
    free(q.entries);
    bc_catalogue_close(c);
    // And what has gone is not listed any more.
    data_dir_remove(dir, BC_RECORDING_REPLAY, "20260101-000000-aa");
    c = bc_catalogue_open(dir);
    wait_for_count(c, BC_RECORDING_REPLAY, 1);
    bc_catalogue_close(c);
}

static void
test_hostile_folders_are_left_out(void **state)
{
    const char *dir = *state;
    char path[512];
    char target[512];
    data_dir_add(dir, BC_RECORDING_REPLAY, "20260101-000000-aa", true);
    data_dir_add(dir, BC_RECORDING_CLIP, "20260101-000000-cc", true);
    static const char *const NAMES[] = { ".20260101-deleted", "UPPER", "a b", "-x", "x;y",
        "012345678901234567890123456789012345678901", "\xc3\xa4", "empty" };
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        snprintf(path, sizeof(path), "%s/recordings/%s", dir, NAMES[i]);
        assert_int_equal(mkdir(path, 0700), 0);
    }
    // A link to a recording, a clip among recordings, a plain file. A copy is a recording.
    snprintf(target, sizeof(target), "%s/recordings/20260101-000000-aa", dir);
    snprintf(path, sizeof(path), "%s/recordings/link", dir);
    assert_int_equal(symlink(target, path), 0);
    data_dir_copy(dir, BC_RECORDING_REPLAY, "20260101-000000-aa", BC_RECORDING_REPLAY,
        "other");
    data_dir_copy(dir, BC_RECORDING_CLIP, "20260101-000000-cc", BC_RECORDING_REPLAY,
        "20260101-000000-cc");
    snprintf(path, sizeof(path), "%s/recordings/plain", dir);
    close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    size_t replays;
    size_t clips;
    assert_int_equal(bc_catalogue_rebuild(dir, &replays, &clips), 0);
    assert_int_equal(replays, 2);
    assert_int_equal(clips, 1);
}

static void
test_a_rebuilt_list_is_the_same(void **state)
{
    const char *dir = *state;
    char path[512];
    for (int i = 0; i < 60; i++) {
        char id[32];
        snprintf(id, sizeof(id), "20260101-0000%02d-aa", i);
        data_dir_add(dir, BC_RECORDING_REPLAY, id, true);
    }
    struct bc_catalogue *c = bc_catalogue_open(dir);
    wait_for_count(c, BC_RECORDING_REPLAY, 60);
    struct bc_catalogue_query before = ask(c, BC_RECORDING_REPLAY, "", "", 1000, "");
    bc_catalogue_close(c);
    snprintf(path, sizeof(path), "%s/catalogue.db", dir);
    assert_int_equal(unlink(path), 0);
    size_t replays;
    size_t clips;
    assert_int_equal(bc_catalogue_rebuild(dir, &replays, &clips), 0);
    assert_int_equal(replays, 60);
    assert_int_equal(clips, 0);
    struct bc_catalogue_query after = { .filter = { .limit = 1000 } };
    assert_int_equal(bc_catalogue_read(dir, &after), 0);
    assert_int_equal(after.count, before.count);
    for (size_t i = 0; i < after.count; i++) {
        assert_memory_equal(&after.entries[i].info.began_wall_us,
            &before.entries[i].info.began_wall_us, sizeof(int64_t));
        assert_string_equal(after.entries[i].info.id, before.entries[i].info.id);
        assert_int_equal(after.entries[i].info.bytes, before.entries[i].info.bytes);
    }
    free(before.entries);
    free(after.entries);
}

// What the clip's files do not tell stands in its recording.json.
static void
test_a_rebuilt_list_knows_how_clips_were_cut(void **state)
{
    static const char *const IDS[] = { "20260101-000000-aa", "20260102-000000-bb" };
    const char *dir = *state;
    char folder[512];
    for (size_t i = 0; i < 2; i++) {
        data_dir_add(dir, BC_RECORDING_CLIP, IDS[i], true);
    }
    // As an older version wrote it.
    snprintf(folder, sizeof(folder), "%s/clips/%s", dir, IDS[0]);
    static const char OLD[] = "{\"kind\":\"clip\",\"source_from_us\":5000000,"
                              "\"ended_us\":1767225660000000}";
    stage_write(folder, "recording.json", OLD, strlen(OLD));
    size_t replays;
    size_t clips;
    assert_int_equal(bc_catalogue_rebuild(dir, &replays, &clips), 0);
    assert_int_equal(clips, 2);
    struct bc_catalogue_query q = { .filter = { .kind = BC_RECORDING_CLIP, .limit = 2 } };
    assert_int_equal(bc_catalogue_read(dir, &q), 0);
    assert_int_equal(q.count, 2);
    const struct bc_recording_info *info = &q.entries[0].info;
    assert_string_equal(info->id, IDS[1]);
    assert_int_equal(info->source_from_us, 5000000);
    assert_int_equal(info->source_to_us, DATA_DIR_SOURCE_TO_US);
    assert_true(info->frame_exact);
    info = &q.entries[1].info;
    assert_int_equal(info->source_to_us, 5000000 + info->duration_us);
    assert_false(info->frame_exact);
    free(q.entries);
}

static void
test_without_a_database_there_is_nothing_to_read(void **state)
{
    struct bc_catalogue_query q = { .filter = { .limit = 10 } };
    assert_int_equal(bc_catalogue_read(*state, &q), -ENOENT);
    assert_null(q.entries);
    assert_null(bc_catalogue_open("/nonexistent/folder"));
}

// --- damage ---

static void
write_file(const char *dir, const char *name, const char *text, off_t offset)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, text, strlen(text), offset), strlen(text));
    close(fd);
}

static void
test_what_is_no_database_is_put_aside(void **state)
{
    const char *dir = *state;
    data_dir_add(dir, BC_RECORDING_REPLAY, "20260101-000000-aa", true);
    write_file(dir, "catalogue.db", "this is no database, but somebody's notes\n", 0);
    struct bc_catalogue *c = bc_catalogue_open(dir);
    assert_non_null(c);
    wait_for_count(c, BC_RECORDING_REPLAY, 1);
    bc_catalogue_close(c);
    assert_int_equal(data_dir_count(dir, "catalogue.db.damaged-"), 1);
}

// Whatever page is overwritten and wherever the file ends: it opens, and lists in the end
// what the folders have.
static void
test_every_damage_is_mended(void **state)
{
    const char *dir = *state;
    char path[512];
    struct stat st;
    data_dir_add(dir, BC_RECORDING_REPLAY, "20260101-000000-aa", true);
    struct bc_catalogue *c = bc_catalogue_open(dir);
    wait_for_count(c, BC_RECORDING_REPLAY, 1);
    bc_catalogue_close(c);
    snprintf(path, sizeof(path), "%s/catalogue.db", dir);
    assert_int_equal(stat(path, &st), 0);
    for (off_t at = 0; at < st.st_size; at += 1024) {
        for (int cut = 0; cut < 2; cut++) {
            if (cut) {
                assert_int_equal(truncate(path, at), 0);
            } else {
                write_file(dir, "catalogue.db", "\xff\xff\xff\xff\xff\xff\xff\xff", at);
            }
            c = bc_catalogue_open(dir);
            assert_non_null(c);
            wait_for_count(c, BC_RECORDING_REPLAY, 1);
            bc_catalogue_close(c);
        }
    }
}

static void
test_another_version_is_made_anew(void **state)
{
    const char *dir = *state;
    data_dir_add(dir, BC_RECORDING_REPLAY, "20260101-000000-aa", true);
    struct bc_catalogue *c = bc_catalogue_open(dir);
    struct bc_catalogue_entry e = make_entry("20260101-000000-bb", "a/b");
    bc_catalogue_put(c, &e); // no folder
    bc_catalogue_close(c);
    write_file(dir, "catalogue.db", "\x7f", 60); // user_version, 4 bytes at 60
    c = bc_catalogue_open(dir);
    wait_for_count(c, BC_RECORDING_REPLAY, 1);
    struct bc_catalogue_query q = ask(c, BC_RECORDING_REPLAY, "", "", 10, "");
    assert_string_equal(q.entries[0].info.id, "20260101-000000-aa");
    free(q.entries);
    bc_catalogue_close(c);
}

// --- other threads ---

static void
keep_answer(struct bc_catalogue_query *query)
{
    query->filter.limit = 0; // seen
}

static void
test_answers_come_back_to_the_worker(void **state)
{
    struct bc_catalogue *c = bc_catalogue_open(*state);
    struct bc_worker *worker = bc_worker_create(0);
    put(*state, c, "20260101-000000-aa", "a/b");
    struct bc_catalogue_query q = { .filter = { .limit = 10 }, .worker = worker,
        .done = keep_answer };
    bc_catalogue_ask(c, &q);
    bc_catalogue_close(c); // answers what was asked
    assert_true(bc_worker_run_leftovers(worker));
    assert_int_equal(q.filter.limit, 0);
    assert_false(q.failed);
    assert_int_equal(q.count, 1);
    free(q.entries);
    bc_worker_destroy(worker);
}

static void
test_one_process_at_a_time(void **state)
{
    int fd = bc_record_lock(*state);
    assert_true(fd >= 0);
    assert_int_equal(bc_record_lock(*state), -EWOULDBLOCK);
    close(fd);
    fd = bc_record_lock(*state);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(bc_record_lock("/nonexistent/folder"), -ENOENT);
}

#define WITH_DIR(test) cmocka_unit_test_setup_teardown(test, data_dir_setup, data_dir_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DIR(test_an_entry_comes_back_as_it_was),
        WITH_DIR(test_lists_are_newest_first_and_paged),
        WITH_DIR(test_the_last_word_counts),
        WITH_DIR(test_clips_in_the_making_have_failed_after_a_crash),
        WITH_DIR(test_folders_are_found_at_the_start),
        WITH_DIR(test_hostile_folders_are_left_out),
        WITH_DIR(test_a_rebuilt_list_is_the_same),
        WITH_DIR(test_a_rebuilt_list_knows_how_clips_were_cut),
        WITH_DIR(test_without_a_database_there_is_nothing_to_read),
        WITH_DIR(test_what_is_no_database_is_put_aside),
        WITH_DIR(test_every_damage_is_mended),
        WITH_DIR(test_another_version_is_made_anew),
        WITH_DIR(test_answers_come_back_to_the_worker),
        WITH_DIR(test_one_process_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
