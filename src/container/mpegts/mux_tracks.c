// SPDX-License-Identifier: Apache-2.0
// What a track needs in front of its access units: AUD and parameter sets in annex B out
// of an avcC or hvcC (ISO/IEC 14496-15 5.3.3.1, 8.3.3.1), ADTS out of an
// AudioSpecificConfig.
#include "mux_tracks.h"

#include "base/bits.h"
#include "base/reader.h"

#define START_CODE 1
#define AOT_SBR 5
#define AOT_PS 29
#define AOT_ADTS_MAX 4
#define RATE_ESCAPE 15
#define HVCC_HEAD_BYTES 22

static void
write_sets(struct bc_writer *w, struct bc_reader *r, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        uint16_t size = bc_read_u16(r);
        const uint8_t *set = bc_read_bytes(r, size);
        if (set && size > 0) {
            bc_write_u32(w, START_CODE);
            bc_write_bytes(w, set, size);
        }
    }
}

bool
bc_ts_head_of(const struct bc_track *track, struct bc_writer *w)
{
    static const uint8_t AUD_AVC[] = { 0, 0, 0, 1, 0x09, 0xf0 };
    static const uint8_t AUD_HEVC[] = { 0, 0, 0, 1, 0x46, 0x01, 0x50 };
    bc_writer_reset(w);
    if (!track->config) {
        return false;
    }
    struct bc_reader r = bc_reader_init(track->config->data, track->config->len);
    if (track->codec == BC_CODEC_AVC) {
        bc_write_bytes(w, AUD_AVC, sizeof(AUD_AVC));
        bc_read_skip(&r, 5);
        write_sets(w, &r, bc_read_u8(&r) & 0x1f);
        write_sets(w, &r, bc_read_u8(&r));
    } else {
        bc_write_bytes(w, AUD_HEVC, sizeof(AUD_HEVC));
        bc_read_skip(&r, HVCC_HEAD_BYTES);
        for (unsigned arrays = bc_read_u8(&r); arrays > 0; arrays--) {
            bc_read_skip(&r, 1); // the sets' type
            write_sets(w, &r, bc_read_u16(&r));
        }
    }
    return !r.failed && !w->failed;
}

static unsigned
read_rate(struct bc_bits *b)
{
    static const uint32_t RATES[13] = { 96000, 88200, 64000, 48000, 44100, 32000, 24000,
        22050, 16000, 12000, 11025, 8000, 7350 };
    unsigned index = bc_bits_read(b, 4);
    uint32_t rate = index == RATE_ESCAPE ? bc_bits_read(b, 24) : 0;
    for (unsigned i = 0; i < 13 && rate > 0; i++) {
        if (RATES[i] == rate) {
            return i;
        }
    }
    return index;
}

// SBR and PS are not told: decoders find them in the frames.
bool
bc_ts_adts_of(const struct bc_track *track, uint8_t adts[BC_TS_ADTS_BYTES])
{
    if (!track->config) {
        return false;
    }
    struct bc_bits b = bc_bits_init(track->config->data, track->config->len, false);
    unsigned type = bc_bits_read(&b, 5);
    unsigned rate = read_rate(&b);
    unsigned channels = bc_bits_read(&b, 4);
    if (type == AOT_SBR || type == AOT_PS) {
        read_rate(&b);
        type = bc_bits_read(&b, 5);
    }
    bool short_frame = bc_bits_flag(&b);
    if (b.failed || type == 0 || type > AOT_ADTS_MAX || rate > 12 || channels == 0
        || channels > 7 || short_frame) {
        return false;
    }
    adts[0] = 0xff;
    adts[1] = 0xf1; // MPEG-4, no CRC
    adts[2] = (uint8_t)((type - 1) << 6 | rate << 2 | channels >> 2);
    adts[3] = (uint8_t)(channels << 6);
    adts[4] = 0;
    adts[5] = 0x1f; // fullness: variable rate
    adts[6] = 0xfc;
    return true;
}
