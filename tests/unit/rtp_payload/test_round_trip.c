// SPDX-License-Identifier: Apache-2.0
// Real encoders' access units into payloads and back.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rig.h"

static const struct {
    enum bc_codec codec;
    const char *name;
    const char *codec_string;
} CODECS[] = {
    { BC_CODEC_AVC, "avc", "avc1.64000b" },
    { BC_CODEC_HEVC, "hevc", "hvc1.1.6.L30.90" },
    { BC_CODEC_AV1, "av1", "av01.0.00M.08" },
    { BC_CODEC_VP8, "vp8", "vp8" },
    { BC_CODEC_VP9, "vp9", "vp09.00.10.08" },
    { BC_CODEC_OPUS, "opus", "opus" },
};

#define CODEC_COUNT (sizeof(CODECS) / sizeof(CODECS[0]))

static void
check_unit(const struct rig *r, unsigned i, const struct sample *s, unsigned of)
{
    const struct bc_rtp_unit *unit = &r->units[i];
    const struct bc_packet *p = s->packets[of];
    assert_int_equal(unit->buf->len, s->expected[of]->len);
    assert_memory_equal(unit->buf->data, s->expected[of]->data, unit->buf->len);
    assert_int_equal(unit->flags & BC_PACKET_KEY, p->flags & BC_PACKET_KEY);
    assert_int_equal(
        unit->timestamp, p->pts_us * (p->kind == BC_KIND_VIDEO ? 90 : 48) / 1000);
    assert_int_equal(unit->arrived_us, unit->timestamp + 5);
}

static void
check_frame(const struct bc_rtp_frame *f, const struct bc_packet *p, size_t max)
{
    uint32_t at = 0;
    assert_true(f->count > 0);
    for (uint32_t i = 0; i < f->count; i++) {
        assert_int_equal(f->slices[i].offset, at);
        assert_in_range(f->slices[i].len, 1, max);
        at += f->slices[i].len;
    }
    assert_int_equal(f->total, at);
    assert_int_equal(f->codec, p->track->codec);
    assert_int_equal(f->kind, p->kind);
    assert_int_equal(f->flags, p->flags);
    assert_int_equal(f->pts_us, p->pts_us);
}

static void
run(size_t codec, size_t max)
{
    struct sample s;
    struct rig r;
    struct bc_rtp_packetiser p = { 0 };
    sample_open(&s, CODECS[codec].codec, CODECS[codec].name);
    rig_open(&r, CODECS[codec].codec, NULL);
    for (unsigned i = 0; i < s.count; i++) {
        struct bc_rtp_frame *f = bc_rtp_packetise(&p, s.packets[i], max);
        assert_non_null(f);
        check_frame(f, s.packets[i], max);
        rig_push_frame(&r, f, -1, false);
        bc_rtp_frame_unref(&f);
        assert_int_equal(r.count, i + 1);
        check_unit(&r, i, &s, i);
        // An encoder that repeats its headers changes nothing.
        assert_ptr_equal(r.units[i].track, r.units[0].track);
    }
    const struct bc_track *t = r.units[0].track;
    assert_string_equal(t->codec_string, CODECS[codec].codec_string);
    assert_int_equal(t->width, t->kind == BC_KIND_VIDEO ? 160 : 0);
    assert_int_equal(t->height, t->kind == BC_KIND_VIDEO ? 96 : 0);
    assert_int_equal(r.broken, 0);
    assert_int_equal(bc_rtp_depacketiser_errors(r.d), 0);
    rig_close(&r);
    sample_close(&s);
    bc_rtp_packetiser_finish(&p);
}

static void
test_access_units_come_back_as_they_were(void **state)
{
    (void)state;
    for (size_t i = 0; i < CODEC_COUNT; i++) {
        bool opus = CODECS[i].codec == BC_CODEC_OPUS;
        for (size_t max = opus ? 1200 : 200; max <= 1200; max += 13) {
            run(i, max);
        }
        run(i, 65535);
    }
}

// One payload is lost. Its picture and those after it are missing up to the next
// keyframe, which is asked for; all others are whole.
static void
run_with_loss(const struct sample *s, size_t codec, unsigned lost_unit, unsigned lost)
{
    struct rig r;
    struct bc_rtp_packetiser p = { 0 };
    bool hole = false;
    unsigned count = 0;
    bool waiting = false;
    rig_open(&r, CODECS[codec].codec, NULL);
    for (unsigned i = 0; i < s->count; i++) {
        struct bc_rtp_frame *f = bc_rtp_packetise(&p, s->packets[i], 300);
        unsigned before = r.count;
        hole = rig_push_frame(&r, f, i == lost_unit ? (int)lost : -1, hole);
        if (r.count > before) {
            check_unit(&r, before, s, i);
            count++;
        }
        waiting = i == lost_unit || (waiting && !(f->flags & BC_PACKET_KEY));
        assert_int_equal(r.count - before, !waiting);
        bc_rtp_frame_unref(&f);
    }
    assert_true(count < s->count);
    // A keyframe that comes anyway need not be asked for.
    bool key_follows = (s->packets[lost_unit + 1]->flags & BC_PACKET_KEY) != 0;
    assert_true(r.broken > 0 || key_follows);
    rig_close(&r);
    bc_rtp_packetiser_finish(&p);
}

static void
test_a_loss_costs_up_to_the_next_keyframe(void **state)
{
    (void)state;
    for (size_t i = 0; i < CODEC_COUNT; i++) {
        struct sample s;
        struct bc_rtp_packetiser p = { 0 };
        if (CODECS[i].codec == BC_CODEC_OPUS) {
            continue;
        }
        sample_open(&s, CODECS[i].codec, CODECS[i].name);
        for (unsigned k = 0; k < 7; k++) {
            struct bc_rtp_frame *f = bc_rtp_packetise(&p, s.packets[k], 300);
            uint32_t payloads = f->count;
            bc_rtp_frame_unref(&f);
            for (uint32_t n = 0; n < payloads; n++) {
                run_with_loss(&s, i, k, n);
            }
        }
        sample_close(&s);
        bc_rtp_packetiser_finish(&p);
    }
}

// Cut payloads end in an error or a smaller unit, never in a crash.
static void
test_truncated_payloads_do_no_harm(void **state)
{
    (void)state;
    for (size_t i = 0; i < CODEC_COUNT; i++) {
        struct sample s;
        struct bc_rtp_packetiser p = { 0 };
        sample_open(&s, CODECS[i].codec, CODECS[i].name);
        struct bc_rtp_frame *f = bc_rtp_packetise(&p, s.packets[0], 1000);
        for (uint32_t n = 0; n < f->count; n++) {
            for (size_t len = 0; len < f->slices[n].len; len++) {
                struct rig r;
                rig_open(&r, CODECS[i].codec, NULL);
                for (uint32_t k = 0; k < f->count; k++) {
                    rig_push(&r, f->bytes + f->slices[k].offset,
                        k == n ? len : f->slices[k].len, 0, k + 1 == f->count, false);
                }
                rig_close(&r);
            }
        }
        bc_rtp_frame_unref(&f);
        sample_close(&s);
        bc_rtp_packetiser_finish(&p);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_access_units_come_back_as_they_were),
        cmocka_unit_test(test_a_loss_costs_up_to_the_next_keyframe),
        cmocka_unit_test(test_truncated_payloads_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
