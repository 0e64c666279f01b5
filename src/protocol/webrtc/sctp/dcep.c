// SPDX-License-Identifier: Apache-2.0
#include "dcep.h"

#include <string.h>

#include "base/reader.h"

#define UNORDERED 0x80 // of the channel type, RFC 8832 8.2.2

enum dc_dcep_type
dc_dcep_type(const uint8_t *data, size_t len)
{
    if (len >= 1 && data[0] == DC_DCEP_OPEN) {
        return DC_DCEP_OPEN;
    }
    return len >= 1 && data[0] == DC_DCEP_ACK ? DC_DCEP_ACK : DC_DCEP_NONE;
}

//  0                   1                   2                   3
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |  Message Type |  Channel Type |            Priority           |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                    Reliability Parameter                      |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |         Label Length          |       Protocol Length         |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |  Label, Protocol …                                            |
bool
dc_dcep_parse_open(const uint8_t *data, size_t len, struct dc_open *out)
{
    struct bc_reader r = bc_reader_init(data, len);
    memset(out, 0, sizeof(*out));
    bool is_open = bc_read_u8(&r) == DC_DCEP_OPEN;
    uint8_t type = bc_read_u8(&r);
    bc_read_skip(&r, 2); // the priority: all channels share one small queue
    out->parameter = bc_read_u32(&r);
    size_t label_len = bc_read_u16(&r);
    size_t protocol_len = bc_read_u16(&r);
    if (r.failed || !is_open || label_len > DC_LABEL_MAX
        || (type & ~UNORDERED) > DC_LIMITED_MS) {
        return false;
    }
    out->unordered = (type & UNORDERED) != 0;
    out->reliability = (enum dc_reliability)(type & ~UNORDERED);
    bc_read_copy(&r, out->label, label_len);
    bc_read_skip(&r, protocol_len);
    return !r.failed && !memchr(out->label, 0, label_len);
}

void
dc_dcep_write_open(struct bc_writer *w, const char *label)
{
    bc_write_u8(w, DC_DCEP_OPEN);
    bc_write_u8(w, DC_RELIABLE);
    bc_write_u16(w, 256); // priority: normal (RFC 8831 6.4)
    bc_write_u32(w, 0);
    bc_write_u16(w, (uint16_t)strlen(label));
    bc_write_u16(w, 0);
    bc_write_str(w, label);
}
