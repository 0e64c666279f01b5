// SPDX-License-Identifier: Apache-2.0
// The table of recordings in SQLite. Another program may have written the file, so what is
// read from it is checked like anything from outside.
#include "catalogue_db.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMA_VERSION 1 // PRAGMA user_version; another one is made anew from the folders
#define BUSY_TIMEOUT_MS 5000
#define LIMIT_MAX 1000
#define ANY_ID "~" // behind every id

#define COLUMNS                                                                          \
    "id, kind, channel, title, source, source_from_us, began_us, ended_us, duration_us, " \
    "bytes, parts, segments, formats, gaps, state, progress, to_us, frame_exact, error"
#define VALUES "(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19)"

static const char SCHEMA[] =
    "DROP TABLE IF EXISTS recordings;"
    "CREATE TABLE recordings (id TEXT PRIMARY KEY, kind INTEGER NOT NULL,"
    " channel TEXT NOT NULL, title TEXT NOT NULL, source TEXT NOT NULL,"
    " source_from_us INTEGER NOT NULL, began_us INTEGER NOT NULL,"
    " ended_us INTEGER NOT NULL, duration_us INTEGER NOT NULL, bytes INTEGER NOT NULL,"
    " parts INTEGER NOT NULL, segments INTEGER NOT NULL, formats INTEGER NOT NULL,"
    " gaps INTEGER NOT NULL, state INTEGER NOT NULL, progress INTEGER NOT NULL,"
    " to_us INTEGER NOT NULL, frame_exact INTEGER NOT NULL, error TEXT NOT NULL)"
    " WITHOUT ROWID;"
    "CREATE INDEX recordings_by_kind ON recordings (kind, id);"
    "CREATE INDEX recordings_by_channel ON recordings (kind, channel, id);";

// Ids begin with the time, so their order is that of creation.
static const char *const STATEMENTS[BC_CATALOGUE_STATEMENTS] = {
    [BC_CATALOGUE_PUT] = "INSERT OR REPLACE INTO recordings (" COLUMNS ") VALUES " VALUES,
    [BC_CATALOGUE_ADD] = "INSERT OR IGNORE INTO recordings (" COLUMNS ") VALUES " VALUES,
    [BC_CATALOGUE_REMOVE] = "DELETE FROM recordings WHERE id=?1",
    [BC_CATALOGUE_BY_ID] = "SELECT " COLUMNS " FROM recordings WHERE id=?4 AND kind=?1"
                           " AND id<?2 LIMIT ?3",
    [BC_CATALOGUE_BY_KIND] = "SELECT " COLUMNS " FROM recordings WHERE kind=?1 AND id<?2"
                             " ORDER BY id DESC LIMIT ?3",
    [BC_CATALOGUE_BY_CHANNEL] = "SELECT " COLUMNS " FROM recordings WHERE kind=?1"
                                " AND channel=?4 AND id<?2 ORDER BY id DESC LIMIT ?3",
};

static int
error_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return 0;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR: // our statements are right, so the tables are not ours
    case SQLITE_SCHEMA:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
        return -EBADMSG;
    case SQLITE_FULL:
        return -ENOSPC;
    case SQLITE_NOMEM:
        return -ENOMEM;
    case SQLITE_PERM:
    case SQLITE_READONLY:
        return -EACCES;
    default:
        return -EIO;
    }
}

static int
run(struct bc_catalogue_db *db, const char *sql)
{
    return error_of(sqlite3_exec(db->handle, sql, NULL, NULL, NULL));
}

// The first column of the first row as a number, or as a text.
static int
ask_one(struct bc_catalogue_db *db, const char *sql, int *number, char *text, size_t cap)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db->handle, sql, -1, &statement, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_step(statement);
    }
    int ret = code == SQLITE_ROW ? 0 : code == SQLITE_DONE ? -EBADMSG : error_of(code);
    if (ret == 0 && number) {
        *number = sqlite3_column_int(statement, 0);
    }
    if (ret == 0 && text) {
        const unsigned char *value = sqlite3_column_text(statement, 0);
        snprintf(text, cap, "%s", value ? (const char *)value : "");
    }
    sqlite3_finalize(statement);
    return ret;
}

