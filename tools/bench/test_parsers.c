// SPDX-License-Identifier: Apache-2.0
// The load generator's parsers: every input is fed in pieces of many sizes.
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "amf.h"
#include "flv.h"
#include "hls_follow.h"
#include "http_response.h"
#include "playlist.h"
#include "rtmp_chunk.h"
#include "samples.h"
#include "stamp.h"
#include "ws.h"

static size_t
piece(size_t left, unsigned *seed)
{
    size_t n = (size_t)rand_r(seed) % (rand_r(seed) % 4 ? 9 : 4000) + 1;
    return n < left ? n : left;
}

static void
test_percentile_is_nearest_rank(void **state)
{
    (void)state;
    struct bc_samples s = {0};
    assert_true(bc_samples_percentile(&s, 50) == 0);
    for (int i = 100; i >= 1; i--) {
        bc_samples_add(&s, i);
    }
    assert_int_equal((int)bc_samples_percentile(&s, 0), 1);
    assert_int_equal((int)bc_samples_percentile(&s, 50), 50);
    assert_int_equal((int)bc_samples_percentile(&s, 99), 99);
    assert_int_equal((int)bc_samples_percentile(&s, 100), 100);
    bc_samples_finish(&s);
}

// ---- stamps ----

struct seen_stamps {
    unsigned count;
    int64_t last;
};

static void
on_stamp(void *userdata, int64_t sent_ns)
{
    struct seen_stamps *seen = userdata;
    seen->count++;
    seen->last = sent_ns;
}

static void
test_stamp_needs_no_emulation_prevention(void **state)
{
    (void)state;
    uint8_t nal[BC_STAMP_NAL_LEN];
    bc_stamp_write(nal, 0);
    for (size_t i = 0; i + 2 < sizeof(nal); i++) {
        assert_true(nal[i] || nal[i + 1] || nal[i + 2] > 3);
    }
}

static void
test_stamp_is_found_in_any_pieces(void **state)
{
    (void)state;
    const int64_t sent_ns = 0x0123456789abcdef;
    uint8_t nal[BC_STAMP_NAL_LEN];
    uint8_t data[300];
    bc_stamp_write(nal, sent_ns);
    for (unsigned round = 0; round < 5000; round++) {
        unsigned seed = round;
        struct bc_stamp_scan scan = {0};
        struct seen_stamps seen = {0};
        size_t at = (size_t)rand_r(&seed) % (sizeof(data) - 2 * BC_STAMP_NAL_LEN);
        memset(data, 0xb7, sizeof(data)); // the UUID's first byte: false starts
        memcpy(data + at, nal, sizeof(nal));
        memcpy(data + at + sizeof(nal), nal, sizeof(nal));
        for (size_t p = 0, n; p < sizeof(data); p += n) {
            n = piece(sizeof(data) - p, &seed);
            bc_stamp_scan_feed(&scan, data + p, n, on_stamp, &seen);
        }
        assert_int_equal(seen.count, 2);
        assert_true(seen.last == sent_ns);
    }
}

// ---- FLV ----

struct seen_tags {
    unsigned tags;
    unsigned frames;
    unsigned keys;
    uint32_t last_ts_ms;
    size_t bytes;
};

static void
on_tag_bytes(void *userdata, uint8_t type, const uint8_t *p, size_t n)
{
    (void)type, (void)p;
    ((struct seen_tags *)userdata)->bytes += n;
}

static void
on_tag(void *userdata, uint8_t type, uint32_t ts_ms, const uint8_t *head, size_t head_len)
{
    struct seen_tags *seen = userdata;
    struct bc_flv_kind kind = bc_flv_kind_of(type, head, head_len);
    seen->tags++;
    seen->frames += kind.media && kind.video;
    seen->keys += kind.key;
    seen->last_ts_ms = ts_ms;
}

static const struct bc_flv_callbacks flv_callbacks = {on_tag_bytes, on_tag};

static void
add_flv_tag(struct bc_buf *b, const uint8_t *body, uint32_t len, uint32_t ts_ms)
{
    uint8_t header[BC_FLV_TAG_HEADER] = {BC_FLV_VIDEO};
    uint8_t trailer[4];
    bc_write24(header + 1, len);
    bc_write24(header + 4, ts_ms & 0xffffff);
    header[7] = (uint8_t)(ts_ms >> 24);
    bc_write32(trailer, len + BC_FLV_TAG_HEADER);
    bc_buf_add(b, header, sizeof(header));
    bc_buf_add(b, body, len);
    bc_buf_add(b, trailer, sizeof(trailer));
}

