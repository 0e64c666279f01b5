// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/webrtc/ice.h"
#include "stun_message.h"

#define USERNAME 0x0006
#define PRIORITY 0x0024
#define USE_CANDIDATE 0x0025
#define XOR_MAPPED_ADDRESS 0x0020
#define ERROR_CODE 0x0009
#define ICE_CONTROLLED 0x8029
#define ICE_CONTROLLING 0x802a
#define REQUEST 0x0001

// RFC 5769 2.1: from a controlled agent.
static const uint8_t RFC5769_REQUEST[] = {
    0x00, 0x01, 0x00, 0x58,                         // binding request, 88 bytes
    0x21, 0x12, 0xa4, 0x42,                         // cookie
    0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, // transaction
    0xfa, 0x87, 0xdf, 0xae,                         //
    0x80, 0x22, 0x00, 0x10,                         // SOFTWARE "STUN test client"
    0x53, 0x54, 0x55, 0x4e, 0x20, 0x74, 0x65, 0x73, //
    0x74, 0x20, 0x63, 0x6c, 0x69, 0x65, 0x6e, 0x74, //
    0x00, 0x24, 0x00, 0x04, 0x6e, 0x00, 0x01, 0xff, // PRIORITY
    0x80, 0x29, 0x00, 0x08, 0x93, 0x2f, 0xf9, 0xb1, // ICE-CONTROLLED
    0x51, 0x26, 0x3b, 0x36,                         //
    0x00, 0x06, 0x00, 0x09, 0x65, 0x76, 0x74, 0x6a, // USERNAME "evtj:h6vY"
    0x3a, 0x68, 0x36, 0x76, 0x59, 0x20, 0x20, 0x20, //
    0x00, 0x08, 0x00, 0x14, 0x9a, 0xea, 0xa7, 0x0c, // MESSAGE-INTEGRITY
    0xbf, 0xd8, 0xcb, 0x56, 0x78, 0x1e, 0xf2, 0xb5, //
    0xb2, 0xd3, 0xf2, 0x49, 0xc1, 0xb5, 0x71, 0xa2, //
    0x80, 0x28, 0x00, 0x04, 0xe5, 0x7a, 0x3b, 0xcf, // FINGERPRINT
};

// RFC 5769 2.2: the answer of somebody else.
static const uint8_t RFC5769_RESPONSE[] = {
    0x01, 0x01, 0x00, 0x3c, 0x21, 0x12, 0xa4, 0x42, //
    0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, //
    0xfa, 0x87, 0xdf, 0xae,                         //
    0x80, 0x22, 0x00, 0x0b, 0x74, 0x65, 0x73, 0x74, // SOFTWARE
    0x20, 0x76, 0x65, 0x63, 0x74, 0x6f, 0x72, 0x20, //
    0x00, 0x20, 0x00, 0x08, 0x00, 0x01, 0xa1, 0x47, // XOR-MAPPED-ADDRESS
    0xe1, 0x12, 0xa6, 0x43,                         //
    0x00, 0x08, 0x00, 0x14, 0x2b, 0x91, 0xf5, 0x99, // MESSAGE-INTEGRITY
    0xfd, 0x9e, 0x90, 0xc3, 0x8c, 0x74, 0x89, 0xf9, //
    0x2a, 0xf9, 0xba, 0x53, 0xf0, 0x6b, 0xe7, 0xd7, //
    0x80, 0x28, 0x00, 0x04, 0xc0, 0x7d, 0x4c, 0x96, // FINGERPRINT
};

static const struct bc_ice ICE = {
    .ufrag = "evtj",
    .pwd = "VOkJxbRl1RmTxUk/WvJxBt",
    .remote_ufrag = "h6vY",
};

// RFC 5769's client.
static struct sockaddr_in
ipv4_client(void)
{
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(32853) };
    inet_pton(AF_INET, "192.0.2.1", &in.sin_addr);
    return in;
}

static enum bc_ice_verdict
handle(const void *data, size_t len, struct bc_ice_reply *reply)
{
    struct sockaddr_in from = ipv4_client();
    uint8_t *copy = malloc(len ? len : 1); // exact, for the sanitizer
    memcpy(copy, data, len);
    enum bc_ice_verdict verdict
        = bc_ice_handle(&ICE, copy, len, (struct sockaddr *)&from, reply);
    free(copy);
    return verdict;
}

