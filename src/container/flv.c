// SPDX-License-Identifier: Apache-2.0
// Writing FLV: the bytes before a payload, the tags around it, the file header.
#include "container/flv.h"

#include "base/writer.h"
#include "flv_ids.h"

#define BOX_HEAD_BYTES 4 // version and flags

// "hvc1" and its like for what goes out in enhanced form; 0 for what does not.
static uint32_t
fourcc_out(enum bc_codec codec)
{
    switch (codec) {
    case BC_CODEC_HEVC:
        return FLV_FOURCC('h', 'v', 'c', '1');
    case BC_CODEC_AV1:
        return FLV_FOURCC('a', 'v', '0', '1');
    case BC_CODEC_VP9:
        return FLV_FOURCC('v', 'p', '0', '9');
    case BC_CODEC_VP8:
        return FLV_FOURCC('v', 'p', '0', '8');
    case BC_CODEC_OPUS:
        return FLV_FOURCC('O', 'p', 'u', 's');
    case BC_CODEC_FLAC:
        return FLV_FOURCC('f', 'L', 'a', 'C');
    case BC_CODEC_AC3:
        return FLV_FOURCC('a', 'c', '-', '3');
    case BC_CODEC_EAC3:
        return FLV_FOURCC('e', 'c', '-', '3');
    default:
        return 0;
    }
}

static void
put_be(uint8_t *p, uint32_t v, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        p[i] = (uint8_t)(v >> 8 * (bytes - 1 - i));
    }
}

// FrameType | CodecID, AVCPacketType, CompositionTime (E.4.3.1).
static size_t
put_legacy_video(
    uint8_t *out, unsigned codec_id, bool key, unsigned packet_type, int32_t cts_ms)
{
    out[0] = (uint8_t)((key ? FLV_FRAME_KEY : FLV_FRAME_INTER) << 4 | codec_id);
    out[1] = (uint8_t)packet_type;
    put_be(out + 2, (uint32_t)cts_ms, 3);
    return 5;
}

// IsExHeader | FrameType | PacketType, FourCC; the composition time only where the codec
// has one and only with frames (RTMP-80).
static size_t
put_enhanced_video(
    uint8_t *out, enum bc_codec codec, bool key, unsigned packet_type, int32_t cts_ms)
{
    out[0] = (uint8_t)(0x80 | (key ? FLV_FRAME_KEY : FLV_FRAME_INTER) << 4 | packet_type);
    put_be(out + 1, fourcc_out(codec), 4);
    if (codec != BC_CODEC_HEVC || packet_type != FLV_EX_CODED_FRAMES) {
        return 5;
    }
    put_be(out + 5, (uint32_t)cts_ms, 3);
    return 8;
}

static size_t
put_video(uint8_t *out, const struct bc_track *track, enum bc_flv_hevc hevc, bool config,
    bool key, int32_t cts_ms)
{
    bool id12 = track->codec == BC_CODEC_HEVC && hevc == BC_FLV_HEVC_ID12;
    if (track->codec == BC_CODEC_AVC || id12) {
        return put_legacy_video(out, id12 ? FLV_VIDEO_HEVC : FLV_VIDEO_AVC, key,
            config ? FLV_AVC_SEQUENCE_HEADER : FLV_AVC_NALU, cts_ms);
    }
    return put_enhanced_video(out, track->codec, key,
        config ? FLV_EX_SEQUENCE_START : FLV_EX_CODED_FRAMES, cts_ms);
}

// SoundFormat | SoundRate | SoundSize | SoundType (E.4.2.1). Always 16 bits.
static size_t
put_legacy_audio(uint8_t *out, unsigned format, unsigned rate, bool stereo)
{
    out[0] = (uint8_t)(format << 4 | rate << 2 | 2 | (stereo ? 1 : 0));
    return 1;
}

static size_t
put_mp3(uint8_t *out, const struct bc_track *track)
{
    static const uint32_t RATES[] = { 0, 11025, 22050, 44100 };
    unsigned rate = 3;
    while (track->sample_rate < RATES[rate]) {
        rate--;
    }
    // 8 kHz has an id of its own; the rate bits do not reach down to it.
    unsigned format = track->sample_rate == 8000 ? FLV_AUDIO_MP3_8K : FLV_AUDIO_MP3;
    return put_legacy_audio(out, format, rate, track->channels != 1);
}

// Their frames say all there is to know, and E-RTMP has no header for them.
static bool
has_no_header(enum bc_codec codec)
{
    return codec == BC_CODEC_AC3 || codec == BC_CODEC_EAC3;
}

static size_t
put_audio(uint8_t *out, const struct bc_track *track, bool config)
{
    uint32_t fourcc = fourcc_out(track->codec);
    if (fourcc != 0) {
        if (config && has_no_header(track->codec)) {
            return 0;
        }
        unsigned packet_type = config ? FLV_EX_SEQUENCE_START : FLV_EX_CODED_FRAMES;
        out[0] = (uint8_t)(FLV_AUDIO_ENHANCED << 4 | packet_type);
        put_be(out + 1, fourcc, 4);
        return 5;
    }
    if (track->codec == BC_CODEC_AAC) {
        put_legacy_audio(out, FLV_AUDIO_AAC, 3, true);
        out[1] = config ? FLV_AAC_SEQUENCE_HEADER : FLV_AAC_RAW;
        return 2;
    }
    if (config) {
        return 0;
    }
    switch (track->codec) {
    case BC_CODEC_MP3:
        return put_mp3(out, track);
    case BC_CODEC_PCMA:
        return put_legacy_audio(out, FLV_AUDIO_PCMA, 0, track->channels == 2);
    case BC_CODEC_PCMU:
        return put_legacy_audio(out, FLV_AUDIO_PCMU, 0, track->channels == 2);
    default:
        return 0;
    }
}

