// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "relay/input_pace.h"
#include "relay/media_file.h"
#include "relay/rtsp_message.h"
#include "relay/rtsp_session.h"

// --- playlists ---

static int
parse(const char *text, size_t len, struct media_playlist *out)
{
    char *copy = malloc(len > 0 ? len : 1); // so that reading past the end is seen
    memcpy(copy, text, len);
    int ret = media_playlist_parse("shows/day.m3u", copy, len, out);
    free(copy);
    return ret;
}

static void
test_playlist(void **state)
{
    (void)state;
    static const char TEXT[] = "\xef\xbb\xbf#EXTM3U\r\n#EXTINF:4,\r\n a.mp4 \r\n\r\n"
                               "sub/b c.mp4\n/media/x.ts";
    struct media_playlist list;
    assert_int_equal(parse(TEXT, sizeof(TEXT) - 1, &list), 0);
    assert_int_equal(list.count, 3);
    assert_string_equal(list.entries[0], "shows/a.mp4");
    assert_string_equal(list.entries[1], "shows/sub/b c.mp4");
    assert_string_equal(list.entries[2], "/media/x.ts");
    media_playlist_finish(&list);
    for (size_t len = 0; len < sizeof(TEXT); len++) {
        if (parse(TEXT, len, &list) == 0) {
            media_playlist_finish(&list);
        }
    }
    assert_int_equal(parse("", 0, &list), -ENODATA);
    assert_int_equal(parse("# nothing\n", 10, &list), -ENODATA);
    assert_int_equal(parse("a\0b\n", 4, &list), -EINVAL);
}

static void
test_playlist_limits(void **state)
{
    (void)state;
    struct media_playlist list;
    char *text = malloc(2 * 1001);
    for (size_t i = 0; i < 1001; i++) {
        memcpy(text + 2 * i, "a\n", 2);
    }
    assert_int_equal(parse(text, 2000, &list), 0);
    media_playlist_finish(&list);
    assert_int_equal(parse(text, 2002, &list), -E2BIG);
    memset(text, 'a', 1100);
    assert_int_equal(parse(text, 1100, &list), -ENAMETOOLONG);
    free(text);
}

static int
try_open(const char *directory, const char *path)
{
    int fd = media_file_open(directory, path);
    if (fd >= 0) {
        close(fd);
        return 0;
    }
    return fd;
}

static void
test_open(void **state)
{
    (void)state;
    char dir[] = "/tmp/branchcast-media.XXXXXX";
    char path[128];
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/a.mp4", dir);
    fclose(fopen(path, "w"));
    assert_int_equal(try_open(dir, "a.mp4"), 0);
    assert_int_equal(try_open(dir, path), 0); // absolute, but inside
    assert_int_equal(try_open(dir, "none.mp4"), -ENOENT);
    assert_int_equal(try_open(dir, "/etc/hostname"), -EACCES);
    assert_int_equal(try_open(dir, "../etc/hostname"), -EACCES);
    assert_int_equal(try_open(dir, "./a.mp4"), -EACCES);
    assert_int_equal(try_open(dir, "a.mp4/b"), -EACCES);
    assert_int_equal(try_open(dir, ""), -EACCES);
    assert_int_equal(try_open(dir, "//etc"), -EACCES);
    unlink(path);
    assert_int_equal(symlink("/etc/hostname", path), 0);
    assert_int_equal(try_open(dir, "a.mp4"), -EACCES);
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(try_open(dir, "a.mp4"), -EACCES);
    unlink(path);
    assert_int_equal(symlink("/etc", path), 0);
    assert_int_equal(try_open(dir, "a.mp4/hostname"), -EACCES);
    unlink(path);
    rmdir(dir);
}

// --- pace ---

static void
test_pace(void **state)
{
    (void)state;
    struct input_pace p = { .lead_us = 0 };
    assert_int_equal(input_pace_wait_us(&p, 5000000, 100, 1000), 0); // the first is due
    assert_int_equal(input_pace_wait_us(&p, 5040000, 100, 1000), 40000);
    assert_int_equal(input_pace_wait_us(&p, 5040000, 100, 41000), 0);
    // Two seconds late: from here on the clock counts anew.
    assert_int_equal(input_pace_wait_us(&p, 5080000, 100, 2081000), 0);
    assert_int_equal(input_pace_wait_us(&p, 5120000, 100, 2081000), 40000);
    // A jump either way is not waited for.
    assert_int_equal(input_pace_wait_us(&p, 95000000000, 100, 2100000), 0);
    assert_int_equal(input_pace_wait_us(&p, 0, 100, 2100000), 0);
}

static void
test_pace_is_bounded(void **state)
{
    (void)state;
    struct input_pace p = { .lead_us = 10000000 };
    int64_t now = 0;
    uint64_t bytes = 0;
    // Stamps that stand still: bytes count.
    while (now < 1000000) {
        now += input_pace_wait_us(&p, 0, 1000000, now) + 1;
        bytes += 1000000;
    }
    assert_in_range(bytes, 1000000, 100000000);
    struct input_pace live = { .lead_us = 10000000 };
    assert_int_equal(input_pace_wait_us(&live, 0, 1, 0), 0);
    assert_int_equal(input_pace_wait_us(&live, 9000000, 1, 0), 0);
    assert_int_equal(input_pace_wait_us(&live, 12000000, 1, 0), 2000000);
}

// --- RTSP ---

