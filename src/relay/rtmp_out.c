// SPDX-License-Identifier: Apache-2.0
#include "rtmp_out.h"

#include <errno.h>
#include <string.h>

#include "base/reader.h"
#include "base/writer.h"
#include "protocol/rtmp/amf.h"
#include "protocol/rtmp/cue_point.h"

#define MESSAGE_MAX_BYTES (32u << 20)
#define CHUNK_STREAMS_MAX 8

void
relay_rtmp_out_init(struct relay_rtmp_out *out, struct bc_rtmp_client *client)
{
    struct bc_rtmp_chunk_limits limits
        = { MESSAGE_MAX_BYTES, CHUNK_STREAMS_MAX, MESSAGE_MAX_BYTES };
    memset(out, 0, sizeof(*out));
    out->client = client;
    bc_rtmp_chunk_reader_init(&out->chunks, &limits);
    out->chunks.chunk_size = BC_RTMP_OUT_CHUNK_SIZE;
}

void
relay_rtmp_out_finish(struct relay_rtmp_out *out)
{
    bc_rtmp_chunk_reader_finish(&out->chunks);
}

// A server keeps metadata that comes as @setDataFrame for those who join later.
static int
send_script(struct relay_rtmp_out *out, const struct bc_rtmp_message *m, uint32_t ms)
{
    static const uint8_t META[] = "\x02\x00\x0aonMetaData"; // a string of 10 bytes
    size_t len = m->buf->len;
    if (len < sizeof(META) - 1 || memcmp(m->buf->data, META, sizeof(META) - 1) != 0) {
        bc_cue_point_move(m->buf->data, len, -(double)out->base_ms / 1000);
        return bc_rtmp_client_send(out->client, BC_KIND_SCRIPT, ms, m->buf->data, len);
    }
    struct bc_writer body = { 0 };
    bc_amf_write_string(&body, "@setDataFrame");
    bc_write_bytes(&body, m->buf->data, len);
    int ret = body.failed
        ? -ENOMEM
        : bc_rtmp_client_send(out->client, BC_KIND_SCRIPT, ms, body.data, body.len);
    bc_writer_finish(&body);
    return ret;
}

static int
send_message(struct relay_rtmp_out *out, const struct bc_rtmp_message *m)
{
    if (!out->began) {
        out->began = true;
        out->base_ms = m->timestamp;
    }
    uint32_t ms = m->timestamp - out->base_ms;
    ms = ms > INT32_MAX ? 0 : ms; // before the first one
    switch (m->type) {
    case BC_RTMP_TYPE_AUDIO:
        return bc_rtmp_client_send(
            out->client, BC_KIND_AUDIO, ms, m->buf->data, m->buf->len);
    case BC_RTMP_TYPE_VIDEO:
        return bc_rtmp_client_send(
            out->client, BC_KIND_VIDEO, ms, m->buf->data, m->buf->len);
    case BC_RTMP_TYPE_DATA_AMF0:
        return send_script(out, m, ms);
    default:
        return 0;
    }
}

int
relay_rtmp_out_feed(struct relay_rtmp_out *out, const uint8_t *data, size_t len)
{
    struct bc_reader r = bc_reader_init(data, len);
    for (;;) {
        struct bc_rtmp_message m;
        int ret = bc_rtmp_chunk_read(&out->chunks, &r, &m);
        if (ret <= 0) {
            return ret;
        }
        ret = m.buf ? send_message(out, &m) : 0;
        bc_buf_unref(&m.buf);
        if (ret < 0) {
            return ret;
        }
    }
}
