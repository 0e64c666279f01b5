// SPDX-License-Identifier: Apache-2.0
// A template and the data behind the first byte 0: what is taken can be filled, and what is
// filled is good again, so nothing gets in with the data.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "card/card.h"
#include "card/tree.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char why[BC_CARD_WHY] = "";
    struct bc_card_set *set = bc_card_set_load(NULL, NULL);
    const uint8_t *end = len > 0 ? memchr(data, 0, len) : NULL;
    size_t svg_len = end ? (size_t)(end - data) : len;
    const char *fields = end ? (const char *)end + 1 : "{\"title\":\"<a>\",\"qr\":\"x\"}";
    size_t fields_len = end ? len - svg_len - 1 : strlen(fields);
    if (!set) {
        return 0;
    }
    if (bc_card_set_add(set, "t", data, svg_len, why)) {
        struct bc_buf *svg = bc_card_fill(set, "t", fields, fields_len, NULL, why);
        struct card_tree *tree = svg ? card_tree_parse(svg->data, svg->len,
                                     BC_CARD_SVG_BYTES_MAX, CARD_FILLED_ELEMENTS_MAX, why)
                                     : NULL;
        if (svg && !tree) {
            fprintf(stderr, "%s\n%.*s\n", why, (int)svg->len, (char *)svg->data);
            abort();
        }
        card_tree_destroy(tree);
        bc_buf_unref(&svg);
    } else if (!why[0]) {
        abort(); // refused without a reason
    }
    bc_card_set_unref(&set);
    return 0;
}
