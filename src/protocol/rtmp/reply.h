// SPDX-License-Identifier: Apache-2.0
#ifndef RTMP_REPLY_H
#define RTMP_REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/rtmp/amf.h"

struct bc_writer;

// The bodies of the commands a server sends, RTMP 7.2.1 and 7.2.2, and how they go out.

struct rtmp_status {
    bool error;
    const char *code;        // "NetStream.Play.Start"
    const char *description; // may be NULL
};

// One AMF0 command (type 20) or data message (type 18) with that body, as chunks.
void
bc_rtmp_send_amf(struct bc_writer *out, const struct bc_writer *body, uint8_t type,
    uint32_t stream_id, uint32_t chunk_size);

// onStatus(0, null, {level, code, description})
void
bc_rtmp_write_status(struct bc_writer *body, const struct rtmp_status *status);

// name(transaction, null ...): the caller adds the arguments.
void
bc_rtmp_write_command(struct bc_writer *body, const char *name, double transaction);

// _result of connect. `amf` is the peer's connect: what it asks about (objectEncoding,
// the keys of Enhanced RTMP) is answered.
void
bc_rtmp_write_connect_result(struct bc_writer *body, double transaction,
    const struct bc_amf *amf);

#endif
