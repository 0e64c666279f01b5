// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "dtls_pair.h"
#include "protocol/webrtc/transport/dtls_internal.h"

// Peers that differ from us: the client's (or server's) SSL_CTX is changed or replaced
// before the sessions are made.

static int
accept_any(X509_STORE_CTX *store, void *arg)
{
    (void)store;
    (void)arg;
    return 1;
}

// A context as a foreign peer might have it, with the identity's certificate if `cert`.
static SSL_CTX *
plain_context(const struct bc_dtls_identity *identity, bool cert)
{
    SSL_CTX *ctx = SSL_CTX_new(DTLS_method());
    SSL_CTX_set_cert_verify_callback(ctx, accept_any, NULL);
    SSL_CTX_set_options(ctx, SSL_OP_NO_QUERY_MTU);
    if (cert) {
        SSL_CTX_use_certificate(ctx, SSL_CTX_get0_certificate(identity->ctx));
        SSL_CTX_use_PrivateKey(ctx, SSL_CTX_get0_privatekey(identity->ctx));
    }
    return ctx;
}

static void
replace_context(struct bc_dtls_identity *identity, SSL_CTX *ctx)
{
    SSL_CTX_free(identity->ctx);
    identity->ctx = ctx;
}

static void
expect_profile(struct pair *p, enum bc_srtp_profile profile)
{
    assert_true(pair_run(p));
    assert_string_equal(p->server.reason, "");
    assert_string_equal(p->client.reason, "");
    assert_int_equal(p->server.connected + p->client.connected, 2);
    assert_int_equal(p->server.keys.profile, profile);
    assert_int_equal(p->client.keys.profile, profile);
    size_t len = profile == BC_SRTP_AEAD_AES_128_GCM ? 28 : 30;
    assert_memory_equal(p->server.keys.local, p->client.keys.remote, len);
    assert_memory_equal(p->server.keys.remote, p->client.keys.local, len);
    assert_true(p->server.largest <= 1200 && p->client.largest <= 1200);
}

static void
test_sha1_80_only(void **state)
{
    (void)state;
    for (unsigned server = 0; server < 2; server++) {
        struct pair p;
        pair_init(&p, true);
        struct pair_end *other = server ? &p.server : &p.client;
        SSL_CTX_set_tlsext_use_srtp(other->identity->ctx, "SRTP_AES128_CM_SHA1_80");
        pair_open(&p, true);
        expect_profile(&p, BC_SRTP_AES128_CM_SHA1_80);
        // All 14 bytes of salt are there.
        assert_memory_not_equal(p.server.keys.local + 28, "\0\0", 2);
        pair_finish(&p);
    }
}

static void
test_our_preference_wins(void **state)
{
    (void)state;
    struct pair p;
    pair_init(&p, true);
    SSL_CTX_set_tlsext_use_srtp(
        p.client.identity->ctx, "SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_128_GCM");
    pair_open(&p, true);
    expect_profile(&p, BC_SRTP_AEAD_AES_128_GCM);
    pair_finish(&p);
}

static void
expect_server_closed(struct pair *p, const char *reason)
{
    pair_run(p);
    assert_int_equal(p->server.connected, 0);
    assert_int_equal(p->server.closed, 1);
    assert_string_equal(p->server.reason, reason);
}

static void
test_no_srtp_in_common(void **state)
{
    (void)state;
    struct pair p;
    pair_init(&p, true);
    SSL_CTX_set_tlsext_use_srtp(p.client.identity->ctx, "SRTP_AES128_CM_SHA1_32");
    pair_open(&p, true);
    expect_server_closed(&p, "no SRTP profile in common");
    pair_finish(&p);
}

static void
test_peer_without_use_srtp(void **state)
{
    (void)state;
    struct pair p;
    pair_init(&p, true);
    replace_context(p.client.identity, plain_context(p.client.identity, true));
    pair_open(&p, true);
    expect_server_closed(&p, "no SRTP profile in common");
    pair_carry(&p);
    assert_int_equal(p.client.closed, 1);
    pair_finish(&p);
}

