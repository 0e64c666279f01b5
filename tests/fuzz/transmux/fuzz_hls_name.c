// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "transmux/hls/name.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

// A name that is accepted is the only one of its file.
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char *text = malloc(len + 1);
    if (!text) {
        return 0;
    }
    if (len > 0) {
        memcpy(text, data, len);
    }
    text[len] = 0;
    struct hls_name name;
    if (hls_name_parse(text, &name)) {
        struct bc_writer w = { 0 };
        hls_name_write(&w, &name);
        if (!w.failed && (w.len != strlen(text) || memcmp(w.data, text, w.len) != 0)) {
            abort();
        }
        bc_writer_finish(&w);
    }
    enum bc_hls_rendition rendition;
    (void)bc_hls_playlist_name(text, &rendition);
    free(text);
    return 0;
}
