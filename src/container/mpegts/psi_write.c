// SPDX-License-Identifier: Apache-2.0
// The tables that we write; their layout is drawn in psi.c.
#include <string.h>

#include "mux.h"
#include "ts.h"

#define CRC_BYTES 4
#define PCR_NONE TS_PID_NULL

static void
write_descriptor(struct bc_writer *w, uint32_t name)
{
    bc_write_u8(w, TS_DESC_REGISTRATION);
    bc_write_u8(w, 4);
    bc_write_u32(w, name);
}

static void
write_stream(struct bc_writer *w, const struct bc_track *t, uint16_t pid)
{
    static const struct {
        uint8_t type;
        uint32_t name;
    } FORMS[] = {
        [BC_CODEC_AVC] = { TS_TYPE_AVC, 0 },
        [BC_CODEC_HEVC] = { TS_TYPE_HEVC, TS_ID_HEVC },
        [BC_CODEC_AAC] = { TS_TYPE_ADTS, 0 },
        [BC_CODEC_MP3] = { TS_TYPE_MPEG1_AUDIO, 0 },
        [BC_CODEC_AC3] = { TS_TYPE_AC3, TS_ID_AC3 },
        [BC_CODEC_EAC3] = { TS_TYPE_EAC3, TS_ID_EAC3 },
        [BC_CODEC_OPUS] = { TS_TYPE_PRIVATE, TS_ID_OPUS },
    };
    // The lower rates are MPEG-2's.
    bool low = t->codec == BC_CODEC_MP3 && t->sample_rate < 32000;
    bc_write_u8(w, low ? TS_TYPE_MPEG2_AUDIO : FORMS[t->codec].type);
    bc_write_u16(w, 0xe000 | pid);
    size_t at = w->len;
    bc_write_u16(w, 0xf000);
    if (FORMS[t->codec].name) {
        write_descriptor(w, FORMS[t->codec].name);
    }
    if (t->codec == BC_CODEC_OPUS) {
        bc_write_u8(w, TS_DESC_EXTENSION);
        bc_write_u8(w, 2);
        bc_write_u8(w, TS_DESC_EXT_OPUS);
        bc_write_u8(w, (uint8_t)t->channels);
    }
    bc_write_be_at(w, at, 0xf000 | (w->len - at - 2), 2);
}

// Begins a TS packet with a section in it; where the section begins.
static size_t
begin_section(struct bc_writer *w, uint16_t pid, uint8_t cc, uint8_t table)
{
    bc_write_u8(w, TS_SYNC);
    bc_write_u16(w, 0x4000 | pid);
    bc_write_u8(w, 0x10 | cc);
    bc_write_u8(w, 0); // pointer_field
    bc_write_u8(w, table);
    bc_write_u16(w, 0);
    return w->len - 3;
}

static void
end_section(struct bc_writer *w, size_t at)
{
    size_t len = w->len - at;
    bc_write_be_at(w, at + 1, 0xb000 | (len - 3 + CRC_BYTES), 2);
    bc_write_u32(w, w->failed ? 0 : bc_ts_crc32(w->data + at, len));
    size_t used = TS_HEAD_BYTES + 1 + len + CRC_BYTES;
    uint8_t *rest = bc_write_reserve(w, BC_TS_PACKET_BYTES - used);
    if (rest) {
        memset(rest, 0xff, BC_TS_PACKET_BYTES - used);
    }
}

static void
write_version(struct bc_writer *w, uint8_t version)
{
    bc_write_u8(w, (uint8_t)(0xc1 | version << 1)); // in force
    bc_write_u16(w, 0); // one section
}

void
bc_ts_write_psi(
    const struct bc_ts_mux *m, struct bc_writer *w, uint8_t cc_pat, uint8_t cc_pmt)
{
    size_t at = begin_section(w, TS_PID_PAT, cc_pat, TS_TABLE_PAT);
    bc_write_u16(w, 1); // transport_stream_id
    write_version(w, 0);
    bc_write_u16(w, MUX_PROGRAM);
    bc_write_u16(w, 0xe000 | MUX_PID_PMT);
    end_section(w, at);

    at = begin_section(w, MUX_PID_PMT, cc_pmt, TS_TABLE_PMT);
    bc_write_u16(w, MUX_PROGRAM);
    write_version(w, m->version);
    bc_write_u16(w,
        0xe000
            | (m->video        ? MUX_PID_VIDEO
                    : m->audio ? MUX_PID_AUDIO
                               : PCR_NONE));
    bc_write_u16(w, 0xf000);
    if (m->video) {
        write_stream(w, m->video, MUX_PID_VIDEO);
    }
    if (m->audio) {
        write_stream(w, m->audio, MUX_PID_AUDIO);
    }
    end_section(w, at);
}
