// SPDX-License-Identifier: Apache-2.0
#include "folder.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

// A media file without an index, as the first of a recording and as its second.
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    folder_put("index", NULL, 0);
    folder_put("recording.json", NULL, 0);
    folder_put("000001.mp4", data, len);
    folder_put("000002.mp4", data, len);
    folder_read();
    return 0;
}
