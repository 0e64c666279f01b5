// SPDX-License-Identifier: Apache-2.0
#include "demux.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "picture.h"

#define IO_BYTES (64 << 10)
// Containers that need no other file; codecs that files come in.
#define FORMATS "mov,mp4,m4a,3gp,mj2,matroska,webm,mpegts,mpeg,flv,avi,ogg"
#define PROTOCOLS "none"
#define PROBE_BYTES "5000000"
#define STREAMS_MAX "64"
#define AUDIO_CHANNELS_MAX 8
#define AUDIO_RATE_MAX 192000

// --- the file ---

static int
read_file(void *opaque, uint8_t *out, int size)
{
    const struct slate_demux *d = opaque;
    if (atomic_load(d->stop)) {
        return AVERROR_EXIT;
    }
    ssize_t n = read(d->fd, out, (size_t)size);
    return n > 0 ? (int)n : n == 0 ? AVERROR_EOF : AVERROR(errno);
}

static int64_t
seek_file(void *opaque, int64_t offset, int whence)
{
    const struct slate_demux *d = opaque;
    if (whence == AVSEEK_SIZE) {
        int64_t here = lseek(d->fd, 0, SEEK_CUR);
        int64_t size = lseek(d->fd, 0, SEEK_END);
        return lseek(d->fd, here, SEEK_SET) < 0 ? AVERROR(EIO) : size;
    }
    int64_t at = lseek(d->fd, offset, whence & ~AVSEEK_FORCE);
    return at < 0 ? AVERROR(errno) : at;
}

// Nothing else is opened, whatever the file says.
static int
open_nothing(AVFormatContext *context, AVIOContext **pb, const char *url, int flags,
    AVDictionary **options)
{
    (void)context;
    (void)pb;
    (void)url;
    (void)flags;
    (void)options;
    return AVERROR(EPERM);
}

static int
open_context(struct slate_demux *d)
{
    uint8_t *io = av_malloc(IO_BYTES);
    d->pb = io ? avio_alloc_context(io, IO_BYTES, 0, d, read_file, NULL, seek_file) : NULL;
    d->context = avformat_alloc_context();
    if (!d->pb || !d->context) {
        if (!d->pb) {
            av_free(io);
        }
        return AVERROR(ENOMEM);
    }
    d->context->pb = d->pb;
    d->context->flags |= AVFMT_FLAG_CUSTOM_IO;
    d->context->io_open = open_nothing;
    AVDictionary *options = NULL;
    av_dict_set(&options, "format_whitelist", FORMATS, 0);
    av_dict_set(&options, "protocol_whitelist", PROTOCOLS, 0);
    av_dict_set(&options, "probesize", PROBE_BYTES, 0);
    av_dict_set(&options, "max_streams", STREAMS_MAX, 0);
    int err = avformat_open_input(&d->context, "", NULL, &options);
    av_dict_free(&options);
    return err;
}

// --- decoders ---

static bool
may_decode(enum AVCodecID id)
{
    static const enum AVCodecID IDS[] = { AV_CODEC_ID_H264, AV_CODEC_ID_HEVC,
        AV_CODEC_ID_AV1, AV_CODEC_ID_VP8, AV_CODEC_ID_VP9, AV_CODEC_ID_MPEG4,
        AV_CODEC_ID_MPEG2VIDEO, AV_CODEC_ID_MPEG1VIDEO, AV_CODEC_ID_MJPEG,
        AV_CODEC_ID_PRORES, AV_CODEC_ID_AAC, AV_CODEC_ID_MP3, AV_CODEC_ID_MP2,
        AV_CODEC_ID_OPUS, AV_CODEC_ID_VORBIS, AV_CODEC_ID_FLAC, AV_CODEC_ID_AC3,
        AV_CODEC_ID_EAC3, AV_CODEC_ID_ALAC, AV_CODEC_ID_PCM_S16LE,
        AV_CODEC_ID_PCM_S16BE, AV_CODEC_ID_PCM_S24LE };
    for (size_t i = 0; i < sizeof(IDS) / sizeof(IDS[0]); i++) {
        if (IDS[i] == id) {
            return true;
        }
    }
    return false;
}

static const AVCodec *
find_decoder(enum AVCodecID id)
{
    // FFmpeg's own AV1 needs hardware.
    return !may_decode(id)       ? NULL
        : id == AV_CODEC_ID_AV1 ? avcodec_find_decoder_by_name("libdav1d")
                                : avcodec_find_decoder(id);
}

// NULL: it cannot be decoded.
static AVCodecContext *
open_decoder(const AVStream *stream)
{
    const AVCodec *codec = find_decoder(stream->codecpar->codec_id);
    AVCodecContext *ctx = codec ? avcodec_alloc_context3(codec) : NULL;
    if (!ctx) {
        return NULL;
    }
    bool ok = avcodec_parameters_to_context(ctx, stream->codecpar) >= 0;
    ctx->max_pixels = SLATE_PIXELS_MAX;
    ctx->thread_count = 1;
    ctx->pkt_timebase = stream->time_base;
    if (!ok || avcodec_open2(ctx, codec, NULL) < 0) {
        avcodec_free_context(&ctx);
    }
    return ctx;
}

