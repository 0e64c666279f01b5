// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dtls_pair.h"

static void
expect_connected(const struct pair *p)
{
    assert_string_equal(p->server.reason, "");
    assert_string_equal(p->client.reason, "");
    assert_int_equal(p->server.connected, 1);
    assert_int_equal(p->client.connected, 1);
    assert_int_equal(p->server.keys.profile, p->client.keys.profile);
    assert_memory_equal(p->server.keys.local, p->client.keys.remote, 30);
    assert_memory_equal(p->server.keys.remote, p->client.keys.local, 30);
    assert_memory_not_equal(p->server.keys.local, p->server.keys.remote, 30);
    assert_true(p->server.largest <= 1200);
    assert_true(p->client.largest <= 1200);
}

static void
test_handshake(void **state)
{
    (void)state;
    struct pair p;
    pair_init(&p, true);
    assert_int_equal(bc_dtls_send(p.client.dtls, (const uint8_t *)"x", 1), -ENOTCONN);
    assert_int_equal(bc_dtls_timeout_us(p.server.dtls), -1);
    assert_int_equal(bc_dtls_timeout_us(p.client.dtls), -1);
    bc_dtls_start(p.server.dtls); // nothing happens
    bc_dtls_start(p.client.dtls);
    assert_int_equal(p.client.sent, 1);
    assert_in_range(bc_dtls_timeout_us(p.client.dtls), 100000, 200000);
    pair_carry(&p);
    expect_connected(&p);
    assert_int_equal(p.server.keys.profile, BC_SRTP_AEAD_AES_128_GCM);
    assert_int_equal(bc_dtls_timeout_us(p.server.dtls), -1);
    assert_int_equal(bc_dtls_timeout_us(p.client.dtls), -1);
    // Flights share datagrams: ClientHello, ServerHello…Done, Certificate…Finished,
    // Finished.
    assert_true(p.client.sent + p.server.sent <= 5);
    pair_finish(&p);
}

static void
test_keys_work_in_srtp(void **state)
{
    (void)state;
    struct pair p;
    pair_init(&p, true);
    assert_true(pair_run(&p));
    struct bc_srtp *a = bc_srtp_create(&p.server.keys);
    struct bc_srtp *b = bc_srtp_create(&p.client.keys);
    uint8_t packet[64] = { 0x80, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 'h', 'i' };
    int n = bc_srtp_protect(a, packet, 14);
    assert_int_equal(bc_srtp_unprotect(b, packet, (size_t)n), 14);
    n = bc_srtp_protect(b, packet, 14);
    assert_int_equal(bc_srtp_unprotect(a, packet, (size_t)n), 14);
    bc_srtp_destroy(a);
    bc_srtp_destroy(b);
    pair_finish(&p);
}

static void
test_each_loss_is_made_good(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 8; n++) {
        struct pair p;
        pair_init(&p, true);
        p.drop = UINT64_C(1) << n;
        assert_true(pair_run(&p));
        expect_connected(&p);
        pair_finish(&p);
    }
}

// The server's last flight is lost: it is connected, and the client asks again.
static void
test_finished_is_answered_again(void **state)
{
    (void)state;
    struct pair p;
    pair_init(&p, true);
    bc_dtls_start(p.client.dtls);
    while (p.server.connected == 0) {
        struct pair_end *from = p.client.queued > 0 ? &p.client : &p.server;
        assert_true(from->queued > 0);
        unsigned count = from->queued;
        from->queued = 0;
        for (unsigned i = 0; i < count; i++) {
            struct pair_datagram d = from->queue[i];
            bc_dtls_input(from->peer->dtls, d.data, d.len);
        }
    }
    p.server.queued = 0;
    assert_int_equal(p.client.connected, 0);
    assert_true(pair_wait(&p));
    assert_true(p.client.queued > 0);
    pair_carry(&p);
    expect_connected(&p);
    pair_finish(&p);
}

