// SPDX-License-Identifier: Apache-2.0
#include "input_packets.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "input_tracks.h"
#include "media/nalu.h"

#define FRAME_MAX_BYTES (16 * 1024 * 1024)

static const struct {
    enum AVCodecID id;
    enum bc_codec codec;
} CODECS[] = {
    { AV_CODEC_ID_H264, BC_CODEC_AVC },
    { AV_CODEC_ID_HEVC, BC_CODEC_HEVC },
    { AV_CODEC_ID_AV1, BC_CODEC_AV1 },
    { AV_CODEC_ID_VP8, BC_CODEC_VP8 },
    { AV_CODEC_ID_VP9, BC_CODEC_VP9 },
    { AV_CODEC_ID_AAC, BC_CODEC_AAC },
    { AV_CODEC_ID_OPUS, BC_CODEC_OPUS },
    { AV_CODEC_ID_MP3, BC_CODEC_MP3 },
    { AV_CODEC_ID_MP2, BC_CODEC_MP3 },
    { AV_CODEC_ID_FLAC, BC_CODEC_FLAC },
    { AV_CODEC_ID_AC3, BC_CODEC_AC3 },
    { AV_CODEC_ID_EAC3, BC_CODEC_EAC3 },
    { AV_CODEC_ID_PCM_ALAW, BC_CODEC_PCMA },
    { AV_CODEC_ID_PCM_MULAW, BC_CODEC_PCMU },
};

static enum bc_codec
codec_of(enum AVCodecID id)
{
    for (size_t i = 0; i < sizeof(CODECS) / sizeof(CODECS[0]); i++) {
        if (CODECS[i].id == id) {
            return CODECS[i].codec;
        }
    }
    return BC_CODEC_NONE;
}

void
input_packets_init(struct input_packets *p, const struct input_sink *sink)
{
    memset(p, 0, sizeof(*p));
    p->sink = sink;
    p->video = -1;
    p->audio = -1;
}

void
input_packets_finish(struct input_packets *p)
{
    for (size_t i = 0; i < INPUT_STREAMS_MAX; i++) {
        bc_track_unref(&p->streams[i].track);
    }
}

// --- which streams ---

// HLS has a program for each variant: the one with the most bits.
static const AVProgram *
best_program(const AVFormatContext *context)
{
    const AVProgram *best = NULL;
    long long most = 0;
    for (unsigned i = 0; i < context->nb_programs; i++) {
        const AVProgram *program = context->programs[i];
        const AVDictionaryEntry *e
            = av_dict_get(program->metadata, "variant_bitrate", NULL, 0);
        long long bitrate = e ? strtoll(e->value, NULL, 10) : 0;
        if (bitrate > most) {
            most = bitrate;
            best = program;
        }
    }
    return best;
}

static bool
is_in(const AVProgram *program, unsigned stream)
{
    for (unsigned i = 0; program && i < program->nb_stream_indexes; i++) {
        if (program->stream_index[i] == stream) {
            return true;
        }
    }
    return program == NULL;
}

static bool
is_picture_of_cover(const AVStream *stream)
{
    return (stream->disposition & (AV_DISPOSITION_ATTACHED_PIC | AV_DISPOSITION_TIMED_THUMBNAILS))
        != 0;
}

static void
take_stream(struct input_packets *p, const AVProgram *program, const AVStream *stream)
{
    const AVCodecParameters *par = stream->codecpar;
    int index = stream->index;
    enum bc_codec codec = codec_of(par->codec_id);
    int *place = par->codec_type == AVMEDIA_TYPE_VIDEO ? &p->video
        : par->codec_type == AVMEDIA_TYPE_AUDIO        ? &p->audio
                                                       : NULL;
    if (!place || *place >= 0 || codec == BC_CODEC_NONE || is_picture_of_cover(stream)
        || !is_in(program, (unsigned)index)) {
        return;
    }
    *place = index;
    p->streams[index].codec = codec;
}

void
input_packets_choose(struct input_packets *p, AVFormatContext *context)
{
    const AVProgram *program = best_program(context);
    for (unsigned i = 0; i < context->nb_streams; i++) {
        AVStream *stream = context->streams[i];
        if (i < INPUT_STREAMS_MAX) {
            take_stream(p, program, stream);
        }
        bool taken = stream->index == p->video || stream->index == p->audio;
        stream->discard = taken ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
    }
    bool complete = (context->ctx_flags & AVFMTCTX_NOHEADER) == 0;
    if (complete && !p->told_kinds && p->sink->on_kinds) {
        p->sink->on_kinds(p->sink->user, p->video >= 0, p->audio >= 0);
        p->told_kinds = true;
    }
}

// --- tracks ---

// Takes over the reference.
static void
set_track(struct input_stream *s, struct bc_track *track)
{
    if (!track || bc_track_equal(s->track, track)) {
        bc_track_unref(&track);
        return;
    }
    bc_track_unref(&s->track);
    s->track = track;
}

