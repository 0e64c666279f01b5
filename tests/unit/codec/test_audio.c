// SPDX-License-Identifier: Apache-2.0
// Sound from codec to codec, without threads. What comes out is decoded again and looked
// at as a player would hear it: by broadcast time.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "kit.h"
#include "transmux/codec/job.h"

#define START_US 1000000
#define NEAR_US 5000

struct fixture {
    struct kit_packets in;
    struct kit_packets out;
    struct codec_job *job;
};

static int
setup(void **state)
{
    *state = calloc(1, sizeof(struct fixture));
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    if (f->job) {
        f->job->ops->destroy(f->job);
    }
    kit_free(&f->in);
    kit_free(&f->out);
    free(f);
    return 0;
}

static void
open_job(struct fixture *f, enum bc_codec to)
{
    struct codec_sink sink = { kit_keep, &f->out };
    f->job = codec_audio_job_create(to, 0, &sink);
    assert_non_null(f->job);
}

static void
push(struct fixture *f, struct bc_packet *p)
{
    struct codec_input in = { p, p->flags, 0 };
    f->job->ops->push(f->job, &in);
}

static void
push_all(struct fixture *f)
{
    for (unsigned i = 0; i < f->in.count; i++) {
        push(f, f->in.items[i]);
    }
    assert_null(f->job->failed);
}

static void
assert_tone(const struct fixture *f, double hz, int64_t from_us, int64_t to_us)
{
    float *pcm = kit_play_sound(&f->out, 0);
    double level = kit_level(pcm, hz, from_us, to_us);
    if (level < 0.45 || level > 0.55 || kit_level(pcm, hz * 1.5, from_us, to_us) > 0.01) {
        fail_msg("level of %.0f Hz is %.3f, of another %.3f", hz, level,
            kit_level(pcm, hz * 1.5, from_us, to_us));
    }
    free(pcm);
}

struct way {
    const char *what;
    struct kit_sound sound;
    enum bc_codec to;
    unsigned channels;
    int64_t step_us;
};

static const struct way WAYS[] = {
    { "AAC 44.1 kHz stereo", { "aac", BC_CODEC_AAC, 44100, 2, 2, 440, 0, START_US, 1 },
        BC_CODEC_OPUS, 2, 20000 },
    { "AAC 48 kHz mono", { "aac", BC_CODEC_AAC, 48000, 1, 2, 440, 0, START_US, 1 },
        BC_CODEC_OPUS, 1, 20000 },
    { "AAC 22.05 kHz stereo", { "aac", BC_CODEC_AAC, 22050, 2, 2, 440, 0, START_US, 1 },
        BC_CODEC_OPUS, 2, 20000 },
    { "MP3 44.1 kHz stereo",
        { "libmp3lame", BC_CODEC_MP3, 44100, 2, 2, 440, 0, START_US, 1 }, BC_CODEC_OPUS,
        2, 20000 },
    { "MP3 to AAC", { "libmp3lame", BC_CODEC_MP3, 48000, 2, 2, 440, 0, START_US, 1 },
        BC_CODEC_AAC, 2, 21333 },
    { "Opus stereo", { "libopus", BC_CODEC_OPUS, 48000, 2, 2, 440, 0, START_US, 1 },
        BC_CODEC_AAC, 2, 21333 },
    { "FLAC to AAC", { "flac", BC_CODEC_FLAC, 44100, 2, 2, 440, 0, START_US, 1 },
        BC_CODEC_AAC, 2, 21333 },
    { "FLAC to Opus", { "flac", BC_CODEC_FLAC, 48000, 2, 2, 440, 0, START_US, 1 },
        BC_CODEC_OPUS, 2, 20000 },
    { "AC-3 5.1 to AAC", { "ac3", BC_CODEC_AC3, 48000, 6, 2, 440, 0, START_US, 1 },
        BC_CODEC_AAC, 2, 21333 },
    { "AC-3 to Opus", { "ac3", BC_CODEC_AC3, 48000, 2, 2, 440, 0, START_US, 1 },
        BC_CODEC_OPUS, 2, 20000 },
    { "E-AC-3 5.1 to Opus", { "eac3", BC_CODEC_EAC3, 48000, 6, 2, 440, 0, START_US, 1 },
        BC_CODEC_OPUS, 2, 20000 },
    { "E-AC-3 to AAC", { "eac3", BC_CODEC_EAC3, 44100, 2, 2, 440, 0, START_US, 1 },
        BC_CODEC_AAC, 2, 21333 },
    { "A-law to AAC", { "pcm_alaw", BC_CODEC_PCMA, 8000, 1, 2, 440, 0, START_US, 1 },
        BC_CODEC_AAC, 1, 21333 },
    { "mu-law to Opus", { "pcm_mulaw", BC_CODEC_PCMU, 8000, 1, 2, 440, 0, START_US, 1 },
        BC_CODEC_OPUS, 1, 20000 },
    { "Opus mono", { "libopus", BC_CODEC_OPUS, 48000, 1, 2, 440, 0, START_US, 1 },
        BC_CODEC_AAC, 1, 21333 },
};

