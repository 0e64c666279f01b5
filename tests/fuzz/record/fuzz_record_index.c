// SPDX-License-Identifier: Apache-2.0
#include <zlib.h>

#include "base/writer.h"
#include "folder.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define HEAD_BYTES 16
#define RECORD_BYTES 64
#define INPUT_MAX 8192

// The first two bytes say how much of the input is the index; the rest is the media file.
// Checksums and places are made right, so that what is behind them is reached.
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len < 2 || len > INPUT_MAX) {
        return 0;
    }
    size_t index_bytes = (size_t)data[0] << 8 | data[1];
    index_bytes = index_bytes < len - 2 ? index_bytes : len - 2;
    struct bc_writer w = { 0 };
    bc_write_bytes(&w, data + 2, index_bytes);
    for (size_t at = HEAD_BYTES; at + RECORD_BYTES <= w.len; at += RECORD_BYTES) {
        bc_write_be_at(&w, at + 56, (at - HEAD_BYTES) / RECORD_BYTES, 8);
        bc_write_be_at(
            &w, at, crc32(crc32(0, NULL, 0), w.data + at + 4, RECORD_BYTES - 4), 4);
    }
    folder_put("index", w.data ? w.data : data, w.len);
    folder_put("recording.json", NULL, 0);
    folder_put("000001.mp4", data + 2 + index_bytes, len - 2 - index_bytes);
    folder_read();
    bc_writer_finish(&w);
    return 0;
}
