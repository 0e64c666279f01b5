// SPDX-License-Identifier: Apache-2.0
#include "base/reader.h"
#include "cmaf_entry.h"
#include "container/box.h"

// objectTypeIndication, ISO/IEC 14496-1 7.2.6.6 and the registration authority's list.
#define OTI_MPEG4_AUDIO 0x40
#define OTI_MPEG2_LAYERS 0x69 // half the sample rates
#define OTI_MPEG1_LAYERS 0x6b
#define MPEG1_MIN_RATE 32000

#define OPUS_HEAD_BYTES 19
#define OPUS_MAGIC_BYTES 8

// version, flags, the head of a block, and of STREAMINFO as far as the sample size.
#define DFLA_BYTES 42

// The header of an MPEG-4 descriptor, ISO/IEC 14496-1 8.3.3: its length in four bytes of
// seven bits, so that all descriptors have headers of 5 bytes.
#define DESCRIPTOR_HEADER 5

static void
write_descriptor(struct bc_writer *w, uint8_t tag, size_t len)
{
    bc_write_u8(w, tag);
    for (int shift = 21; shift > 0; shift -= 7) {
        bc_write_u8(w, (uint8_t)(0x80 | (len >> shift & 0x7f)));
    }
    bc_write_u8(w, (uint8_t)(len & 0x7f));
}

static uint8_t
object_type(const struct bc_track *t)
{
    if (t->codec == BC_CODEC_AAC) {
        return OTI_MPEG4_AUDIO;
    }
    return t->sample_rate < MPEG1_MIN_RATE ? OTI_MPEG2_LAYERS : OTI_MPEG1_LAYERS;
}

// ISO/IEC 14496-14 5.6.1: ES_Descriptor { DecoderConfigDescriptor { DecoderSpecificInfo
// }, SLConfigDescriptor }. MP3 has nothing to say to its decoder.
static void
write_esds(struct bc_writer *w, const struct bc_track *t)
{
    bool has_info = t->codec == BC_CODEC_AAC;
    size_t specific = has_info ? DESCRIPTOR_HEADER + t->config->len : 0;
    size_t decoder = DESCRIPTOR_HEADER + 13 + specific;
    size_t at = bc_full_box_begin(w, "esds", 0, 0);
    write_descriptor(w, 0x03, 3 + decoder + DESCRIPTOR_HEADER + 1);
    bc_write_u16(w, 0); // ES_ID, 0 in files
    bc_write_u8(w, 0);  // no dependency, no URL, no OCR stream
    write_descriptor(w, 0x04, 13 + specific);
    bc_write_u8(w, object_type(t));
    bc_write_u8(w, 0x15); // streamType audio, no upStream, reserved 1
    bc_write_u24(w, 0);   // bufferSizeDB
    bc_write_u32(w, 0);   // maxBitrate
    bc_write_u32(w, 0);   // avgBitrate: variable
    if (has_info) {
        write_descriptor(w, 0x05, t->config->len);
        bc_write_bytes(w, t->config->data, t->config->len);
    }
    write_descriptor(w, 0x06, 1);
    bc_write_u8(w, 2); // predefined: MP4 file
    bc_box_end(w, at);
}

// OpusSpecificBox, Opus in ISOBMFF 4.3.2: the OpusHead's fields, big-endian and under a
// version of its own.
static void
write_dops(struct bc_writer *w, const struct bc_track *t)
{
    struct bc_reader r = bc_reader_init(t->config->data, t->config->len);
    bc_read_skip(&r, OPUS_MAGIC_BYTES + 1);
    size_t at = bc_box_begin(w, "dOps");
    bc_write_u8(w, 0); // version
    bc_write_u8(w, bc_read_u8(&r)); // channels
    uint16_t pre_skip = bc_read_u8(&r);
    pre_skip |= (uint16_t)(bc_read_u8(&r) << 8);
    bc_write_u16(w, pre_skip);
    uint32_t rate = 0;
    for (int shift = 0; shift < 32; shift += 8) {
        rate |= (uint32_t)bc_read_u8(&r) << shift;
    }
    bc_write_u32(w, rate);
    uint16_t gain = bc_read_u8(&r);
    gain |= (uint16_t)(bc_read_u8(&r) << 8);
    bc_write_u16(w, gain);
    uint8_t family = bc_read_u8(&r);
    bc_write_u8(w, family);
    if (family != 0) { // how many streams, how many of two channels, which is which
        bc_write_bytes(w, t->config->data + OPUS_HEAD_BYTES, 2 + t->channels);
    }
    bc_box_end(w, at);
}

