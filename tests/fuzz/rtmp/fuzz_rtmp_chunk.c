// SPDX-License-Identifier: Apache-2.0
// A chunk stream with its control messages, in pieces of the size that the first byte
// tells. A whole message is written again and must then read as the same.
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "base/writer.h"
#include "protocol/rtmp/control.h"

static const struct bc_rtmp_chunk_limits limits = { 1 << 16, 8, 1 << 17 };

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
write_and_read(const struct bc_rtmp_message *msg)
{
    struct bc_rtmp_out out = { .csid = msg->csid, .type = msg->type,
        .stream_id = msg->stream_id, .timestamp = msg->timestamp,
        .body = msg->buf ? msg->buf->data : NULL, .body_len = msg->buf ? msg->buf->len : 0 };
    struct bc_writer w = { 0 };
    struct bc_rtmp_chunk_reader c;
    struct bc_rtmp_message again;
    bc_rtmp_chunk_reader_init(&c, &limits);
    if (msg->csid < 2 || bc_rtmp_chunk_write(&w, &out, 128) < 0) {
        abort();
    }
    struct bc_reader r = bc_reader_init(w.data, w.len);
    if (bc_rtmp_chunk_read(&c, &r, &again) != 1 || again.timestamp != msg->timestamp
            || (msg->buf && memcmp(again.buf->data, msg->buf->data, msg->buf->len) != 0)) {
        abort();
    }
    bc_buf_unref(&again.buf);
    bc_rtmp_chunk_reader_finish(&c);
    bc_writer_finish(&w);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bc_rtmp_control c;
    struct bc_writer out = { 0 };
    bc_rtmp_control_init(&c, &limits);
    size_t step = len > 0 ? 1 + data[0] : 1;
    int ret = 0;
    for (size_t at = 1; at < len && ret == 0; at += step) {
        struct bc_reader r = bc_reader_init(data + at, len - at < step ? len - at : step);
        struct bc_rtmp_message msg;
        while (ret == 0 && (ret = bc_rtmp_chunk_read(&c.chunks, &r, &msg)) == 1) {
            write_and_read(&msg);
            ret = msg.type >= 1 && msg.type <= 6 ? bc_rtmp_control_handle(&c, &msg, &out) : 0;
            bc_buf_unref(&msg.buf);
        }
        bc_rtmp_control_count(&c, 1000);
        bc_rtmp_control_ack(&c, &out);
    }
    bc_writer_finish(&out);
    bc_rtmp_control_finish(&c);
    return 0;
}
