// SPDX-License-Identifier: Apache-2.0
#include "column.h"

#include <stdlib.h>
#include <string.h>

#define PIECE_ITEMS 512

void
record_column_init(struct record_column *c, size_t item_bytes)
{
    *c = (struct record_column){ .item_bytes = item_bytes };
}

void
record_column_finish(struct record_column *c)
{
    for (size_t i = 0; i < c->piece_count; i++) {
        free(c->pieces[i]);
    }
    free(c->pieces);
    c->pieces = NULL;
    c->piece_count = c->piece_cap = c->count = 0;
}

bool
record_column_reserve(struct record_column *c)
{
    if (c->count < c->piece_count * PIECE_ITEMS) {
        return true;
    }
    if (c->piece_count == c->piece_cap) {
        size_t cap = c->piece_cap ? 2 * c->piece_cap : 8;
        void **more = realloc(c->pieces, cap * sizeof(*more));
        if (!more) {
            return false;
        }
        c->pieces = more;
        c->piece_cap = cap;
    }
    void *piece = malloc(PIECE_ITEMS * c->item_bytes);
    if (!piece) {
        return false;
    }
    c->pieces[c->piece_count++] = piece;
    return true;
}

void *
record_column_at(const struct record_column *c, size_t i)
{
    char *piece = c->pieces[i / PIECE_ITEMS];
    return piece + i % PIECE_ITEMS * c->item_bytes;
}

void *
record_column_push(struct record_column *c)
{
    void *item = record_column_at(c, c->count++);
    memset(item, 0, c->item_bytes);
    return item;
}