static void
write_dfla(struct bc_writer *w, const struct bc_track *t)
{
    bc_box_write(w, "dfLa", t->config->data, t->config->len);
}

static void
write_dac3(struct bc_writer *w, const struct bc_track *t)
{
    bc_box_write(w, "dac3", t->config->data, t->config->len);
}

static void
write_dec3(struct bc_writer *w, const struct bc_track *t)
{
    bc_box_write(w, "dec3", t->config->data, t->config->len);
}

// How the sample entry of a codec is called, how long its configuration is at least, and
// what stands behind the entry's common part.
struct entry {
    enum bc_codec codec;
    char type[5];
    size_t config_min;
    void (*write_specific)(struct bc_writer *w, const struct bc_track *t);
};

static const struct entry ENTRIES[] = {
    { BC_CODEC_AAC, "mp4a", 2, write_esds },
    { BC_CODEC_MP3, "mp4a", 0, write_esds },
    { BC_CODEC_OPUS, "Opus", OPUS_HEAD_BYTES, write_dops },
    { BC_CODEC_FLAC, "fLaC", DFLA_BYTES, write_dfla },
    { BC_CODEC_AC3, "ac-3", 3, write_dac3 },
    { BC_CODEC_EAC3, "ec-3", 5, write_dec3 },
};

static const struct entry *
entry_of(enum bc_codec codec)
{
    for (size_t i = 0; i < sizeof(ENTRIES) / sizeof(ENTRIES[0]); i++) {
        if (codec == ENTRIES[i].codec) {
            return &ENTRIES[i];
        }
    }
    return NULL;
}

static bool
has_opus_mapping(const struct bc_track *t)
{
    return t->config->data[OPUS_HEAD_BYTES - 1] == 0
        || t->config->len >= OPUS_HEAD_BYTES + 2 + (size_t)t->channels;
}

bool
cmaf_has_audio(enum bc_codec codec)
{
    return entry_of(codec) != NULL;
}

bool
cmaf_supports_audio(const struct bc_track *t)
{
    const struct entry *entry = entry_of(t->codec);
    size_t len = t->config ? t->config->len : 0;
    return entry && len >= entry->config_min
        && (t->codec != BC_CODEC_OPUS || has_opus_mapping(t));
}

// Bits of a sample: FLAC's own, else 16 as the specifications have it.
static uint16_t
sample_size(const struct bc_track *t)
{
    if (t->codec != BC_CODEC_FLAC) {
        return 16;
    }
    // STREAMINFO, RFC 9639 8.2: behind 20 bits of rate and 3 of channels.
    const uint8_t *p = t->config->data + 8 + 12;
    return (uint16_t)(((p[0] & 1) << 4 | p[1] >> 4) + 1);
}

// AudioSampleEntry, ISO/IEC 14496-12 12.2.3.
void
cmaf_write_audio_entry(struct bc_writer *w, const struct bc_track *t)
{
    const struct entry *entry = entry_of(t->codec);
    size_t at = bc_box_begin(w, entry->type);
    bc_box_zeros(w, 6);
    bc_write_u16(w, 1); // data_reference_index
    bc_box_zeros(w, 8);
    bc_write_u16(w, (uint16_t)(t->channels > 0 ? t->channels : 2));
    bc_write_u16(w, sample_size(t));
    bc_write_u32(w, 0);
    // 16.16; rates that do not fit stand in the decoder's configuration only.
    bc_write_u32(w, t->sample_rate <= UINT16_MAX ? t->sample_rate << 16 : 0);
    entry->write_specific(w, t);
    bc_box_end(w, at);
}
