// SPDX-License-Identifier: Apache-2.0
// FFmpeg reads what we write: streams of FFmpeg's and GStreamer's, read and written again
// by us, say the same to FFmpeg as before, and decode without a complaint.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

#include "kit.h"

#define IO_BYTES 4096
#define SAID_MAX 256

struct source {
    const uint8_t *data;
    size_t len;
    size_t at;
};

static int
read_source(void *user, uint8_t *out, int size)
{
    struct source *s = user;
    size_t n = s->len - s->at < (size_t)size ? s->len - s->at : (size_t)size;
    memcpy(out, s->data + s->at, n);
    s->at += n;
    return n > 0 ? (int)n : AVERROR_EOF;
}

// What FFmpeg found in one stream.
struct said {
    enum AVCodecID codec;
    int width;
    int rate;
    int channels;
    unsigned packets;
    unsigned keys;
    unsigned frames; // decoded
    int64_t pts[SAID_MAX];
    int64_t dts[SAID_MAX];
};

static void
decode(AVCodecContext *c, const AVPacket *packet, struct said *out)
{
    AVFrame *frame = av_frame_alloc();
    assert_int_equal(avcodec_send_packet(c, packet), 0);
    while (avcodec_receive_frame(c, frame) == 0) {
        assert_int_equal(frame->decode_error_flags, 0);
        out->frames++;
    }
    av_frame_free(&frame);
}

static AVCodecContext *
open_decoder(const AVStream *stream, struct said *out)
{
    const AVCodecParameters *par = stream->codecpar;
    AVCodecContext *c = avcodec_alloc_context3(avcodec_find_decoder(par->codec_id));
    assert_int_equal(avcodec_parameters_to_context(c, par), 0);
    c->err_recognition = AV_EF_EXPLODE;
    assert_int_equal(avcodec_open2(c, NULL, NULL), 0);
    out->codec = par->codec_id;
    out->width = par->width;
    out->rate = par->sample_rate;
    out->channels = par->ch_layout.nb_channels;
    return c;
}

static unsigned
ask_ffmpeg(const uint8_t *data, size_t len, struct said said[2])
{
    struct source source = { data, len, 0 };
    AVFormatContext *f = avformat_alloc_context();
    f->pb = avio_alloc_context(
        av_malloc(IO_BYTES), IO_BYTES, 0, &source, read_source, NULL, NULL);
    assert_int_equal(
        avformat_open_input(&f, NULL, av_find_input_format("mpegts"), NULL), 0);
    assert_true(avformat_find_stream_info(f, NULL) >= 0);
    unsigned streams = f->nb_streams;
    assert_true(streams >= 1 && streams <= 2);
    AVCodecContext *decoders[2] = { NULL };
    memset(said, 0, 2 * sizeof(said[0]));
    for (unsigned i = 0; i < streams; i++) {
        decoders[i] = open_decoder(f->streams[i], &said[i]);
    }
    AVPacket *packet = av_packet_alloc();
    while (av_read_frame(f, packet) == 0) {
        struct said *s = &said[packet->stream_index];
        assert_int_equal(packet->flags & AV_PKT_FLAG_CORRUPT, 0);
        assert_true(s->packets < SAID_MAX);
        s->pts[s->packets] = packet->pts;
        s->dts[s->packets] = packet->dts;
        s->packets++;
        s->keys += packet->flags & AV_PKT_FLAG_KEY;
        decode(decoders[packet->stream_index], packet, s);
        av_packet_unref(packet);
    }
    for (unsigned i = 0; i < streams; i++) {
        decode(decoders[i], NULL, &said[i]);
        avcodec_free_context(&decoders[i]);
    }
    av_packet_free(&packet);
    AVIOContext *io = f->pb;
    avformat_close_input(&f);
    av_freep(&io->buffer);
    avio_context_free(&io);
    return streams;
}

static void
check_file(const char *name)
{
    struct said before[2];
    struct said after[2];
    struct kit k = { 0 };
    struct bc_writer w = { 0 };
    size_t len;
    uint8_t *data = kit_load(name, &len);
    print_message("%s\n", name);
    assert_int_equal(kit_demux(&k, data, len, 1316, NULL), 0);
    struct bc_ts_mux *m = bc_ts_mux_create();
    bc_ts_mux_set_tracks(m, kit_track(&k, BC_KIND_VIDEO), kit_track(&k, BC_KIND_AUDIO));
    for (unsigned i = 0; i < k.count; i++) {
        bc_ts_mux_write_packet(m, &w, k.packets[i], BC_TS_ORIGIN_US);
    }
    assert_false(w.failed);
    unsigned streams = ask_ffmpeg(data, len, before);
    assert_int_equal(ask_ffmpeg(w.data, w.len, after), streams);
    for (unsigned i = 0; i < streams; i++) {
        const struct said *a = &before[i];
        // We name the picture first, others may not.
        unsigned video = after[0].width > 0 ? 0 : 1;
        const struct said *b = &after[streams == 1 ? 0 : a->width > 0 ? video : !video];
        // LATM comes out as ADTS; layers II and III share a type, so FFmpeg guesses.
        assert_true(a->codec == b->codec || a->codec == AV_CODEC_ID_AAC_LATM
            || (a->codec == AV_CODEC_ID_MP2 && b->codec == AV_CODEC_ID_MP3));
        assert_int_equal(a->width, b->width);
        assert_int_equal(a->rate, b->rate);
        assert_int_equal(a->channels, b->channels);
        assert_int_equal(a->packets, b->packets);
        assert_int_equal(a->keys, b->keys);
        assert_true(a->frames > 20);
        assert_int_equal(a->frames, b->frames);
        for (unsigned n = 0; n < a->packets; n++) {
            assert_true(llabs(a->pts[n] - b->pts[n]) <= 2);
            assert_true(llabs(a->dts[n] - b->dts[n]) <= 2);
        }
    }
    bc_ts_mux_destroy(m);
    bc_writer_finish(&w);
    kit_forget(&k);
    free(data);
}

static void
test_ffmpeg_reads_ours(void **state)
{
    (void)state;
    static const char *const NAMES[] = { "ffmpeg_avc_aac.ts", "ffmpeg_avc_latm.ts",
        "ffmpeg_hevc_opus.ts", "ffmpeg_mp3.ts", "ffmpeg_mp2.ts", "ffmpeg_ac3.ts",
        "ffmpeg_eac3.ts", "gst_avc_aac.ts", "gst_avc_opus.ts" };
    av_log_set_level(AV_LOG_WARNING);
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        check_file(NAMES[i]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ffmpeg_reads_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