static void
test_flv_is_followed_in_any_pieces(void **state)
{
    (void)state;
    enum { FRAMES = 100 };
    struct bc_buf b = {0};
    uint8_t body[2000] = {0x17, 0}; // AVC sequence header
    size_t bytes = 5;
    bc_buf_add(&b, "FLV\1\5\0\0\0\11\0\0\0\0", 13);
    add_flv_tag(&b, body, 5, 0);
    for (uint32_t i = 1; i <= FRAMES; i++) {
        uint32_t len = 2 + i * 37 % 1500;
        body[0] = i % 10 == 1 ? 0x17 : 0x27;
        body[1] = 1; // NALU
        bytes += len;
        add_flv_tag(&b, body, len, 0x01000000 + i);
    }
    for (unsigned round = 0; round < 100; round++) {
        struct bc_flv_reader r = {0};
        struct seen_tags seen = {0};
        unsigned seed = round;
        for (size_t p = 0, n; p < b.len; p += n) {
            n = piece(b.len - p, &seed);
            assert_int_equal(bc_flv_feed(&r, b.data + p, n, &flv_callbacks, &seen), 0);
        }
        assert_int_equal(seen.tags, FRAMES + 1);
        assert_int_equal(seen.frames, FRAMES);
        assert_int_equal(seen.keys, FRAMES / 10);
        assert_int_equal(seen.last_ts_ms, 0x01000000 + FRAMES);
        assert_int_equal(seen.bytes, bytes);
    }
    bc_buf_finish(&b);
}

static void
test_flv_refuses_something_else(void **state)
{
    (void)state;
    struct bc_flv_reader r = {0};
    struct seen_tags seen = {0};
    const uint8_t html[] = "<html><body>not here</body></html>";
    assert_true(bc_flv_feed(&r, html, sizeof(html), &flv_callbacks, &seen) < 0);
}

// ---- HTTP ----

static void
collect(void *userdata, const uint8_t *p, size_t n)
{
    bc_buf_add(userdata, p, n);
}

static void
test_http_responses_follow_each_other(void **state)
{
    (void)state;
    static const char text[] =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        "5;x=y\r\nhello\r\n10\r\n, world, 16 byte\r\n0\r\nT: x\r\n\r\n"
        "HTTP/1.1 206 P\r\ncontent-length:3\r\nConnection: close\r\n\r\nabc"
        "HTTP/1.0 404 no\r\n\r\ntail";
    for (unsigned round = 0; round < 500; round++) {
        struct bc_http_response r;
        struct bc_buf body = {0};
        unsigned seed = round;
        int done = 0;
        bc_http_reset(&r);
        for (size_t p = 0; p < sizeof(text) - 1;) {
            size_t n = piece(sizeof(text) - 1 - p, &seed);
            int64_t used = bc_http_feed(&r, (const uint8_t *)text + p, n, collect, &body);
            assert_true(used > 0);
            p += (size_t)used;
            if (r.state == BC_HTTP_DONE) {
                assert_int_equal(r.status, done ? 206 : 200);
                assert_int_equal(r.keep_alive, !done);
                assert_int_equal(body.len, done ? 3 : 21);
                assert_memory_equal(body.data, done ? "abc" : "hello, world, 16 byte",
                                    body.len);
                done++;
                bc_buf_clear(&body);
                bc_http_reset(&r);
            }
        }
        assert_int_equal(done, 2);
        assert_int_equal(r.status, 404);
        assert_int_equal(r.state, BC_HTTP_UNTIL_CLOSE);
        assert_int_equal(body.len, 4);
        bc_buf_finish(&body);
    }
}

// ---- RTMP ----

enum { MESSAGES = 200 };

struct seen_messages {
    unsigned count;
    const uint32_t *want_ts_ms; // borrowed
};

static void
on_message(void *userdata, uint8_t type, uint32_t ts_ms, const uint8_t *head,
           size_t head_len)
{
    struct seen_messages *seen = userdata;
    (void)type, (void)head, (void)head_len;
    assert_true(seen->count < MESSAGES);
    assert_int_equal(ts_ms, seen->want_ts_ms[seen->count]);
    seen->count++;
}

static const char *
on_control(void *userdata, uint8_t type, const uint8_t *p, size_t n)
{
    (void)userdata, (void)type, (void)p, (void)n;
    return NULL;
}

