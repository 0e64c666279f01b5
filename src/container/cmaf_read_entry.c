// SPDX-License-Identifier: Apache-2.0
// Sample entries become tracks again: the reverse of cmaf_entry_video.c and
// cmaf_entry_audio.c.
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmaf_read_box.h"
#include "container/box.h"
#include "container/cmaf_read.h"
#include "media/track_build.h"

#define DESCRIPTOR_ES 0x03
#define DESCRIPTOR_DECODER 0x04
#define DESCRIPTOR_SPECIFIC 0x05
#define DESCRIPTOR_LENGTH_BYTES 4
#define OTI_MPEG4_AUDIO 0x40
#define OTI_MPEG2_LAYERS 0x69
#define OTI_MPEG1_LAYERS 0x6b
#define MPEG1_MIN_RATE 32000
#define MP3_SAMPLES 1152

#define OPUS_HEAD_BYTES 19
#define OPUS_CHANNELS_MAX 255
#define DAC3_BYTES 3
#define DEC3_MIN_BYTES 5
#define DEC3_MAX_BYTES 64 // eight independent substreams with dependent ones
#define AC3_SAMPLES 1536
#define VPCC_COLOURS 7

// What precedes the boxes of an entry, and what is wanted of it.
struct entry_head {
    uint32_t width;
    uint32_t height;
    uint32_t channels;
    uint32_t rate; // the track's timescale
};

static void
read_nclx(struct bc_reader box, struct bc_colour *c)
{
    uint16_t numbers[3];
    bool told = bc_read_u32(&box) == BC_FOURCC('n', 'c', 'l', 'x');
    for (size_t i = 0; i < 3; i++) {
        numbers[i] = bc_read_u16(&box);
        told = told && numbers[i] > 0 && numbers[i] <= UINT8_MAX;
    }
    if (told) {
        c->primaries = (uint8_t)numbers[0];
        c->transfer = (uint8_t)numbers[1];
        c->matrix = (uint8_t)numbers[2];
    }
}

// The colour boxes of an entry; see write_colours() of cmaf_entry_video.c.
static void
read_colours(struct bc_reader boxes, struct bc_colour *c)
{
    struct bc_reader b;
    if (bc_cmaf_box_find(boxes, BC_FOURCC('c', 'o', 'l', 'r'), &b)) {
        read_nclx(b, c);
    }
    if (bc_cmaf_box_find(boxes, BC_FOURCC('c', 'l', 'l', 'i'), &b)) {
        c->has_light = true;
        c->max_cll = bc_read_u16(&b);
        c->max_fall = bc_read_u16(&b);
    }
    if (bc_cmaf_box_find(boxes, BC_FOURCC('m', 'd', 'c', 'v'), &b)) {
        c->has_display = true;
        for (size_t i = 0; i < 3; i++) {
            c->display_x[i] = bc_read_u16(&b);
            c->display_y[i] = bc_read_u16(&b);
        }
        c->white_x = bc_read_u16(&b);
        c->white_y = bc_read_u16(&b);
        c->max_luminance = bc_read_u32(&b);
        c->min_luminance = bc_read_u32(&b);
    }
}

static struct bc_track *
vp9_track(const struct entry_head *head, const uint8_t *config, size_t len)
{
    struct bc_track *t = bc_vp9_track_from_config(config, len);
    if (t) {
        t->width = head->width; // the record does not tell it
        t->height = head->height;
    }
    return t;
}

static struct bc_track *
video_track(
    uint32_t type, const struct entry_head *head, const uint8_t *config, size_t len)
{
    switch (type) {
    case BC_FOURCC('a', 'v', 'c', '1'):
        return bc_avc_track(config, len);
    case BC_FOURCC('h', 'v', 'c', '1'):
        return bc_hevc_track(config, len);
    case BC_FOURCC('a', 'v', '0', '1'):
        return bc_av1_track_from_config(config, len);
    default:
        return vp9_track(head, config, len);
    }
}

