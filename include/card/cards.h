// SPDX-License-Identifier: Apache-2.0
#ifndef CARD_CARDS_H
#define CARD_CARDS_H

#include <stdbool.h>
#include <stddef.h>

#include "card/card.h"

struct bc_disk;
struct bc_picture_store;
struct bc_worker;

// The server's cards: the templates in use, and cards that were filled lately, so that two
// hundred viewers of one cue cost one filling. Owned by the server, any thread.
struct bc_cards;

// `dir` as in bc_card_set_load(); what is refused is logged. Everything is borrowed. NULL
// without memory.
struct bc_cards *
bc_cards_create(const char *dir, struct bc_picture_store *pictures, struct bc_disk *disk);

// After the workers and the disk's threads have stopped. NULL is fine.
void
bc_cards_destroy(struct bc_cards *cards);

// Reads the templates anew. Blocks on the disk; main thread.
void
bc_cards_reload(struct bc_cards *cards, const char *dir);

// Forgets what was filled, as a picture has gone.
void
bc_cards_forget(struct bc_cards *cards);

// The templates in use: a new reference.
struct bc_card_set *
bc_cards_set(struct bc_cards *cards);

// One card being filled. Of one worker.
struct bc_card_order;

// Fills the card for a cue of that kind ("product"), as bc_card_set_choose() has it, on another
// thread. `done` is called once, on `worker`, never from within; the SVG is borrowed, NULL: why
// tells. NULL without memory; then it is never called.
struct bc_card_order *
bc_cards_ask(struct bc_cards *cards, const char *kind, const char *data, size_t len,
    struct bc_worker *worker,
    void (*done)(void *user, struct bc_buf *svg, const char *why), void *user);

// `done` is not called any more. On the order's worker, before it was called.
void
bc_card_order_cancel(struct bc_card_order *order);

// The same on the caller's thread, which is no worker's: a new reference; NULL: `why` tells.
struct bc_buf *
bc_cards_fill(struct bc_cards *cards, const char *kind, const char *data, size_t len,
    char why[BC_CARD_WHY]);

// The same at once, when it was filled lately: a new reference, or NULL.
struct bc_buf *
bc_cards_peek(struct bc_cards *cards, const char *kind, const char *data, size_t len);

#endif