static void
begin_check(struct stun_message *m)
{
    static const uint8_t CONTROLLING[8] = { 0, 1, 2, 3, 4, 5, 6, 7 };
    stun_begin(m, REQUEST);
    stun_add(m, USERNAME, "evtj:h6vY", 9);
    stun_add(m, ICE_CONTROLLING, CONTROLLING, 8);
    stun_add(m, PRIORITY, "\x6e\x00\x01\xff", 4);
}

static void
end_check(struct stun_message *m)
{
    stun_sign(m, ICE.pwd);
    stun_seal(m);
}

static void
expect_error(const struct bc_ice_reply *reply, unsigned code)
{
    assert_int_equal(reply->data[0], 0x01); // binding error response
    assert_int_equal(reply->data[1], 0x11);
    size_t n;
    const uint8_t *error = stun_find(reply->data, reply->len, ERROR_CODE, &n);
    assert_non_null(error);
    assert_int_equal(error[2] * 100u + error[3], code);
    assert_true(stun_is_sealed(reply->data, reply->len));
    assert_int_equal(strtoul(reply->error, NULL, 10), code);
}

static void
expect_mapped(const struct bc_ice_reply *reply, const void *value, size_t len)
{
    assert_int_equal(reply->data[0], 0x01); // binding success response
    assert_int_equal(reply->data[1], 0x01);
    size_t n;
    const uint8_t *mapped = stun_find(reply->data, reply->len, XOR_MAPPED_ADDRESS, &n);
    assert_non_null(mapped);
    assert_int_equal(n, len);
    assert_memory_equal(mapped, value, len);
    assert_true(stun_is_signed(reply->data, reply->len, ICE.pwd));
    assert_true(stun_is_sealed(reply->data, reply->len));
}

// From RFC 5769 2.2 and 2.3, as the transaction is the same.
static const uint8_t MAPPED_IPV4[] = { 0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43 };
static const uint8_t MAPPED_IPV6[] = { 0x00, 0x02, 0xa1, 0x47, 0x01, 0x13, 0xa9, 0xfa,
    0xa5, 0xd3, 0xf1, 0x79, 0xbc, 0x25, 0xf4, 0xb5, 0xbe, 0xd2, 0xb9, 0xd9 };

static void
test_check_is_answered(void **state)
{
    (void)state;
    struct stun_message m;
    begin_check(&m);
    end_check(&m);
    struct bc_ice_reply reply;
    assert_int_equal(handle(m.data, m.len, &reply), BC_ICE_CHECK);
    expect_mapped(&reply, MAPPED_IPV4, sizeof(MAPPED_IPV4));
    assert_memory_equal(reply.data + 4, m.data + 4, 16); // cookie and transaction
}

static void
test_use_candidate_nominates(void **state)
{
    (void)state;
    struct stun_message m;
    begin_check(&m);
    stun_add(&m, USE_CANDIDATE, NULL, 0);
    end_check(&m);
    struct bc_ice_reply reply;
    assert_int_equal(handle(m.data, m.len, &reply), BC_ICE_NOMINATE);
    expect_mapped(&reply, MAPPED_IPV4, sizeof(MAPPED_IPV4));
}

static void
test_ipv6_and_mapped_ipv4(void **state)
{
    (void)state;
    struct stun_message m;
    begin_check(&m);
    end_check(&m);
    struct sockaddr_in6 from = { .sin6_family = AF_INET6, .sin6_port = htons(32853) };
    inet_pton(AF_INET6, "2001:db8:1234:5678:11:2233:4455:6677", &from.sin6_addr);
    struct bc_ice_reply reply;
    assert_int_equal(
        bc_ice_handle(&ICE, m.data, m.len, (struct sockaddr *)&from, &reply),
        BC_ICE_CHECK);
    expect_mapped(&reply, MAPPED_IPV6, sizeof(MAPPED_IPV6));

    inet_pton(AF_INET6, "::ffff:192.0.2.1", &from.sin6_addr);
    assert_int_equal(
        bc_ice_handle(&ICE, m.data, m.len, (struct sockaddr *)&from, &reply),
        BC_ICE_CHECK);
    expect_mapped(&reply, MAPPED_IPV4, sizeof(MAPPED_IPV4));

    struct sockaddr other = { .sa_family = AF_UNIX };
    assert_int_equal(
        bc_ice_handle(&ICE, m.data, m.len, &other, &reply), BC_ICE_IGNORE);
    assert_int_equal(reply.len, 0);
}

