// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/webrtc/sctp/dcep.h"

static const uint8_t OPEN[] = {
    0x03,                   // DATA_CHANNEL_OPEN
    0x81,                   // unordered, limited retransmits
    0x01, 0x00,             // priority
    0x00, 0x00, 0x00, 0x05, // five times
    0x00, 0x04, 0x00, 0x02, // label, protocol
    'c', 'a', 'r', 'd', 'v', '1',
};

static void
test_open_is_read(void **state)
{
    (void)state;
    struct dc_open open;
    assert_int_equal(dc_dcep_type(OPEN, sizeof(OPEN)), DC_DCEP_OPEN);
    assert_true(dc_dcep_parse_open(OPEN, sizeof(OPEN), &open));
    assert_true(open.unordered);
    assert_int_equal(open.reliability, DC_LIMITED_RETRANSMITS);
    assert_int_equal(open.parameter, 5);
    assert_string_equal(open.label, "card");
}

static void
test_truncated_open_is_refused(void **state)
{
    (void)state;
    struct dc_open open;
    for (size_t n = 0; n < sizeof(OPEN); n++) {
        assert_false(dc_dcep_parse_open(OPEN, n, &open));
    }
}

static void
test_odd_opens_are_refused(void **state)
{
    (void)state;
    struct dc_open open;
    uint8_t data[12 + DC_LABEL_MAX + 1];
    memset(data, 'x', sizeof(data));
    memcpy(data, OPEN, 12);
    data[8] = 0;
    data[9] = 255;
    data[10] = data[11] = 0;
    assert_true(dc_dcep_parse_open(data, sizeof(data), &open));
    assert_int_equal(strlen(open.label), DC_LABEL_MAX);
    data[8] = 1; // a label of 256 bytes
    data[9] = 0;
    assert_false(dc_dcep_parse_open(data, sizeof(data), &open));
    memcpy(data, OPEN, sizeof(OPEN));
    data[13] = 0; // a zero within the label
    assert_false(dc_dcep_parse_open(data, sizeof(OPEN), &open));
    memcpy(data, OPEN, sizeof(OPEN));
    data[1] = 0x03; // no such kind of channel
    assert_false(dc_dcep_parse_open(data, sizeof(OPEN), &open));
    data[1] = 0x00;
    data[0] = 0x02;
    assert_false(dc_dcep_parse_open(data, sizeof(OPEN), &open));
}

static void
test_types(void **state)
{
    (void)state;
    assert_int_equal(dc_dcep_type(NULL, 0), DC_DCEP_NONE);
    assert_int_equal(dc_dcep_type((const uint8_t *)"\2", 1), DC_DCEP_ACK);
    assert_int_equal(dc_dcep_type((const uint8_t *)"\1", 1), DC_DCEP_NONE);
}

static void
test_open_is_written(void **state)
{
    (void)state;
    static const uint8_t WANT[] = { 3, 0, 1, 0, 0, 0, 0, 0, 0, 2, 0, 0, 'h', 'i' };
    struct bc_writer w = { 0 };
    dc_dcep_write_open(&w, "hi");
    assert_int_equal(w.len, sizeof(WANT));
    assert_memory_equal(w.data, WANT, sizeof(WANT));
    bc_writer_finish(&w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open_is_read),
        cmocka_unit_test(test_truncated_open_is_refused),
        cmocka_unit_test(test_odd_opens_are_refused),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_open_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
