// SPDX-License-Identifier: Apache-2.0
// Streams that FFmpeg and GStreamer wrote (testdata/make-ts).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kit.h"
#include "media/nalu.h"

struct file {
    const char *name;
    enum bc_codec video;
    unsigned pictures;
    int64_t first_pts_us; // of the picture
    enum bc_codec audio;
    unsigned sounds;
    uint32_t rate;
    uint32_t channels;
    int64_t sound_us; // of a frame
};

// Counts and first stamps as ffprobe tells them.
static const struct file FILES[] = {
    { "ffmpeg_avc_aac.ts", BC_CODEC_AVC, 30, 1480000, BC_CODEC_AAC, 58, 48000, 1, 21333 },
    { "ffmpeg_avc_latm.ts", BC_CODEC_AVC, 30, 1421333, BC_CODEC_AAC, 58, 48000, 1,
        21333 },
    { "ffmpeg_hevc_opus.ts", BC_CODEC_HEVC, 30, 1480000, BC_CODEC_OPUS, 61, 48000, 1,
        20000 },
    { "ffmpeg_mp3.ts", BC_CODEC_NONE, 0, 0, BC_CODEC_MP3, 51, 48000, 1, 24000 },
    { "ffmpeg_mp2.ts", BC_CODEC_NONE, 0, 0, BC_CODEC_MP3, 25, 24000, 1, 48000 },
    { "ffmpeg_ac3.ts", BC_CODEC_NONE, 0, 0, BC_CODEC_AC3, 38, 48000, 1, 32000 },
    { "ffmpeg_eac3.ts", BC_CODEC_NONE, 0, 0, BC_CODEC_EAC3, 38, 48000, 1, 32000 },
    { "gst_avc_aac.ts", BC_CODEC_AVC, 30, 3600000000, BC_CODEC_AAC, 56, 48000, 2, 21333 },
    { "gst_avc_opus.ts", BC_CODEC_AVC, 30, 3600000000, BC_CODEC_OPUS, 61, 48000, 2,
        20000 },
};

static void
check_video(const struct kit *k, const struct file *f)
{
    const struct bc_packet *first = kit_packet(k, BC_KIND_VIDEO, 0);
    const struct bc_track *t = kit_track(k, BC_KIND_VIDEO);
    assert_int_equal(kit_count(k, BC_KIND_VIDEO), f->pictures);
    assert_int_equal(k->has_video, f->pictures > 0);
    if (f->pictures == 0) {
        return;
    }
    assert_int_equal(t->codec, f->video);
    assert_int_equal(t->width, 128);
    assert_int_equal(t->height, 72);
    assert_true(llabs(first->pts_us - f->first_pts_us) < 12);
    assert_true(first->flags & BC_PACKET_KEY);
    int64_t last = INT64_MIN;
    for (unsigned i = 0; i < f->pictures; i++) {
        const struct bc_packet *p = kit_packet(k, BC_KIND_VIDEO, i);
        struct bc_nalu_info info;
        assert_int_equal(bc_nalu_scan(t->codec, p->data, p->len, &info), 0);
        assert_true(info.has_slice);
        assert_false(info.has_parameter_sets);
        assert_true(p->dts_us > last && p->pts_us >= p->dts_us);
        assert_true(i == 0 || llabs(p->dts_us - last - 40000) < 12);
        last = p->dts_us;
    }
}

static void
check_audio(const struct kit *k, const struct file *f)
{
    const struct bc_track *t = kit_track(k, BC_KIND_AUDIO);
    assert_int_equal(kit_count(k, BC_KIND_AUDIO), f->sounds);
    assert_non_null(t);
    assert_int_equal(t->codec, f->audio);
    assert_int_equal(t->sample_rate, f->rate);
    assert_int_equal(t->channels, f->channels);
    for (unsigned i = 1; i < f->sounds; i++) {
        const struct bc_packet *a = kit_packet(k, BC_KIND_AUDIO, i - 1);
        const struct bc_packet *b = kit_packet(k, BC_KIND_AUDIO, i);
        // GStreamer's and FFmpeg's first packets of Opus are shortened by the pre-skip.
        assert_true(llabs(b->dts_us - a->dts_us - f->sound_us) < 24 || i == 1);
    }
}

static void
read_file(const struct file *f, size_t step)
{
    struct kit k = { 0 };
    struct bc_ts_demux_stats stats;
    size_t len;
    uint8_t *data = kit_load(f->name, &len);
    print_message("%s\n", f->name);
    assert_int_equal(kit_demux(&k, data, len, step, &stats), 0);
    assert_int_equal(stats.packets, len / BC_TS_PACKET_BYTES);
    assert_int_equal(stats.lost + stats.damaged + stats.resyncs + stats.unknown, 0);
    check_video(&k, f);
    check_audio(&k, f);
    kit_forget(&k);
    free(data);
}

static void
test_files_of_others(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(FILES) / sizeof(FILES[0]); i++) {
        read_file(&FILES[i], 1316);
    }
}

// SRT's messages need not be whole packets (SRT-5).
static void
test_packets_straddle_messages(void **state)
{
    static const size_t STEPS[] = { 1, 7, 187, 188, 189, 1456, 1 << 20 };
    (void)state;
    for (size_t i = 0; i < sizeof(STEPS) / sizeof(STEPS[0]); i++) {
        read_file(&FILES[0], STEPS[i]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files_of_others),
        cmocka_unit_test(test_packets_straddle_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