static void
test_peer_without_certificate(void **state)
{
    (void)state;
    struct pair p;
    pair_init(&p, true);
    replace_context(p.client.identity, plain_context(p.client.identity, false));
    SSL_CTX_set_tlsext_use_srtp(p.client.identity->ctx, "SRTP_AES128_CM_SHA1_80");
    pair_open(&p, true);
    expect_server_closed(&p, "DTLS failed: peer did not return a certificate");
    assert_int_equal(p.client.connected, 0);
    assert_int_equal(p.client.closed, 1); // by the alert
    pair_finish(&p);
}

static void
test_old_version_is_refused(void **state)
{
    (void)state;
    struct pair p;
    pair_init(&p, true);
    SSL_CTX *old = plain_context(p.client.identity, true);
    SSL_CTX_set_tlsext_use_srtp(old, "SRTP_AES128_CM_SHA1_80");
    SSL_CTX_set_security_level(old, 0);
    SSL_CTX_set_min_proto_version(old, DTLS1_VERSION);
    SSL_CTX_set_max_proto_version(old, DTLS1_VERSION);
    SSL_CTX_set_cipher_list(old, "ALL:@SECLEVEL=0");
    replace_context(p.client.identity, old);
    pair_open(&p, true);
    expect_server_closed(&p, "DTLS failed: unsupported protocol");
    pair_finish(&p);
}

// Servers of others often have RSA certificates.
static void
test_client_of_an_rsa_server(void **state)
{
    (void)state;
    struct pair p;
    pair_init(&p, true);
    EVP_PKEY *key = EVP_RSA_gen(2048);
    X509 *cert = X509_new();
    X509_gmtime_adj(X509_getm_notBefore(cert), 0);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    X509_set_pubkey(cert, key);
    assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
    SSL_CTX *ctx = plain_context(p.server.identity, false);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_tlsext_use_srtp(ctx, "SRTP_AES128_CM_SHA1_80");
    SSL_CTX_use_certificate(ctx, cert);
    SSL_CTX_use_PrivateKey(ctx, key);
    replace_context(p.server.identity, ctx);
    pair_open(&p, true);

    struct bc_sdp_fingerprint sha[2] = { { .hash = "sha-384", .len = 48 },
        { .hash = "sha-512", .len = 64 } };
    assert_true(X509_digest(cert, EVP_sha384(), sha[0].value, NULL));
    assert_true(X509_digest(cert, EVP_sha512(), sha[1].value, NULL));
    for (unsigned i = 0; i < 2; i++) {
        pair_open(&p, true);
        pair_open_end(&p.client, true, &sha[i], 1);
        p.server.connected = p.client.connected = 0;
        expect_profile(&p, BC_SRTP_AES128_CM_SHA1_80);
    }
    X509_free(cert);
    EVP_PKEY_free(key);
    pair_finish(&p);
}

// As long as one with a post-quantum key share: it comes in several datagrams, which
// DTLSv1_listen() could not take.
static void
make_client_hello_long(struct pair *p)
{
    uint8_t names[1800];
    for (size_t i = 0; i < sizeof(names); i += 90) {
        names[i] = 89;
        memset(names + i + 1, 'x', 89);
    }
    SSL_CTX_set_alpn_protos(p->client.identity->ctx, names, sizeof(names));
    pair_open(p, true);
}

static void
test_client_hello_in_fragments(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 8; n++) {
        struct pair p;
        pair_init(&p, true);
        make_client_hello_long(&p);
        p.backwards = n & 1;
        p.copies = n & 2 ? 2 : 1;
        p.drop = n & 4 ? 2 : 0; // its second fragment
        bc_dtls_start(p.client.dtls);
        assert_int_equal(p.client.queued, 2);
        expect_profile(&p, BC_SRTP_AEAD_AES_128_GCM);
        pair_finish(&p);
    }
}

