// SPDX-License-Identifier: Apache-2.0
// The orders in which real clients say things, RTMP-30 to RTMP-41.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "peer.h"
#include "protocol/rtmp/amf.h"

#define CONNECTED \
    "< window 2500000\n< bandwidth 2500000\n< chunk size 65536\n" \
    "< 0 _result 1 NetConnection.Connect.Success 0\n"

#define PUBLISHING "< 1 onStatus 0 NetStream.Publish.Start\n"

#define PLAYING \
    "< event 0 1\n< 1 onStatus 0 NetStream.Play.Start\n< 1 |RtmpSampleAccess 1 1\n"

static const uint8_t avc_header[] = { 0x17, 0, 0, 0, 0, 1, 0x64, 0, 0x1f, 0xff };
static const uint8_t aac_header[] = { 0xaf, 0, 0x12, 0x10 };

static void
put_metadata(struct bc_writer *w, uint32_t stream_id)
{
    struct bc_writer body = { 0 };
    bc_amf_write_string(&body, "@setDataFrame");
    bc_amf_write_string(&body, "onMetaData");
    bc_amf_write_ecma_begin(&body, 0);
    bc_amf_write_object_end(&body);
    put_message(w, 18, stream_id, 0, body.data, body.len);
    bc_writer_finish(&body);
}

static void
put_obs(struct bc_writer *w)
{
    put_hello(w);
    put_message(w, 1, 0, 0, "\0\0\0\x80", 4); // Set Chunk Size before connect (RTMP-19)
    put_connect(w, "live", "rtmp://h/live");
    put_command(w, 0, "releaseStream", 2, "0s", "hq?key=K");
    put_command(w, 0, "FCPublish", 3, "0s", "hq?key=K");
    put_command(w, 0, "createStream", 4, "0");
    put_command(w, 1, "publish", 5, "0ss", "hq?key=K", "live");
    put_metadata(w, 1);
    put_message(w, 9, 1, 0, avc_header, sizeof(avc_header));
    put_message(w, 8, 1, 0, aac_header, sizeof(aac_header));
    put_message(w, 9, 1, 40, "\x17\1\0\0\0\0\0\0\2\x65\x88", 11);
    put_message(w, 8, 1, 43, "\xaf\1\x21", 3);
    put_command(w, 0, "FCUnpublish", 6, "0s", "hq?key=K");
    put_command(w, 0, "deleteStream", 7, "0n", 1.0);
}

static const char obs_log[] =
    CONNECTED
    "< 0 _result 2\n"
    "< 0 _result 3\n"
    "< 0 _result 4 1\n"
    "publish live / hq ? key=K live\n"
    PUBLISHING
    "script @0 02000a6f6e4d65746144617461080000... 21\n"
    "video @0 17000000000164001fff\n"
    "audio @0 af001210\n"
    "video @40 1701000000000000026588\n"
    "audio @43 af0121\n"
    "unpublish\n";

// RTMP-33
static void
test_obs(void **state)
{
    (void)state;
    struct peer p;
    struct bc_writer w = { 0 };
    peer_init(&p, NULL);
    put_obs(&w);
    assert_int_equal(peer_send(&p, &w), 0);
    assert_string_equal(peer_log(&p), obs_log);
    assert_int_equal(bc_rtmp_session_state(p.session), BC_RTMP_READY);
    peer_finish(&p);
}

// Any split of the bytes gives the same events: in two at every place, and one by one.
static void
test_obs_split_everywhere(void **state)
{
    (void)state;
    struct bc_writer w = { 0 };
    put_obs(&w);
    for (size_t at = 0; at <= w.len; at += at < PEER_HELLO_BYTES - 40 ? 37 : 1) {
        struct peer p;
        peer_init(&p, NULL);
        assert_int_equal(peer_input(&p, w.data, at), 0);
        assert_int_equal(peer_input(&p, w.data + at, w.len - at), 0);
        assert_string_equal(peer_log(&p), obs_log);
        peer_finish(&p);
    }
    struct peer p;
    peer_init(&p, NULL);
    for (size_t at = 0; at < w.len; at++) {
        assert_int_equal(peer_input(&p, w.data + at, 1), 0);
    }
    assert_string_equal(peer_log(&p), obs_log);
    peer_finish(&p);
    bc_writer_finish(&w);
}

