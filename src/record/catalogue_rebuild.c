// SPDX-License-Identifier: Apache-2.0
// The catalogue for the command line, while no thread of it runs.
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "catalogue_db.h"
#include "catalogue_scan.h"

#define PROGRESS_EVERY 50

struct rebuild {
    struct bc_catalogue_db db;
    int error;
    size_t counts[2]; // by kind
};

static bool
add_found(void *user, const struct bc_catalogue_entry *entry)
{
    struct rebuild *r = user;
    r->error = bc_catalogue_db_put(&r->db, BC_CATALOGUE_PUT, entry);
    size_t count = r->counts[0] + r->counts[1];
    r->counts[entry->info.kind]++;
    if ((count + 1) % PROGRESS_EVERY == 0) {
        fprintf(stderr, "%zu recordings read ...\n", count + 1);
    }
    return r->error == 0;
}

static void
remove_with(const char *path, const char *suffix)
{
    char name[PATH_MAX + 16];
    snprintf(name, sizeof(name), "%s%s", path, suffix);
    unlink(name);
}

static void
remove_database(const char *path)
{
    remove_with(path, "");
    remove_with(path, "-wal");
    remove_with(path, "-shm");
}

static int
fill(const char *data_dir, const char *path, struct rebuild *r)
{
    bool fresh;
    int ret = bc_catalogue_db_open(&r->db, path, &fresh);
    if (ret != 0) {
        return ret;
    }
    struct bc_catalogue_scan scan = { .data_dir = data_dir, .repair = true,
        .found = add_found, .user = r };
    ret = bc_catalogue_db_begin(&r->db);
    if (ret == 0) {
        ret = bc_catalogue_scan_run(&scan);
    }
    if (r->error != 0) {
        ret = r->error;
    }
    if (ret == 0) {
        ret = bc_catalogue_db_commit(&r->db);
    }
    bc_catalogue_db_close(&r->db);
    return ret;
}

// A crash leaves the old file or the new one; the side files belong to the old one.
int
bc_catalogue_rebuild(const char *data_dir, size_t *replays, size_t *clips)
{
    char path[PATH_MAX];
    char fresh[PATH_MAX];
    struct rebuild r = { 0 };
    if (snprintf(fresh, sizeof(fresh), "%s/catalogue.db.new", data_dir)
        >= (int)sizeof(fresh) - 8) {
        return -ENAMETOOLONG;
    }
    snprintf(path, sizeof(path), "%s/catalogue.db", data_dir);
    remove_database(fresh);
    int ret = fill(data_dir, fresh, &r);
    if (ret != 0) {
        remove_database(fresh);
        return ret;
    }
    remove_with(path, "-wal");
    remove_with(path, "-shm");
    if (rename(fresh, path) != 0) {
        return -errno;
    }
    *replays = r.counts[BC_RECORDING_REPLAY];
    *clips = r.counts[BC_RECORDING_CLIP];
    return 0;
}

int
bc_catalogue_read(const char *data_dir, struct bc_catalogue_query *query)
{
    char path[PATH_MAX];
    struct bc_catalogue_db db;
    bool fresh;
    snprintf(path, sizeof(path), "%s/catalogue.db", data_dir);
    if (access(path, F_OK) != 0) {
        return -errno;
    }
    int ret = bc_catalogue_db_open(&db, path, &fresh);
    if (ret == 0) {
        ret = bc_catalogue_db_list(&db, query);
        bc_catalogue_db_close(&db);
    }
    query->failed = ret != 0;
    return ret;
}