static void
test_audio_keeps_tone_level_and_pace(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(WAYS) / sizeof(WAYS[0]); i++) {
        const struct way *w = &WAYS[i];
        kit_make_sound(&f->in, &w->sound);
        open_job(f, w->to);
        push_all(f);
        const struct bc_track *track = f->out.items[0]->track;
        assert_int_equal(track->codec, w->to);
        assert_int_equal(track->channels, w->channels);
        assert_int_equal(track->sample_rate, 48000);
        assert_non_null(track->config);
        kit_assert_rising(&f->out);
        for (unsigned n = 1; n < f->out.count; n++) {
            int64_t step = f->out.items[n]->pts_us - f->out.items[n - 1]->pts_us;
            assert_in_range(step, w->step_us - 1, w->step_us + 1);
            assert_int_equal(f->out.items[n]->epoch, 1);
        }
        // At most 100 ms are lost at the start.
        assert_true(f->out.items[0]->pts_us <= f->in.items[0]->pts_us + 100000);
        assert_tone(f, 440, START_US + 200000, START_US + 1800000);
        f->job->ops->destroy(f->job);
        kit_free(&f->in);
        kit_free(&f->out);
    }
    f->job = NULL;
}

static void
check_click(struct fixture *f, const struct kit_sound *sound, enum bc_codec to)
{
    kit_make_sound(&f->in, sound);
    open_job(f, to);
    push_all(f);
    float *in = kit_play_sound(&f->in, 0);
    float *out = kit_play_sound(&f->out, 0);
    int64_t at = sound->start_us + (int64_t)(sound->click_at * 1e6);
    assert_in_range(
        kit_loudest(in, START_US, START_US + 2000000), at - NEAR_US, at + NEAR_US);
    int64_t got = kit_loudest(out, START_US, START_US + 2000000);
    if (got < at - NEAR_US || got > at + NEAR_US) {
        fail_msg("click of %lld us at %lld us", (long long)at, (long long)got);
    }
    free(in);
    free(out);
}

static void
test_audio_click_stays_in_place_aac_to_opus(void **state)
{
    static const struct kit_sound S = { "aac", BC_CODEC_AAC, 48000, 2, 2, 0, 1.234,
        START_US, 1 };
    check_click(*state, &S, BC_CODEC_OPUS);
}

static void
test_audio_click_stays_in_place_opus_to_aac(void **state)
{
    static const struct kit_sound S = { "libopus", BC_CODEC_OPUS, 48000, 2, 2, 0, 1.234,
        START_US, 1 };
    check_click(*state, &S, BC_CODEC_AAC);
}

