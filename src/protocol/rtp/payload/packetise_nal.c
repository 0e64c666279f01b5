// SPDX-License-Identifier: Apache-2.0
// AVC (RFC 6184, packetization-mode 1) and HEVC (RFC 7798) as RTP payloads:
//
//   single       the NAL unit itself
//   aggregation  STAP-A (type 24) or AP (48): header | { size(16) NAL unit }
//   fragment     FU-A (28) or FU (49): header | S E type | a part of the unit's body
//
// The two differ in the header: F NRI(2) type(5) and F type(6) layer(6) tid(3).
#include "base/reader.h"
#include "media/nal_types.h"
#include "packetise.h"

#define FU_START 0x80
#define FU_END 0x40

// An SEI with nothing but buffering period and picture timing (H.264 D.1.2, D.1.3), which
// constant-rate encoders put before every picture: for a hypothetical decoder, and a small
// packet of its own each time. `body` is behind the NAL unit's header.
static bool
is_timing_sei(const uint8_t *body, size_t len)
{
    struct bc_reader r = bc_reader_init(body, len);
    bool any = false;
    while (bc_reader_left(&r) > 1) { // the last byte is rbsp_trailing_bits
        uint8_t type = bc_read_u8(&r);
        uint8_t size = bc_read_u8(&r);
        if (type > 1 || size == 0xff) {
            return false;
        }
        bc_read_skip(&r, size);
        any = true;
    }
    return any && !r.failed;
}

static void
add_unit(struct bc_rtp_job *job, const uint8_t *unit, size_t len)
{
    enum bc_codec codec = job->packet->track->codec;
    size_t head = bc_nal_head_bytes(codec);
    // Delimiters and filler are of no use here, and types above the real ones would be
    // read as one of RTP's own.
    if (!unit || len < head || !bc_nal_is_useful(codec, bc_nal_type(codec, unit))) {
        return;
    }
    if (codec == BC_CODEC_AVC && bc_nal_type(codec, unit) == AVC_NAL_SEI
        && is_timing_sei(unit + head, len - head)) {
        return;
    }
    struct bc_rtp_piece piece = { .body = unit + head, .len = len - head };
    piece.head_len = (uint8_t)head;
    for (size_t i = 0; i < head; i++) {
        piece.head[i] = unit[i];
    }
    bc_rtp_job_add(job, &piece);
}

// The sets of an avcC, ISO/IEC 14496-15 5.3.3.1.2.
static void
add_avc_sets(struct bc_rtp_job *job)
{
    const struct bc_buf *config = job->packet->track->config;
    struct bc_reader r = bc_reader_init(config->data, config->len);
    bc_read_skip(&r, 5);
    for (unsigned round = 0; round < 2; round++) { // SPS, PPS
        unsigned count = bc_read_u8(&r) & (round == 0 ? 0x1f : 0xff);
        for (unsigned i = 0; i < count && !r.failed; i++) {
            uint16_t size = bc_read_u16(&r);
            add_unit(job, bc_read_bytes(&r, size), size);
        }
    }
}

// The sets of one type in an hvcC, ISO/IEC 14496-15 8.3.3.1.2.
static void
add_hevc_sets(struct bc_rtp_job *job, unsigned wanted)
{
    const struct bc_buf *config = job->packet->track->config;
    struct bc_reader r = bc_reader_init(config->data, config->len);
    bc_read_skip(&r, 22);
    unsigned arrays = bc_read_u8(&r);
    for (unsigned i = 0; i < arrays && !r.failed; i++) {
        unsigned type = bc_read_u8(&r) & 0x3f;
        unsigned count = bc_read_u16(&r);
        for (unsigned k = 0; k < count && !r.failed; k++) {
            uint16_t size = bc_read_u16(&r);
            const uint8_t *set = bc_read_bytes(&r, size);
            if (type == wanted) {
                add_unit(job, set, size);
            }
        }
    }
}

static void
add_track_sets(struct bc_rtp_job *job)
{
    if (!job->packet->track->config) {
        return;
    }
    if (job->packet->track->codec == BC_CODEC_HEVC) {
        add_hevc_sets(job, HEVC_NAL_VPS);
        add_hevc_sets(job, HEVC_NAL_SPS);
        add_hevc_sets(job, HEVC_NAL_PPS);
    } else {
        add_avc_sets(job);
    }
}

// Whether the access unit starts a coded sequence without bringing an SPS and a PPS.
static bool
needs_sets(const struct bc_packet *packet)
{
    enum bc_codec codec = packet->track->codec;
    struct bc_reader r = bc_reader_init(packet->data, packet->len);
    bool key = false;
    bool sps = false;
    bool pps = false;
    while (bc_reader_left(&r) > 0) {
        uint32_t size = bc_read_u32(&r);
        const uint8_t *unit = bc_read_bytes(&r, size);
        if (unit && size >= bc_nal_head_bytes(codec)) {
            uint8_t type = bc_nal_type(codec, unit);
            key |= bc_nal_is_key(codec, type);
            sps |= type == bc_nal_sps_type(codec);
            pps |= type == bc_nal_pps_type(codec);
        }
    }
    return key && !(sps && pps);
}