static void
test_client_hello_again(void **state)
{
    (void)state;
    struct pair p;
    pair_init(&p, true);
    bc_dtls_start(p.client.dtls);
    struct pair_datagram hello = p.client.queue[0];
    p.client.queued = 0;
    bc_dtls_input(p.server.dtls, hello.data, hello.len);
    unsigned first = p.server.queued;
    assert_true(first > 0);
    p.server.queued = 0; // the answer is lost
    // Both send again when their timers are due, and the server answers.
    assert_true(pair_wait(&p));
    assert_true(p.server.queued > 0);
    assert_true(p.client.queued > 0);
    pair_carry(&p);
    assert_int_equal(p.server.connected, 1);
    assert_int_equal(p.client.connected, 1);
    // Long after, it does no harm.
    bc_dtls_input(p.server.dtls, hello.data, hello.len);
    assert_int_equal(p.server.closed, 0);
    assert_int_equal(bc_dtls_timeout_us(p.server.dtls), -1);
    bc_dtls_send(p.client.dtls, (const uint8_t *)"still there", 11);
    pair_carry(&p);
    assert_int_equal(p.server.records, 1);
    pair_finish(&p);
}

// What is no DTLS, or of another session, in each state.
static void
test_garbage_is_passed_over(void **state)
{
    (void)state;
    struct pair p;
    pair_init(&p, true);
    uint8_t garbage[1500];
    unsigned seed = 1;
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < 500; i++) {
            for (size_t j = 0; j < sizeof(garbage); j++) {
                seed = seed * 1103515245 + 12345;
                garbage[j] = (uint8_t)(seed >> 16);
            }
            size_t len = seed % sizeof(garbage);
            garbage[0] = 20 + seed % 44;
            bc_dtls_input(p.server.dtls, garbage, len);
            bc_dtls_input(p.client.dtls, garbage, len);
        }
        bc_dtls_input(p.server.dtls, garbage, 0);
        bc_dtls_input(p.server.dtls, garbage, DTLS_INPUT_MAX + 1);
        if (round == 0) {
            bc_dtls_start(p.client.dtls);
        } else if (round == 1) {
            pair_carry(&p);
        }
    }
    assert_int_equal(p.server.connected, 1);
    assert_int_equal(p.client.connected, 1);
    assert_int_equal(p.server.closed + p.client.closed, 0);
    pair_finish(&p);
}

static void
test_early_records_are_bounded(void **state)
{
    (void)state;
    struct pair p;
    pair_init(&p, true);
    bc_dtls_start(p.client.dtls);
    struct pair_datagram hello = p.client.queue[0];
    bc_dtls_input(p.server.dtls, hello.data, hello.len);
    for (unsigned i = 0; i < 100; i++) {
        uint8_t record[] = { 23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, (uint8_t)i, 0, 3, //
            'x', 'x', 'x' };
        bc_dtls_input(p.server.dtls, record, sizeof(record));
        assert_int_equal(p.server.closed, i >= 32);
    }
    assert_string_equal(p.server.reason, "too many DTLS records before the keys");
    assert_int_equal(bc_dtls_timeout_us(p.server.dtls), -1);
    pair_finish(&p);
}

// The record of the peer that was connected first overtakes its Finished.
static void
test_early_data_is_heard(void **state)
{
    (void)state;
    struct pair p;
    pair_init(&p, true);
    bc_dtls_start(p.client.dtls);
    while (p.server.connected == 0) {
        struct pair_end *from = p.client.queued > 0 ? &p.client : &p.server;
        struct pair_datagram d = from->queue[0];
        assert_int_equal(from->queued, 1);
        from->queued = 0;
        bc_dtls_input(from->peer->dtls, d.data, d.len);
    }
    assert_int_equal(bc_dtls_send(p.server.dtls, (const uint8_t *)"early", 5), 0);
    p.backwards = true;
    pair_carry(&p);
    assert_int_equal(p.client.connected, 1);
    assert_int_equal(p.client.records, 1);
    assert_memory_equal(p.client.data, "early", 5);
    pair_finish(&p);
}

