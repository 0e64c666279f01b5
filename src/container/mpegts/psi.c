// SPDX-License-Identifier: Apache-2.0
// Sections and tables, ISO/IEC 13818-1 2.4.4:
//
//   table_id(8) | 1 0 11 length(12) | id(16) | 11 version(5) current_next(1)
//   | section(8) | last(8) | ... | CRC(32)
//
// PAT: { program(16) 111 PID(13) }. PMT: 111 PCR_PID(13) | 1111 length(12) descriptors
// | { type(8) 111 PID(13) 1111 length(12) descriptors }.
#include "psi.h"

#include <string.h>

#include "base/reader.h"
#include "ts.h"

#define SECTION_HEAD_BYTES 3
#define CRC_BYTES 4
#define STUFFING 0xff
#define PID_MASK 0x1fff
#define LENGTH_MASK 0xfff

uint32_t
bc_ts_crc32(const uint8_t *data, size_t len)
{
    static const uint32_t NIBBLES[16] = { 0x00000000, 0x04c11db7, 0x09823b6e, 0x0d4326d9,
        0x130476dc, 0x17c56b6b, 0x1a864db2, 0x1e475005, 0x2608edb8, 0x22c9f00f,
        0x2f8ad6d6, 0x2b4bcb61, 0x350c9b64, 0x31cd86d3, 0x3c8ea00a, 0x384fbdbd };
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < len; i++) {
        crc = crc << 4 ^ NIBBLES[(crc >> 28 ^ data[i] >> 4) & 15];
        crc = crc << 4 ^ NIBBLES[(crc >> 28 ^ data[i]) & 15];
    }
    return crc;
}

// --- sections ---

void
bc_ts_section_reset(struct bc_ts_section *s)
{
    s->active = false;
    s->len = 0;
}

static void
append(struct bc_ts_section *s, const uint8_t *p, size_t len,
    void (*on_section)(void *user, const uint8_t *data, size_t len), void *user)
{
    if (!s->active) {
        return;
    }
    // What is kept is less than one section, what comes is less than a packet.
    memcpy(s->data + s->len, p, len);
    s->len += (uint32_t)len;
    while (s->len >= SECTION_HEAD_BYTES && s->data[0] != STUFFING) {
        uint32_t total =
            SECTION_HEAD_BYTES + ((s->data[1] << 8 | s->data[2]) & LENGTH_MASK);
        if (total > s->len) {
            return;
        }
        on_section(user, s->data, total);
        s->len -= total;
        memmove(s->data, s->data + total, s->len);
    }
    if (s->len == 0 || s->data[0] == STUFFING) {
        bc_ts_section_reset(s);
    }
}

void
bc_ts_section_push(struct bc_ts_section *s, const uint8_t *p, size_t len, bool begins,
    void (*on_section)(void *user, const uint8_t *data, size_t len), void *user)
{
    if (!begins) {
        append(s, p, len, on_section, user);
        return;
    }
    size_t pointer = len > 0 ? p[0] : 0;
    if (len < 1 + pointer) {
        bc_ts_section_reset(s);
        return;
    }
    append(s, p + 1, pointer, on_section, user);
    s->active = true;
    s->len = 0;
    append(s, p + 1 + pointer, len - 1 - pointer, on_section, user);
}

// --- tables ---

// The part between the fixed head and the CRC; `id` is the field behind the length.
static struct bc_reader
open_table(const uint8_t *data, size_t len, uint8_t table_id, uint16_t *id)
{
    struct bc_reader r = bc_reader_init(data, len >= CRC_BYTES ? len - CRC_BYTES : 0);
    r.failed |= bc_read_u8(&r) != table_id;
    r.failed |= !(bc_read_u16(&r) & 0x8000); // section_syntax_indicator
    *id = bc_read_u16(&r);
    r.failed |= !(bc_read_u8(&r) & 1); // current_next_indicator
    bc_read_skip(&r, 2);
    return r;
}

bool
bc_ts_parse_pat(const uint8_t *data, size_t len, uint16_t wanted, struct bc_ts_pat *out)
{
    uint16_t id;
    struct bc_reader r = open_table(data, len, TS_TABLE_PAT, &id);
    bool found = false;
    while (!r.failed && bc_reader_left(&r) >= 4) {
        uint16_t program = bc_read_u16(&r);
        uint16_t pid = bc_read_u16(&r) & PID_MASK;
        // Program 0 is the network's table.
        if (program != 0 && (!found || program == wanted)) {
            *out = (struct bc_ts_pat){ program, pid };
            found = true;
        }
    }
    return found;
}

// Streams of private data tell by their descriptors what they are.
static void
read_private(struct bc_reader r, struct bc_ts_stream *s)
{
    bool opus = false;
    while (bc_reader_left(&r) >= 2) {
        uint8_t tag = bc_read_u8(&r);
        struct bc_reader d = bc_read_sub(&r, bc_read_u8(&r));
        if (tag == TS_DESC_REGISTRATION) {
            uint32_t name = bc_read_u32(&d);
            opus |= name == TS_ID_OPUS;
            s->form = name == TS_ID_AC3 || name == TS_ID_EAC3 ? BC_TS_AC3 : s->form;
        } else if (tag == TS_DESC_AC3 || tag == TS_DESC_EAC3) {
            s->form = BC_TS_AC3;
        } else if (tag == TS_DESC_EXTENSION && bc_read_u8(&d) == TS_DESC_EXT_OPUS) {
            s->channels = bc_read_u8(&d);
        }
    }
    if (opus) {
        s->form = BC_TS_OPUS;
    }
}

static bool
is_video(enum bc_ts_form form)
{
    return form == BC_TS_AVC || form == BC_TS_HEVC;
}

static enum bc_ts_form
form_of(uint8_t type)
{
    switch (type) {
    case TS_TYPE_AVC:
        return BC_TS_AVC;
    case TS_TYPE_HEVC:
        return BC_TS_HEVC;
    case TS_TYPE_ADTS:
        return BC_TS_ADTS;
    case TS_TYPE_LATM:
        return BC_TS_LOAS;
    case TS_TYPE_MPEG1_AUDIO:
    case TS_TYPE_MPEG2_AUDIO:
        return BC_TS_MPEG_AUDIO;
    case TS_TYPE_AC3:
    case TS_TYPE_EAC3:
        return BC_TS_AC3;
    default:
        return BC_TS_NONE;
    }
}

bool
bc_ts_parse_pmt(const uint8_t *data, size_t len, struct bc_ts_pmt *out)
{
    struct bc_ts_pmt pmt = { 0 };
    struct bc_reader r = open_table(data, len, TS_TABLE_PMT, &pmt.program);
    pmt.pcr_pid = bc_read_u16(&r) & PID_MASK;
    bc_read_skip(&r, bc_read_u16(&r) & LENGTH_MASK);
    while (!r.failed && bc_reader_left(&r) > 0) {
        uint8_t type = bc_read_u8(&r);
        struct bc_ts_stream s = { .pid = bc_read_u16(&r) & PID_MASK };
        struct bc_reader info = bc_read_sub(&r, bc_read_u16(&r) & LENGTH_MASK);
        s.form = form_of(type);
        if (type == TS_TYPE_PRIVATE) {
            read_private(info, &s);
        }
        struct bc_ts_stream *place = is_video(s.form) ? &pmt.video : &pmt.audio;
        if (!r.failed && s.form != BC_TS_NONE && place->form == BC_TS_NONE) {
            *place = s;
        }
    }
    if (r.failed) {
        return false;
    }
    *out = pmt;
    return true;
}
