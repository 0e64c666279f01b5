// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_HLS_NAME_H
#define TRANSMUX_HLS_NAME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/writer.h"
#include "transmux/hls.h"

enum hls_name_kind { HLS_NAME_NONE, HLS_NAME_INIT, HLS_NAME_SEGMENT, HLS_NAME_PART };

// The name of a media file, taken apart.
struct hls_name {
    enum hls_name_kind kind;
    enum bc_hls_rendition rendition;
    uint64_t msn; // of the segment; the init section's first; the muxer's first for parts
    uint64_t part;
};

// "main", "audio", "v1" ...
const char *
hls_rendition_name(enum bc_hls_rendition rendition);

// False when the text is no such name, also when it is not written as hls_name_write()
// would.
bool
hls_name_parse(const char *text, struct hls_name *out);

void
hls_name_write(struct bc_writer *w, const struct hls_name *name);

#endif
