// SPDX-License-Identifier: Apache-2.0
#ifndef RTMP_CAPABILITIES_H
#define RTMP_CAPABILITIES_H

#include "protocol/rtmp/amf.h"
#include "protocol/rtmp/session.h"

struct bc_writer;

// The keys of connect and its answer by which both ends tell what they can (Enhanced RTMP
// v2, "Enhancing NetConnection connect Command"; RTMP-85).

// Bits of a codec's entry in videoFourCcInfoMap and audioFourCcInfoMap.
#define RTMP_FOURCC_CAN_DECODE 1
#define RTMP_FOURCC_CAN_ENCODE 2
#define RTMP_FOURCC_CAN_FORWARD 4

// What the peer's object says it can read: fourCcList, both maps, capsEx.
void
bc_rtmp_caps_parse(struct bc_rtmp_caps *caps, const struct bc_amf *amf,
    const struct bc_amf_value *object);

// The keys fourCcList, videoFourCcInfoMap and audioFourCcInfoMap with these codecs, each
// with the mask. Of the keys only those that `asked` has (NULL: all).
void
bc_rtmp_caps_write_codecs(struct bc_writer *w, uint32_t codecs, unsigned mask,
    const struct bc_amf *amf, const struct bc_amf_value *asked);

// What this server answers to a connect that asks.
void
bc_rtmp_caps_answer(struct bc_writer *w, const struct bc_amf *amf,
    const struct bc_amf_value *asked);

#endif