static void
test_reordered_and_repeated(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 4; n++) {
        struct pair p;
        pair_init(&p, true);
        p.backwards = n & 1;
        p.copies = n & 2 ? 3 : 1;
        assert_true(pair_run(&p));
        expect_connected(&p);
        pair_finish(&p);
    }
}

static void
test_a_bad_network(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 15; seed++) {
        struct pair p;
        pair_init(&p, true);
        p.random = seed * 7919;
        p.loss_percent = 30;
        p.backwards = seed & 1;
        assert_true(pair_run(&p));
        expect_connected(&p);
        pair_finish(&p);
    }
}

static void
test_no_answer_ends_it(void **state)
{
    (void)state;
    struct pair p;
    pair_init(&p, true);
    p.loss_percent = 100;
    bc_dtls_start(p.client.dtls);
    unsigned rounds = 0;
    while (p.client.closed == 0 && rounds++ < 50) {
        p.client.queued = 0;
        assert_true(pair_wait(&p));
    }
    assert_int_equal(p.client.closed, 1);
    assert_string_equal(p.client.reason, "the DTLS handshake got no answer");
    assert_int_equal(bc_dtls_timeout_us(p.client.dtls), -1);
    pair_finish(&p);
}

static void
test_data_both_ways(void **state)
{
    (void)state;
    struct pair p;
    pair_init(&p, true);
    assert_true(pair_run(&p));
    uint8_t data[BC_DTLS_DATA_MAX + 1];
    memset(data, 'd', sizeof(data));
    assert_int_equal(bc_dtls_send(p.client.dtls, data, BC_DTLS_DATA_MAX), 0);
    assert_int_equal(bc_dtls_send(p.client.dtls, data, sizeof(data)), -EMSGSIZE);
    assert_int_equal(bc_dtls_send(p.client.dtls, data, 0), -EMSGSIZE);
    assert_int_equal(p.client.largest, 1200);
    pair_carry(&p);
    assert_int_equal(p.server.records, 1);
    assert_int_equal(p.server.data_len, BC_DTLS_DATA_MAX);
    assert_memory_equal(p.server.data, data, BC_DTLS_DATA_MAX);

    // Two records in one datagram.
    assert_int_equal(bc_dtls_send(p.server.dtls, data, 10), 0);
    assert_int_equal(bc_dtls_send(p.server.dtls, data, 20), 0);
    assert_int_equal(p.server.queued, 2);
    struct pair_datagram both = p.server.queue[0];
    memcpy(both.data + both.len, p.server.queue[1].data, p.server.queue[1].len);
    both.len += p.server.queue[1].len;
    p.server.queued = 0;
    bc_dtls_input(p.client.dtls, both.data, both.len);
    assert_int_equal(p.client.records, 2);
    assert_int_equal(p.client.data_len, 20);

    // Replayed, cut and forged ones are passed over.
    bc_dtls_input(p.client.dtls, both.data, both.len);
    bc_dtls_send(p.server.dtls, data, 10);
    struct pair_datagram one = p.server.queue[0];
    p.server.queued = 0;
    for (size_t len = 0; len < one.len; len++) {
        bc_dtls_input(p.client.dtls, one.data, len);
    }
    one.data[one.len - 1] ^= 1;
    bc_dtls_input(p.client.dtls, one.data, one.len);
    assert_int_equal(p.client.records, 2);
    one.data[one.len - 1] ^= 1;
    bc_dtls_input(p.client.dtls, one.data, one.len);
    assert_int_equal(p.client.records, 3);
    assert_int_equal(p.client.closed, 0);
    pair_finish(&p);
}

static void
test_close_notify(void **state)
{
    (void)state;
    struct pair p;
    pair_init(&p, true);
    assert_true(pair_run(&p));
    bc_dtls_shutdown(p.client.dtls);
    pair_carry(&p);
    assert_int_equal(p.server.closed, 1);
    assert_string_equal(p.server.reason, "DTLS was closed by the peer");
    assert_int_equal(p.client.closed, 0); // it knows
    assert_int_equal(bc_dtls_send(p.server.dtls, (const uint8_t *)"x", 1), -ENOTCONN);
    assert_int_equal(bc_dtls_send(p.client.dtls, (const uint8_t *)"x", 1), -ENOTCONN);
    bc_dtls_shutdown(p.server.dtls);
    pair_finish(&p);
}

