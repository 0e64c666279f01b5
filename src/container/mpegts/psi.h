// SPDX-License-Identifier: Apache-2.0
#ifndef CONTAINER_MPEGTS_PSI_H
#define CONTAINER_MPEGTS_PSI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Tables: sections out of packets, and what PAT and PMT say (ISO/IEC 13818-1 2.4.4).

#define BC_TS_SECTION_MAX 4098
#define BC_TS_STREAMS_MAX 64

// A section under assembly from one PID. Inside its demuxer; zeroed is a start.
struct bc_ts_section {
    bool active;
    uint32_t len;
    uint8_t data[BC_TS_SECTION_MAX + 184];
};

// Takes one packet's payload; `begins` is payload_unit_start_indicator. Each whole section
// goes to `on_section`, its CRC not looked at.
void
bc_ts_section_push(struct bc_ts_section *s, const uint8_t *p, size_t len, bool begins,
    void (*on_section)(void *user, const uint8_t *data, size_t len), void *user);

// Something was lost.
void
bc_ts_section_reset(struct bc_ts_section *s);

// How the access units of a stream lie in its PES packets.
enum bc_ts_form {
    BC_TS_NONE,
    BC_TS_AVC,
    BC_TS_HEVC,
    BC_TS_ADTS,
    BC_TS_LOAS,
    BC_TS_MPEG_AUDIO,
    BC_TS_AC3, // and E-AC-3
    BC_TS_OPUS,
};

struct bc_ts_stream {
    uint16_t pid;
    enum bc_ts_form form;
    uint8_t channels; // Opus: channel_config_code
};

struct bc_ts_pat {
    uint16_t program;
    uint16_t pmt_pid;
};

// The first picture and the first sound of a program that we carry; their form is
// BC_TS_NONE where there is none.
struct bc_ts_pmt {
    uint16_t program;
    uint16_t pcr_pid;
    struct bc_ts_stream video;
    struct bc_ts_stream audio;
};

// Both read a section whose CRC is right. False when it is another table, not yet valid,
// or makes no sense. The PAT's program is `wanted` if it is listed, else the first one.
bool
bc_ts_parse_pat(const uint8_t *data, size_t len, uint16_t wanted, struct bc_ts_pat *out);

bool
bc_ts_parse_pmt(const uint8_t *data, size_t len, struct bc_ts_pmt *out);

#endif
