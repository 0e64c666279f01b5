// SPDX-License-Identifier: Apache-2.0
#include "container/cmaf.h"

#include <string.h>

#include "base/writer.h"
#include "cmaf_box.h"

#define MOVIE_TIMESCALE 1000

static void
write_zeros(struct bc_writer *w, size_t n)
{
    uint8_t *p = bc_write_reserve(w, n);
    if (p) {
        memset(p, 0, n);
    }
}

// The unity transformation of mvhd and tkhd.
static void
write_matrix(struct bc_writer *w)
{
    static const uint32_t UNITY[9] = { 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000 };
    for (size_t i = 0; i < 9; i++) {
        bc_write_u32(w, UNITY[i]);
    }
}

// A box whose content is the codec's configuration record as it stands: avcC, hvcC.
static void
write_config(struct bc_writer *w, const char type[4], const struct bc_track *t)
{
    size_t at = box_begin(w, type);
    bc_write_bytes(w, t->config->data, t->config->len);
    box_end(w, at);
}

static void
write_avc(struct bc_writer *w, const struct bc_track *t)
{
    write_config(w, "avcC", t);
}

static void
write_hevc(struct bc_writer *w, const struct bc_track *t)
{
    write_config(w, "hvcC", t);
}

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

// ISO/IEC 14496-14 5.6.1: ES_Descriptor { DecoderConfigDescriptor { DecoderSpecificInfo
// }, SLConfigDescriptor }.
static void
write_esds(struct bc_writer *w, const struct bc_track *t)
{
    size_t specific = DESCRIPTOR_HEADER + t->config->len;
    size_t decoder = DESCRIPTOR_HEADER + 13 + specific;
    size_t at = full_box_begin(w, "esds", 0, 0);
    write_descriptor(w, 0x03, 3 + decoder + DESCRIPTOR_HEADER + 1);
    bc_write_u16(w, 0); // ES_ID, 0 in files
    bc_write_u8(w, 0);  // no dependency, no URL, no OCR stream
    write_descriptor(w, 0x04, 13 + specific);
    bc_write_u8(w, 0x40); // objectTypeIndication: MPEG-4 audio
    bc_write_u8(w, 0x15); // streamType audio, no upStream, reserved 1
    bc_write_u24(w, 0);   // bufferSizeDB
    bc_write_u32(w, 0);   // maxBitrate
    bc_write_u32(w, 0);   // avgBitrate: variable
    write_descriptor(w, 0x05, t->config->len);
    bc_write_bytes(w, t->config->data, t->config->len);
    write_descriptor(w, 0x06, 1);
    bc_write_u8(w, 2); // predefined: MP4 file
    box_end(w, at);
}

// How the sample entry of each codec is called and what stands behind its common part.
struct entry {
    enum bc_codec codec;
    char type[5];
    void (*write_specific)(struct bc_writer *w, const struct bc_track *t);
};

// avc1 and hvc1, not avc3 and hev1: parameter sets are in the entry (Apple plays only
// those).
static const struct entry ENTRIES[] = {
    { BC_CODEC_AVC, "avc1", write_avc },
    { BC_CODEC_HEVC, "hvc1", write_hevc },
    { BC_CODEC_AAC, "mp4a", write_esds },
};

static const struct entry *
entry_of(const struct bc_track *t)
{
    for (size_t i = 0; i < sizeof(ENTRIES) / sizeof(ENTRIES[0]); i++) {
        if (t && t->codec == ENTRIES[i].codec) {
            return &ENTRIES[i];
        }
    }
    return NULL;
}

bool
bc_cmaf_supports(const struct bc_track *track)
{
    return entry_of(track) && track->config && track->config->len > 0
        && track->config->len < 1 << 20
        && (track->kind == BC_KIND_VIDEO
            || (track->kind == BC_KIND_AUDIO && track->sample_rate > 0));
}

// VisualSampleEntry, ISO/IEC 14496-12 12.1.3.
static void
write_visual_entry(struct bc_writer *w, const struct bc_track *t)
{
    const struct entry *entry = entry_of(t);
    size_t at = box_begin(w, entry->type);
    write_zeros(w, 6);
    bc_write_u16(w, 1); // data_reference_index
    write_zeros(w, 16);
    bc_write_u16(w, (uint16_t)t->width);
    bc_write_u16(w, (uint16_t)t->height);
    bc_write_u32(w, 0x480000); // 72 dpi
    bc_write_u32(w, 0x480000);
    bc_write_u32(w, 0);
    bc_write_u16(w, 1);    // frame_count
    write_zeros(w, 32);    // compressorname
    bc_write_u16(w, 0x18); // depth: colour without alpha
    bc_write_u16(w, 0xffff);
    entry->write_specific(w, t);
    box_end(w, at);
}

// AudioSampleEntry, ISO/IEC 14496-12 12.2.3.
static void
write_audio_entry(struct bc_writer *w, const struct bc_track *t)
{
    const struct entry *entry = entry_of(t);
    size_t at = box_begin(w, entry->type);
    write_zeros(w, 6);
    bc_write_u16(w, 1); // data_reference_index
    write_zeros(w, 8);
    bc_write_u16(w, (uint16_t)(t->channels > 0 ? t->channels : 2));
    bc_write_u16(w, 16); // samplesize
    bc_write_u32(w, 0);
    // 16.16; rates that do not fit stand in the decoder's configuration only.
    bc_write_u32(w, t->sample_rate <= UINT16_MAX ? t->sample_rate << 16 : 0);
    entry->write_specific(w, t);
    box_end(w, at);
}