static void
test_controlled_peer_is_told_to_switch(void **state)
{
    (void)state;
    struct bc_ice_reply reply;
    assert_int_equal(
        handle(RFC5769_REQUEST, sizeof(RFC5769_REQUEST), &reply), BC_ICE_REPLY);
    expect_error(&reply, 487);
    assert_true(stun_is_signed(reply.data, reply.len, ICE.pwd));

    // Whatever the tie-breakers are.
    struct bc_ice high = ICE;
    high.tie_breaker = UINT64_MAX;
    struct sockaddr_in from = ipv4_client();
    assert_int_equal(bc_ice_handle(&high, RFC5769_REQUEST, sizeof(RFC5769_REQUEST),
                         (struct sockaddr *)&from, &reply),
        BC_ICE_REPLY);
    expect_error(&reply, 487);
}

static void
test_username_has_both_halves(void **state)
{
    (void)state;
    static const char *const WRONG[]
        = { "evtj:h6vX", "evtk:h6vY", "evtj", "evtj:", "evtj:h6vYY", "evtj:h6v", "" };
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
        struct stun_message m;
        stun_begin(&m, REQUEST);
        stun_add(&m, USERNAME, WRONG[i], strlen(WRONG[i]));
        end_check(&m);
        struct bc_ice_reply reply;
        assert_int_equal(handle(m.data, m.len, &reply), BC_ICE_REPLY);
        expect_error(&reply, 401);
        assert_string_equal(reply.error, "401: wrong username");
    }
}

static void
test_integrity_is_checked(void **state)
{
    (void)state;
    struct stun_message m;
    begin_check(&m);
    stun_sign(&m, "not the password of this side");
    stun_seal(&m);
    struct bc_ice_reply reply;
    assert_int_equal(handle(m.data, m.len, &reply), BC_ICE_REPLY);
    expect_error(&reply, 401);
    assert_string_equal(reply.error, "401: wrong integrity");

    begin_check(&m);
    stun_seal(&m);
    assert_int_equal(handle(m.data, m.len, &reply), BC_ICE_REPLY);
    expect_error(&reply, 400);

    stun_begin(&m, REQUEST);
    end_check(&m);
    assert_int_equal(handle(m.data, m.len, &reply), BC_ICE_REPLY);
    expect_error(&reply, 400);
    assert_string_equal(reply.error, "400: no username");
}

static void
test_attributes_behind_the_integrity_do_not_count(void **state)
{
    (void)state;
    struct stun_message m;
    begin_check(&m);
    stun_sign(&m, ICE.pwd);
    stun_add(&m, USE_CANDIDATE, NULL, 0);
    stun_seal(&m);
    struct bc_ice_reply reply;
    assert_int_equal(handle(m.data, m.len, &reply), BC_ICE_CHECK);
}

static void
test_fingerprint_is_demanded(void **state)
{
    (void)state;
    struct stun_message m;
    begin_check(&m);
    stun_sign(&m, ICE.pwd);
    struct bc_ice_reply reply;
    assert_int_equal(handle(m.data, m.len, &reply), BC_ICE_IGNORE);
    assert_int_equal(reply.len, 0);
    stun_seal(&m);
    m.data[m.len - 1] ^= 1;
    assert_int_equal(handle(m.data, m.len, &reply), BC_ICE_IGNORE);
    assert_int_equal(reply.len, 0);
}

