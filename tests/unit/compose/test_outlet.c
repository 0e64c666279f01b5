// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compose/flv_body.h"
#include "compose/outlet_url.h"
#include "container/flv.h"

static void
test_urls(void **state)
{
    (void)state;
    struct compose_outlet_url u;
    assert_true(compose_outlet_url_parse("rtmp://h:19/live/x/out?key=a/b", &u));
    assert_string_equal(u.host, "h");
    assert_string_equal(u.port, "19");
    assert_string_equal(u.app, "live/x");
    assert_string_equal(u.stream, "out?key=a/b");
    assert_string_equal(u.tc_url, "rtmp://h:19/live/x");
    assert_true(compose_outlet_url_parse("rtmp://[::1]/a/b", &u));
    assert_string_equal(u.host, "::1");
    assert_string_equal(u.port, "1935");
    static const char *const BAD[] = { "", "http://h/a/b", "rtmp://h/a", "rtmp:///a/b",
        "rtmp://h:x/a/b", "rtmp://h/a/", "rtmp://h/a/?key=k", "rtmp://[::1/a/b" };
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        assert_false(compose_outlet_url_parse(BAD[i], &u));
    }
}

// What our own ingest makes of a further quality.
static void
test_renditions_are_tracks_of_a_multitrack(void **state)
{
    (void)state;
    static const uint8_t SLICE[] = { 0, 0, 0, 2, 0x65, 0x88 };
    struct bc_track *track = bc_track_create(BC_KIND_VIDEO, BC_CODEC_AVC);
    struct bc_buf *buf = bc_buf_copy(SLICE, sizeof(SLICE));
    struct bc_packet *p =
        bc_packet_create(BC_KIND_VIDEO, track, buf, buf->data, buf->len);
    struct bc_writer w = { 0 };
    struct bc_flv_video v;
    p->flags = BC_PACKET_KEY;
    p->rendition = 2;
    track->config = bc_buf_copy("\x01\x42", 2);
    assert_true(compose_body_frame(&w, p));
    assert_int_equal(bc_flv_parse_video(w.data, w.len, &v), 0);
    assert_true(v.multitrack && v.key);
    assert_int_equal(v.track_id, 2);
    assert_int_equal(v.codec, BC_CODEC_AVC);
    assert_int_equal(v.type, BC_FLV_FRAMES);
    assert_int_equal(v.len, sizeof(SLICE));
    bc_writer_reset(&w);
    assert_true(compose_body_config(&w, track, 2));
    assert_int_equal(bc_flv_parse_video(w.data, w.len, &v), 0);
    assert_int_equal(v.type, BC_FLV_SEQUENCE_HEADER);
    assert_int_equal(v.track_id, 2);
    bc_writer_reset(&w);
    p->rendition = 0;
    assert_true(compose_body_frame(&w, p));
    assert_int_equal(bc_flv_parse_video(w.data, w.len, &v), 0);
    assert_false(v.enhanced);
    bc_writer_finish(&w);
    bc_packet_unref(&p);
    bc_track_unref(&track);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_renditions_are_tracks_of_a_multitrack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
