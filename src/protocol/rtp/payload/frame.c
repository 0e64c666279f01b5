// SPDX-License-Identifier: Apache-2.0
// An access unit becomes one immutable frame of RTP payloads, in one allocation: the
// struct, the slices, the bytes.
#include <stdlib.h>
#include <string.h>

#include "packetise.h"

#define PAYLOAD_MIN 200
#define PAYLOAD_MAX UINT16_MAX
#define PACKET_MAX_BYTES (64u << 20)
#define PICTURE_ID_MASK 0x7fff

struct format {
    enum bc_codec codec;
    void (*gather)(struct bc_rtp_job *job); // NULL: the packet is sent as it is
    void (*write)(const struct bc_rtp_job *job, struct bc_rtp_out *out);
};

void
bc_rtp_out_bytes(struct bc_rtp_out *out, const void *p, size_t n)
{
    if (out->bytes && n > 0) {
        memcpy(out->bytes + out->total, p, n);
    }
    out->total += (uint32_t)n;
}

void
bc_rtp_out_be(struct bc_rtp_out *out, uint32_t v, unsigned bytes)
{
    uint8_t be[4];
    for (unsigned i = 0; i < bytes; i++) {
        be[i] = (uint8_t)(v >> (8 * (bytes - 1 - i)));
    }
    bc_rtp_out_bytes(out, be, bytes);
}

void
bc_rtp_out_end(struct bc_rtp_out *out)
{
    if (out->slices) {
        out->slices[out->count] = (struct bc_rtp_slice){
            .offset = out->begin,
            .len = (uint16_t)(out->total - out->begin),
        };
    }
    out->count++;
    out->begin = out->total;
}

void
bc_rtp_job_add(struct bc_rtp_job *job, const struct bc_rtp_piece *piece)
{
    struct bc_writer *w = &job->p->scratch;
    bc_write_bytes(w, piece, sizeof(*piece));
    job->pieces = (struct bc_rtp_piece *)(void *)w->data;
    job->count = w->len / sizeof(*piece);
}

// RFC 7587: a packet is a payload; it cannot be cut.
static void
write_opus(const struct bc_rtp_job *job, struct bc_rtp_out *out)
{
    if (job->packet->len <= job->max_payload) {
        bc_rtp_out_bytes(out, job->packet->data, job->packet->len);
        bc_rtp_out_end(out);
    }
}

static const struct format FORMATS[] = {
    { BC_CODEC_AVC, bc_rtp_nal_gather, bc_rtp_nal_write },
    { BC_CODEC_HEVC, bc_rtp_nal_gather, bc_rtp_nal_write },
    { BC_CODEC_AV1, bc_rtp_av1_gather, bc_rtp_av1_write },
    { BC_CODEC_VP8, NULL, bc_rtp_vp8_write },
    { BC_CODEC_VP9, NULL, bc_rtp_vp9_write },
    { BC_CODEC_OPUS, NULL, write_opus },
};

static const struct format *
find_format(const struct bc_packet *packet)
{
    for (size_t i = 0; packet->track && i < sizeof(FORMATS) / sizeof(FORMATS[0]); i++) {
        if (FORMATS[i].codec == packet->track->codec) {
            return &FORMATS[i];
        }
    }
    return NULL;
}

static uint32_t
rtp_time(const struct bc_packet *packet)
{
    int64_t pts = packet->pts_us > 0 ? packet->pts_us : 0;
    return (uint32_t)(uint64_t)(packet->kind == BC_KIND_AUDIO ? (pts * 6 + 62) / 125
                                                              : (pts * 9 + 50) / 100);
}

static struct bc_rtp_frame *
create_frame(const struct bc_packet *packet, const struct bc_rtp_out *counted,
    struct bc_rtp_out *out)
{
    size_t slices = counted->count * sizeof(struct bc_rtp_slice);
    struct bc_rtp_frame *f = malloc(sizeof(*f) + slices + counted->total);
    if (!f) {
        return NULL;
    }
    *out = (struct bc_rtp_out){ .slices = (struct bc_rtp_slice *)(void *)(f + 1) };
    out->bytes = (uint8_t *)out->slices + slices;
    *f = (struct bc_rtp_frame){
        .kind = packet->kind,
        .codec = packet->track->codec,
        .flags = packet->flags,
        .rendition = packet->rendition,
        .pts_us = packet->pts_us,
        .arrived_us = packet->arrived_us,
        .timestamp = rtp_time(packet),
        .count = counted->count,
        .total = counted->total,
        .slices = out->slices,
        .bytes = out->bytes,
    };
    atomic_init(&f->refs, 1);
    return f;
}

struct bc_rtp_frame *
bc_rtp_packetise(
    struct bc_rtp_packetiser *p, const struct bc_packet *packet, size_t max_payload)
{
    const struct format *format = find_format(packet);
    if (!format || packet->len == 0 || packet->len > PACKET_MAX_BYTES
        || max_payload < PAYLOAD_MIN || max_payload > PAYLOAD_MAX) {
        return NULL;
    }
    struct bc_rtp_job job = { .p = p, .packet = packet, .max_payload = max_payload };
    bc_writer_reset(&p->scratch);
    if (format->gather) {
        format->gather(&job);
    }
    if (p->scratch.failed) {
        return NULL;
    }
    struct bc_rtp_out counted = { 0 };
    format->write(&job, &counted);
    struct bc_rtp_out out;
    struct bc_rtp_frame *frame =
        counted.count > 0 ? create_frame(packet, &counted, &out) : NULL;
    if (frame) {
        format->write(&job, &out);
        p->picture_id = (p->picture_id + 1) & PICTURE_ID_MASK;
        p->tl0 += (packet->flags & BC_PACKET_DISPOSABLE) == 0;
    }
    return frame;
}

void
bc_rtp_packetiser_finish(struct bc_rtp_packetiser *p)
{
    bc_writer_finish(&p->scratch);
}

struct bc_rtp_frame *
bc_rtp_frame_ref(struct bc_rtp_frame *frame)
{
    atomic_fetch_add_explicit(&frame->refs, 1, memory_order_relaxed);
    return frame;
}

void
bc_rtp_frame_unref(struct bc_rtp_frame **holder)
{
    struct bc_rtp_frame *frame = *holder;
    *holder = NULL;
    if (frame && atomic_fetch_sub_explicit(&frame->refs, 1, memory_order_acq_rel) == 1) {
        free(frame);
    }
}