bool
bc_flv_has_codec(enum bc_codec codec)
{
    return codec == BC_CODEC_AVC || codec == BC_CODEC_AAC || codec == BC_CODEC_MP3
        || codec == BC_CODEC_PCMA || codec == BC_CODEC_PCMU || fourcc_out(codec) != 0;
}

size_t
bc_flv_packet_head(
    const struct bc_packet *packet, enum bc_flv_hevc hevc, uint8_t out[BC_FLV_HEAD_MAX])
{
    const struct bc_track *track = packet->track;
    if (!track || !bc_flv_has_codec(track->codec)) {
        return 0;
    }
    if (packet->kind == BC_KIND_AUDIO) {
        return put_audio(out, track, false);
    }
    // Of the rounded times, so that dts + cts is the rounded pts.
    int32_t cts_ms = (int32_t)(bc_flv_ms(packet->pts_us) - bc_flv_ms(packet->dts_us));
    return put_video(out, track, hevc, false, packet->flags & BC_PACKET_KEY, cts_ms);
}

bool
bc_flv_write_config(
    struct bc_writer *w, const struct bc_track *track, enum bc_flv_hevc hevc)
{
    uint8_t head[BC_FLV_HEAD_MAX];
    if (!track->config || !bc_flv_has_codec(track->codec)) {
        return false;
    }
    size_t n = track->kind == BC_KIND_AUDIO ? put_audio(head, track, true)
                                            : put_video(head, track, hevc, true, true, 0);
    if (n == 0) {
        return false;
    }
    // vpcC and dfLa without the version and flags of their boxes.
    bool boxed = track->codec == BC_CODEC_VP9 || track->codec == BC_CODEC_FLAC;
    size_t skipped = boxed ? BOX_HEAD_BYTES : 0;
    if (track->config->len < skipped) {
        return false;
    }
    bc_write_bytes(w, head, n);
    if (track->codec == BC_CODEC_FLAC) {
        bc_write_str(w, "fLaC");
    }
    bc_write_bytes(w, track->config->data + skipped, track->config->len - skipped);
    return true;
}

uint32_t
bc_flv_codec_id(const struct bc_track *track, enum bc_flv_hevc hevc)
{
    switch (track->codec) {
    case BC_CODEC_AVC:
        return FLV_VIDEO_AVC;
    case BC_CODEC_AAC:
        return FLV_AUDIO_AAC;
    case BC_CODEC_MP3:
        return track->sample_rate == 8000 ? FLV_AUDIO_MP3_8K : FLV_AUDIO_MP3;
    case BC_CODEC_PCMA:
        return FLV_AUDIO_PCMA;
    case BC_CODEC_PCMU:
        return FLV_AUDIO_PCMU;
    case BC_CODEC_HEVC:
        if (hevc == BC_FLV_HEVC_ID12) {
            return FLV_VIDEO_HEVC;
        }
        return fourcc_out(track->codec);
    default:
        return fourcc_out(track->codec);
    }
}

void
bc_flv_write_header(struct bc_writer *w, bool has_audio, bool has_video)
{
    bc_write_str(w, "FLV");
    bc_write_u8(w, 1); // version
    bc_write_u8(w, (uint8_t)((has_audio ? 4 : 0) | (has_video ? 1 : 0)));
    bc_write_u32(w, 9); // this header's length
    bc_write_u32(w, 0); // PreviousTagSize0
}

void
bc_flv_tag_head(
    enum bc_flv_tag tag, uint32_t ms, size_t body_len, uint8_t out[BC_FLV_TAG_HEAD_BYTES])
{
    out[0] = (uint8_t)tag;
    put_be(out + 1, (uint32_t)body_len, 3);
    put_be(out + 4, ms & 0xffffff, 3);
    out[7] = (uint8_t)(ms >> 24); // TimestampExtended (FLV-4)
    put_be(out + 8, 0, 3);        // StreamID
}

void
bc_flv_write_tag(struct bc_writer *w, enum bc_flv_tag tag, uint32_t ms,
    const struct iovec *pieces, size_t count)
{
    uint8_t head[BC_FLV_TAG_HEAD_BYTES];
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        len += pieces[i].iov_len;
    }
    if (len > BC_FLV_TAG_MAX_BYTES) {
        w->failed = true;
        return;
    }
    bc_flv_tag_head(tag, ms, len, head);
    bc_write_bytes(w, head, sizeof(head));
    for (size_t i = 0; i < count; i++) {
        bc_write_bytes(w, pieces[i].iov_base, pieces[i].iov_len);
    }
    bc_write_u32(w, (uint32_t)(sizeof(head) + len));
}

void
bc_flv_write_packet(
    struct bc_writer *w, const struct bc_packet *packet, enum bc_flv_hevc hevc)
{
    uint8_t head[BC_FLV_HEAD_MAX];
    size_t n = bc_flv_packet_head(packet, hevc, head);
    if (n == 0 && packet->kind != BC_KIND_SCRIPT) {
        return;
    }
    enum bc_flv_tag tag = packet->kind == BC_KIND_VIDEO ? BC_FLV_TAG_VIDEO
        : packet->kind == BC_KIND_AUDIO                 ? BC_FLV_TAG_AUDIO
                                                        : BC_FLV_TAG_SCRIPT;
    struct iovec pieces[] = {
        { head, n },
        { (void *)(uintptr_t)packet->data, packet->len }, // iovec has no const
    };
    bc_flv_write_tag(w, tag, bc_flv_ms(packet->dts_us), pieces, 2);
}