// What comes while the owner thinks is held back, whatever the pieces.
static void
test_late_answer_loses_nothing(void **state)
{
    (void)state;
    struct bc_writer w = { 0 };
    put_obs(&w);
    for (size_t at = PEER_HELLO_BYTES; at <= w.len; at++) {
        struct peer p;
        peer_init(&p, NULL);
        p.answer = PEER_LATER;
        assert_int_equal(peer_input(&p, w.data, at), 0);
        assert_int_equal(peer_input(&p, w.data + at, w.len - at), 0);
        assert_int_equal(bc_rtmp_session_state(p.session), BC_RTMP_PUBLISH_PENDING);
        assert_int_equal(bc_rtmp_session_accept_publish(p.session), 0);
        assert_int_equal(bc_rtmp_session_accept_publish(p.session), -EALREADY);
        assert_string_equal(peer_log(&p), obs_log);
        peer_finish(&p);
    }
    bc_writer_finish(&w);
}

// RTMP-34: FFmpeg asks _checkbw and wants any answer; the ids of streams begin at 1.
static void
test_ffmpeg_publish(void **state)
{
    (void)state;
    struct peer p;
    struct bc_writer w = { 0 };
    peer_init(&p, NULL);
    put_hello(&w);
    put_connect(&w, "live", "rtmp://127.0.0.1:1935/live");
    put_command(&w, 0, "releaseStream", 2, "0s", "hq");
    put_command(&w, 0, "FCPublish", 3, "0s", "hq");
    put_command(&w, 0, "createStream", 4, "0");
    put_command(&w, 0, "_checkbw", 5, "0");
    put_command(&w, 1, "publish", 6, "0ss", "hq", "live");
    put_message(&w, 18, 1, 0, "\0\0\0\0", 4); // a timecode message, ignored (RTMP-67)
    put_message(&w, 8, 1, 0, "", 0);          // silence (RTMP-67)
    assert_int_equal(peer_send(&p, &w), 0);
    assert_string_equal(peer_log(&p), CONNECTED "< 0 _result 2\n< 0 _result 3\n"
        "< 0 _result 4 1\n< 0 _result 5\npublish live / hq ?  live\n" PUBLISHING);
    peer_finish(&p);
}

// RTMP-36: createStream first, several streams, publish without FCPublish, on stream 0.
static void
test_order_variants(void **state)
{
    (void)state;
    struct peer p;
    struct bc_writer w = { 0 };
    peer_init(&p, NULL);
    put_hello(&w);
    put_connect(&w, "live", "rtmp://h/live");
    put_command(&w, 0, "createStream", 2, "0");
    put_command(&w, 0, "createStream", 3, "0");
    put_command(&w, 0, "releaseStream", 0, "0s", "hq"); // wants no answer
    put_command(&w, 2, "publish", 0, "0s", "hq");
    put_message(&w, 8, 0, 7, "\xaf\1", 2); // media on stream 0 is taken too
    put_command(&w, 2, "closeStream", 0, "0");
    put_command(&w, 0, "publish", 0, "0ss", "second", "record");
    put_command(&w, 0, "publish", 0, "0b", 0);
    assert_int_equal(peer_send(&p, &w), 0);
    assert_string_equal(peer_log(&p), CONNECTED "< 0 _result 2 1\n< 0 _result 3 2\n"
        "publish live / hq ?  live\n< 2 onStatus 0 NetStream.Publish.Start\n"
        "audio @7 af01\nunpublish\npublish live / second ?  record\n" PUBLISHING
        "unpublish\n");
    peer_finish(&p);
}