static void
open_streams(struct slate_demux *d, bool with_sound)
{
    d->video_index = av_find_best_stream(
        d->context, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
    d->audio_index = with_sound ? av_find_best_stream(d->context, AVMEDIA_TYPE_AUDIO, -1,
                         d->video_index, NULL, 0)
                                : -1;
    for (int i = 0; i < (int)d->context->nb_streams; i++) {
        bool used = i == d->video_index || i == d->audio_index;
        d->context->streams[i]->discard = used ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
    }
    if (d->video_index >= 0) {
        const AVStream *video = d->context->streams[d->video_index];
        d->video = open_decoder(video);
        if (video->start_time != AV_NOPTS_VALUE) {
            d->begin_us = av_rescale_q(
                video->start_time, video->time_base, AV_TIME_BASE_Q);
        }
    }
    if (d->audio_index >= 0) {
        d->audio = open_decoder(d->context->streams[d->audio_index]);
    }
}

const char *
slate_demux_init(struct slate_demux *d, int fd, bool with_sound, const atomic_bool *stop)
{
    memset(d, 0, sizeof(*d));
    d->fd = fd;
    d->stop = stop;
    d->begin_us = AV_NOPTS_VALUE;
    d->packet = av_packet_alloc();
    d->frame = av_frame_alloc();
    if (!d->packet || !d->frame) {
        return "no memory";
    }
    if (open_context(d) < 0 || avformat_find_stream_info(d->context, NULL) < 0) {
        return "it is no video file that can be read";
    }
    open_streams(d, with_sound);
    return d->video ? NULL : "there is no picture in it that can be decoded";
}

void
slate_demux_finish(struct slate_demux *d)
{
    avcodec_free_context(&d->video);
    avcodec_free_context(&d->audio);
    avformat_close_input(&d->context);
    if (d->pb) {
        av_freep(&d->pb->buffer);
        avio_context_free(&d->pb);
    }
    av_packet_free(&d->packet);
    av_frame_free(&d->frame);
}

// --- frames ---

static bool
is_usable(const AVFrame *f, bool video)
{
    if (video) {
        return f->data[0] && f->width > 1 && f->height > 1
            && (int64_t)f->width * f->height <= SLATE_PIXELS_MAX
            && sws_isSupportedInput(f->format);
    }
    return f->nb_samples > 0 && f->sample_rate > 0 && f->sample_rate <= AUDIO_RATE_MAX
        && f->ch_layout.nb_channels > 0 && f->ch_layout.nb_channels <= AUDIO_CHANNELS_MAX;
}

// Its time after the first picture. Where the file does not tell when that is, sound before
// it is left out.
static int64_t
time_of(struct slate_demux *d, bool video)
{
    const AVStream *stream = d->context->streams[video ? d->video_index : d->audio_index];
    int64_t pts = d->frame->best_effort_timestamp;
    if (pts == AV_NOPTS_VALUE) {
        return AV_NOPTS_VALUE;
    }
    int64_t us = av_rescale_q(pts, stream->time_base, AV_TIME_BASE_Q);
    if (video && d->begin_us == AV_NOPTS_VALUE) {
        d->begin_us = us;
    }
    return d->begin_us == AV_NOPTS_VALUE ? AV_NOPTS_VALUE : us - d->begin_us;
}

static bool
give_frames(struct slate_demux *d, bool video, const struct slate_demux_sink *sink)
{
    bool more = true;
    while (more && avcodec_receive_frame(video ? d->video : d->audio, d->frame) == 0) {
        int64_t at = time_of(d, video);
        if (at != AV_NOPTS_VALUE && is_usable(d->frame, video)) {
            more = video ? sink->on_picture(sink->user, d->frame, at)
                         : sink->on_sound(sink->user, d->frame, at);
        }
        av_frame_unref(d->frame);
    }
    return more && !atomic_load(d->stop);
}

// NULL as the packet: what the decoder still has.
static bool
decode(struct slate_demux *d, bool video, AVPacket *packet,
    const struct slate_demux_sink *sink)
{
    (void)avcodec_send_packet(video ? d->video : d->audio, packet);
    return give_frames(d, video, sink);
}

void
slate_demux_run(struct slate_demux *d, const struct slate_demux_sink *sink)
{
    bool more = true;
    while (more && av_read_frame(d->context, d->packet) == 0) {
        if (d->packet->stream_index == d->video_index) {
            more = decode(d, true, d->packet, sink);
        } else if (d->audio && d->packet->stream_index == d->audio_index) {
            more = decode(d, false, d->packet, sink);
        }
        av_packet_unref(d->packet);
    }
    if (more && decode(d, true, NULL, sink) && d->audio) {
        (void)decode(d, false, NULL, sink);
    }
}
