// SPDX-License-Identifier: Apache-2.0
// Hosts that lag, drop out, change their format and come back, at random but the same in
// every run, under the eyes of the checker: whatever happens, the playlists keep the
// rules.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hls_checker.h"
#include "hls_source.h"

#define FIRST_MSN 700
#define SECOND 1000000
#define ROUNDS 25

struct torture {
    struct hls_source s;
    bool several; // qualities
    uint64_t random;
    int64_t at_us;
};

static uint32_t
next_random(struct torture *t, uint32_t below)
{
    t->random = t->random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(t->random >> 33) % below;
}

static void
change_something(struct torture *t)
{
    static const uint32_t FPS[] = { 0, 10, 24, 25, 30, 50, 60 };
    uint32_t fps;
    switch (next_random(t, t->several ? 9 : 8)) {
    case 0: // the host drops and comes back
        bc_hls_pause(t->s.m);
        // fall through
    case 1:
        t->s.epoch++;
        t->s.flags = BC_PACKET_NEW_EPOCH;
        t->s.wall_offset_us += (int64_t)next_random(t, 20 * SECOND) - 5 * SECOND;
        break;
    case 2:
        fps = FPS[next_random(t, 7)];
        hls_source_set_video(&t->s, fps, fps > 0, (uint8_t)next_random(t, 50));
        break;
    case 3:
        hls_source_set_audio(&t->s, next_random(t, 2) ? 44100 : 48000);
        break;
    case 4: // nothing comes for a while
        t->at_us += next_random(t, 6 * SECOND);
        break;
    case 8: // other sizes
        bc_track_unref(&t->s.small[0]);
        if (t->s.small[1]) {
            t->s.small[0] = bc_track_ref(t->s.small[1]);
        }
        bc_track_unref(&t->s.small[2]);
        break;
    default:
        break;
    }
}

static void
run_some(struct torture *t)
{
    static const int64_t FPS[] = { 5, 15, 24, 25, 30, 50, 60 };
    struct hls_layout l = { .fps_den = 1, .whole_ms = next_random(t, 2) };
    l.fps_num = next_random(t, 6) ? FPS[next_random(t, 7)] : 0;
    l.rate = next_random(t, 6) ? t->s.audio->sample_rate : 0;
    l.gop = 1 + next_random(t, 200);
    l.b_us = next_random(t, 3) ? 0 : 40000;
    l.lag_us = next_random(t, 3) ? 0 : (int64_t)next_random(t, 1200000) - 500000;
    l.jitter_us = l.fps_num > 0 && next_random(t, 3) == 0 ? 400000 / l.fps_num : 0;
    if (t->several) {
        t->s.small_bits = next_random(t, 8);
        t->s.small_gop = next_random(t, 2) ? l.gop : 1 + next_random(t, 200);
        t->s.small_late_us = next_random(t, 3) ? 0 : (int64_t)next_random(t, 600000) - 300000;
    }
    int64_t until_us = t->at_us + 100000 + next_random(t, 8 * SECOND);
    hls_source_run(&t->s, &l, t->at_us, until_us);
    t->at_us = until_us + 30000; // behind the last frame, whatever it was
}

static void
torture(bool several)
{
    for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
        struct hls_checker *c = hls_checker_create();
        struct bc_hls_params params = { .first_msn = FIRST_MSN };
        struct torture t = { .random = seed * 977, .several = several };
        hls_source_init(&t.s, bc_hls_create(&params, hls_checker_update, c));
        for (int i = 0; i < 10; i++) {
            run_some(&t);
            change_something(&t);
        }
        bc_hls_end(t.s.m);
        for (int i = 0; i < BC_HLS_RENDITIONS; i++) {
            assert_int_equal(c->lists[i].overlaps, 0);
        }
        for (int i = 1; i < BC_HLS_RENDITIONS; i++) {
            if (c->lists[i].updates > 0) {
                assert_int_equal(c->lists[0].next_msn, c->lists[i].next_msn);
            }
        }
        bc_hls_destroy(t.s.m);
        hls_source_finish(&t.s);
        free(c);
    }
}

static void
test_rules_hold_whatever_comes(void **state)
{
    (void)state;
    torture(false);
}

static void
test_rules_hold_for_several_qualities(void **state)
{
    (void)state;
    torture(true);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules_hold_whatever_comes),
        cmocka_unit_test(test_rules_hold_for_several_qualities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
