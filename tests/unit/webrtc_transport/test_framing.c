// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/webrtc/framing.h"

// What came out: each frame as one byte of length and its bytes.
struct heard {
    uint8_t data[8192];
    size_t len;
    unsigned frames;
};

static void
on_frame(void *user, uint8_t *frame, size_t len)
{
    struct heard *h = user;
    h->data[h->len++] = (uint8_t)len;
    memcpy(h->data + h->len, frame, len);
    memset(frame, 0xee, len); // it is the callee's
    h->len += len;
    h->frames++;
}

static const uint8_t STREAM[] = {
    0x00, 0x03, 'a', 'b', 'c', // three bytes
    0x00, 0x00,                // keep-alive
    0x00, 0x01, 'd',           //
    0x00, 0x02, 'e', 'f',      //
};
static const uint8_t FRAMES[] = { 3, 'a', 'b', 'c', 1, 'd', 2, 'e', 'f' };

static void
test_frames_at_every_cut(void **state)
{
    (void)state;
    for (size_t a = 0; a <= sizeof(STREAM); a++) {
        for (size_t b = a; b <= sizeof(STREAM); b++) {
            struct bc_rtp_framing f = { .frame = NULL };
            struct heard h = { .len = 0 };
            assert_int_equal(bc_rtp_framing_input(&f, STREAM, a, on_frame, &h), 0);
            assert_int_equal(
                bc_rtp_framing_input(&f, STREAM + a, b - a, on_frame, &h), 0);
            assert_int_equal(bc_rtp_framing_input(
                                 &f, STREAM + b, sizeof(STREAM) - b, on_frame, &h),
                0);
            assert_int_equal(h.frames, 3);
            assert_int_equal(h.len, sizeof(FRAMES));
            assert_memory_equal(h.data, FRAMES, sizeof(FRAMES));
            assert_null(f.frame);
            bc_rtp_framing_finish(&f);
        }
    }
}

static void
test_truncation_holds_one_frame(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof(STREAM); len++) {
        struct bc_rtp_framing f = { .frame = NULL };
        struct heard h = { .len = 0 };
        assert_int_equal(bc_rtp_framing_input(&f, STREAM, len, on_frame, &h), 0);
        assert_true(h.frames < 3);
        bc_rtp_framing_finish(&f);
    }
}

static void
test_maximum(void **state)
{
    (void)state;
    struct bc_rtp_framing f = { .frame = NULL };
    struct heard h = { .len = 0 };
    uint8_t frame[2 + BC_RTP_FRAMING_MAX] = { 0 };
    assert_int_equal(bc_rtp_framing_head(frame, BC_RTP_FRAMING_MAX), 0);
    assert_int_equal(bc_rtp_framing_input(&f, frame, sizeof(frame), on_frame, &h), 0);
    assert_int_equal(h.frames, 1);

    static const uint8_t TOO_LONG[] = { 0x08, 0x01, 'x' };
    assert_int_equal(
        bc_rtp_framing_input(&f, TOO_LONG, 3, on_frame, &h), -EMSGSIZE);
    assert_int_equal(bc_rtp_framing_input(&f, STREAM, 5, on_frame, &h), -EMSGSIZE);
    assert_int_equal(h.frames, 1);
    bc_rtp_framing_finish(&f);
    uint8_t head[2];
    assert_int_equal(bc_rtp_framing_head(head, BC_RTP_FRAMING_MAX + 1), -EMSGSIZE);
}

static void
finish_within(void *user, uint8_t *frame, size_t len)
{
    assert_int_equal(len, 3);
    bc_rtp_framing_finish(user);
    assert_memory_equal(frame, "abc", 3);
}

static void
test_finish_from_the_callback(void **state)
{
    (void)state;
    struct bc_rtp_framing f = { .frame = NULL };
    assert_int_equal(bc_rtp_framing_input(&f, STREAM, 5, finish_within, &f), 0);
    bc_rtp_framing_finish(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frames_at_every_cut),
        cmocka_unit_test(test_truncation_holds_one_frame),
        cmocka_unit_test(test_maximum),
        cmocka_unit_test(test_finish_from_the_callback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
