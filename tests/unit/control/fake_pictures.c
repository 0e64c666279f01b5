// SPDX-License-Identifier: Apache-2.0
// Uploaded pictures without a disk: one that is always there, "PICTURE" as its bytes.
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "card/cards.h"
#include "card/pictures.h"
#include "fake_record.h"

static void
describe(struct bc_picture_info *out)
{
    *out = (struct bc_picture_info){ .id = FAKE_PICTURE, .type = "image/png", .width = 3,
        .height = 2, .bytes = 7, .added_wall_us = 1000000 };
}

bool
bc_picture_id_is_valid(const char *id)
{
    return strspn(id, "0123456789abcdef") == BC_PICTURE_ID && id[BC_PICTURE_ID] == '\0';
}

int
bc_picture_store_add(struct bc_picture_store *store, const void *data, size_t len,
    struct bc_picture_info *out, char why[BC_CARD_WHY])
{
    (void)store;
    if (len == 7 && memcmp(data, "PICTURE", 7) == 0) {
        describe(out);
        return 0;
    }
    bool full = len == 4 && memcmp(data, "FULL", 4) == 0;
    snprintf(why, BC_CARD_WHY, full ? "full" : "no picture");
    return full ? -ENOSPC : -EINVAL;
}

bool
bc_picture_store_remove(struct bc_picture_store *store, const char *id)
{
    (void)store;
    return strcmp(id, FAKE_PICTURE) == 0;
}

bool
bc_picture_store_get(
    struct bc_picture_store *store, const char *id, struct bc_picture_info *out)
{
    describe(out);
    return bc_picture_store_remove(store, id);
}

size_t
bc_picture_store_list(struct bc_picture_store *store, struct bc_picture_info *out)
{
    (void)store;
    describe(out);
    return 1;
}

struct bc_buf *
bc_picture_store_read(struct bc_picture_store *store, const char *id)
{
    (void)store;
    (void)id;
    return bc_buf_copy("PICTURE", 7);
}

void
bc_cards_forget(struct bc_cards *cards)
{
    (void)cards;
}

struct bc_card_set *
bc_cards_set(struct bc_cards *cards)
{
    (void)cards;
    return NULL;
}

struct bc_buf *
bc_card_set_source(const struct bc_card_set *set, const char *name)
{
    (void)set;
    (void)name;
    return NULL;
}

void
bc_card_set_unref(struct bc_card_set **holder)
{
    (void)holder;
}
