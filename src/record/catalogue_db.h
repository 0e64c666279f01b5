// SPDX-License-Identifier: Apache-2.0
#ifndef CATALOGUE_DB_H
#define CATALOGUE_DB_H

#include <stdbool.h>
#include <stddef.h>

#include <sqlite3.h>

#include "record/catalogue.h"

enum bc_catalogue_statement {
    BC_CATALOGUE_PUT,
    BC_CATALOGUE_ADD, // unless it is there
    BC_CATALOGUE_REMOVE,
    BC_CATALOGUE_BY_ID,
    BC_CATALOGUE_BY_KIND,
    BC_CATALOGUE_BY_CHANNEL,
    BC_CATALOGUE_STATEMENTS,
};

// The database file, with one table. Owned by the catalogue and used by its thread only, or
// by the command line. All functions give 0 or negative errno: -EBADMSG when the file is
// damaged or no database of ours, -ENOSPC, else -EIO.
struct bc_catalogue_db {
    sqlite3 *handle; // NULL: not open
    sqlite3_stmt *statements[BC_CATALOGUE_STATEMENTS];
};

// `fresh`: the table was made now, so that nothing is in it yet.
int
bc_catalogue_db_open(struct bc_catalogue_db *db, const char *path, bool *fresh);

void
bc_catalogue_db_close(struct bc_catalogue_db *db);

int
bc_catalogue_db_begin(struct bc_catalogue_db *db);

int
bc_catalogue_db_commit(struct bc_catalogue_db *db);

void
bc_catalogue_db_rollback(struct bc_catalogue_db *db);

// `how` is PUT or ADD.
int
bc_catalogue_db_put(struct bc_catalogue_db *db, enum bc_catalogue_statement how,
    const struct bc_catalogue_entry *entry);

int
bc_catalogue_db_remove(struct bc_catalogue_db *db, const char *id);

// Clips that nobody makes any more.
int
bc_catalogue_db_fail_clips(struct bc_catalogue_db *db, const char *error);

// Fills in the query's answer.
int
bc_catalogue_db_list(struct bc_catalogue_db *db, struct bc_catalogue_query *query);

#endif
