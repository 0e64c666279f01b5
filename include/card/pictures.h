// SPDX-License-Identifier: Apache-2.0
#ifndef CARD_PICTURES_H
#define CARD_PICTURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "card/card.h"

// Uploaded pictures in the data directory's pictures/ folder, by the hash of their bytes. Owned
// by the server; any thread, but adding, removing and reading block on the disk: not for workers.
struct bc_picture_store;

#define BC_PICTURE_ID 16 // digits, 0 to 9 and a to f
#define BC_PICTURES_MAX 500
#define BC_PICTURES_BYTES_MAX ((int64_t)200 << 20)

struct bc_picture_info {
    char id[BC_PICTURE_ID + 1];
    const char *type; // "image/png"
    int width; // as it is stored; a phone's photo may be meant turned
    int height;
    int64_t bytes;
    int64_t added_wall_us;
};

// Creates the folder when the first picture comes. NULL without memory.
struct bc_picture_store *
bc_picture_store_open(const char *data_dir);

// NULL is fine.
void
bc_picture_store_close(struct bc_picture_store *store);

bool
bc_picture_id_is_valid(const char *id);

// Decodes it as a whole, so that nothing but pictures is kept. Adding the same one again is
// fine. 0; -EINVAL: it is refused, -ENOSPC: there are as many as may be, or another errno, each
// with `why`.
int
bc_picture_store_add(struct bc_picture_store *store, const void *data, size_t len,
    struct bc_picture_info *out, char why[BC_CARD_WHY]);

// False: there is none.
bool
bc_picture_store_remove(struct bc_picture_store *store, const char *id);

// Does not block. False: there is none.
bool
bc_picture_store_get(
    struct bc_picture_store *store, const char *id, struct bc_picture_info *out);

// Does not block. Fills in at most BC_PICTURES_MAX, the newest first; returns how many.
size_t
bc_picture_store_list(struct bc_picture_store *store, struct bc_picture_info *out);

// The bytes as they came. NULL: there is none, or it cannot be read.
struct bc_buf *
bc_picture_store_read(struct bc_picture_store *store, const char *id);

// As cards use it, bc_picture_for_cards(): small, and never WebP.
struct bc_buf *
bc_picture_store_read_small(struct bc_picture_store *store, const char *id);

#endif