// RTMP-39: librtmp and FFmpeg play; RTMP-23: ping; RTMP-40: the rest of a player's words.
static void
test_play(void **state)
{
    (void)state;
    struct peer p;
    struct bc_writer w = { 0 };
    peer_init(&p, NULL);
    put_opening(&w);
    put_command(&w, 0, "getStreamLength", 3, "0s", "hq");
    put_command(&w, 0, "FCSubscribe", 4, "0s", "hq");
    put_command(&w, 1, "play", 4, "0sn", "hq?token=t", -2000.0);
    put_message(&w, 4, 0, 0, "\0\3\0\0\0\1\0\0\x0b\xb8", 10); // SetBufferLength
    put_message(&w, 4, 0, 0, "\0\6\0\0\0\x4d", 6);            // ping 77
    put_message(&w, 4, 0, 0, "\0\x1f", 2);                    // undocumented
    put_command(&w, 1, "receiveAudio", 0, "0b", 0);
    put_command(&w, 1, "receiveVideo", 0, "0b", 1);
    put_command(&w, 1, "pause", 0, "0bn", 1, 0.0);
    put_command(&w, 1, "pause", 0, "0bn", 0, 0.0);
    put_command(&w, 1, "seek", 0, "0n", 1000.0);
    put_command(&w, 0, "deleteStream", 0, "0n", 1.0);
    assert_int_equal(peer_send(&p, &w), 0);
    assert_string_equal(peer_log(&p), CONNECTED "< 0 _result 2 1\n< 0 _result 3 0\n"
        "< 0 onFCSubscribe 0 NetStream.Play.Start\n"
        "play live / hq ? token=t start -2000 reset 0 hevc 0\n" PLAYING
        "< event 7 77\n"
        "receive 2 0\n"
        "receive 1 1\n"
        "< 1 onStatus 0 NetStream.Pause.Notify\npause 1\n"
        "< 1 onStatus 0 NetStream.Unpause.Notify\npause 0\n"
        "< 1 onStatus 0 NetStream.Seek.Notify\n"
        "stop\n");
    peer_finish(&p);
}

static void
test_play_with_reset_and_late_answer(void **state)
{
    (void)state;
    struct peer p;
    struct bc_writer w = { 0 };
    peer_init(&p, NULL);
    p.answer = PEER_LATER;
    put_opening(&w);
    put_command(&w, 1, "play", 4, "0snnb", "hq", -2.0, -1.0, 1);
    assert_int_equal(peer_send(&p, &w), 0);
    (void)peer_log(&p);
    put_message(&w, 4, 0, 0, "\0\6\0\0\0\1", 6); // still answered while the owner thinks
    assert_int_equal(peer_send(&p, &w), 0);
    assert_int_equal(bc_rtmp_session_accept_publish(p.session), -EALREADY);
    assert_int_equal(bc_rtmp_session_accept_play(p.session), 0);
    assert_int_equal(bc_rtmp_session_accept_play(p.session), -EALREADY);
    assert_string_equal(peer_log(&p), "< event 7 1\n"
        "< event 0 1\n< 1 onStatus 0 NetStream.Play.Reset\n"
        "< 1 onStatus 0 NetStream.Play.Start\n< 1 |RtmpSampleAccess 1 1\n");

    // The end of the broadcast, RTMP-39; then the viewer plays again.
    bc_rtmp_session_play_stopped(p.session, true);
    bc_rtmp_session_play_stopped(p.session, true);
    assert_string_equal(peer_log(&p),
        "< event 1 1\n< 1 onStatus 0 NetStream.Play.UnpublishNotify\n");
    put_command(&w, 1, "play", 5, "0s", "hq");
    assert_int_equal(peer_send(&p, &w), 0);
    assert_int_equal(bc_rtmp_session_accept_play(p.session), 0);
    (void)peer_log(&p);
    bc_rtmp_session_play_stopped(p.session, false);
    assert_string_equal(peer_log(&p), "< event 1 1\n< 1 onStatus 0 NetStream.Play.Stop\n");
    peer_finish(&p);
}

// A viewer may leave before it was answered.
static void
test_stop_while_play_is_pending(void **state)
{
    (void)state;
    struct peer p;
    struct bc_writer w = { 0 };
    peer_init(&p, NULL);
    p.answer = PEER_LATER;
    put_opening(&w);
    put_command(&w, 1, "play", 4, "0s", "hq");
    put_command(&w, 1, "closeStream", 0, "0");
    assert_int_equal(peer_send(&p, &w), 0);
    assert_non_null(strstr(peer_log(&p), "hevc 0\nstop\n"));
    assert_int_equal(bc_rtmp_session_accept_play(p.session), -EALREADY);
    peer_finish(&p);
}