// Left and right are told apart at the end, as interleaving differs between the codecs.
static void
test_audio_both_channels_have_the_sound(void **state)
{
    struct fixture *f = *state;
    kit_make_sound(&f->in, &WAYS[0].sound);
    open_job(f, BC_CODEC_OPUS);
    push_all(f);
    float *right = kit_play_sound(&f->out, 1);
    assert_true(kit_level(right, 440, START_US + 200000, START_US + 1800000) > 0.45);
    free(right);
}

static void
test_audio_gap_of_aac_starts_a_new_count(void **state)
{
    struct fixture *f = *state;
    struct kit_sound sound = WAYS[0].sound;
    kit_make_sound(&f->in, &sound);
    sound.start_us += 2500000; // half a second without anything
    kit_make_sound(&f->in, &sound);
    open_job(f, BC_CODEC_OPUS);
    push_all(f);
    kit_assert_rising(&f->out);
    unsigned gaps = 0;
    for (unsigned i = 1; i < f->out.count; i++) {
        int64_t step = f->out.items[i]->pts_us - f->out.items[i - 1]->pts_us;
        gaps += step > 300000;
        assert_true(step <= 600000);
    }
    assert_int_equal(gaps, 1);
    assert_tone(f, 440, START_US + 2700000, START_US + 4300000);
}

static void
test_audio_lost_opus_becomes_silence(void **state)
{
    struct fixture *f = *state;
    kit_make_sound(&f->in, &WAYS[5].sound);
    open_job(f, BC_CODEC_AAC);
    for (unsigned i = 0; i < f->in.count; i++) {
        if (i < 30 || i >= 50) { // 400 ms
            push(f, f->in.items[i]);
        }
    }
    kit_assert_rising(&f->out);
    for (unsigned i = 1; i < f->out.count; i++) {
        int64_t step = f->out.items[i]->pts_us - f->out.items[i - 1]->pts_us;
        assert_in_range(step, 21332, 21334);
    }
    float *pcm = kit_play_sound(&f->out, 0);
    int64_t hole = f->in.items[30]->pts_us;
    assert_true(kit_level(pcm, 440, hole + 60000, hole + 360000) < 0.01);
    assert_true(kit_level(pcm, 440, hole + 500000, hole + 900000) > 0.45);
    free(pcm);
}

// The click behind a hole is where it was, so the hole was filled to the sample.
static void
test_audio_sound_after_lost_opus_is_in_place(void **state)
{
    struct fixture *f = *state;
    struct kit_sound s = { "libopus", BC_CODEC_OPUS, 48000, 2, 2, 0, 1.5, START_US, 1 };
    kit_make_sound(&f->in, &s);
    open_job(f, BC_CODEC_AAC);
    for (unsigned i = 0; i < f->in.count; i++) {
        if (i % 7 != 3 || i > 60) {
            push(f, f->in.items[i]);
        }
    }
    float *pcm = kit_play_sound(&f->out, 0);
    int64_t at = kit_loudest(pcm, START_US, START_US + 1900000);
    assert_in_range(at, START_US + 1500000 - NEAR_US, START_US + 1500000 + NEAR_US);
    free(pcm);
}

static void
test_audio_idle_moves_the_clock_of_opus(void **state)
{
    struct fixture *f = *state;
    kit_make_sound(&f->in, &WAYS[5].sound);
    open_job(f, BC_CODEC_AAC);
    for (unsigned i = 0; i < 50; i++) {
        push(f, f->in.items[i]);
    }
    int64_t before = f->out.items[f->out.count - 1]->pts_us;
    f->job->ops->idle(f->job, 250000);
    f->job->ops->idle(f->job, 600000);
    int64_t after = f->out.items[f->out.count - 1]->pts_us;
    assert_in_range(after - before, 350000, 450000);
    // What comes late overlaps the silence and is left out; then it goes on in place.
    for (unsigned i = 50; i < f->in.count; i++) {
        push(f, f->in.items[i]);
    }
    kit_assert_rising(&f->out);
    assert_tone(f, 440, START_US + 1600000, START_US + 1900000);
}