static void
test_unknown_attributes(void **state)
{
    (void)state;
    struct stun_message m;
    begin_check(&m);
    stun_add(&m, 0xc057, "\x00\x01\x00\x0a", 4); // GOOG-NETWORK-INFO, optional
    end_check(&m);
    struct bc_ice_reply reply;
    assert_int_equal(handle(m.data, m.len, &reply), BC_ICE_CHECK);

    begin_check(&m);
    stun_add(&m, 0x7ffe, "what", 4);
    end_check(&m);
    assert_int_equal(handle(m.data, m.len, &reply), BC_ICE_REPLY);
    expect_error(&reply, 420);
    size_t n;
    const uint8_t *unknown = stun_find(reply.data, reply.len, 0x000a, &n);
    assert_non_null(unknown);
    assert_int_equal(n, 2);
    assert_memory_equal(unknown, "\x7f\xfe", 2);

    // More than a reply can name.
    begin_check(&m);
    for (uint16_t i = 0; i < 300; i++) {
        stun_add(&m, 0x4000 + i, NULL, 0);
    }
    end_check(&m);
    assert_true(m.len <= BC_STUN_MAX);
    assert_int_equal(handle(m.data, m.len, &reply), BC_ICE_IGNORE);
    assert_int_equal(reply.len, 0);
}

static void
test_others_get_no_answer(void **state)
{
    (void)state;
    struct bc_ice_reply reply;
    assert_int_equal(
        handle(RFC5769_RESPONSE, sizeof(RFC5769_RESPONSE), &reply), BC_ICE_IGNORE);
    static const uint16_t TYPES[] = { 0x0011, 0x0101, 0x0111, 0x0002, 0x0003, 0x4001 };
    for (size_t i = 0; i < sizeof(TYPES) / sizeof(TYPES[0]); i++) {
        struct stun_message m;
        stun_begin(&m, TYPES[i]);
        stun_add(&m, USERNAME, "evtj:h6vY", 9);
        end_check(&m);
        assert_int_equal(handle(m.data, m.len, &reply), BC_ICE_IGNORE);
        assert_int_equal(reply.len, 0);
        char ufrag[BC_ICE_UFRAG];
        assert_false(bc_ice_peek_ufrag(m.data, m.len, ufrag));
    }
    struct stun_message m;
    begin_check(&m);
    end_check(&m);
    m.data[4] ^= 1; // cookie
    assert_int_equal(handle(m.data, m.len, &reply), BC_ICE_IGNORE);
}

// A short integrity would have libnice read behind the message.
static void
test_odd_sizes_of_attributes(void **state)
{
    (void)state;
    static const uint8_t ZEROS[32];
    static const uint16_t SIZES[] = { 0, 1, 4, 19, 21, 32 };
    struct bc_ice_reply reply;
    for (size_t i = 0; i < sizeof(SIZES) / sizeof(SIZES[0]); i++) {
        struct stun_message m;
        begin_check(&m);
        stun_add(&m, 0x0008, ZEROS, SIZES[i]);
        stun_seal(&m);
        assert_int_equal(handle(m.data, m.len, &reply), BC_ICE_IGNORE);
    }
    struct stun_message m;
    begin_check(&m);
    stun_sign(&m, ICE.pwd);
    stun_add(&m, 0x8028, ZEROS, 1);
    assert_int_equal(handle(m.data, m.len, &reply), BC_ICE_IGNORE);
    begin_check(&m);
    end_check(&m);
    stun_add(&m, USE_CANDIDATE, NULL, 0); // behind the fingerprint
    assert_int_equal(handle(m.data, m.len, &reply), BC_ICE_IGNORE);
}

static void
test_every_truncation_is_ignored(void **state)
{
    (void)state;
    struct bc_ice_reply reply;
    char ufrag[BC_ICE_UFRAG];
    for (size_t len = 0; len < sizeof(RFC5769_REQUEST); len++) {
        assert_int_equal(handle(RFC5769_REQUEST, len, &reply), BC_ICE_IGNORE);
        assert_false(bc_ice_peek_ufrag(RFC5769_REQUEST, len, ufrag));
    }
}

