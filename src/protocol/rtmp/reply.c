// SPDX-License-Identifier: Apache-2.0
#include "reply.h"

#include <stdint.h>
#include <string.h>

#include "base/writer.h"
#include "capabilities.h"
#include "protocol/rtmp/chunk_writer.h"

void
bc_rtmp_send_amf(struct bc_writer *out, const struct bc_writer *body, uint8_t type,
    uint32_t stream_id, uint32_t chunk_size)
{
    struct bc_rtmp_out msg = {
        .csid = type == BC_RTMP_TYPE_DATA_AMF0 ? BC_RTMP_CSID_DATA : BC_RTMP_CSID_COMMAND,
        .type = type,
        .stream_id = stream_id,
        .body = body->data,
        .body_len = body->len,
    };
    if (body->failed || bc_rtmp_chunk_write(out, &msg, chunk_size) < 0) {
        out->failed = true;
    }
}

static void
put_text(struct bc_writer *w, const char *key, const char *text)
{
    bc_amf_write_key(w, key);
    bc_amf_write_string(w, text);
}

static void
put_number(struct bc_writer *w, const char *key, double v)
{
    bc_amf_write_key(w, key);
    bc_amf_write_number(w, v);
}

void
bc_rtmp_write_command(struct bc_writer *body, const char *name, double transaction)
{
    bc_amf_write_string(body, name);
    bc_amf_write_number(body, transaction);
    bc_amf_write_null(body);
}

void
bc_rtmp_write_status(struct bc_writer *body, const struct rtmp_status *status)
{
    bc_rtmp_write_command(body, "onStatus", 0);
    bc_amf_write_object_begin(body);
    put_text(body, "level", status->error ? "error" : "status");
    put_text(body, "code", status->code);
    put_text(body, "description", status->description ? status->description : "");
    bc_amf_write_object_end(body);
}

void
bc_rtmp_write_connect_result(struct bc_writer *body, double transaction,
    const struct bc_amf *amf)
{
    const struct bc_amf_value *object = bc_amf_at(amf, 2);
    bool amf3 = bc_amf_number(bc_amf_get(amf, object, "objectEncoding"), 0) == 3;

    bc_amf_write_string(body, "_result");
    bc_amf_write_number(body, transaction);
    bc_amf_write_object_begin(body);
    put_text(body, "fmsVer", "FMS/3,5,7,7009");
    put_number(body, "capabilities", 31);
    put_number(body, "mode", 1);
    bc_amf_write_object_end(body);

    bc_amf_write_object_begin(body);
    put_text(body, "level", "status");
    put_text(body, "code", "NetConnection.Connect.Success");
    put_text(body, "description", "Connection succeeded.");
    put_number(body, "objectEncoding", amf3 ? 3 : 0);
    bc_rtmp_caps_answer(body, amf, object);
    bc_amf_write_object_end(body);
}
