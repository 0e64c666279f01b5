// SPDX-License-Identifier: Apache-2.0
// AV1 as RTP payloads (RTP Payload Format For AV1, 4.3 to 4.5): an aggregation header and
// one to three OBU elements, each with its length before it but the last.
//
//   Z Y W(2) N 000 | { size leb128 | OBU } | OBU
//
// Z, Y: the first element continues one of the packet before, the last one goes on in the
// next. W: how many elements. N: a coded video sequence begins. As the last element needs
// no length, a packet that is not the last can be filled to the byte.
#include "media/obu.h"
#include "packetise.h"

#define MAX_ELEMENTS 3
#define AV1C_HEAD_BYTES 4
#define FLAG_Z 0x80
#define FLAG_Y 0x40
#define FLAG_N 0x08

// A part of a piece, in the payload being laid out.
struct element {
    const struct bc_rtp_piece *piece;
    size_t at;
    size_t len;
};

static void
add_obu(struct bc_rtp_job *job, const struct bc_obu *obu)
{
    struct bc_rtp_piece piece = { .body = obu->payload, .len = obu->len };
    piece.head_len = obu->head_len;
    piece.head[0] = obu->head[0];
    piece.head[1] = obu->head[1];
    bc_rtp_job_add(job, &piece);
}

static bool
has_sequence_header(const struct bc_packet *packet)
{
    struct bc_reader r = bc_reader_init(packet->data, packet->len);
    struct bc_obu obu;
    while (bc_reader_left(&r) > 0 && bc_obu_read(&r, &obu) == 0) {
        if (obu.type == BC_OBU_SEQUENCE_HEADER) {
            return true;
        }
    }
    return false;
}

// The sequence header in an av1C, for keyframes that come without.
static void
add_track_header(struct bc_rtp_job *job)
{
    const struct bc_buf *config = job->packet->track->config;
    if (!config || config->len <= AV1C_HEAD_BYTES) {
        return;
    }
    struct bc_reader r =
        bc_reader_init(config->data + AV1C_HEAD_BYTES, config->len - AV1C_HEAD_BYTES);
    struct bc_obu obu;
    if (bc_obu_read(&r, &obu) == 0 && obu.type == BC_OBU_SEQUENCE_HEADER) {
        add_obu(job, &obu);
    }
}

void
bc_rtp_av1_gather(struct bc_rtp_job *job)
{
    const struct bc_packet *packet = job->packet;
    if ((packet->flags & BC_PACKET_KEY) && !has_sequence_header(packet)) {
        add_track_header(job);
    }
    struct bc_reader r = bc_reader_init(packet->data, packet->len);
    struct bc_obu obu;
    while (bc_reader_left(&r) > 0 && bc_obu_read(&r, &obu) == 0) {
        if (bc_obu_is_useful(&obu)) {
            add_obu(job, &obu);
        }
    }
}

// Header and payload of an OBU are one run of bytes to whoever cuts it.
static void
write_part(struct bc_rtp_out *out, const struct element *e)
{
    size_t at = e->at;
    size_t len = e->len;
    const struct bc_rtp_piece *p = e->piece;
    if (at < p->head_len) {
        size_t n = p->head_len - at < len ? p->head_len - at : len;
        bc_rtp_out_bytes(out, p->head + at, n);
        at += n;
        len -= n;
    }
    if (len > 0) {
        bc_rtp_out_bytes(out, p->body + (at - p->head_len), len);
    }
}

static void
write_leb128(struct bc_rtp_out *out, uint32_t v)
{
    for (; v >= 0x80; v >>= 7) {
        bc_rtp_out_be(out, (v & 0x7f) | 0x80, 1);
    }
    bc_rtp_out_be(out, v, 1);
}

// Chooses what goes into the next payload from piece *i, byte *at on, and moves both.
static unsigned
lay_out(const struct bc_rtp_job *job, size_t *i, size_t *at, struct element *elements)
{
    size_t used = 1;
    unsigned n = 0;
    while (n < MAX_ELEMENTS && *i < job->count) {
        const struct bc_rtp_piece *piece = &job->pieces[*i];
        // The element before is no longer the last one and gets its length.
        used += n > 0 ? bc_leb128_bytes((uint32_t)elements[n - 1].len) : 0;
        if (used >= job->max_payload) {
            break;
        }
        size_t rest = piece->head_len + piece->len - *at;
        size_t room = job->max_payload - used;
        size_t len = rest < room ? rest : room;
        elements[n++] = (struct element){ piece, *at, len };
        used += len;
        *at += len;
        if (len < rest) {
            break;
        }
        *at = 0;
        ++*i;
    }
    return n;
}

void
bc_rtp_av1_write(const struct bc_rtp_job *job, struct bc_rtp_out *out)
{
    bool starts = (job->packet->flags & BC_PACKET_KEY) != 0;
    size_t i = 0;
    size_t at = 0;
    while (i < job->count) {
        struct element elements[MAX_ELEMENTS];
        uint32_t head = (at > 0 ? FLAG_Z : 0) | (starts ? FLAG_N : 0);
        unsigned n = lay_out(job, &i, &at, elements);
        head |= (at > 0 ? FLAG_Y : 0) | n << 4;
        bc_rtp_out_be(out, head, 1);
        for (unsigned k = 0; k < n; k++) {
            if (k + 1 < n) {
                write_leb128(out, (uint32_t)elements[k].len);
            }
            write_part(out, &elements[k]);
        }
        bc_rtp_out_end(out);
        starts = false;
    }
}