// Parameter sets after start codes, as RTSP's description has them.
static void
read_sets(struct input_stream *s, const uint8_t *sets, size_t len)
{
    struct bc_buf *buf = NULL;
    if (sets && len > 4 && bc_nalu_normalise(sets, len, 4, &buf) == 0 && buf) {
        set_track(s, input_track_of_frame(s->codec, buf->data, buf->len));
    }
    bc_buf_unref(&buf);
}

static void
read_config(struct input_stream *s, const uint8_t *config, size_t len)
{
    bool nalus = s->codec == BC_CODEC_AVC || s->codec == BC_CODEC_HEVC;
    // Without a record (whose first byte is its version) these are start codes.
    s->in_band = !config || len == 0 || (nalus && config[0] != 1);
    if (s->in_band) {
        read_sets(s, nalus ? config : NULL, len);
        return;
    }
    struct bc_track *track = input_track_of_config(s->codec, config, len);
    if (track && nalus && track->config) {
        s->length_size
            = bc_nalu_length_size(s->codec, track->config->data, track->config->len);
    }
    set_track(s, track);
}

static void
complete_track(struct input_stream *s, const AVStream *stream)
{
    const AVCodecParameters *par = stream->codecpar;
    struct bc_track *track = NULL;
    if (s->codec == BC_CODEC_PCMA || s->codec == BC_CODEC_PCMU) {
        track = bc_track_create(BC_KIND_AUDIO, s->codec);
        if (track) {
            track->sample_rate = par->sample_rate > 0 ? (uint32_t)par->sample_rate : 8000;
            track->channels = par->ch_layout.nb_channels > 0
                ? (uint32_t)par->ch_layout.nb_channels
                : 1;
        }
    }
    set_track(s, track);
}

// What the demuxer, the packet's side data or the frame itself tell of the format.
static void
look_for_track(struct input_stream *s, const AVStream *stream, const AVPacket *packet,
    const struct input_payload *payload)
{
    size_t size = 0;
    const uint8_t *fresh
        = av_packet_get_side_data(packet, AV_PKT_DATA_NEW_EXTRADATA, &size);
    if (fresh) {
        read_config(s, fresh, size);
    } else if (!s->track && !s->in_band) {
        read_config(
            s, stream->codecpar->extradata, (size_t)stream->codecpar->extradata_size);
    }
    if (s->in_band || !s->track) {
        // AAC has its header in front of the payload.
        bool aac = s->codec == BC_CODEC_AAC;
        set_track(s, input_track_of_frame(s->codec, aac ? packet->data : payload->data,
                         aac ? (size_t)packet->size : payload->len));
    }
    if (!s->track) {
        complete_track(s, stream);
    }
}

// --- packets ---

static int64_t
to_us(int64_t stamp, AVRational base)
{
    return av_rescale_q(stamp, base, (AVRational){ 1, 1000000 });
}

static void
stamp(struct input_stream *s, const AVStream *stream, const AVPacket *from,
    struct bc_packet *to)
{
    int64_t dts = from->dts != AV_NOPTS_VALUE ? from->dts : from->pts;
    int64_t pts = from->pts != AV_NOPTS_VALUE ? from->pts : dts;
    if (dts == AV_NOPTS_VALUE) {
        to->dts_us = s->last_dts_us + to_us(from->duration, stream->time_base);
        to->pts_us = to->dts_us;
    } else {
        to->dts_us = to_us(dts, stream->time_base);
        to->pts_us = to_us(pts, stream->time_base);
    }
    s->last_dts_us = to->dts_us;
    to->arrived_us = bc_clock_us();
}

bool
input_packets_push(struct input_packets *p, const AVFormatContext *context,
    const AVPacket *packet)
{
    int index = packet->stream_index;
    if ((index != p->video && index != p->audio) || packet->size <= 0
        || packet->size > FRAME_MAX_BYTES) {
        return true;
    }
    struct input_stream *s = &p->streams[index];
    const AVStream *stream = context->streams[index];
    struct input_payload payload;
    bool key = (packet->flags & AV_PKT_FLAG_KEY) != 0 && index == p->video;
    if (!input_payload_make(s->codec, packet->data, (size_t)packet->size, s->length_size,
            key, &payload)) {
        return true;
    }
    look_for_track(s, stream, packet, &payload);
    struct bc_buf *buf = payload.rewritten ? payload.rewritten
        : s->track                         ? bc_buf_copy(payload.data, payload.len)
                                           : NULL;
    struct bc_packet *out = s->track && buf
        ? bc_packet_create(s->track->kind, s->track, buf, buf->data, buf->len)
        : NULL;
    if (!out) {
        bc_buf_unref(&buf);
        return true;
    }
    out->flags = payload.flags;
    stamp(s, stream, packet, out);
    return p->sink->on_packet(p->sink->user, out);
}
