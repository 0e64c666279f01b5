// SPDX-License-Identifier: Apache-2.0
#include "rtmp_half_open.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/table.h"

struct bc_half_open_entry {
    UT_hash_handle hh;
    unsigned count;
    char ip[64];
};

struct bc_half_open {
    pthread_mutex_t lock; // guards table
    struct bc_half_open_entry *table; // by address; owned
};

struct bc_half_open *
bc_half_open_create(void)
{
    struct bc_half_open *h = calloc(1, sizeof(*h));
    if (h) {
        pthread_mutex_init(&h->lock, NULL);
    }
    return h;
}

static bool
add(struct bc_half_open *h, const char *ip, unsigned limit)
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

bool
bc_half_open_add(struct bc_half_open *h, const char *ip, unsigned limit)
{
    pthread_mutex_lock(&h->lock);
    bool added = add(h, ip, limit);
    pthread_mutex_unlock(&h->lock);
    return added;
}

void
bc_half_open_remove(struct bc_half_open *h, const char *ip)
{
    struct bc_half_open_entry *e;
    pthread_mutex_lock(&h->lock);
    HASH_FIND_STR(h->table, ip, e);
    if (e && --e->count == 0) {
        HASH_DEL(h->table, e);
        free(e);
    }
    pthread_mutex_unlock(&h->lock);
}

void
bc_half_open_destroy(struct bc_half_open *h)
{
    struct bc_half_open_entry *e;
    struct bc_half_open_entry *tmp;
    if (!h) {
        return;
    }
    HASH_ITER(hh, h->table, e, tmp)
    {
        HASH_DEL(h->table, e);
        free(e);
    }
    pthread_mutex_destroy(&h->lock);
    free(h);
}