static const struct bc_rtmp_callbacks rtmp_callbacks = {
    .on_media = on_message,
    .on_control = on_control,
};

static unsigned
feed_rtmp(const uint8_t *p, size_t n, uint32_t chunk_size, const uint32_t *want_ts_ms,
          unsigned seed)
{
    struct bc_rtmp_reader *r = bc_xcalloc(sizeof(*r));
    struct seen_messages seen = {.want_ts_ms = want_ts_ms};
    bc_rtmp_reader_init(r);
    r->chunk_size = chunk_size;
    for (size_t at = 0, len; at < n; at += len) {
        len = piece(n - at, &seed);
        assert_null(bc_rtmp_feed(r, p + at, len, &rtmp_callbacks, &seen));
    }
    bc_rtmp_reader_finish(r);
    free(r);
    return seen.count;
}

static void
test_rtmp_reads_what_it_wrote(void **state)
{
    (void)state;
    static uint8_t body[3000];
    for (unsigned round = 0; round < 100; round++) {
        unsigned seed = round;
        uint32_t chunk_size = round % 3 ? (uint32_t)rand_r(&seed) % 5000 + 1 : 70000;
        uint32_t ts_ms[MESSAGES];
        struct bc_buf b = {0};
        for (uint32_t i = 0; i < MESSAGES; i++) {
            ts_ms[i] = round % 2 ? 0xfffff0 + i : i * 20; // over the extended limit
            struct bc_rtmp_message m = {
                .chunk_stream = i & 1 ? 6 : 4,
                .type = i & 1 ? BC_RTMP_VIDEO : BC_RTMP_AUDIO,
                .stream_id = 1,
                .ts_ms = ts_ms[i],
                .payload = body,
                .len = (size_t)rand_r(&seed) % (i % 5 ? 300 : sizeof(body)),
            };
            bc_rtmp_message_write(&b, &m, chunk_size);
        }
        assert_int_equal(feed_rtmp(b.data, b.len, chunk_size, ts_ms, seed), MESSAGES);
        bc_buf_finish(&b);
    }
}

static void
test_rtmp_follows_all_header_types(void **state)
{
    (void)state;
    static const uint8_t raw[] = {
        0x04, 0,    0,    10,   0, 0,    3, 8, 1, 0,
        0,    0,    0,    0xee, // type 0: 2 of 3 bytes
        0x06, 0,    0,    20,   0, 0,    2, 9, 1, 0,
        0,    0,    1,    0xee,                         // another stream in between
        0xc4, 0xaa,                                     // the rest of the first
        0x44, 0,    0,    5,    0, 0,    2, 8, 2, 0xee, // type 1: 10 + 5
        0x86, 0,    0,    7,    3, 0xee,                // type 2: 20 + 7
        0xc4, 4,    0xee,                               // type 3, new message: 15 + 5
    };
    static const uint32_t ts_ms[] = {20, 10, 15, 27, 20};
    for (unsigned round = 0; round < 100; round++) {
        assert_int_equal(feed_rtmp(raw, sizeof(raw), 2, ts_ms, round), 5);
    }
}

static void
test_amf_skips_whole_values_only(void **state)
{
    (void)state;
    struct bc_buf b = {0};
    bc_amf_begin_object(&b);
    bc_amf_add_key(&b, "level");
    bc_amf_add_string(&b, "status");
    bc_amf_add_key(&b, "code");
    bc_amf_add_number(&b, 12.5);
    bc_amf_end_object(&b);
    for (size_t n = 0; n < b.len; n++) {
        assert_null(bc_amf_skip(b.data, b.data + n));
    }
    assert_ptr_equal(bc_amf_skip(b.data, b.data + b.len), b.data + b.len);
    bc_buf_finish(&b);
}

// ---- WebSocket ----

static const char *
on_ws_data(void *userdata, const uint8_t *p, size_t n)
{
    bc_buf_add(userdata, p, n);
    return NULL;
}

static void
on_ws_ping(void *userdata, const uint8_t *p, size_t n)
{
    (void)p;
    assert_int_equal(n, 1);
    bc_buf_add(userdata, "!", 1);
}

static const struct bc_ws_callbacks ws_callbacks = {on_ws_data, on_ws_ping};

