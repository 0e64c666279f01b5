// SPDX-License-Identifier: Apache-2.0
// The body of a request for a clip: moments in all their forms, a title, a precision.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "control/clip_wish.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
check(const struct bc_moment *m)
{
    if (m->us < 0 || m->us > INT64_C(253402300800000000) + INT64_C(86400000000)) {
        abort(); // the year 9999 and an offset
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bc_clip_wish wish;
    const char *code = NULL;
    const char *wrong = bc_clip_wish_read(data, len, &wish, &code);
    if (!wrong) {
        check(&wish.from);
        check(&wish.to);
        if (wish.from.kind == BC_MOMENT_END || strlen(wish.title) > BC_RECORDING_TITLE_MAX) {
            abort();
        }
    } else if (!code || !*wrong) {
        abort();
    }
    char *text = calloc(1, len + 1);
    if (!text) {
        return 0;
    }
    memcpy(text, data, len);
    struct bc_moment m;
    if (bc_moment_of_text(text, &m)) {
        check(&m);
    }
    free(text);
    return 0;
}
