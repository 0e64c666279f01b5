// SPDX-License-Identifier: Apache-2.0
// AudioSpecificConfig, ISO/IEC 14496-3 1.6.2.1, in the parts that a server needs: the
// object type, the rate of the decoded sound, its channels and the length of a frame. SBR
// (HE-AAC) and PS (HE-AACv2) are signalled in front (object type 5 or 29) or behind,
// where old decoders do not look (sync extension 0x2b7, then 0x548).
#include <stdio.h>

#include "base/bits.h"
#include "media/track.h"
#include "params.h"

#define AOT_SBR 5
#define AOT_ER_LD 23
#define AOT_BSAC 22
#define AOT_PS 29
#define AOT_ELD 39
#define SYNC_SBR 0x2b7
#define SYNC_PS 0x548
#define RATE_MAX 192000
#define RATE_MIN 1000

struct aac_config {
    unsigned object_type; // of the core
    uint32_t core_rate;
    uint32_t rate; // decoded; twice the core's with SBR
    unsigned channel_config;
    unsigned channels;
    bool sbr;
    bool ps;
    bool short_frame; // 960 samples for 1024, 480 for 512
};

static size_t
bits_left(const struct bc_bits *b)
{
    return b->failed || b->pos >= b->len * 8 ? 0 : b->len * 8 - b->pos;
}

static unsigned
read_object_type(struct bc_bits *b)
{
    unsigned type = bc_bits_read(b, 5);
    return type == 31 ? 32 + bc_bits_read(b, 6) : type;
}

static uint32_t
read_rate(struct bc_bits *b)
{
    static const uint32_t RATES[16] = { 96000, 88200, 64000, 48000, 44100, 32000, 24000,
        22050, 16000, 12000, 11025, 8000, 7350 };
    unsigned index = bc_bits_read(b, 4);
    uint32_t rate = index == 15 ? bc_bits_read(b, 24) : RATES[index];
    b->failed |= rate < RATE_MIN || rate > RATE_MAX;
    return rate;
}

// program_config_element(), 4.4.1.1; returns the channels it lists.
static unsigned
parse_program_config(struct bc_bits *b)
{
    bc_bits_skip(b, 10); // element_instance_tag, object_type, sampling_frequency_index
    unsigned pairs = bc_bits_read(b, 4); // front
    pairs += bc_bits_read(b, 4);         // side
    pairs += bc_bits_read(b, 4);         // back
    unsigned lfe = bc_bits_read(b, 2);
    unsigned data = bc_bits_read(b, 3);
    unsigned coupling = bc_bits_read(b, 4);
    for (unsigned i = 0; i < 2; i++) { // mono and stereo mixdown
        if (bc_bits_flag(b)) {
            bc_bits_skip(b, 4);
        }
    }
    if (bc_bits_flag(b)) { // matrix_mixdown_idx_present
        bc_bits_skip(b, 3);
    }
    unsigned channels = lfe;
    for (unsigned i = 0; i < pairs; i++) {
        channels += bc_bits_flag(b) ? 2 : 1;
        bc_bits_skip(b, 4);
    }
    bc_bits_skip(b, 4 * (lfe + data) + 5 * coupling);
    bc_bits_skip(b, (8 - b->pos % 8) % 8);
    bc_bits_skip(b, 8 * bc_bits_read(b, 8)); // comment
    return channels;
}

// GASpecificConfig(), 4.4.1.
static void
parse_general(struct bc_bits *b, struct aac_config *c)
{
    c->short_frame = bc_bits_flag(b);
    if (bc_bits_flag(b)) { // dependsOnCoreCoder
        bc_bits_skip(b, 14);
    }
    bool extension = bc_bits_flag(b);
    if (c->channel_config == 0) {
        c->channels = parse_program_config(b);
    }
    if (c->object_type == 20) {
        bc_bits_skip(b, 3); // layerNr
    }
    if (extension) {
        bc_bits_skip(b, c->object_type >= 17 ? 4 : 1);
    }
}

// Appended SBR and PS signals. Bytes that are none of those are somebody's padding.
static void
parse_sync_extension(struct bc_bits *b, struct aac_config *c)
{
    if (bits_left(b) < 16 || bc_bits_read(b, 11) != SYNC_SBR
        || read_object_type(b) != AOT_SBR || !bc_bits_flag(b)) {
        return;
    }
    struct bc_bits mark = *b;
    uint32_t rate = read_rate(&mark);
    if (mark.failed) {
        return;
    }
    *b = mark;
    c->sbr = true;
    c->rate = rate;
    if (bits_left(b) >= 12 && bc_bits_read(b, 11) == SYNC_PS) {
        c->ps = bc_bits_flag(b);
    }
}

static bool
is_known_object(unsigned type)
{
    return (type >= 1 && type <= 4) || type == 17 || type == 19 || type == 20
        || type == AOT_ER_LD || type == AOT_ELD;
}

static bool
parse_config(struct bc_bits *b, struct aac_config *c)
{
    static const unsigned CHANNELS[16]
        = { 0, 1, 2, 3, 4, 5, 6, 8, 0, 0, 0, 7, 8, 24, 8, 0 };
    c->object_type = read_object_type(b);
    c->core_rate = read_rate(b);
    c->rate = c->core_rate;
    c->channel_config = bc_bits_read(b, 4);
    c->channels = CHANNELS[c->channel_config];
    bool in_front = c->object_type == AOT_SBR || c->object_type == AOT_PS;
    if (in_front) {
        c->sbr = true;
        c->ps = c->object_type == AOT_PS;
        c->rate = read_rate(b);
        c->object_type = read_object_type(b);
    }
    if (b->failed || !is_known_object(c->object_type)) {
        return false;
    }
    if (c->object_type == AOT_ELD) {
        c->short_frame = bc_bits_flag(b);
        return !b->failed && c->channels != 0;
    }
    parse_general(b, c);
    if (b->failed || c->channels == 0) {
        return false;
    }
    if (!in_front) {
        parse_sync_extension(b, c);
    }
    return true;
}

static unsigned
core_samples(const struct aac_config *c)
{
    bool low_delay = c->object_type == AOT_ER_LD || c->object_type == AOT_ELD;
    unsigned samples = low_delay ? 512 : 1024;
    return c->short_frame ? samples / 16 * 15 : samples;
}

struct bc_track *
bc_aac_track(const uint8_t *asc, size_t len)
{
    if (len > BC_CONFIG_MAX_BYTES) {
        return NULL;
    }
    struct bc_bits b = bc_bits_init(asc, len, false);
    struct aac_config c = { 0 };
    if (!parse_config(&b, &c)) {
        return NULL;
    }
    struct bc_track *track = bc_track_create(BC_KIND_AUDIO, BC_CODEC_AAC);
    if (!track || !bc_params_keep_config(track, asc, len)) {
        bc_track_unref(&track);
        return NULL;
    }
    track->sample_rate = c.rate;
    track->channels = c.ps && c.channels == 1 ? 2 : c.channels;
    // SBR makes two samples of one, unless it runs downsampled at the core's rate.
    track->frame_samples = core_samples(&c) * (c.rate > c.core_rate ? 2 : 1);
    unsigned shown = c.ps ? AOT_PS : c.sbr ? AOT_SBR : c.object_type;
    snprintf(track->codec_string, sizeof(track->codec_string), "mp4a.40.%u", shown);
    return track;
}
