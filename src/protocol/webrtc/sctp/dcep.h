// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_WEBRTC_SCTP_DCEP_H
#define PROTOCOL_WEBRTC_SCTP_DCEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/writer.h"

// The Data Channel Establishment Protocol, RFC 8832 5. Pure.

#define DC_LABEL_MAX 255

// Payload protocol identifiers, RFC 8831 8.
enum dc_ppid {
    DC_PPID_DCEP = 50,
    DC_PPID_STRING = 51,
    DC_PPID_BINARY = 53,
    DC_PPID_STRING_EMPTY = 56,
    DC_PPID_BINARY_EMPTY = 57,
};

enum dc_dcep_type {
    DC_DCEP_NONE,
    DC_DCEP_ACK = 2,
    DC_DCEP_OPEN = 3,
};

enum dc_reliability {
    DC_RELIABLE,
    DC_LIMITED_RETRANSMITS, // `parameter` times
    DC_LIMITED_MS,          // for `parameter` milliseconds
};

struct dc_open {
    bool unordered;
    enum dc_reliability reliability;
    uint32_t parameter;
    char label[DC_LABEL_MAX + 1];
};

// What message this is; NONE when it is neither.
enum dc_dcep_type
dc_dcep_type(const uint8_t *data, size_t len);

// False when it is malformed: cut off, an unknown kind of channel, a label that is longer
// than ours may be or holds a zero.
bool
dc_dcep_parse_open(const uint8_t *data, size_t len, struct dc_open *out);

// A reliable, ordered channel without a subprotocol.
void
dc_dcep_write_open(struct bc_writer *w, const char *label);

#endif