static uint32_t
config_box(uint32_t entry)
{
    static const struct {
        uint32_t entry;
        uint32_t config;
    } BOXES[] = {
        { BC_FOURCC('a', 'v', 'c', '1'), BC_FOURCC('a', 'v', 'c', 'C') },
        { BC_FOURCC('h', 'v', 'c', '1'), BC_FOURCC('h', 'v', 'c', 'C') },
        { BC_FOURCC('a', 'v', '0', '1'), BC_FOURCC('a', 'v', '1', 'C') },
        { BC_FOURCC('v', 'p', '0', '9'), BC_FOURCC('v', 'p', 'c', 'C') },
        { BC_FOURCC('m', 'p', '4', 'a'), BC_FOURCC('e', 's', 'd', 's') },
        { BC_FOURCC('O', 'p', 'u', 's'), BC_FOURCC('d', 'O', 'p', 's') },
        { BC_FOURCC('f', 'L', 'a', 'C'), BC_FOURCC('d', 'f', 'L', 'a') },
        { BC_FOURCC('a', 'c', '-', '3'), BC_FOURCC('d', 'a', 'c', '3') },
        { BC_FOURCC('e', 'c', '-', '3'), BC_FOURCC('d', 'e', 'c', '3') },
    };
    for (size_t i = 0; i < sizeof(BOXES) / sizeof(BOXES[0]); i++) {
        if (BOXES[i].entry == entry) {
            return BOXES[i].config;
        }
    }
    return 0;
}

// VisualSampleEntry, ISO/IEC 14496-12 12.1.3.
static struct bc_track *
read_visual(uint32_t type, struct bc_reader body)
{
    struct entry_head head = { 0 };
    bc_read_skip(&body, 6 + 2 + 16);
    head.width = bc_read_u16(&body);
    head.height = bc_read_u16(&body);
    bc_read_skip(&body, 4 + 4 + 4 + 2 + 32 + 2 + 2);
    struct bc_reader config;
    if (body.failed || !bc_cmaf_box_find(body, config_box(type), &config)) {
        return NULL;
    }
    struct bc_track *t = video_track(type, &head, config.p, bc_reader_left(&config));
    if (!t) {
        return NULL;
    }
    struct bc_colour colour = { 0 };
    read_colours(body, &colour);
    const uint8_t numbers[3] = { colour.primaries, colour.transfer, colour.matrix };
    if (t->codec == BC_CODEC_VP9
        && memcmp(t->config->data + VPCC_COLOURS, numbers, sizeof(numbers)) == 0) {
        colour.primaries = 0; // they came from the record, not from the host
        colour.transfer = 0;
        colour.matrix = 0;
    }
    t->colour = colour;
    return t;
}

// The body of a descriptor, ISO/IEC 14496-1 8.3.3; the reader is failed when the next is not
// of this tag.
static struct bc_reader
read_descriptor(struct bc_reader *r, uint8_t tag)
{
    r->failed |= bc_read_u8(r) != tag;
    size_t len = 0;
    uint8_t byte = 0x80;
    for (int i = 0; i < DESCRIPTOR_LENGTH_BYTES && (byte & 0x80); i++) {
        byte = bc_read_u8(r);
        len = len << 7 | (byte & 0x7f);
    }
    r->failed |= (byte & 0x80) != 0;
    return bc_read_sub(r, len);
}

static struct bc_track *
mp3_track(const struct entry_head *head)
{
    struct bc_track *t = bc_track_create(BC_KIND_AUDIO, BC_CODEC_MP3);
    if (t) {
        bool half = head->rate < MPEG1_MIN_RATE;
        t->sample_rate = head->rate;
        t->channels = head->channels;
        t->frame_samples = half ? MP3_SAMPLES / 2 : MP3_SAMPLES;
        snprintf(t->codec_string, sizeof(t->codec_string), "mp4a.40.34");
    }
    return t;
}

static struct bc_track *
esds_track(const struct entry_head *head, struct bc_reader box)
{
    bc_read_skip(&box, 4); // version, flags
    struct bc_reader es = read_descriptor(&box, DESCRIPTOR_ES);
    bc_read_skip(&es, 2);
    es.failed |= bc_read_u8(&es) != 0; // dependency, URL, OCR stream: we write none
    struct bc_reader decoder = read_descriptor(&es, DESCRIPTOR_DECODER);
    uint8_t type = bc_read_u8(&decoder);
    bc_read_skip(&decoder, 12);
    if (decoder.failed) {
        return NULL;
    }
    if (type == OTI_MPEG1_LAYERS || type == OTI_MPEG2_LAYERS) {
        return mp3_track(head);
    }
    struct bc_reader info = read_descriptor(&decoder, DESCRIPTOR_SPECIFIC);
    return type == OTI_MPEG4_AUDIO && !info.failed
        ? bc_aac_track(info.p, bc_reader_left(&info))
        : NULL;
}

