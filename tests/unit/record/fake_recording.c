// SPDX-License-Identifier: Apache-2.0
// Stands in for recordings on the disk: a folder with one small file.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "record/writer.h"

struct bc_recording {
    struct bc_recording_info info;
};

struct bc_recording *
bc_recording_open(const char *folder)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/recording", folder);
    FILE *file = fopen(path, "r");
    if (!file) {
        return NULL;
    }
    struct bc_recording *r = calloc(1, sizeof(*r));
    long long times[2] = { 0 };
    int kind = 0;
    if (fscanf(file, "%40s %d %lld %lld", r->info.id, &kind, &times[0], &times[1]) != 4) {
        free(r);
        r = NULL;
        errno = EBADMSG;
    } else {
        r->info.kind = (enum bc_recording_kind)kind;
        r->info.began_wall_us = times[0];
        r->info.ended_wall_us = times[1];
        snprintf(r->info.channel, sizeof(r->info.channel), "live/hq");
    }
    fclose(file);
    return r;
}

void
bc_recording_unref(struct bc_recording **holder)
{
    free(*holder);
    *holder = NULL;
}

void
bc_recording_info(const struct bc_recording *r, struct bc_recording_info *out)
{
    *out = r->info;
}

int
bc_recording_repair(const char *folder, bool end)
{
    (void)folder;
    (void)end;
    return 0;
}