// Shared bytes carry stream 1: another stream cannot play.
static void
test_play_only_on_stream_1(void **state)
{
    (void)state;
    struct peer p;
    struct bc_writer w = { 0 };
    peer_init(&p, NULL);
    put_opening(&w);
    put_command(&w, 0, "createStream", 3, "0");
    put_command(&w, 2, "play", 4, "0s", "hq");
    put_command(&w, 0, "play", 5, "0s", "hq");
    assert_int_equal(peer_send(&p, &w), 0);
    assert_string_equal(peer_log(&p), CONNECTED "< 0 _result 2 1\n< 0 _result 3 2\n"
        "< 2 onStatus 0 NetStream.Play.Failed\n"
        "play live / hq ?  start -2 reset 0 hevc 0\n" PLAYING);
    peer_finish(&p);
}

// RTMP-31: Flash with objectEncoding 3 sends type 17: a format byte, AMF0, AMF3 behind
// 0x11.
static void
test_amf3_commands(void **state)
{
    (void)state;
    static const uint8_t connect[] = {
        0,                                                      // format
        0x02, 0, 7, 'c', 'o', 'n', 'n', 'e', 'c', 't',          // "connect"
        0x00, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0,                     // 1
        0x11, 0x0a, 0x0b, 0x01,                                 // AMF3 dynamic object
        0x07, 'a', 'p', 'p', 0x06, 0x09, 'l', 'i', 'v', 'e',    // app: "live"
        0x1d, 'o', 'b', 'j', 'e', 'c', 't', 'E', 'n', 'c', 'o', 'd', 'i', 'n', 'g', 0x04, 3,
        0x01,
    };
    // "onTextData" with {t: "x"} in AMF3, as type 15: comes out as AMF0.
    static const uint8_t text[] = {
        0, 0x02, 0, 10, 'o', 'n', 'T', 'e', 'x', 't', 'D', 'a', 't', 'a',
        0x11, 0x0a, 0x0b, 0x01, 0x03, 't', 0x06, 0x03, 'x', 0x01,
    };
    struct peer p;
    struct bc_writer w = { 0 };
    peer_init(&p, NULL);
    put_hello(&w);
    put_message(&w, 17, 0, 0, connect, sizeof(connect));
    put_command(&w, 0, "publish", 0, "0s", "hq");
    put_message(&w, 15, 1, 9, text, sizeof(text));
    put_message(&w, 15, 1, 9, text, 14); // without its value
    assert_int_equal(peer_send(&p, &w), 0);
    assert_string_equal(peer_log(&p),
        "< window 2500000\n< bandwidth 2500000\n< chunk size 65536\n"
        "< 0 _result 1 NetConnection.Connect.Success 3\n"
        "publish live / hq ?  live\n" PUBLISHING
        "script @9 02000a6f6e5465787444617461080000... 28\n"
        "script @9 02000a6f6e5465787444617461\n");
    peer_finish(&p);
}

static void
put_enhanced_connect(struct bc_writer *w, const char *codec, double mask)
{
    struct bc_writer body = { 0 };
    bc_amf_write_string(&body, "connect");
    bc_amf_write_number(&body, 1);
    bc_amf_write_object_begin(&body);
    bc_amf_write_key(&body, "app");
    bc_amf_write_string(&body, "live");
    if (mask < 0) {
        bc_amf_write_key(&body, "fourCcList");
        bc_amf_write_strict_begin(&body, 2);
        bc_amf_write_string(&body, "av01");
        bc_amf_write_string(&body, codec);
    } else {
        bc_amf_write_key(&body, "videoFourCcInfoMap");
        bc_amf_write_object_begin(&body);
        bc_amf_write_key(&body, codec);
        bc_amf_write_number(&body, mask);
        bc_amf_write_object_end(&body);
    }
    bc_amf_write_key(&body, "capsEx");
    bc_amf_write_number(&body, 15);
    bc_amf_write_object_end(&body);
    put_message(w, 20, 0, 0, body.data, body.len);
    bc_writer_finish(&body);
}

static void
check_enhanced(const char *codec, double mask, const char *result, const char *play)
{
    struct peer p;
    struct bc_writer w = { 0 };
    peer_init(&p, NULL);
    put_hello(&w);
    put_enhanced_connect(&w, codec, mask);
    put_command(&w, 1, "play", 0, "0s", "hq");
    assert_int_equal(peer_send(&p, &w), 0);
    const char *log = peer_log(&p);
    assert_non_null(strstr(log, result));
    assert_non_null(strstr(log, play));
    peer_finish(&p);
}