void
bc_rtp_nal_gather(struct bc_rtp_job *job)
{
    const struct bc_packet *packet = job->packet;
    if (needs_sets(packet)) {
        add_track_sets(job);
    }
    struct bc_reader r = bc_reader_init(packet->data, packet->len);
    while (bc_reader_left(&r) > 0) {
        uint32_t size = bc_read_u32(&r);
        add_unit(job, bc_read_bytes(&r, size), size);
    }
}

static size_t
piece_bytes(const struct bc_rtp_piece *piece)
{
    return piece->head_len + piece->len;
}

// How many pieces from `from` on fit into one aggregation packet.
static size_t
count_fitting(const struct bc_rtp_job *job, size_t from)
{
    size_t total = job->pieces[from].head_len;
    size_t n = 0;
    while (from + n < job->count) {
        total += 2 + piece_bytes(&job->pieces[from + n]);
        if (total > job->max_payload) {
            break;
        }
        n++;
    }
    return n;
}

static void
write_piece(struct bc_rtp_out *out, const struct bc_rtp_piece *piece)
{
    bc_rtp_out_bytes(out, piece->head, piece->head_len);
    bc_rtp_out_bytes(out, piece->body, piece->len);
}

// STAP-A: F is set when one has it, NRI is the highest (RFC 6184 5.7).
static void
write_avc_aggregation_head(struct bc_rtp_out *out, const struct bc_rtp_piece *p, size_t n)
{
    uint8_t forbidden = 0;
    uint8_t nri = 0;
    for (size_t i = 0; i < n; i++) {
        forbidden |= p[i].head[0] & 0x80;
        nri = (p[i].head[0] & 0x60) > nri ? p[i].head[0] & 0x60 : nri;
    }
    bc_rtp_out_be(out, (uint32_t)(forbidden | nri | AVC_STAP_A), 1);
}

// AP: F is set when one has it, layer and temporal id are the lowest (RFC 7798 4.4.2).
static void
write_hevc_aggregation_head(
    struct bc_rtp_out *out, const struct bc_rtp_piece *p, size_t n)
{
    uint32_t forbidden = 0;
    uint32_t layer = 0x3f;
    uint32_t tid = 7;
    for (size_t i = 0; i < n; i++) {
        uint32_t head = (uint32_t)p[i].head[0] << 8 | p[i].head[1];
        forbidden |= head & 0x8000;
        layer = (head >> 3 & 0x3f) < layer ? head >> 3 & 0x3f : layer;
        tid = (head & 7) < tid ? head & 7 : tid;
    }
    bc_rtp_out_be(out, forbidden | HEVC_AP << 9 | layer << 3 | tid, 2);
}

static void
write_aggregation(
    enum bc_codec codec, struct bc_rtp_out *out, const struct bc_rtp_piece *p, size_t n)
{
    if (codec == BC_CODEC_HEVC) {
        write_hevc_aggregation_head(out, p, n);
    } else {
        write_avc_aggregation_head(out, p, n);
    }
    for (size_t i = 0; i < n; i++) {
        bc_rtp_out_be(out, (uint32_t)piece_bytes(&p[i]), 2);
        write_piece(out, &p[i]);
    }
    bc_rtp_out_end(out);
}

// All fragments but the last are of exactly max_payload bytes. There are at least two, as
// only a unit that is larger than a payload comes here.
static void
write_fragments(
    const struct bc_rtp_job *job, struct bc_rtp_out *out, const struct bc_rtp_piece *p)
{
    enum bc_codec codec = job->packet->track->codec;
    uint8_t type = bc_nal_type(codec, p->head);
    size_t room = job->max_payload - p->head_len - 1;
    for (size_t at = 0; at < p->len;) {
        size_t n = p->len - at < room ? p->len - at : room;
        uint8_t fu =
            (uint8_t)(type | (at == 0 ? FU_START : 0) | (at + n == p->len ? FU_END : 0));
        if (codec == BC_CODEC_HEVC) {
            bc_rtp_out_be(out, (p->head[0] & 0x81u) | HEVC_FU << 1, 1);
            bc_rtp_out_be(out, p->head[1], 1);
        } else {
            bc_rtp_out_be(out, (p->head[0] & 0xe0u) | AVC_FU_A, 1);
        }
        bc_rtp_out_be(out, fu, 1);
        bc_rtp_out_bytes(out, p->body + at, n);
        bc_rtp_out_end(out);
        at += n;
    }
}

void
bc_rtp_nal_write(const struct bc_rtp_job *job, struct bc_rtp_out *out)
{
    for (size_t i = 0; i < job->count;) {
        const struct bc_rtp_piece *piece = &job->pieces[i];
        size_t fitting = count_fitting(job, i);
        if (fitting >= 2) {
            write_aggregation(job->packet->track->codec, out, piece, fitting);
            i += fitting;
            continue;
        }
        if (piece_bytes(piece) <= job->max_payload) {
            write_piece(out, piece);
            bc_rtp_out_end(out);
        } else {
            write_fragments(job, out, piece);
        }
        i++;
    }
}
