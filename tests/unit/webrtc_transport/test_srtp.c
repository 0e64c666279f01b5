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
#include "protocol/webrtc/transport/srtp_openssl.h"

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

// What other implementations make of the same packet and key; the key is also cut into
// key and salt at the right places.
static void
test_known_packets(void **state)
{
    (void)state;
    struct bc_srtp_keys gcm = { .profile = BC_SRTP_AEAD_AES_128_GCM,
        .local = { 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b,
            0x0c, 0x0d, 0x0e, 0x0f, // salt:
            0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xab } };
    struct bc_srtp_keys cm = { .profile = BC_SRTP_AES128_CM_SHA1_80,
        .local = { 0xe1, 0xf9, 0x7a, 0x0d, 0x3e, 0x01, 0x8b, 0xe0, 0xd6, 0x4f, 0xa3, 0x2c,
            0x06, 0xde, 0x41, 0x39, // salt:
            0x0e, 0xc6, 0x75, 0xad, 0x49, 0x8a, 0xfe, 0xeb, 0xb6, 0x96, 0x0b, 0x3a, 0xab,
            0xe6 } };
    static const uint8_t HEADER[]
        = { 0x80, 0x0f, 0x12, 0x34, 0xde, 0xca, 0xfb, 0xad, 0xca, 0xfe, 0xba, 0xbe };
    static const uint8_t BY_GCM[] = { 0xc5, 0x00, 0x2e, 0xde, 0x04, 0xcf, 0xdd, 0x2e,
        0xb9, 0x11, 0x59, 0xe0, 0x88, 0x0a, 0xa0, 0x6e, // tag:
        0xd2, 0x97, 0x68, 0x26, 0xf7, 0x96, 0xb2, 0x01, 0xdf, 0x31, 0x31, 0xa1, 0x27,
        0xe8, 0xa3, 0x92 };
    static const uint8_t BY_CM[] = { 0x4e, 0x55, 0xdc, 0x4c, 0xe7, 0x99, 0x78, 0xd8, 0x8c,
        0xa4, 0xd2, 0x15, 0x94, 0x9d, 0x24, 0x02, // tag:
        0xb7, 0x8d, 0x6a, 0xcc, 0x99, 0xea, 0x17, 0x9b, 0x8d, 0xbb };
    static const uint8_t REPORT_BY_CM[] = { 0x81, 0xc8, 0x00, 0x0b, 0xca, 0xfe, 0xba,
        0xbe, 0x71, 0x28, 0x03, 0x5b, 0xe4, 0x87, 0xb9, 0xbd, 0xbe, 0xf8, 0x90, 0x41,
        0xf9, 0x77, 0xa5, 0xa8, // E bit and index:
        0x80, 0x00, 0x00, 0x01, // tag:
        0x99, 0x3e, 0x08, 0xcd, 0x54, 0xd6, 0xc1, 0x23, 0x07, 0x98 };
    struct bc_srtp *by_gcm = bc_srtp_create(&gcm);
    struct bc_srtp *by_cm = bc_srtp_create(&cm);
    for (unsigned i = 0; i < 2; i++) {
        uint8_t packet[64];
        memcpy(packet, HEADER, 12);
        memset(packet + 12, 0xab, 16);
        int n = bc_srtp_protect(i ? by_cm : by_gcm, packet, 28);
        assert_int_equal(n, 12 + (i ? sizeof(BY_CM) : sizeof(BY_GCM)));
        assert_memory_equal(packet, HEADER, 12);
        assert_memory_equal(packet + 12, i ? BY_CM : BY_GCM, (size_t)n - 12);
    }
    uint8_t report[64];
    memcpy(report, REPORT_BY_CM, 8);
    memset(report + 8, 0xab, 16);
    // The reference's first index is 1.
    (void)bc_srtp_protect_rtcp(by_cm, report, 24);
    assert_memory_equal(report, REPORT_BY_CM, sizeof(REPORT_BY_CM));
    bc_srtp_destroy(by_gcm);
    bc_srtp_destroy(by_cm);
}

// libsrtp runs its own tests of each cipher before it takes it.
static void
test_openssl_does_the_work(void **state)
{
    (void)state;
    assert_int_equal(bc_srtp_setup(), 0);
    assert_int_equal(srtp_openssl_install(), 0);
}

static void
test_header_extensions_and_empty_payloads(void **state)
{
    (void)state;
    static const uint8_t PACKET[] = { 0x92, 0x60, 0, 1, 0, 0, 0, 0, 0, 0, 0, 5, // X, 2 CSRCs
        0, 0, 0, 1, 0, 0, 0, 2,                                               //
        0xbe, 0xde, 0, 1, 0x10, 'm', 0, 0 };                                  // mid
    for (size_t i = 0; i < 2; i++) {
        struct pair p = make_pair(PROFILES[i]);
        uint8_t packet[64];
        memcpy(packet, PACKET, sizeof(PACKET));
        int n = bc_srtp_protect(p.a, packet, sizeof(PACKET));
        assert_true(n > 0);
        assert_memory_equal(packet, PACKET, sizeof(PACKET));
        assert_int_equal(bc_srtp_unprotect(p.b, packet, (size_t)n), sizeof(PACKET));
        // An extension that is longer than the packet.
        memcpy(packet, PACKET, sizeof(PACKET));
        packet[23] = 200;
        assert_int_equal(bc_srtp_protect(p.a, packet, sizeof(PACKET)), -EBADMSG);
        assert_int_equal(bc_srtp_unprotect(p.b, packet, sizeof(PACKET) + 16), -EBADMSG);
        free_pair(&p);
    }
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
        cmocka_unit_test(test_known_packets),
        cmocka_unit_test(test_openssl_does_the_work),
        cmocka_unit_test(test_header_extensions_and_empty_payloads),
        cmocka_unit_test(test_setup_and_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
