// SPDX-License-Identifier: Apache-2.0
#include "input_demux.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "input_io.h"
#include "input_packets.h"

// Demuxers that read what they are given and open nothing but by our hook. SDP is used
// for RTSP only: on its own it would open ports.
#define FORMATS \
    "hls,mpegts,mpeg,flv,live_flv,mov,mp4,m4a,3gp,mj2,matroska,webm,aac,mp3,ogg,flac,ac3,eac3," \
    "wav,webvtt"
#define PROBE_BYTES "1000000"
#define PROBE_US "2000000"
#define STREAMS_MAX "64"

// One run; on its caller's stack.
struct run {
    const struct input_demux_params *params;
    struct input_io io;
    struct input_packets packets;
    AVFormatContext *context;
    AVIOContext *pb;
    AVIOContext *rtp;
    AVPacket *packet;
    int64_t skip_us; // packets before it are left out, where one cannot seek; 0: none
};

static int
fail(struct run *r, const char *what, int code)
{
    struct input_net *net = r->params->net;
    if (code == AVERROR_EXIT || input_net_is_stopped(net)) {
        snprintf(net->error, sizeof(net->error), "stopped");
        return -ECANCELED;
    }
    char text[AV_ERROR_MAX_STRING_SIZE] = "";
    av_strerror(code, text, sizeof(text));
    // What the network said is closer to the cause.
    if (net->error[0] == 0) {
        snprintf(net->error, sizeof(net->error), "%s: %s", what, text);
    }
    return -EIO;
}

static AVDictionary *
make_options(const struct run *r)
{
    AVDictionary *options = NULL;
    bool sdp = r->params->rtp != NULL;
    av_dict_set(&options, "format_whitelist", sdp ? "sdp" : FORMATS, 0);
    av_dict_set(&options, "protocol_whitelist", "none", 0);
    av_dict_set(&options, "codec_whitelist", "none", 0); // nothing is decoded
    av_dict_set(&options, "probesize", PROBE_BYTES, 0);
    av_dict_set(&options, "analyzeduration", PROBE_US, 0);
    av_dict_set(&options, "max_streams", STREAMS_MAX, 0);
    if (sdp) {
        av_dict_set(&options, "sdp_flags", "custom_io", 0);
        return options;
    }
    // HLS: every request goes by our hook, which names of segments must not hinder.
    av_dict_set(&options, "http_persistent", "0", 0);
    av_dict_set(&options, "http_multiple", "0", 0);
    av_dict_set(&options, "allowed_extensions", "ALL", 0);
    av_dict_set(&options, "extension_picky", "0", 0);
    return options;
}

static int
open_context(struct run *r)
{
    const struct input_demux_params *p = r->params;
    r->context = avformat_alloc_context();
    r->packet = av_packet_alloc();
    r->pb = input_io_wrap(p->bytes);
    if (!r->context || !r->packet || !r->pb) {
        return fail(r, "opening", AVERROR(ENOMEM));
    }
    input_io_attach(&r->io, r->context);
    r->context->pb = r->pb;
    r->context->flags |= AVFMT_FLAG_CUSTOM_IO;
    AVDictionary *options = make_options(r);
    const AVInputFormat *format = p->rtp ? av_find_input_format("sdp") : NULL;
    int ret = avformat_open_input(&r->context, p->url ? p->url : "", format, &options);
    av_dict_free(&options);
    if (ret < 0) {
        return fail(r, "this is no stream that can be read", ret);
    }
    if (p->rtp) {
        r->rtp = input_io_wrap_packets(p->rtp);
        r->context->pb = r->rtp;
        return r->rtp ? 0 : fail(r, "opening", AVERROR(ENOMEM));
    }
    return 0;
}

static void
seek_to_start(struct run *r)
{
    int64_t at = r->params->start_at_us;
    if (at <= 0) {
        return;
    }
    if (r->context->start_time != AV_NOPTS_VALUE) {
        at += r->context->start_time;
    }
    if (avformat_seek_file(r->context, -1, INT64_MIN, at, at, 0) < 0) {
        r->skip_us = at; // a file without an index is read up to there
    }
}

// Whether the packet lies before the start. After it begins with a keyframe.
static bool
is_skipped(struct run *r)
{
    const AVPacket *p = r->packet;
    const AVStream *stream = r->context->streams[p->stream_index];
    if (r->skip_us == 0) {
        return false;
    }
    if (p->dts == AV_NOPTS_VALUE
        || av_compare_ts(p->dts, stream->time_base, r->skip_us, AV_TIME_BASE_Q) < 0) {
        return true;
    }
    bool is_start = r->packets.video < 0
        || (p->stream_index == r->packets.video && (p->flags & AV_PKT_FLAG_KEY));
    if (is_start) {
        r->skip_us = 0;
    }
    return !is_start;
}

static int
read_packets(struct run *r)
{
    unsigned streams = 0;
    for (;;) {
        int ret = av_read_frame(r->context, r->packet);
        if (ret == AVERROR_EOF) {
            return 0;
        }
        if (ret < 0) {
            return fail(r, "reading", ret);
        }
        if (r->context->nb_streams != streams) {
            streams = r->context->nb_streams;
            input_packets_choose(&r->packets, r->context);
        }
        r->io.got_packet = true;
        r->params->net->error[0] = 0;
        // A stop must be noticed here too.
        bool go_on = is_skipped(r)
            ? !input_net_is_stopped(r->params->net)
            : input_packets_push(&r->packets, r->context, r->packet);
        av_packet_unref(r->packet);
        if (!go_on) {
            return 0;
        }
    }
}

int
input_demux_run(const struct input_demux_params *params)
{
    struct run r = { .params = params,
        .io = { .net = params->net, .may_open = params->url != NULL } };
    params->net->error[0] = 0;
    input_packets_init(&r.packets, params->sink);
    int ret = open_context(&r);
    if (ret == 0) {
        input_packets_choose(&r.packets, r.context);
        seek_to_start(&r);
    }
    if (ret == 0 && r.packets.video < 0 && r.packets.audio < 0
        && (r.context->ctx_flags & AVFMTCTX_NOHEADER) == 0) {
        snprintf(params->net->error, sizeof(params->net->error),
            "neither video nor audio that can be passed on");
        ret = -ENOTSUP;
    }
    if (ret == 0) {
        ret = read_packets(&r);
    }
    avformat_close_input(&r.context);
    av_packet_free(&r.packet);
    input_io_unwrap(&r.pb);
    input_io_unwrap(&r.rtp);
    input_packets_finish(&r.packets);
    return ret;
}
