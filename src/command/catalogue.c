// SPDX-License-Identifier: Apache-2.0
// The command "catalogue".
#include "command/catalogue.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "config/config.h"
#include "record/catalogue.h"
#include "record/lock.h"

#define PAGE 500

const char BC_CATALOGUE_HELP[] =
    "usage: branchcast catalogue rebuild [-c FILE] [--set KEY=VALUE]...\n"
    "       branchcast catalogue list [-c FILE] [--set KEY=VALUE]...\n"
    "\n"
    "The catalogue (DATA/catalogue.db) is the list of replays and clips. All it knows is in\n"
    "the folders DATA/recordings and DATA/clips too.\n"
    "\n"
    "  rebuild   makes it anew from the folders, and repairs those that a crash left torn.\n"
    "            The server must not run. Needed seldom: a server mends its catalogue by\n"
    "            itself. Progress on stderr. Exit code 0: done, 1: failed\n"
    "  list      prints what is in it, one line for each, newest first: kind, id, state,\n"
    "            beginning, seconds, bytes, channel and title, with tabs between. A server\n"
    "            may run\n"
    "\n"
    "  -c, --config FILE       the server's file, for data.dir\n"
    "  -s, --set KEY=VALUE     overrides one key, e.g. --set data.dir=/srv/branchcast\n"
    "  -h, --help\n";

static int
rebuild(const char *data_dir)
{
    int lock = bc_record_lock(data_dir);
    if (lock < 0) {
        fprintf(stderr,
            lock == -EWOULDBLOCK
                ? "branchcast: a server runs on %s; stop it first, or let it mend its "
                  "catalogue by itself\n"
                : "branchcast: %s: %s\n",
            data_dir, strerror(-lock));
        return EXIT_FAILURE;
    }
    size_t replays = 0;
    size_t clips = 0;
    int ret = bc_catalogue_rebuild(data_dir, &replays, &clips);
    close(lock);
    if (ret != 0) {
        fprintf(stderr, "branchcast: the catalogue of %s could not be made: %s\n", data_dir,
            strerror(-ret));
        return EXIT_FAILURE;
    }
    fprintf(stderr, "branchcast: %s/catalogue.db has %zu replays and %zu clips\n", data_dir,
        replays, clips);
    return EXIT_SUCCESS;
}

// Titles come from anywhere: what could spoil the line or the terminal is left out.
static void
print_text(const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        putchar(c < ' ' || c == 0x7f ? '?' : c);
    }
}

static void
print_entry(const struct bc_catalogue_entry *e)
{
    static const char *const STATES[] = { "running", "ready", "failed" };
    char began[BC_TIME_TEXT];
    bc_clock_format(e->info.began_wall_us, began);
    printf("%s\t%s\t%s\t%s\t%.1f\t%llu\t",
        e->info.kind == BC_RECORDING_CLIP ? "clip" : "replay", e->info.id,
        STATES[e->state], began, (double)e->info.duration_us / 1e6,
        (unsigned long long)e->info.bytes);
    print_text(e->info.channel);
    putchar('\t');
    print_text(e->info.title);
    putchar('\n');
}

static int
list_kind(const char *data_dir, enum bc_recording_kind kind)
{
    struct bc_catalogue_query query = { .filter = { .kind = kind, .limit = PAGE } };
    do {
        int ret = bc_catalogue_read(data_dir, &query);
        if (ret != 0) {
            return ret;
        }
        for (size_t i = 0; i < query.count; i++) {
            print_entry(&query.entries[i]);
        }
        query.more = query.more && query.count > 0;
        if (query.more) {
            memcpy(query.filter.cursor, query.entries[query.count - 1].info.id,
                sizeof(query.filter.cursor));
        }
        free(query.entries);
    } while (query.more);
    return 0;
}

static int
list(const char *data_dir)
{
    int ret = list_kind(data_dir, BC_RECORDING_REPLAY);
    if (ret == 0) {
        ret = list_kind(data_dir, BC_RECORDING_CLIP);
    }
    if (ret == -ENOENT) {
        fprintf(stderr, "branchcast: %s has no catalogue yet\n", data_dir);
    } else if (ret != 0) {
        fprintf(stderr, "branchcast: %s/catalogue.db: %s; 'branchcast catalogue rebuild' "
                        "makes it anew\n",
            data_dir, ret == -EBADMSG ? "it is damaged" : strerror(-ret));
    }
    return ret == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int
bc_catalogue_command(const char *name, const struct bc_config *config)
{
    return strcmp(name, "list") == 0 ? list(config->data.dir) : rebuild(config->data.dir);
}

bool
bc_catalogue_command_exists(const char *name)
{
    return name && (strcmp(name, "list") == 0 || strcmp(name, "rebuild") == 0);
}