static const char ANSWER[] = "RTSP/1.0 200 OK\r\nCSeq: 1\r\ncontent-length: 4\r\n"
                             "Session:  abc;timeout=60\r\n\r\nv=0\n"
                             "$\1\0\3xyz"
                             "OPTIONS * RTSP/1.0\r\nCSeq: 9\r\n\r\n";

static void
test_rtsp_stream(void **state)
{
    (void)state;
    // Cut anywhere, the messages are the same.
    for (size_t cut = 0; cut < sizeof(ANSWER); cut++) {
        struct rtsp_stream s;
        struct rtsp_message m;
        char value[32];
        unsigned found = 0;
        size_t at = 0;
        assert_true(rtsp_stream_init(&s));
        while (at < sizeof(ANSWER) - 1) {
            uint8_t *room;
            size_t n = at < cut ? cut - at : sizeof(ANSWER) - 1 - at;
            assert_true(rtsp_stream_room(&s, &room) >= n);
            memcpy(room, ANSWER + at, n);
            rtsp_stream_filled(&s, n);
            at += n;
            while (rtsp_stream_next(&s, &m) == 1) {
                found++;
                assert_int_equal(m.status, found == 1 ? 200 : 0);
                assert_int_equal(m.is_packet, found == 2);
                if (found == 1) {
                    assert_memory_equal(m.body, "v=0\n", 4);
                    assert_true(rtsp_message_header(&m, "Session", value, 32));
                    assert_string_equal(value, "abc;timeout=60");
                    assert_false(rtsp_message_header(&m, "Session", value, 4));
                }
            }
        }
        assert_int_equal(found, 3);
        rtsp_stream_finish(&s);
    }
}

static int
feed(const char *text)
{
    struct rtsp_stream s;
    struct rtsp_message m;
    uint8_t *room;
    assert_true(rtsp_stream_init(&s));
    rtsp_stream_room(&s, &room);
    memcpy(room, text, strlen(text));
    rtsp_stream_filled(&s, strlen(text));
    int ret = rtsp_stream_next(&s, &m);
    rtsp_stream_finish(&s);
    return ret;
}

static void
test_rtsp_rubbish(void **state)
{
    (void)state;
    assert_int_equal(feed("HTTP/1.1 200 OK\r\n\r\n"), -EINVAL);
    assert_int_equal(feed("RTSP/1.0 2x0 OK\r\n\r\n"), -EINVAL);
    assert_int_equal(feed("RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n"), -EINVAL);
    assert_int_equal(feed("RTSP/1.0 200 OK\r\nContent-Length: 99999\r\n\r\n"), -EINVAL);
    char *endless = malloc(20001);
    memset(endless, 'a', 20000);
    endless[20000] = '\0';
    assert_int_equal(feed(endless), -EINVAL);
    free(endless);
}

static void
test_rtsp_description(void **state)
{
    (void)state;
    static const char SDP[] = "v=0\r\na=control:*\r\nm=video 0 RTP/AVP 96\r\n"
                              "a=control:trackID=0\r\nm=audio 0 RTP/AVP 97\r\n";
    char out[64];
    assert_true(rtsp_sdp_control(SDP, "video", out, sizeof(out)));
    assert_string_equal(out, "trackID=0");
    assert_true(rtsp_sdp_control(SDP, "audio", out, sizeof(out)));
    assert_string_equal(out, "");
    assert_false(rtsp_sdp_control(SDP, "text", out, sizeof(out)));
    rtsp_control_url("rtsp://a/b", "trackID=0", out, sizeof(out));
    assert_string_equal(out, "rtsp://a/b/trackID=0");
    rtsp_control_url("rtsp://a/b/", "*", out, sizeof(out));
    assert_string_equal(out, "rtsp://a/b/");
    rtsp_control_url("rtsp://a/b", "rtsp://a/c", out, sizeof(out));
    assert_string_equal(out, "rtsp://a/c");
}

// RFC 2617, 3.5, with the method and URI of it, without qop.
static void
test_rtsp_digest(void **state)
{
    (void)state;
    static const char CHALLENGE[]
        = "WWW-Authenticate: Digest realm=\"testrealm@host.com\", nonce=\"dcd98b\"\r\n";
    struct rtsp_message m = { .status = 401, .head = CHALLENGE,
        .head_len = sizeof(CHALLENGE) - 1 };
    struct rtsp_auth auth = { .kind = RTSP_AUTH_NONE };
    char header[1024];
    assert_false(rtsp_auth_challenge(&auth, &m, "", ""));
    assert_true(rtsp_auth_challenge(&auth, &m, "Mufasa", "Circle Of Life"));
    rtsp_auth_header(&auth, "GET", "/dir/index.html", header, sizeof(header));
    assert_non_null(strstr(header, "username=\"Mufasa\", realm=\"testrealm@host.com\""));
    struct rtsp_auth basic = { .kind = RTSP_AUTH_BASIC, .user = "a", .password = "b" };
    rtsp_auth_header(&basic, "GET", "/", header, sizeof(header));
    assert_string_equal(header, "Authorization: Basic YTpi\r\n");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_playlist),
        cmocka_unit_test(test_playlist_limits),
        cmocka_unit_test(test_open),
        cmocka_unit_test(test_pace),
        cmocka_unit_test(test_pace_is_bounded),
        cmocka_unit_test(test_rtsp_stream),
        cmocka_unit_test(test_rtsp_rubbish),
        cmocka_unit_test(test_rtsp_description),
        cmocka_unit_test(test_rtsp_digest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