// The stamps are 30 ms later than the samples say, which is no gap.
static void
test_audio_drift_is_bent_away(void **state)
{
    struct fixture *f = *state;
    struct kit_sound s = { "aac", BC_CODEC_AAC, 48000, 2, 10, 0, 9.5, START_US, 1 };
    kit_make_sound(&f->in, &s);
    for (unsigned i = 20; i < f->in.count; i++) {
        f->in.items[i]->pts_us += 30000;
        f->in.items[i]->dts_us += 30000;
    }
    open_job(f, BC_CODEC_OPUS);
    push_all(f);
    kit_assert_rising(&f->out);
    for (unsigned i = 1; i < f->out.count; i++) {
        int64_t step = f->out.items[i]->pts_us - f->out.items[i - 1]->pts_us;
        assert_in_range(step, 19999, 20001);
    }
    float *pcm = kit_play_sound(&f->out, 0);
    int64_t at = kit_loudest(pcm, START_US, START_US + 10000000);
    assert_in_range(at, START_US + 9530000 - NEAR_US, START_US + 9530000 + NEAR_US);
    free(pcm);
}

// The host's samples come faster than its stamps: nothing goes back in time.
static void
test_audio_overlap_is_left_out(void **state)
{
    struct fixture *f = *state;
    kit_make_sound(&f->in, &WAYS[0].sound);
    for (unsigned i = 0; i < f->in.count; i++) {
        f->in.items[i]->pts_us = START_US + (f->in.items[i]->pts_us - START_US) / 2;
    }
    open_job(f, BC_CODEC_OPUS);
    push_all(f);
    kit_assert_rising(&f->out);
    int64_t end = f->in.items[f->in.count - 1]->pts_us;
    assert_true(f->out.items[f->out.count - 1]->pts_us < end + 100000);
}

static void
test_audio_epochs_pass_with_their_flag(void **state)
{
    struct fixture *f = *state;
    struct kit_sound sound = WAYS[0].sound;
    sound.seconds = 1;
    kit_make_sound(&f->in, &sound);
    unsigned border = f->in.count;
    sound.start_us += 1011000; // hardly a gap
    sound.epoch = 2;
    sound.hz = 880;
    kit_make_sound(&f->in, &sound);
    f->in.items[0]->flags |= BC_PACKET_NEW_EPOCH;
    f->in.items[border]->flags |= BC_PACKET_NEW_EPOCH;
    open_job(f, BC_CODEC_OPUS);
    push_all(f);
    kit_assert_rising(&f->out);
    for (unsigned i = 0; i < f->out.count; i++) {
        const struct bc_packet *p = f->out.items[i];
        bool first = i == 0 || p->epoch != f->out.items[i - 1]->epoch;
        assert_int_equal(p->flags, first ? BC_PACKET_NEW_EPOCH : 0);
        int64_t off = p->pts_us - f->in.items[border]->pts_us;
        assert_int_equal(p->epoch, off >= 0 ? 2 : 1);
    }
    assert_tone(f, 880, START_US + 1200000, START_US + 1900000);
}

static void
test_audio_track_change_opens_anew(void **state)
{
    struct fixture *f = *state;
    struct kit_sound sound = WAYS[1].sound; // AAC mono
    sound.seconds = 1;
    kit_make_sound(&f->in, &sound);
    sound = WAYS[0].sound; // AAC stereo at another rate
    sound.seconds = 1;
    sound.start_us += 1030000;
    sound.epoch = 2;
    kit_make_sound(&f->in, &sound);
    open_job(f, BC_CODEC_OPUS);
    push_all(f);
    kit_assert_rising(&f->out);
    assert_int_equal(f->out.items[0]->track->channels, 1);
    assert_int_equal(f->out.items[f->out.count - 1]->track->channels, 2);
    assert_tone(f, 440, START_US + 1200000, START_US + 1900000);
    assert_tone(f, 440, START_US + 200000, START_US + 900000);
}

