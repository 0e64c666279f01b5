// SPDX-License-Identifier: Apache-2.0
#include "rtmp_half_open.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/table.h"

struct bc_half_open_entry {
    UT_hash_handle hh;
    unsigned count;
    char ip[64];
};

bool
bc_half_open_add(struct bc_half_open *h, const char *ip, unsigned limit)
{
    struct bc_half_open_entry *e;
    HASH_FIND_STR(h->table, ip, e);
    if (!e) {
        e = calloc(1, sizeof(*e));
        if (!e) {
            return false;
        }
        snprintf(e->ip, sizeof(e->ip), "%s", ip);
        HASH_ADD_STR(h->table, ip, e);
    }
    if (limit > 0 && e->count >= limit) {
        return false;
    }
    e->count++;
    return true;
}

void
bc_half_open_remove(struct bc_half_open *h, const char *ip)
{
    struct bc_half_open_entry *e;
    HASH_FIND_STR(h->table, ip, e);
    if (e && --e->count == 0) {
        HASH_DEL(h->table, e);
        free(e);
    }
}

void
bc_half_open_finish(struct bc_half_open *h)
{
    struct bc_half_open_entry *e;
    struct bc_half_open_entry *tmp;
    HASH_ITER(hh, h->table, e, tmp)
    {
        HASH_DEL(h->table, e);
        free(e);
    }
}