static void
test_ws_joins_frames_and_answers_pings(void **state)
{
    (void)state;
    static const uint8_t long_frame[10] = {0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0};
    static const uint8_t zeros[0x10000];
    struct bc_buf b = {0};
    bc_buf_add(&b,
               "\x02\x03"
               "abc",
               5);                  // binary, to be continued
    bc_buf_add(&b, "\x89\x01x", 3); // a ping in between
    bc_buf_add(&b,
               "\x80\x02"
               "de",
               4); // the end of it
    bc_buf_add(&b, "\x82\x00", 2);
    bc_buf_add(&b, long_frame, sizeof(long_frame));
    bc_buf_add(&b, zeros, sizeof(zeros));
    for (unsigned round = 0; round < 50; round++) {
        struct bc_ws w = {0};
        struct bc_buf got = {0};
        unsigned seed = round;
        for (size_t p = 0, n; p < b.len; p += n) {
            n = piece(b.len - p, &seed);
            assert_null(bc_ws_feed(&w, b.data + p, n, &ws_callbacks, &got));
        }
        assert_int_equal(got.len, 6 + sizeof(zeros));
        assert_memory_equal(got.data, "abc!de", 6);
        bc_buf_finish(&got);
    }
    bc_buf_finish(&b);
}

// ---- playlists ----

static void
assert_span(struct bc_span span, const char *text)
{
    assert_int_equal(span.len, strlen(text));
    assert_memory_equal(span.start, text, span.len);
}

static void
test_playlist_lists_parts_and_segments(void **state)
{
    (void)state;
    static const char text[] =
        "#EXTM3U\n#EXT-X-TARGETDURATION:2\n"
        "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.0,CAN-SKIP-UNTIL="
        "12\n"
        "#EXT-X-PART-INF:PART-TARGET=0.5\n#EXT-X-MEDIA-SEQUENCE:4\n"
        "#EXT-X-SKIP:SKIPPED-SEGMENTS=3\n"
        "#EXT-X-MAP:URI=\"init,1.mp4\",BYTERANGE=\"100@5\"\n#EXTINF:2,\ns7.mp4\r\n"
        "#EXT-X-PART:DURATION=0.5,URI=\"s8.mp4\",BYTERANGE=\"10@0\",INDEPENDENT=YES\n"
        "#EXT-X-PART:DURATION=0.5,BYTERANGE=\"20\",URI=\"s8.mp4\"\n#EXTINF:2,\ns8.mp4\n"
        "#EXT-X-PART:URI=\"p9.0.mp4\",DURATION=0.5\n"
        "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"p9.1.mp4\"\n";
    struct bc_playlist l = {0};
    assert_int_equal(bc_playlist_parse(&l, text), 0);
    assert_true(l.can_block && l.can_skip && !l.multivariant && !l.ended);
    assert_int_equal(l.count, 5);
    assert_span(l.map, "init,1.mp4");
    assert_int_equal(l.map_len, 100);
    assert_int_equal(l.map_offset, 5);
    const struct bc_playlist_item *item = l.items;
    assert_int_equal(item[0].msn, 7);
    assert_int_equal(item[0].part, -1);
    assert_false(item[0].has_parts);
    assert_span(item[0].uri, "s7.mp4");
    assert_true(item[1].msn == 8 && item[1].part == 0 && item[1].independent);
    assert_true(item[2].part == 1 && !item[2].independent);
    assert_true(item[2].len == 20 && item[2].offset == 10);
    assert_true(item[3].msn == 8 && item[3].part == -1 && item[3].has_parts);
    assert_true(item[4].msn == 9 && item[4].part == 0 && item[4].len == -1);
    assert_span(item[4].uri, "p9.0.mp4");
    bc_playlist_finish(&l);
}

static void
test_playlist_picks_variant_and_its_audio(void **state)
{
    (void)state;
    static const char text[] =
        "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"b\",NAME=\"x\",URI=\"other.m3u8\"\n"
        "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"x,y\",URI=\"audio.m3u8\"\n"
        "#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS=\"a,b\",AUDIO=\"a\"\nvideo.m3u8\n"
        "#EXT-X-STREAM-INF:BANDWIDTH=2\nsecond.m3u8\n";
    static const char muxed[] = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nvideo.m3u8\n"
                                "#EXT-X-STREAM-INF:BANDWIDTH=2\naudio.m3u8\n";
    struct bc_playlist l = {0};
    assert_int_equal(bc_playlist_parse(&l, text), 0);
    assert_true(l.multivariant);
    assert_span(l.variant, "video.m3u8");
    assert_span(l.audio, "audio.m3u8");
    assert_int_equal(bc_playlist_parse(&l, muxed), 0);
    assert_null(l.audio.start);
    assert_true(bc_playlist_parse(&l, "<html>") < 0);
    bc_playlist_finish(&l);
}

