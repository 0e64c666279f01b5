// SPDX-License-Identifier: Apache-2.0
#include "container/cmaf.h"

#include "base/writer.h"
#include "cmaf_entry.h"
#include "container/box.h"

#define MOVIE_TIMESCALE 1000
// Of a decoder configuration record; those of real streams have some hundred.
#define CONFIG_MAX_BYTES (1 << 20)

// The unity transformation of mvhd and tkhd.
static void
write_matrix(struct bc_writer *w)
{
    static const uint32_t UNITY[9] = { 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000 };
    for (size_t i = 0; i < 9; i++) {
        bc_write_u32(w, UNITY[i]);
    }
}

bool
bc_cmaf_has_codec(enum bc_codec codec)
{
    return cmaf_has_video(codec) || cmaf_has_audio(codec);
}

bool
bc_cmaf_supports(const struct bc_track *track)
{
    if (!track || (track->config && track->config->len >= CONFIG_MAX_BYTES)) {
        return false;
    }
    return track->kind == BC_KIND_VIDEO ? cmaf_supports_video(track)
        : track->kind == BC_KIND_AUDIO
        ? track->sample_rate > 0 && cmaf_supports_audio(track) : false;
}

// AudioRollRecoveryEntry, ISO/IEC 14496-12 10.1: a decoder of Opus is right after 80 ms
// (four packets of 20). The chunks say which samples that is true of: all.
static void
write_opus_roll(struct bc_writer *w)
{
    size_t at = bc_full_box_begin(w, "sgpd", 1, 0);
    bc_write_str(w, "roll");
    bc_write_u32(w, 2); // default_length
    bc_write_u32(w, 1); // entry_count
    bc_write_u16(w, (uint16_t)-4);
    bc_box_end(w, at);
}

// stbl with the description and the five tables of no samples: those are in the chunks.
static void
write_stbl(struct bc_writer *w, const struct bc_track *t)
{
    size_t stbl = bc_box_begin(w, "stbl");
    size_t stsd = bc_full_box_begin(w, "stsd", 0, 0);
    bc_write_u32(w, 1);
    if (t->kind == BC_KIND_VIDEO) {
        cmaf_write_visual_entry(w, t);
    } else {
        cmaf_write_audio_entry(w, t);
    }
    bc_box_end(w, stsd);
    static const char TABLES[][5] = { "stts", "stsc", "stsz", "stco" };
    for (size_t i = 0; i < 4; i++) {
        size_t at = bc_full_box_begin(w, TABLES[i], 0, 0);
        bc_write_u32(w, 0);
        if (i == 2) {
            bc_write_u32(w, 0); // stsz has sample_size before its count
        }
        bc_box_end(w, at);
    }
    if (t->codec == BC_CODEC_OPUS) {
        write_opus_roll(w);
    }
    bc_box_end(w, stbl);
}

static void
write_minf(struct bc_writer *w, const struct bc_track *t)
{
    size_t minf = bc_box_begin(w, "minf");
    if (t->kind == BC_KIND_VIDEO) {
        size_t vmhd = bc_full_box_begin(w, "vmhd", 0, 1);
        bc_box_zeros(w, 8); // graphicsmode, opcolor
        bc_box_end(w, vmhd);
    } else {
        size_t smhd = bc_full_box_begin(w, "smhd", 0, 0);
        bc_box_zeros(w, 4); // balance
        bc_box_end(w, smhd);
    }
    size_t dinf = bc_box_begin(w, "dinf");
    size_t dref = bc_full_box_begin(w, "dref", 0, 0);
    bc_write_u32(w, 1);
    size_t url = bc_full_box_begin(w, "url ", 0, 1); // the media is in the same file
    bc_box_end(w, url);
    bc_box_end(w, dref);
    bc_box_end(w, dinf);
    write_stbl(w, t);
    bc_box_end(w, minf);
}

