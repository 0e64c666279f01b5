// SPDX-License-Identifier: Apache-2.0
// The first byte is the size of the pieces, the rest comes from both kinds of peer.
#include "base/reader.h"
#include "base/writer.h"
#include "protocol/rtmp/handshake.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len < 2) {
        return 0;
    }
    struct bc_rtmp_handshake server = { 0 };
    struct bc_rtmp_handshake client = { 0 };
    struct bc_writer out = { 0 };
    size_t step = 1 + data[0] * 8u;
    int from_client = 0;
    int from_server = 0;
    for (size_t at = 1; at < len; at += step) {
        size_t n = len - at < step ? len - at : step;
        struct bc_reader r = bc_reader_init(data + at, n);
        if (from_client == 0) {
            from_client = bc_rtmp_handshake_server(&server, &r, &out, (uint32_t)len);
        }
        r = bc_reader_init(data + at, n);
        if (from_server == 0) {
            from_server = bc_rtmp_handshake_client(&client, &r, &out);
        }
    }
    bc_writer_finish(&out);
    return 0;
}
