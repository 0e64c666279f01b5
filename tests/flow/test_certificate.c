// SPDX-License-Identifier: Apache-2.0
// A certificate whose files change while the server runs.
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/ssl.h>

#include "flow.h"

#define MINUTE_US 61000000

struct fixture {
    struct flow flow;
    char dir[64];
    char texts[3][96];
    SSL_CTX *client;
};

static void
make_certificate(struct fixture *f)
{
    char command[512];
    snprintf(command, sizeof(command), "%s %s >/dev/null", TEST_CA, f->dir);
    assert_int_equal(system(command), 0);
}

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    snprintf(f->dir, sizeof(f->dir), "/tmp/flow-ca-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    make_certificate(f);
    snprintf(f->texts[0], sizeof(f->texts[0]), "tls.cert=%s/server.pem", f->dir);
    snprintf(f->texts[1], sizeof(f->texts[1]), "tls.key=%s/server.key", f->dir);
    const char *const overrides[] = { f->texts[0], f->texts[1], "rtmps.listen=",
        "https.listen=", NULL };
    flow_open(&f->flow, overrides);
    f->client = SSL_CTX_new(TLS_client_method());
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    flow_close(&f->flow);
    SSL_CTX_free(f->client);
    char command[128];
    snprintf(command, sizeof(command), "rm -r %s", f->dir);
    assert_int_equal(system(command), 0);
    free(f);
    return 0;
}

// A new connection's certificate, as the number that its authority gave it.
static long
serial(struct fixture *f)
{
    struct sockaddr_in to = { .sin_family = AF_INET,
        .sin_port = htons((uint16_t)f->flow.rtmp_port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    SSL *ssl = SSL_new(f->client);
    SSL_set_fd(ssl, fd);
    assert_int_equal(SSL_connect(ssl), 1);
    X509 *peer = SSL_get1_peer_certificate(ssl);
    uint64_t number = 0;
    BIGNUM *bn = ASN1_INTEGER_to_BN(X509_get0_serialNumber(peer), NULL);
    BN_mask_bits(bn, 31);
    number = BN_get_word(bn);
    BN_free(bn);
    X509_free(peer);
    SSL_free(ssl);
    close(fd);
    return (long)number;
}

static void
look_after_a_minute(struct fixture *f)
{
    flow_clock_jump(&f->flow, MINUTE_US);
    bc_server_tick(&f->flow.server);
}

static void
test_new_files_are_seen_within_a_minute(void **state)
{
    struct fixture *f = *state;
    long first = serial(f);
    look_after_a_minute(f);
    assert_int_equal(serial(f), first);
    make_certificate(f);
    bc_server_tick(&f->flow.server);
    assert_int_equal(serial(f), first);
    look_after_a_minute(f);
    FLOW_UNTIL(&f->flow, serial(f) != first);
}

static void
write_nonsense(const char *dir, const char *name)
{
    char path[96];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("nonsense\n", file);
    fclose(file);
}

static void
test_files_that_do_not_fit_change_nothing(void **state)
{
    struct fixture *f = *state;
    static const char *const NAMES[] = { "server.pem", "server.key" };
    long now = serial(f);
    for (size_t i = 0; i < 2; i++) {
        write_nonsense(f->dir, NAMES[i]);
        look_after_a_minute(f);
        look_after_a_minute(f);
        assert_int_equal(serial(f), now);
        make_certificate(f);
        look_after_a_minute(f);
        FLOW_UNTIL(&f->flow, serial(f) != now);
        now = serial(f);
    }
    char command[256];
    snprintf(command, sizeof(command), "rm %s/server.pem", f->dir);
    assert_int_equal(system(command), 0);
    look_after_a_minute(f);
    assert_int_equal(serial(f), now);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_new_files_are_seen_within_a_minute),
        TEST(test_files_that_do_not_fit_change_nothing),
    };
    return cmocka_run_group_tests_name("certificate", tests, NULL, NULL);
}
