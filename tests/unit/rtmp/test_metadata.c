// SPDX-License-Identifier: Apache-2.0
// RTMP-68: what onMetaData may look like.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/writer.h"
#include "protocol/rtmp/amf.h"
#include "protocol/rtmp/metadata.h"

static void
put_number(struct bc_writer *w, const char *key, double v)
{
    bc_amf_write_key(w, key);
    bc_amf_write_number(w, v);
}

static void
put_text(struct bc_writer *w, const char *key, const char *v)
{
    bc_amf_write_key(w, key);
    bc_amf_write_string(w, v);
}

static void
test_numbers(void **state)
{
    (void)state;
    struct bc_writer w = { 0 };
    bc_amf_write_string(&w, "@setDataFrame");
    bc_amf_write_string(&w, "onMetaData");
    bc_amf_write_ecma_begin(&w, 0);
    put_number(&w, "width", 1280);
    put_number(&w, "height", 720);
    put_number(&w, "framerate", 29.97);
    put_number(&w, "videocodecid", 7);
    put_number(&w, "audiocodecid", 10);
    put_number(&w, "audiosamplerate", 48000);
    put_number(&w, "videodatarate", 2500);
    put_text(&w, "encoder", "obs-output module (libobs version 29.0.2)");
    put_number(&w, "somethingElse", 1);
    bc_amf_write_key(&w, "stereo");
    bc_amf_write_boolean(&w, true);
    bc_amf_write_object_end(&w);

    struct bc_rtmp_metadata md;
    assert_int_equal(bc_rtmp_metadata_parse(&md, w.data, w.len), 0);
    assert_int_equal(md.width, 1280);
    assert_int_equal(md.height, 720);
    assert_true(md.framerate == 29.97);
    assert_true(md.video_kbps == 2500);
    assert_int_equal(md.video_codec, 7);
    assert_int_equal(md.audio_codec, 10);
    assert_int_equal(md.audio_sample_rate, 48000);
    assert_true(md.stereo && md.has_video && md.has_audio);
    assert_string_equal(md.encoder, "obs-output module (libobs version 29.0.2)");
    bc_writer_finish(&w);
}

static void
test_texts_and_fourccs(void **state)
{
    (void)state;
    struct bc_writer w = { 0 };
    bc_amf_write_string(&w, "onMetaData");
    bc_amf_write_object_begin(&w);
    put_text(&w, "width", "1920");
    put_text(&w, "height", "many");
    put_number(&w, "framerate", -25);
    put_text(&w, "videocodecid", "avc1");
    put_number(&w, "audiocodecid", 1635135537); // 'av01'
    bc_amf_write_object_end(&w);
    struct bc_rtmp_metadata md;
    assert_int_equal(bc_rtmp_metadata_parse(&md, w.data, w.len), 0);
    assert_int_equal(md.width, 1920);
    assert_int_equal(md.height, 0);
    assert_true(md.framerate == 0);
    assert_int_equal(md.video_codec, BC_RTMP_FOURCC('a', 'v', 'c', '1'));
    assert_int_equal(md.audio_codec, BC_RTMP_FOURCC('a', 'v', '0', '1'));
    for (size_t cut = 0; cut < w.len; cut++) {
        (void)bc_rtmp_metadata_parse(&md, w.data, cut);
    }
    bc_writer_finish(&w);
}

static void
test_hostile_numbers(void **state)
{
    (void)state;
    static const double values[] = { 1e300, -1e300, 4294967296.0, 1e10, -1 };
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        struct bc_writer w = { 0 };
        bc_amf_write_string(&w, "onMetaData");
        bc_amf_write_object_begin(&w);
        put_number(&w, "width", values[i]);
        put_number(&w, "videocodecid", values[i]);
        put_number(&w, "audiosamplerate", values[i]);
        bc_amf_write_object_end(&w);
        struct bc_rtmp_metadata md;
        assert_int_equal(bc_rtmp_metadata_parse(&md, w.data, w.len), 0);
        assert_int_equal(md.width, 0);
        assert_int_equal(md.video_codec, 0);
        assert_int_equal(md.audio_sample_rate, 0);
        bc_writer_finish(&w);
    }
}

static void
test_other_scripts(void **state)
{
    (void)state;
    struct bc_rtmp_metadata md;
    struct bc_writer w = { 0 };
    bc_amf_write_string(&w, "onCuePoint");
    bc_amf_write_null(&w);
    assert_int_equal(bc_rtmp_metadata_parse(&md, w.data, w.len), -ENOENT);
    bc_writer_reset(&w);
    bc_amf_write_string(&w, "onMetaData");
    assert_int_equal(bc_rtmp_metadata_parse(&md, w.data, w.len), -EINVAL);
    assert_int_equal(bc_rtmp_metadata_parse(&md, w.data, 0), -EINVAL);
    bc_writer_finish(&w);
}

static void
test_written_reads_back(void **state)
{
    (void)state;
    struct bc_rtmp_metadata md = { .has_video = true, .has_audio = true, .width = 1280,
        .height = 720, .framerate = 30, .video_codec = 7, .audio_codec = 10,
        .audio_sample_rate = 44100, .stereo = true, .encoder = "Branchcast" };
    struct bc_writer w = { 0 };
    bc_rtmp_metadata_write(&w, &md);
    struct bc_rtmp_metadata again;
    assert_int_equal(bc_rtmp_metadata_parse(&again, w.data, w.len), 0);
    assert_int_equal(again.width, 1280);
    assert_int_equal(again.height, 720);
    assert_true(again.framerate == 30 && again.stereo && again.has_audio);
    assert_string_equal(again.encoder, "Branchcast");
    // The ECMA array tells its count: 10 members.
    assert_memory_equal(w.data + 13, "\x08\0\0\0\x0a", 5);
    bc_writer_finish(&w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_texts_and_fourccs),
        cmocka_unit_test(test_hostile_numbers),
        cmocka_unit_test(test_other_scripts),
        cmocka_unit_test(test_written_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
