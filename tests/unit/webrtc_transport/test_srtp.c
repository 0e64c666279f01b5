// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/webrtc/srtp.h"

struct pair {
    struct bc_srtp *a;
    struct bc_srtp *b;
};

static struct pair
make_pair(enum bc_srtp_profile profile)
{
    struct bc_srtp_keys keys = { .profile = profile };
    for (unsigned i = 0; i < 30; i++) {
        keys.local[i] = (uint8_t)i;
        keys.remote[i] = (uint8_t)(0x80 + i);
    }
    struct bc_srtp_keys other = { .profile = profile };
    memcpy(other.local, keys.remote, 30);
    memcpy(other.remote, keys.local, 30);
    struct pair p = { bc_srtp_create(&keys), bc_srtp_create(&other) };
    assert_non_null(p.a);
    assert_non_null(p.b);
    return p;
}

static void
free_pair(struct pair *p)
{
    bc_srtp_destroy(p->a);
    bc_srtp_destroy(p->b);
}

static size_t
rtp(uint8_t *out, uint16_t seq, uint32_t ssrc)
{
    const uint8_t header[] = { 0x80, 96, (uint8_t)(seq >> 8), (uint8_t)seq, 0, 0, 0, 1,
        (uint8_t)(ssrc >> 24), (uint8_t)(ssrc >> 16), (uint8_t)(ssrc >> 8),
        (uint8_t)ssrc };
    memcpy(out, header, sizeof(header));
    memcpy(out + sizeof(header), "some payload", 12);
    return sizeof(header) + 12;
}

// A receiver report without blocks, then a PLI.
static const uint8_t RTCP[] = {
    0x80, 201, 0, 1, 0, 0, 0, 7,                    //
    0x81, 206, 0, 2, 0, 0, 0, 7, 0, 0, 0, 9,        //
};

static const enum bc_srtp_profile PROFILES[]
    = { BC_SRTP_AEAD_AES_128_GCM, BC_SRTP_AES128_CM_SHA1_80 };

static void
test_round_trip(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct pair p = make_pair(PROFILES[i]);
        for (uint32_t ssrc = 1; ssrc <= 3; ssrc++) {
            uint8_t plain[64];
            size_t len = rtp(plain, 100, ssrc);
            uint8_t packet[64];
            memcpy(packet, plain, len);
            int n = bc_srtp_protect(p.a, packet, len);
            assert_int_equal(n, len + (i == 0 ? 16 : 10));
            assert_true((size_t)n <= len + BC_SRTP_OVERHEAD);
            assert_memory_equal(packet, plain, 12);
            assert_memory_not_equal(packet + 12, plain + 12, 12);
            assert_int_equal(bc_srtp_unprotect(p.b, packet, (size_t)n), len);
            assert_memory_equal(packet, plain, len);
        }
        // The other way round with other keys.
        uint8_t packet[64];
        size_t len = rtp(packet, 7, 0xdeadbeef);
        int n = bc_srtp_protect(p.b, packet, len);
        assert_int_equal(bc_srtp_unprotect(p.a, packet, (size_t)n), len);
        free_pair(&p);
    }
}

static void
test_rtcp_round_trip(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct pair p = make_pair(PROFILES[i]);
        uint8_t packet[64];
        memcpy(packet, RTCP, sizeof(RTCP));
        int n = bc_srtp_protect_rtcp(p.a, packet, sizeof(RTCP));
        assert_int_equal(n, sizeof(RTCP) + (i == 0 ? 20 : 14));
        assert_true((size_t)n <= sizeof(RTCP) + BC_SRTCP_OVERHEAD);
        uint8_t again[64];
        memcpy(again, packet, (size_t)n);
        assert_int_equal(bc_srtp_unprotect_rtcp(p.b, packet, (size_t)n), sizeof(RTCP));
        assert_memory_equal(packet, RTCP, sizeof(RTCP));
        assert_int_equal(bc_srtp_unprotect_rtcp(p.b, again, (size_t)n), -EALREADY);
        free_pair(&p);
    }
}

static void
test_the_same_packet_may_be_sent_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct pair p = make_pair(PROFILES[i]);
        uint8_t first[64];
        size_t len = rtp(first, 1000, 5);
        int n = bc_srtp_protect(p.a, first, len);
        uint8_t between[64];
        for (uint16_t seq = 1001; seq < 2500; seq++) {
            rtp(between, seq, 5);
            int m = bc_srtp_protect(p.a, between, len);
            assert_int_equal(bc_srtp_unprotect(p.b, between, (size_t)m), len);
        }
        uint8_t again[64];
        rtp(again, 1000, 5);
        assert_int_equal(bc_srtp_protect(p.a, again, len), n);
        assert_memory_equal(again, first, (size_t)n);
        // It is late there, but not too late; the second time it is a replay.
        assert_int_equal(bc_srtp_unprotect(p.b, again, (size_t)n), len);
        assert_int_equal(bc_srtp_unprotect(p.b, first, (size_t)n), -EALREADY);
        free_pair(&p);
    }
}