#define ALL_FOURCCS " avc1 hvc1 av01 vp09 vp08 mp4a Opus .mp3 fLaC ac-3 ec-3"

// RTMP-85: the keys that were asked are answered, and HEVC is known to the owner.
static void
test_enhanced_connect(void **state)
{
    (void)state;
    check_enhanced("hvc1", -1, "Connect.Success 0" ALL_FOURCCS " 15\n", "hevc 1");
    check_enhanced("*", -1, "Connect.Success 0" ALL_FOURCCS " 15\n", "hevc 1");
    check_enhanced("vp09", -1, "Connect.Success 0" ALL_FOURCCS " 15\n", "hevc 0");
    check_enhanced("hvc1", 1, "Connect.Success 0 4 15\n", "hevc 1");
    check_enhanced("*", 4, "Connect.Success 0 4 15\n", "hevc 1");
    check_enhanced("hvc1", 2, "Connect.Success 0 4 15\n", "hevc 0"); // can only encode
    check_enhanced("hvc1", 1e300, "Connect.Success 0 4 15\n", "hevc 0");
}

// RTMP-32: quoted tcUrl spelt small, an ECMA array, no app; RTMP-41 all queries.
static void
test_odd_connect(void **state)
{
    (void)state;
    struct bc_writer body = { 0 };
    bc_amf_write_string(&body, "connect");
    bc_amf_write_number(&body, 1);
    bc_amf_write_ecma_begin(&body, 0);
    bc_amf_write_key(&body, "tcurl");
    bc_amf_write_string(&body, "'rtmp://h/live/room?a=1'");
    bc_amf_write_object_end(&body);
    bc_amf_write_null(&body); // more arguments than known
    struct peer p;
    struct bc_writer w = { 0 };
    peer_init(&p, NULL);
    put_hello(&w);
    put_message(&w, 20, 0, 0, body.data, body.len);
    put_command(&w, 1, "publish", 0, "0s", "hq?b=2");
    assert_int_equal(peer_send(&p, &w), 0);
    assert_non_null(strstr(peer_log(&p), "publish live/room / hq ? a=1&b=2 live\n"));
    peer_finish(&p);
    bc_writer_finish(&body);
}

// RTMP-24: sub-messages of an aggregate are moved to its time.
static void
test_aggregate(void **state)
{
    (void)state;
    static const uint8_t aggregate[] = {
        8, 0, 0, 2, 0, 0, 100, 0, 0, 0, 0, 0xaf, 1, 0, 0, 0, 13,
        9, 0, 0, 1, 0, 0, 110, 0, 0, 0, 0, 0x27, 0, 0, 0, 12,
        8, 0, 0, 2, 0, 0, 90, 0, 0, 0, 0, 0xaf, 2, // no back pointer
    };
    struct peer p;
    struct bc_writer w = { 0 };
    peer_init(&p, NULL);
    put_opening(&w);
    put_command(&w, 1, "publish", 0, "0s", "hq");
    put_message(&w, 22, 1, 1000, aggregate, sizeof(aggregate));
    assert_int_equal(peer_send(&p, &w), 0);
    assert_non_null(strstr(peer_log(&p), PUBLISHING
        "audio @1000 af01\nvideo @1010 27\naudio @990 af02\n"));
    put_message(&w, 22, 1, 1000, aggregate, 20);
    assert_int_equal(peer_send(&p, &w), -EPROTO);
    assert_string_equal(bc_rtmp_session_reason(p.session), "broken aggregate message");
    peer_finish(&p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_obs),
        cmocka_unit_test(test_obs_split_everywhere),
        cmocka_unit_test(test_late_answer_loses_nothing),
        cmocka_unit_test(test_ffmpeg_publish),
        cmocka_unit_test(test_order_variants),
        cmocka_unit_test(test_play),
        cmocka_unit_test(test_play_with_reset_and_late_answer),
        cmocka_unit_test(test_stop_while_play_is_pending),
        cmocka_unit_test(test_play_only_on_stream_1),
        cmocka_unit_test(test_amf3_commands),
        cmocka_unit_test(test_enhanced_connect),
        cmocka_unit_test(test_odd_connect),
        cmocka_unit_test(test_aggregate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