static void
test_peek_finds_the_local_ufrag(void **state)
{
    (void)state;
    char ufrag[BC_ICE_UFRAG];
    assert_true(bc_ice_peek_ufrag(RFC5769_REQUEST, sizeof(RFC5769_REQUEST), ufrag));
    assert_string_equal(ufrag, "evtj");

    static const struct {
        const char *username;
        const char *want;
    } CASES[] = {
        { "abc:x", NULL },                                  // shorter than RFC 8445 5.3
        { "abcd:", "abcd" },                                //
        { "abcdefghijklmno:xyzw", "abcdefghijklmno" },      // 15
        { "abcdefghijklmnop:xyzw", NULL },                  // none of ours
        { "noseparator", NULL },                            //
        { ":xyzw", NULL },                                  //
        { "", NULL },                                       //
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct stun_message m;
        stun_begin(&m, REQUEST);
        stun_add(&m, USERNAME, CASES[i].username, strlen(CASES[i].username));
        assert_int_equal(
            bc_ice_peek_ufrag(m.data, m.len, ufrag), CASES[i].want != NULL);
        if (CASES[i].want) {
            assert_string_equal(ufrag, CASES[i].want);
        }
    }
    struct stun_message m;
    stun_begin(&m, REQUEST);
    stun_add(&m, USERNAME, "ab\0cd:xyzw", 10);
    assert_false(bc_ice_peek_ufrag(m.data, m.len, ufrag));
    stun_begin(&m, REQUEST);
    assert_false(bc_ice_peek_ufrag(m.data, m.len, ufrag));
}

static void
test_the_longest_username_is_answered(void **state)
{
    (void)state;
    struct bc_ice ice = { .ufrag = "abcdefghijklmno", .pwd = "0123456789012345678901" };
    memset(ice.remote_ufrag, 'r', 256);
    struct stun_message m;
    stun_begin(&m, REQUEST);
    char username[300];
    size_t len = (size_t)snprintf(
        username, sizeof(username), "%s:%s", ice.ufrag, ice.remote_ufrag);
    stun_add(&m, USERNAME, username, len);
    stun_sign(&m, ice.pwd);
    stun_seal(&m);
    struct sockaddr_in6 from = { .sin6_family = AF_INET6, .sin6_addr = in6addr_loopback };
    struct bc_ice_reply reply;
    assert_int_equal(
        bc_ice_handle(&ice, m.data, m.len, (struct sockaddr *)&from, &reply),
        BC_ICE_CHECK);
}

static void
test_without_a_password_nobody_is_let_in(void **state)
{
    (void)state;
    struct bc_ice ice = { .ufrag = "evtj", .remote_ufrag = "h6vY" };
    struct stun_message m;
    begin_check(&m);
    stun_sign(&m, "");
    stun_seal(&m);
    struct sockaddr_in from = ipv4_client();
    struct bc_ice_reply reply;
    assert_int_equal(
        bc_ice_handle(&ice, m.data, m.len, (struct sockaddr *)&from, &reply),
        BC_ICE_REPLY);
    expect_error(&reply, 401);
}

static void
test_credentials_are_random(void **state)
{
    (void)state;
    struct bc_ice a;
    struct bc_ice b;
    bc_ice_init(&a, "w1x2yz");
    bc_ice_init(&b, "");
    assert_int_equal(strlen(a.ufrag), 12);
    assert_memory_equal(a.ufrag, "w1x2", 4);
    assert_int_equal(strlen(b.ufrag), 8);
    assert_int_equal(strlen(a.pwd), 32);
    assert_string_not_equal(a.ufrag + 4, b.ufrag);
    assert_string_not_equal(a.pwd, b.pwd);
    assert_int_equal(strspn(a.pwd, "abcdefghijklmnopqrstuvwxyz0123456789"), 32);
    assert_string_equal(a.remote_ufrag, "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check_is_answered),
        cmocka_unit_test(test_use_candidate_nominates),
        cmocka_unit_test(test_ipv6_and_mapped_ipv4),
        cmocka_unit_test(test_controlled_peer_is_told_to_switch),
        cmocka_unit_test(test_username_has_both_halves),
        cmocka_unit_test(test_integrity_is_checked),
        cmocka_unit_test(test_attributes_behind_the_integrity_do_not_count),
        cmocka_unit_test(test_fingerprint_is_demanded),
        cmocka_unit_test(test_unknown_attributes),
        cmocka_unit_test(test_others_get_no_answer),
        cmocka_unit_test(test_odd_sizes_of_attributes),
        cmocka_unit_test(test_every_truncation_is_ignored),
        cmocka_unit_test(test_peek_finds_the_local_ufrag),
        cmocka_unit_test(test_the_longest_username_is_answered),
        cmocka_unit_test(test_without_a_password_nobody_is_let_in),
        cmocka_unit_test(test_credentials_are_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