static void
test_playlist_survives_truncation(void **state)
{
    (void)state;
    static const char text[] = "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:4\n#EXT-X-MAP:URI=\"i\"\n"
                               "#EXT-X-PART:DURATION=0.5,URI=\"a\",BYTERANGE=\"1@2\"\n";
    struct bc_playlist l = {0};
    for (size_t n = 0; n < sizeof(text); n++) {
        char *cut = strndup(text, n);
        assert_int_equal(bc_playlist_parse(&l, cut) == 0, n >= strlen("#EXTM3U"));
        free(cut);
    }
    bc_playlist_finish(&l);
}

static void
follow(struct bc_hls_follow *f, const char *items, size_t queued, size_t skipped)
{
    struct bc_playlist l = {0};
    struct bc_buf text = {0};
    bc_buf_add_text(&text,
                    "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:7\n#EXT-X-MAP:URI=\"i.mp4\"\n");
    bc_buf_add(&text, items, strlen(items) + 1);
    assert_int_equal(bc_playlist_parse(&l, (const char *)text.data), 0);
    struct bc_hls_news news = bc_hls_follow_take(f, &l);
    assert_int_equal(news.queued, queued);
    assert_int_equal(news.skipped, skipped);
    bc_buf_finish(&text);
    bc_playlist_finish(&l);
}

static void
assert_reload(const struct bc_hls_follow *f, const char *path)
{
    struct bc_buf got = {0};
    bc_hls_follow_reload_path(f, &got);
    assert_string_equal((const char *)got.data, path);
    bc_buf_finish(&got);
}

#define PART(name) "#EXT-X-PART:DURATION=0.2,URI=\"" name "\"\n"
#define KEY_PART(name) "#EXT-X-PART:DURATION=0.2,INDEPENDENT=YES,URI=\"" name "\"\n"
#define SEGMENT(name) "#EXTINF:2,\n" name "\n"

static void
test_follow_takes_each_part_once(void **state)
{
    (void)state;
    struct bc_hls_follow f;
    bc_hls_follow_init(&f, bc_xstrdup("/live/hq/video.m3u8"));
    assert_reload(&f, "/live/hq/video.m3u8");
    // Starts at the newest part with a keyframe; the map comes first.
    follow(&f, KEY_PART("7.0") PART("7.1") SEGMENT("7") KEY_PART("8.0") PART("8.1"), 3,
           0);
    assert_string_equal(bc_fetch_queue_first(&f.queue)->path, "/live/hq/i.mp4");
    bc_fetch_queue_drop_first(&f.queue);
    assert_string_equal(bc_fetch_queue_first(&f.queue)->path, "/live/hq/8.0");
    assert_reload(&f, "/live/hq/video.m3u8?_HLS_msn=8&_HLS_part=2");
    follow(&f, SEGMENT("7") KEY_PART("8.0") PART("8.1"), 0, 0);
    // The segment is complete: on to the next one.
    follow(&f, SEGMENT("7") KEY_PART("8.0") PART("8.1") PART("8.2") SEGMENT("8"), 1, 0);
    assert_reload(&f, "/live/hq/video.m3u8?_HLS_msn=9&_HLS_part=0");
    follow(&f, SEGMENT("7") SEGMENT("8") KEY_PART("9.0") PART("9.1"), 2, 0);
    follow(&f, SEGMENT("7") SEGMENT("8") SEGMENT("9") SEGMENT("10") PART("11.0"), 2, 1);
    bc_hls_follow_finish(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_percentile_is_nearest_rank),
        cmocka_unit_test(test_stamp_needs_no_emulation_prevention),
        cmocka_unit_test(test_stamp_is_found_in_any_pieces),
        cmocka_unit_test(test_flv_is_followed_in_any_pieces),
        cmocka_unit_test(test_flv_refuses_something_else),
        cmocka_unit_test(test_http_responses_follow_each_other),
        cmocka_unit_test(test_rtmp_reads_what_it_wrote),
        cmocka_unit_test(test_rtmp_follows_all_header_types),
        cmocka_unit_test(test_amf_skips_whole_values_only),
        cmocka_unit_test(test_ws_joins_frames_and_answers_pings),
        cmocka_unit_test(test_playlist_lists_parts_and_segments),
        cmocka_unit_test(test_playlist_picks_variant_and_its_audio),
        cmocka_unit_test(test_playlist_survives_truncation),
        cmocka_unit_test(test_follow_takes_each_part_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