static void
test_audio_six_channels_become_two(void **state)
{
    struct fixture *f = *state;
    struct kit_sound sound = { "aac", BC_CODEC_AAC, 48000, 6, 1, 440, 0, START_US, 1 };
    kit_make_sound(&f->in, &sound);
    open_job(f, BC_CODEC_OPUS);
    push_all(f);
    assert_int_equal(f->out.items[0]->track->channels, 2);
    float *pcm = kit_play_sound(&f->out, 0);
    double level = kit_level(pcm, 440, START_US + 200000, START_US + 800000);
    assert_true(level > 0.3 && level < 0.55);
    free(pcm);
}

static void
test_audio_broken_packets_end_in_a_failure(void **state)
{
    struct fixture *f = *state;
    kit_make_sound(&f->in, &WAYS[0].sound);
    open_job(f, BC_CODEC_OPUS);
    struct bc_track *track = f->in.items[0]->track;
    for (unsigned i = 0; i < 300; i++) {
        struct bc_buf *buf = bc_buf_create(64);
        memset(buf->data, 0xff, 64);
        struct bc_packet *p =
            bc_packet_create(BC_KIND_AUDIO, track, buf, buf->data, buf->len);
        p->pts_us = START_US + (int64_t)i * 23220;
        push(f, p);
        bc_packet_unref(&p);
    }
    assert_non_null(f->job->failed);
    assert_int_equal(f->out.count, 0);
    assert_true(f->job->dropped >= 250);
}

// A few broken packets are a gap.
static void
test_audio_goes_on_behind_broken_packets(void **state)
{
    struct fixture *f = *state;
    kit_make_sound(&f->in, &WAYS[5].sound);
    open_job(f, BC_CODEC_AAC);
    for (unsigned i = 0; i < f->in.count; i++) {
        if (i % 20 == 7) {
            struct bc_packet *p = f->in.items[i];
            memset(p->buf->data, 0xff, p->len);
            p->len = p->len > 3 ? 3 : p->len;
        }
        push(f, f->in.items[i]);
    }
    kit_assert_rising(&f->out);
    assert_int_equal(f->job->dropped > 0, 1);
    assert_true(f->out.items[f->out.count - 1]->pts_us > START_US + 1800000);
}

static void
test_audio_unknown_codec_fails(void **state)
{
    struct fixture *f = *state;
    struct bc_track *track = bc_track_create(BC_KIND_AUDIO, BC_CODEC_VP8);
    struct bc_packet *p = bc_packet_create(BC_KIND_AUDIO, track, NULL, NULL, 0);
    open_job(f, BC_CODEC_OPUS);
    push(f, p);
    assert_non_null(f->job->failed);
    bc_packet_unref(&p);
    bc_track_unref(&track);
}

#define UNIT(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(test_audio_keeps_tone_level_and_pace),
        UNIT(test_audio_click_stays_in_place_aac_to_opus),
        UNIT(test_audio_click_stays_in_place_opus_to_aac),
        UNIT(test_audio_both_channels_have_the_sound),
        UNIT(test_audio_gap_of_aac_starts_a_new_count),
        UNIT(test_audio_lost_opus_becomes_silence),
        UNIT(test_audio_sound_after_lost_opus_is_in_place),
        UNIT(test_audio_idle_moves_the_clock_of_opus),
        UNIT(test_audio_drift_is_bent_away),
        UNIT(test_audio_overlap_is_left_out),
        UNIT(test_audio_epochs_pass_with_their_flag),
        UNIT(test_audio_track_change_opens_anew),
        UNIT(test_audio_six_channels_become_two),
        UNIT(test_audio_broken_packets_end_in_a_failure),
        UNIT(test_audio_goes_on_behind_broken_packets),
        UNIT(test_audio_unknown_codec_fails),
    };
    kit_quiet();
    return cmocka_run_group_tests_name("codec_audio", tests, NULL, NULL);
}
