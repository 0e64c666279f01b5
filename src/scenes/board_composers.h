// SPDX-License-Identifier: Apache-2.0
#ifndef SCENES_BOARD_COMPOSERS_H
#define SCENES_BOARD_COMPOSERS_H

#include "board.h"

// The board's composers, for what it says of composites.

// One that makes that scene with these cues, other than `but`; NULL: there is none.
struct scenes_composer *
scenes_composer_find_equal(struct scenes_board *board, const char *hash,
    const struct bc_buf *view, const struct scenes_composer *but);

// A new one that nobody uses yet. NULL: there are too many, or no memory or randomness.
struct scenes_composer *
scenes_composer_make(
    struct scenes_board *board, struct bc_scene *scene, const char *hash, int64_t now_us);

// What is wanted of it is another thing now: a new version.
void
scenes_composer_change(struct scenes_board *board, struct scenes_composer *composer);

void
scenes_composer_drop_preview(struct scenes_composer *composer);

void
scenes_composer_use(struct scenes_composer *composer);

// Makes the holder NULL; a NULL holder is fine.
void
scenes_composer_let_go(struct scenes_board *board, struct scenes_composer **holder);

void
scenes_composer_free(struct scenes_composer *composer);

// Whether they say the same; NULL is one of the kinds.
bool
scenes_same_view(const struct bc_buf *a, const struct bc_buf *b);

void
scenes_keep_view(struct bc_buf **holder, struct bc_buf *view);

#endif
