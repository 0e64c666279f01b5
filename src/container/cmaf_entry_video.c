// SPDX-License-Identifier: Apache-2.0
#include "cmaf_entry.h"
#include "container/box.h"

#define COMPRESSOR_NAME 32

// The sample entry of a codec: how it is called, the box of its configuration record, and
// the name that its binding wants written into it.
struct entry {
    enum bc_codec codec;
    char type[5];
    char config[5];
    size_t config_min;
    const char *compressor;
};

// avc1 and hvc1, not avc3 and hev1: parameter sets are in the entry (Apple plays only
// those).
static const struct entry ENTRIES[] = {
    { BC_CODEC_AVC, "avc1", "avcC", 7, "" },
    { BC_CODEC_HEVC, "hvc1", "hvcC", 23, "" },
    { BC_CODEC_AV1, "av01", "av1C", 4, "AOM Coding" },
    { BC_CODEC_VP9, "vp09", "vpcC", 12, "VPC Coding" },
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

bool
cmaf_has_video(enum bc_codec codec)
{
    return entry_of(codec) != NULL;
}

bool
cmaf_supports_video(const struct bc_track *t)
{
    const struct entry *entry = entry_of(t->codec);
    return entry && t->config && t->config->len >= entry->config_min;
}

// A string of at most 31 bytes behind its length.
static void
write_compressor(struct bc_writer *w, const char *name)
{
    size_t len = strlen(name);
    bc_write_u8(w, (uint8_t)len);
    bc_write_bytes(w, name, len);
    bc_box_zeros(w, COMPRESSOR_NAME - 1 - len);
}

// ISO/IEC 14496-12 12.1.5.
static void
write_colr(struct bc_writer *w, const uint8_t numbers[3], bool full_range)
{
    size_t at = bc_box_begin(w, "colr");
    bc_write_str(w, "nclx");
    for (size_t i = 0; i < 3; i++) {
        bc_write_u16(w, numbers[i]); // primaries, transfer, matrix
    }
    bc_write_u8(w, full_range ? 0x80 : 0);
    bc_box_end(w, at);
}

// ContentLightLevelBox and MasteringDisplayColourVolumeBox, ISO/IEC 14496-12 12.1.6, 12.1.7.
static void
write_hdr(struct bc_writer *w, const struct bc_colour *c)
{
    if (c->has_light) {
        size_t at = bc_box_begin(w, "clli");
        bc_write_u16(w, c->max_cll);
        bc_write_u16(w, c->max_fall);
        bc_box_end(w, at);
    }
    if (c->has_display) {
        size_t at = bc_box_begin(w, "mdcv");
        for (size_t i = 0; i < 3; i++) {
            bc_write_u16(w, c->display_x[i]);
            bc_write_u16(w, c->display_y[i]);
        }
        bc_write_u16(w, c->white_x);
        bc_write_u16(w, c->white_y);
        bc_write_u32(w, c->max_luminance);
        bc_write_u32(w, c->min_luminance);
        bc_box_end(w, at);
    }
}

// What the host told of the colours, else what a VP9 track's record says, again for players
// that look here. The other codecs say it in their own headers, which decoders read; so
// what colorInfo leaves out, the range, is taken as video's usual one.
static void
write_colours(struct bc_writer *w, const struct bc_track *t)
{
    static const uint8_t UNSPECIFIED = 2;
    const uint8_t told[3] = { t->colour.primaries, t->colour.transfer, t->colour.matrix };
    const uint8_t *vpcc = t->config->data;
    if (told[0] && told[1] && told[2]) {
        write_colr(w, told, false);
    } else if (t->codec == BC_CODEC_VP9 && vpcc[7] != UNSPECIFIED) {
        write_colr(w, vpcc + 7, vpcc[6] & 1);
    }
    write_hdr(w, &t->colour);
}

// VisualSampleEntry, ISO/IEC 14496-12 12.1.3.
void
cmaf_write_visual_entry(struct bc_writer *w, const struct bc_track *t)
{
    const struct entry *entry = entry_of(t->codec);
    size_t at = bc_box_begin(w, entry->type);
    bc_box_zeros(w, 6);
    bc_write_u16(w, 1); // data_reference_index
    bc_box_zeros(w, 16);
    bc_write_u16(w, (uint16_t)t->width);
    bc_write_u16(w, (uint16_t)t->height);
    bc_write_u32(w, 0x480000); // 72 dpi
    bc_write_u32(w, 0x480000);
    bc_write_u32(w, 0);
    bc_write_u16(w, 1); // frame_count
    write_compressor(w, entry->compressor);
    bc_write_u16(w, 0x18); // depth: colour without alpha
    bc_write_u16(w, 0xffff);
    bc_box_write(w, entry->config, t->config->data, t->config->len);
    write_colours(w, t);
    bc_box_end(w, at);
}