static void
expect_refused(struct pair *p, const char *reason)
{
    assert_true(pair_run(p));
    assert_int_equal(p->server.connected, 0);
    assert_int_equal(p->server.closed, 1);
    assert_string_equal(p->server.reason, reason);
    // The client thought that it was connected, and is told.
    pair_carry(p);
    assert_int_equal(p->client.closed, 1);
    assert_int_equal(bc_dtls_timeout_us(p->server.dtls), -1);
    pair_finish(p);
}

static void
test_wrong_fingerprint(void **state)
{
    (void)state;
    struct pair p;
    pair_init(&p, true);
    struct bc_sdp_fingerprint f =
        pair_fingerprint(bc_dtls_identity_fingerprint(p.client.identity));
    f.value[31] ^= 1;
    pair_open_end(&p.server, false, &f, 1);
    expect_refused(&p, "the DTLS certificate is not the one of the SDP's fingerprint");
}

static void
test_fingerprint_of_another_length(void **state)
{
    (void)state;
    struct pair p;
    pair_init(&p, true);
    struct bc_sdp_fingerprint f =
        pair_fingerprint(bc_dtls_identity_fingerprint(p.client.identity));
    f.len = 31;
    pair_open_end(&p.server, false, &f, 1);
    expect_refused(&p, "the DTLS certificate is not the one of the SDP's fingerprint");
}

static void
test_sha1_does_not_count(void **state)
{
    (void)state;
    struct pair p;
    pair_init(&p, true);
    struct bc_sdp_fingerprint f = { .hash = "sha-1", .len = 20 };
    pair_open_end(&p.server, false, &f, 1);
    expect_refused(&p, "the SDP has no fingerprint by sha-256, sha-384 or sha-512");
    pair_init(&p, false);
    expect_refused(&p, "the SDP has no fingerprint by sha-256, sha-384 or sha-512");
}

static void
test_one_of_several_fingerprints(void **state)
{
    (void)state;
    struct pair p;
    pair_init(&p, true);
    struct bc_sdp_fingerprint list[3] = {
        { .hash = "sha-1", .len = 20 },
        { .hash = "sha-256", .len = 32 },
        pair_fingerprint(bc_dtls_identity_fingerprint(p.client.identity)),
    };
    pair_open_end(&p.server, false, list, 3);
    assert_true(pair_run(&p));
    expect_connected(&p);
    pair_finish(&p);
}

static void
test_identity_fingerprint_text(void **state)
{
    (void)state;
    struct bc_dtls_identity *identity = bc_dtls_identity_create();
    const char *text = bc_dtls_identity_fingerprint(identity);
    assert_int_equal(strlen(text), 8 + 32 * 3 - 1);
    assert_memory_equal(text, "sha-256 ", 8);
    assert_int_equal(strspn(text + 8, "0123456789ABCDEF:"), 32 * 3 - 1);
    bc_dtls_identity_destroy(identity);
    bc_dtls_identity_destroy(NULL);
    bc_dtls_destroy(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_handshake),
        cmocka_unit_test(test_keys_work_in_srtp),
        cmocka_unit_test(test_each_loss_is_made_good),
        cmocka_unit_test(test_finished_is_answered_again),
        cmocka_unit_test(test_reordered_and_repeated),
        cmocka_unit_test(test_a_bad_network),
        cmocka_unit_test(test_no_answer_ends_it),
        cmocka_unit_test(test_data_both_ways),
        cmocka_unit_test(test_close_notify),
        cmocka_unit_test(test_wrong_fingerprint),
        cmocka_unit_test(test_fingerprint_of_another_length),
        cmocka_unit_test(test_sha1_does_not_count),
        cmocka_unit_test(test_one_of_several_fingerprints),
        cmocka_unit_test(test_identity_fingerprint_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