static void
write_tkhd(struct bc_writer *w, const struct bc_track *t, uint32_t id)
{
    size_t at = bc_full_box_begin(w, "tkhd", 0, 3); // enabled, in the movie
    bc_box_zeros(w, 8); // creation and modification time
    bc_write_u32(w, id);
    bc_box_zeros(w, 4);
    bc_write_u32(w, 0); // duration: that of the fragments
    bc_box_zeros(w, 8);
    bc_write_u16(w, 0); // layer
    bc_write_u16(w, 0); // alternate_group
    bc_write_u16(w, t->kind == BC_KIND_AUDIO ? 0x100 : 0); // volume
    bc_box_zeros(w, 2);
    write_matrix(w);
    bc_write_u32(w, t->width << 16); // 16.16; both are 0 for audio
    bc_write_u32(w, t->height << 16);
    bc_box_end(w, at);
}

static void
write_trak(struct bc_writer *w, const struct bc_track *t, uint32_t id)
{
    size_t trak = bc_box_begin(w, "trak");
    write_tkhd(w, t, id);
    size_t mdia = bc_box_begin(w, "mdia");
    size_t mdhd = bc_full_box_begin(w, "mdhd", 0, 0);
    bc_box_zeros(w, 8);
    bc_write_u32(w, bc_cmaf_timescale(t));
    bc_write_u32(w, 0);      // duration
    bc_write_u16(w, 0x55c4); // "und"
    bc_write_u16(w, 0);
    bc_box_end(w, mdhd);
    bool video = t->kind == BC_KIND_VIDEO;
    size_t hdlr = bc_full_box_begin(w, "hdlr", 0, 0);
    bc_box_zeros(w, 4);
    bc_write_str(w, video ? "vide" : "soun");
    bc_box_zeros(w, 12);
    bc_write_str(w, video ? "VideoHandler" : "SoundHandler");
    bc_write_u8(w, 0);
    bc_box_end(w, hdlr);
    write_minf(w, t);
    bc_box_end(w, mdia);
    bc_box_end(w, trak);
}

static void
write_mvex(struct bc_writer *w, size_t count)
{
    size_t mvex = bc_box_begin(w, "mvex");
    for (uint32_t id = 1; id <= count; id++) {
        size_t trex = bc_full_box_begin(w, "trex", 0, 0);
        bc_write_u32(w, id);
        bc_write_u32(w, 1); // default_sample_description_index
        bc_box_zeros(w, 12); // duration, size and flags come with the fragments
        bc_box_end(w, trex);
    }
    bc_box_end(w, mvex);
}

static void
write_moov(struct bc_writer *w, const struct bc_track *const *tracks, size_t count)
{
    size_t moov = bc_box_begin(w, "moov");
    size_t mvhd = bc_full_box_begin(w, "mvhd", 0, 0);
    bc_box_zeros(w, 8);
    bc_write_u32(w, MOVIE_TIMESCALE);
    bc_write_u32(w, 0);       // duration
    bc_write_u32(w, 0x10000); // rate 1.0
    bc_write_u16(w, 0x100);   // volume 1.0
    bc_box_zeros(w, 10);
    write_matrix(w);
    bc_box_zeros(w, 24);
    bc_write_u32(w, (uint32_t)count + 1); // next_track_ID
    bc_box_end(w, mvhd);
    for (size_t i = 0; i < count; i++) {
        write_trak(w, tracks[i], (uint32_t)i + 1);
    }
    write_mvex(w, count);
    bc_box_end(w, moov);
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
    size_t ftyp = bc_box_begin(&w, "ftyp");
    bc_write_str(&w, "iso6");
    bc_write_u32(&w, 0);
    bc_write_str(&w, "iso6mp41");
    if (count == 1) {
        bc_write_str(&w, "cmfc"); // CMAF proper has one track in a file
    }
    bc_box_end(&w, ftyp);
    write_moov(&w, tracks, count);
    struct bc_buf *buf = bc_buf_from_writer(&w);
    bc_writer_finish(&w);
    return buf;
}