// OpusSpecificBox becomes OpusHead, whose fields are little-endian.
static struct bc_track *
opus_track(struct bc_reader box)
{
    uint8_t head[OPUS_HEAD_BYTES + 2 + OPUS_CHANNELS_MAX] = "OpusHead";
    head[8] = 1;
    bool known = bc_read_u8(&box) == 0;
    head[9] = bc_read_u8(&box);
    uint16_t pre_skip = bc_read_u16(&box);
    uint32_t rate = bc_read_u32(&box);
    uint16_t gain = bc_read_u16(&box);
    head[18] = bc_read_u8(&box);
    for (size_t i = 0; i < 4; i++) {
        head[12 + i] = (uint8_t)(rate >> (8 * i));
    }
    head[10] = (uint8_t)pre_skip;
    head[11] = (uint8_t)(pre_skip >> 8);
    head[16] = (uint8_t)gain;
    head[17] = (uint8_t)(gain >> 8);
    size_t len = OPUS_HEAD_BYTES;
    if (head[18] != 0) {
        size_t mapping = 2 + (size_t)head[9];
        bc_read_copy(&box, head + len, mapping);
        len += mapping;
    }
    return known && !box.failed ? bc_opus_track(head, len) : NULL;
}

// The records of AC-3 and E-AC-3 are kept as they are; rate and channels stand beside them.
static struct bc_track *
dolby_track(uint32_t type, const struct entry_head *head, struct bc_reader box)
{
    bool enhanced = type == BC_FOURCC('e', 'c', '-', '3');
    size_t len = bc_reader_left(&box);
    if (enhanced ? len < DEC3_MIN_BYTES || len > DEC3_MAX_BYTES : len != DAC3_BYTES) {
        return NULL;
    }
    struct bc_track *t =
        bc_track_create(BC_KIND_AUDIO, enhanced ? BC_CODEC_EAC3 : BC_CODEC_AC3);
    if (!t) {
        return NULL;
    }
    t->config = bc_buf_copy(box.p, len);
    t->sample_rate = head->rate;
    t->channels = head->channels;
    t->frame_samples = enhanced ? 0 : AC3_SAMPLES; // dec3 does not tell the blocks
    snprintf(t->codec_string, sizeof(t->codec_string), enhanced ? "ec-3" : "ac-3");
    if (!t->config) {
        bc_track_unref(&t);
    }
    return t;
}

// AudioSampleEntry, ISO/IEC 14496-12 12.2.3.
static struct bc_track *
read_audio(uint32_t type, struct bc_reader body, uint32_t timescale)
{
    struct entry_head head = { .rate = timescale };
    bc_read_skip(&body, 6 + 2 + 8);
    head.channels = bc_read_u16(&body);
    bc_read_skip(&body, 2 + 4 + 4);
    struct bc_reader config;
    if (body.failed || head.channels == 0
        || !bc_cmaf_box_find(body, config_box(type), &config)) {
        return NULL;
    }
    switch (type) {
    case BC_FOURCC('m', 'p', '4', 'a'):
        return esds_track(&head, config);
    case BC_FOURCC('O', 'p', 'u', 's'):
        return opus_track(config);
    case BC_FOURCC('f', 'L', 'a', 'C'):
        bc_read_skip(&config, 4); // version, flags
        return bc_flac_track(config.p, bc_reader_left(&config));
    default:
        return dolby_track(type, &head, config);
    }
}

int
cmaf_read_entry(
    uint32_t type, struct bc_reader body, uint32_t timescale, struct bc_track **out)
{
    switch (type) {
    case BC_FOURCC('a', 'v', 'c', '1'):
    case BC_FOURCC('h', 'v', 'c', '1'):
    case BC_FOURCC('a', 'v', '0', '1'):
    case BC_FOURCC('v', 'p', '0', '9'):
        *out = read_visual(type, body);
        break;
    case BC_FOURCC('m', 'p', '4', 'a'):
    case BC_FOURCC('O', 'p', 'u', 's'):
    case BC_FOURCC('f', 'L', 'a', 'C'):
    case BC_FOURCC('a', 'c', '-', '3'):
    case BC_FOURCC('e', 'c', '-', '3'):
        *out = read_audio(type, body, timescale);
        break;
    default:
        return -ENOTSUP;
    }
    return *out ? 0 : -EINVAL;
}
