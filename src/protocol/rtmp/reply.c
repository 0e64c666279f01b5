// SPDX-License-Identifier: Apache-2.0
#include "reply.h"

#include <stdint.h>
#include <string.h>

#include "base/writer.h"
#include "protocol/rtmp/chunk_writer.h"

// Bits of a codec's entry in videoFourCcInfoMap (Enhanced RTMP, "Enhancing NetConnection
// connect Command").
#define FOURCC_CAN_DECODE 1
#define FOURCC_CAN_FORWARD 4

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

// Enhanced RTMP: the server answers the keys that the client sent (RTMP-85). HEVC is what
// this server takes and gives by FourCC; capsEx 0 = no reconnect request, multitrack or
// ModEx.
static void
put_capabilities(struct bc_writer *w, const struct bc_amf *amf,
    const struct bc_amf_value *object)
{
    if (bc_amf_get(amf, object, "fourCcList")) {
        bc_amf_write_key(w, "fourCcList");
        bc_amf_write_strict_begin(w, 1);
        bc_amf_write_string(w, "hvc1");
    }
    if (bc_amf_get(amf, object, "videoFourCcInfoMap")) {
        bc_amf_write_key(w, "videoFourCcInfoMap");
        bc_amf_write_object_begin(w);
        put_number(w, "hvc1", FOURCC_CAN_FORWARD);
        bc_amf_write_object_end(w);
    }
    if (bc_amf_get(amf, object, "audioFourCcInfoMap")) {
        bc_amf_write_key(w, "audioFourCcInfoMap");
        bc_amf_write_object_begin(w);
        bc_amf_write_object_end(w);
    }
    if (bc_amf_get(amf, object, "capsEx")) {
        put_number(w, "capsEx", 0);
    }
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
    put_capabilities(body, amf, object);
    bc_amf_write_object_end(body);
}

static bool
can_play(const struct bc_amf_value *v)
{
    unsigned bits = FOURCC_CAN_DECODE | FOURCC_CAN_FORWARD;
    double mask = bc_amf_number(v, 0);
    return v && mask >= 0 && mask <= UINT16_MAX && ((unsigned)mask & bits) != 0;
}

bool
bc_rtmp_connect_has_hevc(const struct bc_amf *amf, const struct bc_amf_value *object)
{
    const struct bc_amf_value *map = bc_amf_get(amf, object, "videoFourCcInfoMap");
    if (can_play(bc_amf_get(amf, map, "hvc1")) || can_play(bc_amf_get(amf, map, "*"))) {
        return true;
    }
    const struct bc_amf_value *list = bc_amf_get(amf, object, "fourCcList");
    const struct bc_amf_value *v = list ? bc_amf_child(amf, list) : NULL;
    while (v && !bc_amf_is(v, "hvc1") && !bc_amf_is(v, "*")) {
        v = bc_amf_next(amf, v);
    }
    return v != NULL;
}
