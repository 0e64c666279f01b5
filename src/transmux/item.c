// SPDX-License-Identifier: Apache-2.0
#include "item.h"

#include <stdlib.h>
#include <string.h>

struct bc_item *
bc_item_create(const void *data, size_t len)
{
    struct bc_item *item = malloc(sizeof(*item) + len);
    if (!item) {
        return NULL;
    }
    *item = (struct bc_item){ .len = len };
    atomic_init(&item->refs, 1);
    if (len > 0) {
        memcpy(item->data, data, len);
    }
    return item;
}

struct bc_item *
bc_item_ref(struct bc_item *item)
{
    atomic_fetch_add_explicit(&item->refs, 1, memory_order_relaxed);
    return item;
}

void
bc_item_unref(struct bc_item **holder)
{
    struct bc_item *item = *holder;
    *holder = NULL;
    if (item && atomic_fetch_sub_explicit(&item->refs, 1, memory_order_acq_rel) == 1) {
        bc_buf_unref(&item->join);
        bc_buf_unref(&item->config);
        free(item);
    }
}