static void
test_forgery_and_truncation(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct pair p = make_pair(PROFILES[i]);
        uint8_t good[64];
        int n = bc_srtp_protect(p.a, good, rtp(good, 1, 5));
        uint8_t rtcp[64];
        memcpy(rtcp, RTCP, sizeof(RTCP));
        int m = bc_srtp_protect_rtcp(p.a, rtcp, sizeof(RTCP));
        for (int len = 0; len < n; len++) {
            uint8_t *cut = malloc((size_t)len + 1);
            memcpy(cut, good, (size_t)len);
            assert_int_equal(bc_srtp_unprotect(p.b, cut, (size_t)len), -EBADMSG);
            free(cut);
        }
        for (int len = 0; len < m; len++) {
            uint8_t *cut = malloc((size_t)len + 1);
            memcpy(cut, rtcp, (size_t)len);
            assert_int_equal(bc_srtp_unprotect_rtcp(p.b, cut, (size_t)len), -EBADMSG);
            free(cut);
        }
        for (int at = 0; at < n; at++) {
            uint8_t bad[64];
            memcpy(bad, good, (size_t)n);
            bad[at] ^= 0x20;
            assert_true(bc_srtp_unprotect(p.b, bad, (size_t)n) < 0);
        }
        assert_true(bc_srtp_unprotect(p.b, good, (size_t)n) > 0);
        assert_int_equal(bc_srtp_protect(p.a, good, 11), -EBADMSG);
        assert_int_equal(bc_srtp_protect_rtcp(p.a, good, 7), -EBADMSG);
        free_pair(&p);
    }
}

// RFC 3711 3.3.1: three rounds of the sequence number; a loss at the wrap does no harm.
static void
test_rollover(void **state)
{
    (void)state;
    struct pair p = make_pair(BC_SRTP_AEAD_AES_128_GCM);
    uint32_t seq = 30000;
    uint8_t packet[64];
    for (; seq < 3 * 65536 + 10; seq++) {
        size_t len = rtp(packet, (uint16_t)seq, 5);
        int n = bc_srtp_protect(p.a, packet, len);
        if (seq % 65536 < 3 || seq % 65536 > 65533) {
            continue; // lost
        }
        assert_int_equal(bc_srtp_unprotect(p.b, packet, (size_t)n), len);
    }
    free_pair(&p);
}

static void
test_late_packets_of_before_the_wrap(void **state)
{
    (void)state;
    struct pair p = make_pair(BC_SRTP_AES128_CM_SHA1_80);
    uint8_t late[64];
    int late_len = 0;
    for (uint32_t seq = 65000; seq < 65536 + 500; seq++) {
        uint8_t packet[64];
        int n = bc_srtp_protect(p.a, packet, rtp(packet, (uint16_t)seq, 5));
        if (seq == 65535) {
            memcpy(late, packet, (size_t)n);
            late_len = n;
            continue;
        }
        assert_true(bc_srtp_unprotect(p.b, packet, (size_t)n) > 0);
    }
    assert_int_equal(bc_srtp_unprotect(p.b, late, (size_t)late_len), 24);
    free_pair(&p);
}

static void
test_number_of_senders_is_bounded(void **state)
{
    (void)state;
    struct pair p = make_pair(BC_SRTP_AEAD_AES_128_GCM);
    uint8_t packet[64];
    int n = 0;
    unsigned accepted = 0;
    for (uint32_t ssrc = 1; ssrc <= 100; ssrc++) {
        n = bc_srtp_protect(p.a, packet, rtp(packet, 1, ssrc));
        int ret = bc_srtp_unprotect(p.b, packet, (size_t)n);
        assert_true(ret > 0 || ret == -ENOBUFS);
        accepted += ret > 0;
    }
    assert_in_range(accepted, 16, 64);
    // Those who were there go on.
    n = bc_srtp_protect(p.a, packet, rtp(packet, 2, 1));
    assert_true(bc_srtp_unprotect(p.b, packet, (size_t)n) > 0);
    free_pair(&p);
}

static void
test_setup_and_refusals(void **state)
{
    (void)state;
    assert_int_equal(bc_srtp_setup(), 0);
    assert_int_equal(bc_srtp_setup(), 0);
    struct bc_srtp_keys none = { .profile = BC_SRTP_NONE };
    assert_null(bc_srtp_create(&none));
    bc_srtp_destroy(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_rtcp_round_trip),
        cmocka_unit_test(test_the_same_packet_may_be_sent_again),
        cmocka_unit_test(test_forgery_and_truncation),
        cmocka_unit_test(test_rollover),
        cmocka_unit_test(test_late_packets_of_before_the_wrap),
        cmocka_unit_test(test_number_of_senders_is_bounded),
        cmocka_unit_test(test_setup_and_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