// Two sessions whose callbacks call each other at once, and which end within one.

struct direct {
    struct bc_dtls *dtls;
    struct direct *peer;
    unsigned connected;
    unsigned records;
    unsigned closed;
    bool end_when_connected;
    bool echo;
};

static void
direct_send(void *user, const uint8_t *data, size_t len)
{
    struct direct *d = user;
    bc_dtls_input(d->peer->dtls, data, len);
}

static void
direct_connected(void *user, const struct bc_srtp_keys *keys)
{
    (void)keys;
    struct direct *d = user;
    d->connected++;
    if (d->end_when_connected) {
        bc_dtls_shutdown(d->dtls);
    } else {
        bc_dtls_send(d->dtls, (const uint8_t *)"hello", 5);
    }
}

static void
direct_data(void *user, const uint8_t *data, size_t len)
{
    struct direct *d = user;
    d->records++;
    if (d->echo && d->records < 50) {
        bc_dtls_send(d->dtls, data, len);
    } else if (d->echo) {
        bc_dtls_shutdown(d->dtls);
        bc_dtls_send(d->dtls, data, len);
    }
}

static void
direct_closed(void *user, const char *reason)
{
    (void)reason;
    struct direct *d = user;
    d->closed++;
}

static void
run_direct(struct direct *server, struct direct *client)
{
    static const struct bc_dtls_ops OPS = { direct_send, direct_connected, direct_data,
        direct_closed };
    struct bc_dtls_identity *identity = bc_dtls_identity_create();
    struct bc_sdp_fingerprint f =
        pair_fingerprint(bc_dtls_identity_fingerprint(identity));
    struct bc_dtls_params params = { .identity = identity,
        .fingerprints = &f,
        .fingerprint_count = 1,
        .ops = &OPS,
        .user = server };
    server->dtls = bc_dtls_create(&params);
    params.client = true;
    params.user = client;
    client->dtls = bc_dtls_create(&params);
    server->peer = client;
    client->peer = server;
    bc_dtls_start(client->dtls);
    bc_dtls_destroy(server->dtls);
    bc_dtls_destroy(client->dtls);
    bc_dtls_identity_destroy(identity);
}

static void
test_callbacks_may_call_back(void **state)
{
    (void)state;
    struct direct server = { .echo = true };
    struct direct client = { .echo = true };
    run_direct(&server, &client);
    assert_int_equal(server.connected, 1);
    assert_int_equal(client.connected, 1);
    assert_true(server.records >= 49 || client.records >= 49);
    assert_int_equal(server.closed + client.closed, 1); // who did not begin it
}

static void
test_end_within_on_connected(void **state)
{
    (void)state;
    struct direct server = { .end_when_connected = true };
    struct direct client = { .echo = true };
    run_direct(&server, &client);
    assert_int_equal(server.connected, 1);
    assert_int_equal(server.closed, 0);
    assert_int_equal(client.closed, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sha1_80_only),
        cmocka_unit_test(test_our_preference_wins),
        cmocka_unit_test(test_no_srtp_in_common),
        cmocka_unit_test(test_peer_without_use_srtp),
        cmocka_unit_test(test_peer_without_certificate),
        cmocka_unit_test(test_old_version_is_refused),
        cmocka_unit_test(test_client_of_an_rsa_server),
        cmocka_unit_test(test_client_hello_in_fragments),
        cmocka_unit_test(test_client_hello_again),
        cmocka_unit_test(test_garbage_is_passed_over),
        cmocka_unit_test(test_early_records_are_bounded),
        cmocka_unit_test(test_early_data_is_heard),
        cmocka_unit_test(test_callbacks_may_call_back),
        cmocka_unit_test(test_end_within_on_connected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
