// SPDX-License-Identifier: Apache-2.0
#ifndef RTCP_TYPES_H
#define RTCP_TYPES_H

// Numbers on the wire that reading and writing share.

#define RTCP_VERSION 2

// Packet types: RFC 3550 12.1, RFC 4585 9.
#define RTCP_PT_SR 200
#define RTCP_PT_RR 201
#define RTCP_PT_SDES 202
#define RTCP_PT_BYE 203
#define RTCP_PT_RTPFB 205
#define RTCP_PT_PSFB 206

// Feedback message types: RFC 4585 6.2 and 6.3, RFC 5104 4.3.1,
// draft-holmer-rmcat-transport-wide-cc-extensions-01 3.1, draft-alvestrand-rmcat-remb-03.
#define RTCP_FMT_NACK 1
#define RTCP_FMT_TWCC 15
#define RTCP_FMT_PLI 1
#define RTCP_FMT_FIR 4
#define RTCP_FMT_AFB 15

#define RTCP_REMB_NAME 0x52454d42 // "REMB"

#define RTCP_COUNT_MAX 31 // of report blocks; 5 bits

#endif
