// SPDX-License-Identifier: Apache-2.0
// A host that sends any bodies at any times, on a real channel with real outputs. Input:
// kind (1 byte), milliseconds since the last one (1), length (2), body; repeated.
#include <stdint.h>

#include "../../unit/transmux/stage.h"
#include "base/reader.h"
#include "ingest/publisher.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct stage s;
    struct bc_publisher p;
    stage_open(&s, NULL);
    stage_take(&s, 1, "10.0.0.1");
    bc_publisher_init(&p, s.take, NULL);
    s.take = NULL;
    struct bc_reader r = bc_reader_init(data, len);
    for (uint32_t ms = 0; bc_reader_left(&r) > 4;) {
        enum bc_kind kind = (enum bc_kind)(1 + bc_read_u8(&r) % 3);
        ms += bc_read_u8(&r);
        size_t n = bc_read_u16(&r);
        n %= bc_reader_left(&r) + 1;
        struct bc_buf *buf = bc_buf_copy(bc_read_bytes(&r, n), n);
        struct bc_rtmp_media m = { kind, ms, buf, buf->data, n };
        if (n > 0) {
            bc_publisher_media(&p, &m, s.clock0_us + ms * 1000);
            bc_publisher_flush(&p, s.clock0_us + ms * 1000);
        }
        bc_buf_unref(&buf);
    }
    bc_publisher_finish(&p, len % 2, "the end");
    stage_turn(&s);
    stage_close(&s);
    return 0;
}