static int
make_schema(struct bc_catalogue_db *db)
{
    char version[64];
    snprintf(version, sizeof(version), "PRAGMA user_version=%d;", SCHEMA_VERSION);
    int ret = run(db, "BEGIN IMMEDIATE");
    if (ret == 0 && (ret = run(db, SCHEMA)) == 0 && (ret = run(db, version)) == 0) {
        return run(db, "COMMIT");
    }
    bc_catalogue_db_rollback(db);
    return ret;
}

// The file as it must be. What is small may be looked through at every start.
static int
prepare(struct bc_catalogue_db *db, bool *fresh)
{
    int version = 0;
    char checked[16] = "";
    sqlite3_busy_timeout(db->handle, BUSY_TIMEOUT_MS);
    int ret = run(db, "PRAGMA trusted_schema=OFF;PRAGMA cell_size_check=ON;"
                      "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL");
    if (ret == 0) {
        ret = ask_one(db, "PRAGMA quick_check(1)", NULL, checked, sizeof(checked));
    }
    if (ret == 0 && strcmp(checked, "ok") != 0) {
        ret = -EBADMSG;
    }
    if (ret == 0) {
        ret = ask_one(db, "PRAGMA user_version", &version, NULL, 0);
    }
    *fresh = version != SCHEMA_VERSION;
    if (ret == 0 && *fresh) {
        ret = make_schema(db);
    }
    for (int i = 0; ret == 0 && i < BC_CATALOGUE_STATEMENTS; i++) {
        ret = error_of(sqlite3_prepare_v3(db->handle, STATEMENTS[i], -1,
            SQLITE_PREPARE_PERSISTENT, &db->statements[i], NULL));
    }
    return ret;
}

int
bc_catalogue_db_open(struct bc_catalogue_db *db, const char *path, bool *fresh)
{
    *db = (struct bc_catalogue_db){ 0 };
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    int ret = error_of(sqlite3_open_v2(path, &db->handle, flags, NULL));
    if (ret == 0) {
        ret = prepare(db, fresh);
    }
    if (ret != 0) {
        bc_catalogue_db_close(db);
    }
    return ret;
}

void
bc_catalogue_db_close(struct bc_catalogue_db *db)
{
    for (int i = 0; i < BC_CATALOGUE_STATEMENTS; i++) {
        sqlite3_finalize(db->statements[i]);
    }
    sqlite3_close(db->handle);
    *db = (struct bc_catalogue_db){ 0 };
}

int
bc_catalogue_db_begin(struct bc_catalogue_db *db)
{
    return run(db, "BEGIN IMMEDIATE");
}

int
bc_catalogue_db_commit(struct bc_catalogue_db *db)
{
    return run(db, "COMMIT");
}

void
bc_catalogue_db_rollback(struct bc_catalogue_db *db)
{
    if (!sqlite3_get_autocommit(db->handle)) {
        run(db, "ROLLBACK");
    }
}

// --- writing ---

static int
step(sqlite3_stmt *statement)
{
    int ret = error_of(sqlite3_step(statement));
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return ret;
}

// The caller's text outlives the step.
static void
bind_text(sqlite3_stmt *statement, int place, const char *text)
{
    sqlite3_bind_text(statement, place, text, -1, SQLITE_STATIC);
}

int
bc_catalogue_db_put(struct bc_catalogue_db *db, enum bc_catalogue_statement how,
    const struct bc_catalogue_entry *entry)
{
    const struct bc_recording_info *info = &entry->info;
    const int64_t numbers[] = { info->source_from_us, info->began_wall_us,
        info->ended_wall_us, info->duration_us, (int64_t)info->bytes,
        (int64_t)info->parts, (int64_t)info->segments, (int64_t)info->formats,
        (int64_t)info->gaps, entry->state, entry->progress, info->source_to_us,
        info->frame_exact };
    sqlite3_stmt *s = db->statements[how];
    bind_text(s, 1, info->id);
    sqlite3_bind_int(s, 2, info->kind);
    bind_text(s, 3, info->channel);
    bind_text(s, 4, info->title);
    bind_text(s, 5, info->source);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        sqlite3_bind_int64(s, (int)i + 6, numbers[i]);
    }
    bind_text(s, 19, entry->error);
    return step(s);
}

int
bc_catalogue_db_remove(struct bc_catalogue_db *db, const char *id)
{
    sqlite3_stmt *s = db->statements[BC_CATALOGUE_REMOVE];
    bind_text(s, 1, id);
    return step(s);
}