// stbl with the description and the five tables of no samples: those are in the chunks.
static void
write_stbl(struct bc_writer *w, const struct bc_track *t)
{
    size_t stbl = box_begin(w, "stbl");
    size_t stsd = full_box_begin(w, "stsd", 0, 0);
    bc_write_u32(w, 1);
    if (t->kind == BC_KIND_VIDEO) {
        write_visual_entry(w, t);
    } else {
        write_audio_entry(w, t);
    }
    box_end(w, stsd);
    static const char TABLES[][5] = { "stts", "stsc", "stsz", "stco" };
    for (size_t i = 0; i < 4; i++) {
        size_t at = full_box_begin(w, TABLES[i], 0, 0);
        bc_write_u32(w, 0);
        if (i == 2) {
            bc_write_u32(w, 0); // stsz has sample_size before its count
        }
        box_end(w, at);
    }
    box_end(w, stbl);
}

static void
write_minf(struct bc_writer *w, const struct bc_track *t)
{
    size_t minf = box_begin(w, "minf");
    if (t->kind == BC_KIND_VIDEO) {
        size_t vmhd = full_box_begin(w, "vmhd", 0, 1);
        write_zeros(w, 8); // graphicsmode, opcolor
        box_end(w, vmhd);
    } else {
        size_t smhd = full_box_begin(w, "smhd", 0, 0);
        write_zeros(w, 4); // balance
        box_end(w, smhd);
    }
    size_t dinf = box_begin(w, "dinf");
    size_t dref = full_box_begin(w, "dref", 0, 0);
    bc_write_u32(w, 1);
    size_t url = full_box_begin(w, "url ", 0, 1); // the media is in the same file
    box_end(w, url);
    box_end(w, dref);
    box_end(w, dinf);
    write_stbl(w, t);
    box_end(w, minf);
}

static void
write_tkhd(struct bc_writer *w, const struct bc_track *t, uint32_t id)
{
    size_t at = full_box_begin(w, "tkhd", 0, 3); // enabled, in the movie
    write_zeros(w, 8); // creation and modification time
    bc_write_u32(w, id);
    write_zeros(w, 4);
    bc_write_u32(w, 0); // duration: that of the fragments
    write_zeros(w, 8);
    bc_write_u16(w, 0); // layer
    bc_write_u16(w, 0); // alternate_group
    bc_write_u16(w, t->kind == BC_KIND_AUDIO ? 0x100 : 0); // volume
    write_zeros(w, 2);
    write_matrix(w);
    bc_write_u32(w, t->width << 16); // 16.16; both are 0 for audio
    bc_write_u32(w, t->height << 16);
    box_end(w, at);
}

static void
write_trak(struct bc_writer *w, const struct bc_track *t, uint32_t id)
{
    size_t trak = box_begin(w, "trak");
    write_tkhd(w, t, id);
    size_t mdia = box_begin(w, "mdia");
    size_t mdhd = full_box_begin(w, "mdhd", 0, 0);
    write_zeros(w, 8);
    bc_write_u32(w, bc_cmaf_timescale(t));
    bc_write_u32(w, 0);      // duration
    bc_write_u16(w, 0x55c4); // "und"
    bc_write_u16(w, 0);
    box_end(w, mdhd);
    bool video = t->kind == BC_KIND_VIDEO;
    size_t hdlr = full_box_begin(w, "hdlr", 0, 0);
    write_zeros(w, 4);
    bc_write_str(w, video ? "vide" : "soun");
    write_zeros(w, 12);
    bc_write_str(w, video ? "VideoHandler" : "SoundHandler");
    bc_write_u8(w, 0);
    box_end(w, hdlr);
    write_minf(w, t);
    box_end(w, mdia);
    box_end(w, trak);
}

static void
write_mvex(struct bc_writer *w, size_t count)
{
    size_t mvex = box_begin(w, "mvex");
    for (uint32_t id = 1; id <= count; id++) {
        size_t trex = full_box_begin(w, "trex", 0, 0);
        bc_write_u32(w, id);
        bc_write_u32(w, 1); // default_sample_description_index
        write_zeros(w, 12); // duration, size and flags come with the fragments
        box_end(w, trex);
    }
    box_end(w, mvex);
}

static void
write_moov(struct bc_writer *w, const struct bc_track *const *tracks, size_t count)
{
    size_t moov = box_begin(w, "moov");
    size_t mvhd = full_box_begin(w, "mvhd", 0, 0);
    write_zeros(w, 8);
    bc_write_u32(w, MOVIE_TIMESCALE);
    bc_write_u32(w, 0);       // duration
    bc_write_u32(w, 0x10000); // rate 1.0
    bc_write_u16(w, 0x100);   // volume 1.0
    write_zeros(w, 10);
    write_matrix(w);
    write_zeros(w, 24);
    bc_write_u32(w, (uint32_t)count + 1); // next_track_ID
    box_end(w, mvhd);
    for (size_t i = 0; i < count; i++) {
        write_trak(w, tracks[i], (uint32_t)i + 1);
    }
    write_mvex(w, count);
    box_end(w, moov);
}

struct bc_buf *
bc_cmaf_init(const struct bc_track *const *tracks, size_t count)
{
    if (count == 0 || count > BC_CMAF_MAX_TRACKS) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        if (!bc_cmaf_supports(tracks[i])) {
            return NULL;
        }
    }
    struct bc_writer w = { 0 };
    size_t ftyp = box_begin(&w, "ftyp");
    bc_write_str(&w, "iso6");
    bc_write_u32(&w, 0);
    bc_write_str(&w, "iso6mp41");
    if (count == 1) {
        bc_write_str(&w, "cmfc"); // CMAF proper has one track in a file
    }
    box_end(&w, ftyp);
    write_moov(&w, tracks, count);
    struct bc_buf *buf = bc_buf_from_writer(&w);
    bc_writer_finish(&w);
    return buf;
}
