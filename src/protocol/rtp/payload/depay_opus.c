// SPDX-License-Identifier: Apache-2.0
// Opus (RFC 7587): every payload is a packet, and every packet can be decoded alone. With
// discontinuous transmission packets of one or two bytes come, or none for a while.
#include <errno.h>

#include "depay.h"
#include "media/track_build.h"

#define MAX_SAMPLES 5760 // 120 ms, RFC 6716 3.4 R5

// Samples at 48 kHz in a packet, from its first byte (RFC 6716 3.1) and its count of
// frames; 0 when it is no Opus packet.
static uint32_t
packet_samples(const uint8_t *p, size_t len)
{
    static const uint16_t SILK[] = { 480, 960, 1920, 2880 };
    static const uint16_t HYBRID[] = { 480, 960 };
    static const uint16_t CELT[] = { 120, 240, 480, 960 };
    unsigned config = p[0] >> 3;
    uint32_t frame = config < 12 ? SILK[config & 3]
        : config < 16            ? HYBRID[config & 1]
                                 : CELT[config & 3];
    unsigned code = p[0] & 3;
    uint32_t count = code == 0 ? 1 : code < 3 ? 2 : len > 1 ? p[1] & 0x3f : 0;
    return frame * count <= MAX_SAMPLES ? frame * count : 0;
}

static int
push_opus(struct bc_rtp_depacketiser *d, const struct bc_rtp_header *h)
{
    uint32_t samples = packet_samples(h->payload, h->payload_len);
    if (samples == 0 || h->payload_len > BC_RTP_UNIT_MAX_BYTES) {
        return -EINVAL;
    }
    // A packet's length counts in the timeline; where it varies the stamps do.
    if (d->track->frame_samples != 0 && d->track->frame_samples != samples) {
        struct bc_track *track = bc_opus_track_simple(d->track->channels);
        if (!track) {
            return -ENOMEM;
        }
        track->frame_samples = d->u.opus.started ? 0 : samples;
        bc_track_unref(&d->track);
        d->track = track;
    }
    d->u.opus.started = true;
    bc_write_bytes(&d->unit, h->payload, h->payload_len);
    return d->unit.failed ? -ENOMEM : 0;
}

static int
finish_opus(struct bc_rtp_depacketiser *d, struct bc_rtp_found *found)
{
    (void)d;
    (void)found;
    return 0;
}

static int
init_opus(struct bc_rtp_depacketiser *d, const struct bc_rtp_depacketiser_params *params)
{
    return bc_rtp_depay_set_track(d, bc_opus_track_simple(params->channels == 1 ? 1 : 2));
}

const struct bc_rtp_depay_format bc_rtp_depay_opus = {
    .codec = BC_CODEC_OPUS,
    .alone = true,
    .init = init_opus,
    .push = push_opus,
    .finish = finish_opus,
    .build = bc_rtp_build_plain,
};
