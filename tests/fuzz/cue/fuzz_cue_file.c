// SPDX-License-Identifier: Apache-2.0
// DATA/cues/NAME.json: whatever is taken of a file is written and read again.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cue/board.h"
#include "cue/file.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int64_t
clock_us(void *user)
{
    (void)user;
    return 1000000;
}

static const struct bc_cues_ops OPS = { .clock_us = clock_us };

static void
free_boards(struct bc_cues *cues)
{
    while (cues->boards) {
        board_free(cues->boards);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bc_cues cues = { .ops = &OPS, .anchored = true };
    struct bc_cues again = { .ops = &OPS, .anchored = true };
    cue_file_parse(&cues, (const char *)data, len);
    if (cues.boards && cue_file_is_wanted(cues.boards)) {
        char *text = cue_file_print(cues.boards);
        if (!text || !cue_file_parse(&again, text, strlen(text))) {
            abort();
        }
        board_refresh(again.boards);
        free(text);
    }
    free_boards(&cues);
    free_boards(&again);
    return 0;
}