int
bc_catalogue_db_fail_clips(struct bc_catalogue_db *db, const char *error)
{
    char *sql = sqlite3_mprintf(
        "UPDATE recordings SET state=%d, error=%Q WHERE kind=%d AND state=%d",
        BC_CATALOGUE_FAILED, error, BC_RECORDING_CLIP, BC_CATALOGUE_RUNNING);
    int ret = sql ? run(db, sql) : -ENOMEM;
    sqlite3_free(sql);
    return ret;
}

// --- reading ---

static void
get_text(sqlite3_stmt *s, int column, char *out, size_t cap)
{
    const unsigned char *text = sqlite3_column_text(s, column);
    snprintf(out, cap, "%s", text ? (const char *)text : "");
}

static int64_t
get_amount(sqlite3_stmt *s, int column)
{
    int64_t value = sqlite3_column_int64(s, column);
    return value < 0 ? 0 : value;
}

// False: nothing that we wrote.
static bool
read_row(sqlite3_stmt *s, struct bc_catalogue_entry *out)
{
    struct bc_recording_info *info = &out->info;
    *out = (struct bc_catalogue_entry){ 0 };
    get_text(s, 0, info->id, sizeof(info->id));
    info->kind = (enum bc_recording_kind)sqlite3_column_int(s, 1);
    get_text(s, 2, info->channel, sizeof(info->channel));
    get_text(s, 3, info->title, sizeof(info->title));
    get_text(s, 4, info->source, sizeof(info->source));
    info->source_from_us = get_amount(s, 5);
    info->began_wall_us = get_amount(s, 6);
    info->ended_wall_us = get_amount(s, 7);
    info->duration_us = get_amount(s, 8);
    info->bytes = (uint64_t)get_amount(s, 9);
    info->parts = (size_t)get_amount(s, 10);
    info->segments = (size_t)get_amount(s, 11);
    info->formats = (size_t)get_amount(s, 12);
    info->gaps = (size_t)get_amount(s, 13);
    int64_t state = get_amount(s, 14);
    int64_t progress = get_amount(s, 15);
    out->state = (enum bc_catalogue_state)state;
    out->progress = progress > 100 ? 100 : (int)progress;
    info->source_to_us = get_amount(s, 16);
    info->frame_exact = sqlite3_column_int(s, 17) != 0;
    get_text(s, 18, out->error, sizeof(out->error));
    return bc_recording_id_is_valid(info->id) && state <= BC_CATALOGUE_FAILED;
}

static sqlite3_stmt *
bind_filter(struct bc_catalogue_db *db, const struct bc_catalogue_filter *f, size_t limit)
{
    const char *text = f->id[0] ? f->id : f->channel;
    sqlite3_stmt *s = db->statements[f->id[0]     ? BC_CATALOGUE_BY_ID
            : f->channel[0] ? BC_CATALOGUE_BY_CHANNEL
                            : BC_CATALOGUE_BY_KIND];
    sqlite3_bind_int(s, 1, f->kind);
    bind_text(s, 2, f->cursor[0] ? f->cursor : ANY_ID);
    sqlite3_bind_int64(s, 3, (sqlite3_int64)limit + 1);
    if (text[0]) {
        bind_text(s, 4, text);
    }
    return s;
}

int
bc_catalogue_db_list(struct bc_catalogue_db *db, struct bc_catalogue_query *query)
{
    const struct bc_catalogue_filter *f = &query->filter;
    size_t limit = f->id[0] ? 1 : f->limit > LIMIT_MAX ? LIMIT_MAX : f->limit;
    query->count = 0;
    query->more = false;
    query->entries = calloc(limit + 1, sizeof(*query->entries));
    if (!query->entries) {
        return -ENOMEM;
    }
    sqlite3_stmt *s = bind_filter(db, f, limit);
    int code;
    while ((code = sqlite3_step(s)) == SQLITE_ROW) {
        if (query->count == limit) {
            query->more = true;
        } else if (read_row(s, &query->entries[query->count])) {
            query->count++;
        }
    }
    sqlite3_reset(s);
    sqlite3_clear_bindings(s);
    if (code != SQLITE_DONE) {
        free(query->entries);
        query->entries = NULL;
        query->count = 0;
        return error_of(code);
    }
    return 0;
}
