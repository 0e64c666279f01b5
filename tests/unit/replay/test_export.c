// SPDX-License-Identifier: Apache-2.0
// The classic form, looked at box by box. The stage's parts have 5 pictures (20 bytes, then
// 10 each) and 9 or 10 frames of sound (6 bytes each), all bytes the part's number.
#include "replay/mp4.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "../record/stage.h"
#include "base/reader.h"
#include "container/box.h"
#include "container/cmaf_read.h"
#include "media/track_build.h"
#include "replay/export_table.h"

#define MP4_TO_UNIX_S INT64_C(2082844800)

// An exported file in memory.
struct exported {
    struct bc_buf *file;
    struct bc_reader moov;
};

static int
run_export(struct stage *s, struct bc_recording *r, int64_t from_us, int64_t to_us,
    struct exported *out)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/out.mp4", s->root);
    atomic_int progress = 0;
    struct bc_replay_export_params params = { .recording = r,
        .path = path,
        .from_us = from_us,
        .to_us = to_us,
        .progress = &progress };
    int rc = bc_replay_export(&params);
    char temporary[160];
    snprintf(temporary, sizeof(temporary), "%s.part", path);
    assert_int_equal(access(temporary, F_OK), -1);
    if (rc < 0) {
        assert_int_equal(access(path, F_OK), -1);
        return rc;
    }
    assert_int_equal(atomic_load(&progress), 100);
    out->file = stage_read(s->root, "out.mp4");
    assert_int_equal(unlink(path), 0);
    // ftyp, moov, mdat, in this order and nothing else
    struct bc_reader all = bc_reader_init(out->file->data, out->file->len);
    struct bc_reader body;
    uint32_t type;
    assert_true(bc_cmaf_box_next(&all, &type, &body));
    assert_int_equal(type, BC_FOURCC('f', 't', 'y', 'p'));
    assert_memory_equal(body.p, "isom\0\0\2\0isomiso6mp41avc1", 24);
    assert_true(bc_cmaf_box_next(&all, &type, &out->moov));
    assert_int_equal(type, BC_FOURCC('m', 'o', 'o', 'v'));
    assert_true(bc_cmaf_box_next(&all, &type, &body));
    assert_int_equal(type, BC_FOURCC('m', 'd', 'a', 't'));
    assert_int_equal(bc_reader_left(&all), 0);
    return 0;
}

// "mdia/minf" and so on inside a box.
static struct bc_reader
find(struct bc_reader r, const char *path)
{
    for (; *path; path += path[4] == '/' ? 5 : 4) {
        struct bc_reader body;
        uint32_t type = BC_FOURCC(path[0], path[1], path[2], path[3]);
        assert_true(bc_cmaf_box_find(r, type, &body));
        r = body;
    }
    return r;
}

static struct bc_reader
trak(const struct exported *e, int place)
{
    struct bc_reader r = e->moov;
    struct bc_reader body;
    uint32_t type;
    while (bc_cmaf_box_next(&r, &type, &body)) {
        if (type == BC_FOURCC('t', 'r', 'a', 'k') && place-- == 0) {
            return body;
        }
    }
    fail_msg("no such track");
    return r;
}

static struct bc_reader
table(const struct exported *e, int place, const char *name)
{
    char path[32];
    snprintf(path, sizeof(path), "mdia/minf/stbl/%s", name);
    return find(trak(e, place), path);
}

static void
assert_bytes(struct bc_reader r, const void *bytes, size_t len)
{
    assert_int_equal(bc_reader_left(&r), len);
    assert_memory_equal(r.p, bytes, len);
}

static void
exported_free(struct exported *e)
{
    bc_buf_unref(&e->file);
}

static void
test_the_whole(void **state)
{
    struct stage *s = *state;
    char folder[256];
    struct exported e;
    stage_record(s, 10, true, folder);
    struct bc_recording *r = bc_recording_open(folder);
    assert_int_equal(run_export(s, r, 0, INT64_MAX, &e), 0);
    struct bc_reader mvhd = find(e.moov, "mvhd");
    assert_int_equal(bc_read_u32(&mvhd), 0);
    assert_int_equal(bc_read_u32(&mvhd), STAGE_WALL_US / 1000000 + MP4_TO_UNIX_S);
    bc_read_skip(&mvhd, 4);
    assert_int_equal(bc_read_u32(&mvhd), 90000);
    // 94 frames of sound are 2.00533 s
    assert_int_equal(bc_read_u32(&mvhd), 180480);
    struct bc_reader tkhd = find(trak(&e, 0), "tkhd");
    assert_int_equal(bc_read_u32(&tkhd), 3);
    bc_read_skip(&tkhd, 8);
    assert_int_equal(bc_read_u32(&tkhd), 1);
    bc_read_skip(&tkhd, 4);
    assert_int_equal(bc_read_u32(&tkhd), 180000);
    bc_read_skip(&tkhd, 52);
    assert_int_equal(bc_read_u32(&tkhd) >> 16, 1280);
    assert_bytes(table(&e, 0, "stts"), "\0\0\0\0\0\0\0\1\0\0\0\x32\0\0\x0e\x10", 16);
    assert_bytes(table(&e, 0, "stss"), "\0\0\0\0\0\0\0\2\0\0\0\1\0\0\0\x1a", 16);
    assert_bytes(table(&e, 1, "stts"), "\0\0\0\0\0\0\0\1\0\0\0\x5e\0\0\4\0", 16);
    // sound's frames are of one size
    assert_bytes(table(&e, 1, "stsz"), "\0\0\0\0\0\0\0\6\0\0\0\x5e", 12);
    static const uint8_t ELST[] = { 1, 0, 0, 0, 0, 0, 0, 1, //
        0, 0, 0, 0, 0, 2, 0xbf, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0 };
    assert_bytes(find(trak(&e, 0), "edts/elst"), ELST, sizeof(ELST));
    static const char ILST[] = "\0\0\0\x22\251nam\0\0\0\x1a"
                               "data\0\0\0\1\0\0\0\0An evening";
    struct bc_reader meta = find(e.moov, "udta/meta");
    bc_read_skip(&meta, 4);
    assert_bytes(find(meta, "ilst"), ILST, sizeof(ILST) - 1);
    exported_free(&e);
    bc_recording_unref(&r);
}

// A sample as the tables tell it.
struct told {
    uint32_t offset;
    uint32_t size;
    uint32_t description;
    int64_t dts;
};

// All samples of a track from its tables; returns how many.
static size_t
read_tables(const struct exported *e, int place, struct told *out, size_t max)
{
    struct bc_reader stsc = table(e, place, "stsc");
    struct bc_reader stco = table(e, place, "stco");
    struct bc_reader stsz = table(e, place, "stsz");
    struct bc_reader stts = table(e, place, "stts");
    bc_read_skip(&stsc, 8);
    bc_read_skip(&stco, 4);
    bc_read_skip(&stsz, 4);
    bc_read_skip(&stts, 8);
    uint32_t chunks = bc_read_u32(&stco);
    uint32_t size = bc_read_u32(&stsz);
    uint32_t count = bc_read_u32(&stsz);
    uint32_t per_chunk = 0;
    uint32_t description = 0;
    uint32_t next_change = bc_read_u32(&stsc);
    uint32_t run = 0;
    uint32_t delta = 0;
    int64_t dts = 0;
    size_t n = 0;
    for (uint32_t chunk = 1; chunk <= chunks; chunk++) {
        if (chunk == next_change) {
            per_chunk = bc_read_u32(&stsc);
            description = bc_read_u32(&stsc);
            next_change = bc_read_u32(&stsc);
        }
        uint32_t offset = bc_read_u32(&stco);
        for (uint32_t i = 0; i < per_chunk; i++) {
            assert_true(n < max);
            uint32_t bytes = size > 0 ? size : bc_read_u32(&stsz);
            out[n++] = (struct told){ offset, bytes, description, dts };
            offset += bytes;
            if (run == 0) {
                run = bc_read_u32(&stts);
                delta = bc_read_u32(&stts);
            }
            run--;
            dts += delta;
        }
    }
    assert_int_equal(n, count);
    return n;
}

static void
assert_filled(const struct exported *e, const struct told *t, unsigned value)
{
    for (uint32_t i = 0; i < t->size; i++) {
        assert_int_equal(e->file->data[t->offset + i], value);
    }
}

// Half a second of picture, half a second of sound, and so on; all bytes are the right ones.
static void
test_chunks(void **state)
{
    struct stage *s = *state;
    char folder[256];
    struct exported e;
    struct told video[64];
    struct told audio[128];
    stage_record(s, 10, true, folder);
    struct bc_recording *r = bc_recording_open(folder);
    assert_int_equal(run_export(s, r, 0, INT64_MAX, &e), 0);
    assert_int_equal(read_tables(&e, 0, video, 64), 50);
    assert_int_equal(read_tables(&e, 1, audio, 128), 94);
    for (unsigned i = 0; i < 50; i++) {
        assert_int_equal(video[i].dts, i * 3600);
        assert_int_equal(video[i].size, i % 25 == 0 ? 20 : 10);
        assert_filled(&e, &video[i], i / 5);
    }
    for (unsigned i = 0; i < 94; i++) {
        assert_int_equal(audio[i].dts, i * 1024);
        assert_filled(&e, &audio[i], i * 1024 / 9600);
    }
    // 13 pictures begin in the first half second, and 24 frames of sound
    assert_int_equal(video[0].offset + 20 + 12 * 10, audio[0].offset);
    assert_int_equal(audio[0].offset + 24 * 6, video[13].offset);
    assert_int_equal(video[13].offset + 12 * 10, audio[24].offset);
    assert_int_equal(audio[93].offset + 6, e.file->len);
    exported_free(&e);
    bc_recording_unref(&r);
}

// Begins with the keyframe before, whose time and that of the sound before are hidden.
static void
test_a_part_of_it(void **state)
{
    struct stage *s = *state;
    char folder[256];
    struct exported e;
    struct told video[64];
    struct told audio[128];
    stage_record(s, 20, true, folder);
    struct bc_recording *r = bc_recording_open(folder);
    assert_int_equal(run_export(s, r, 1300000, 2500000, &e), 0);
    // pictures from 1.0 s up to 2.48 s, as the next one is shown after the end
    assert_int_equal(read_tables(&e, 0, video, 64), 38);
    assert_filled(&e, &video[0], 5);
    assert_filled(&e, &video[37], 12);
    static const uint8_t VIDEO_ELST[] = { 1, 0, 0, 0, 0, 0, 0, 1, //
        0, 0, 0, 0, 0, 1, 0xa5, 0xe0, // 1.2 s
        0, 0, 0, 0, 0, 0, 0x69, 0x78, // from 0.3 s
        0, 1, 0, 0 };
    assert_bytes(find(trak(&e, 0), "edts/elst"), VIDEO_ELST, sizeof(VIDEO_ELST));
    // sound from frame 57 (1.216 s to 1.237 s): the first that ends within 80 ms before
    assert_int_equal(read_tables(&e, 1, audio, 128), 118 - 57);
    assert_filled(&e, &audio[0], 6);
    static const uint8_t AUDIO_ELST[] = { 1, 0, 0, 0, 0, 0, 0, 1, //
        0, 0, 0, 0, 0, 1, 0xa5, 0xe0, //
        0, 0, 0, 0, 0, 0, 0x0f, 0xc0, // 62400 - 57 * 1024 = 4032 ticks
        0, 1, 0, 0 };
    assert_bytes(find(trak(&e, 1), "edts/elst"), AUDIO_ELST, sizeof(AUDIO_ELST));
    struct bc_reader mvhd = find(e.moov, "mvhd");
    bc_read_skip(&mvhd, 4);
    assert_int_equal(
        bc_read_u32(&mvhd), (STAGE_WALL_US + 1300000) / 1000000 + MP4_TO_UNIX_S);
    exported_free(&e);
    static const int64_t NOTHING[][2] = { { 5000000, 6000000 }, { 2000000, 2000000 },
        { 2000000, 1000000 } };
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(run_export(s, r, NOTHING[i][0], NOTHING[i][1], &e), -ENOENT);
    }
    bc_recording_unref(&r);
}

// Pictures out of order and sound that begins later: the lists of edits hold both.
static void
test_skew_is_kept(void **state)
{
    struct stage *s = *state;
    static const struct bc_cmaf_sample VIDEO[] = {
        { (const uint8_t *)"I", 1, 3000, 6000, true, false },
        { (const uint8_t *)"P", 1, 3000, 12000, false, false },
        { (const uint8_t *)"B", 1, 3000, 3000, false, false },
        { (const uint8_t *)"b", 1, 3003, 0, false, true },
    };
    static const struct bc_cmaf_sample AUDIO[] = {
        { (const uint8_t *)"a", 1, 1024, 0, true, false },
        { (const uint8_t *)"c", 1, 1024, 0, true, false },
    };
    // sound is first heard at 7001 of 48000 ticks (145.85 ms), a picture seen at 66.67 ms
    struct bc_cmaf_run runs[] = { { 1, 0, false, VIDEO, 4 },
        { 2, 7001, false, AUDIO, 2 } };
    struct bc_buf *data = bc_cmaf_chunk(1, runs, 2);
    struct bc_recording_writer *w = stage_create(s);
    struct bc_recording_append a = { .init = s->init,
        .data = data,
        .duration_us = 133367,
        .wall_us = STAGE_WALL_US,
        .independent = true,
        .segment = true };
    assert_int_equal(bc_recording_append(w, &a), 0);
    struct exported e;
    assert_int_equal(run_export(s, bc_recording_of(w), 0, INT64_MAX, &e), 0);
    static const uint8_t CTTS[] = { 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0x17,
        0x70, //
        0, 0, 0, 1, 0, 0, 0x2e, 0xe0, 0, 0, 0, 1, 0, 0, 0x0b, 0xb8, 0, 0, 0, 1, 0, 0, 0,
        0 };
    assert_bytes(table(&e, 0, "ctts"), CTTS, sizeof(CTTS));
    // pictures are seen from 6000 to 18000 ticks
    static const uint8_t FIRST[] = { 1, 0, 0, 0, 0, 0, 0, 1, //
        0, 0, 0, 0, 0, 0, 0x2e, 0xe0, 0, 0, 0, 0, 0, 0, 0x17, 0x70, 0, 1, 0, 0 };
    assert_bytes(find(trak(&e, 0), "edts/elst"), FIRST, sizeof(FIRST));
    static const uint8_t SOUND[] = { 1, 0, 0, 0, 0, 0, 0, 2, //
        0, 0, 0, 0, 0, 0, 0x1b, 0xd7, // 7127 of 90000 (3801 of 48000)
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 1, 0, 0, //
        0, 0, 0, 0, 0, 0, 0x0f, 0x00, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0 };
    assert_bytes(find(trak(&e, 1), "edts/elst"), SOUND, sizeof(SOUND));
    exported_free(&e);
    bc_buf_unref(&data);
    assert_int_equal(bc_recording_finish(&w, true, STAGE_WALL_US), 0);
}

static void
test_several_formats(void **state)
{
    struct stage *s = *state;
    struct bc_recording_writer *w = stage_create(s);
    for (unsigned i = 0; i < 15; i++) {
        struct bc_recording_append a = stage_part(s, 0, i);
        a.init = i / 5 == 1 ? s->other_init : s->init;
        a.discontinuity = i == 5 || i == 10;
        assert_int_equal(bc_recording_append(w, &a), 0);
        bc_buf_unref(&a.data);
    }
    struct exported e;
    struct told video[128];
    assert_int_equal(run_export(s, bc_recording_of(w), 0, INT64_MAX, &e), 0);
    struct bc_reader stsd = table(&e, 0, "stsd");
    bc_read_skip(&stsd, 4);
    assert_int_equal(bc_read_u32(&stsd), 2);
    struct bc_reader entry;
    uint32_t type;
    for (int i = 0; i < 2; i++) {
        assert_true(bc_cmaf_box_next(&stsd, &type, &entry));
        assert_int_equal(type, BC_FOURCC('a', 'v', 'c', '1'));
        bc_read_skip(&entry, 24);
        assert_int_equal(bc_read_u16(&entry), i == 0 ? 1280 : 640);
    }
    stsd = table(&e, 1, "stsd"); // sound was the same all the time
    bc_read_skip(&stsd, 4);
    assert_int_equal(bc_read_u32(&stsd), 1);
    assert_int_equal(read_tables(&e, 0, video, 128), 75);
    for (unsigned i = 0; i < 75; i++) {
        assert_int_equal(video[i].description, i / 25 == 1 ? 2 : 1);
        assert_filled(&e, &video[i], i / 5);
    }
    exported_free(&e);
    assert_int_equal(bc_recording_finish(&w, true, STAGE_WALL_US), 0);
}

static void
test_opus_says_what_it_needs(void **state)
{
    struct stage *s = *state;
    struct bc_track *t = bc_opus_track_simple(2);
    struct bc_buf *init = bc_cmaf_init((const struct bc_track *const *)&t, 1);
    static const struct bc_cmaf_sample SAMPLES[] = {
        { (const uint8_t *)"abc", 3, 960, 0, true, false },
        { (const uint8_t *)"de", 2, 960, 0, true, false },
    };
    struct bc_cmaf_run run = { 1, 0, true, SAMPLES, 2 };
    struct bc_buf *data = bc_cmaf_chunk(1, &run, 1);
    struct bc_recording_writer *w = stage_create(s);
    struct bc_recording_append a = { .init = init,
        .data = data,
        .duration_us = 40000,
        .wall_us = STAGE_WALL_US,
        .independent = true,
        .segment = true };
    assert_int_equal(bc_recording_append(w, &a), 0);
    char path[128];
    snprintf(path, sizeof(path), "%s/out.mp4", s->root);
    struct bc_replay_export_params params = {
        .recording = bc_recording_of(w), .path = path, .to_us = INT64_MAX
    };
    assert_int_equal(bc_replay_export(&params), 0);
    struct bc_buf *file = stage_read(s->root, "out.mp4");
    assert_memory_equal(file->data,
        "\0\0\0\x1c"
        "ftypisom\0\0\2\0isomiso6mp41\0",
        29);
    static const uint8_t GROUPS[] = { 0, 0, 0, 26, 's', 'g', 'p', 'd', 1, 0, 0, 0, //
        'r', 'o', 'l', 'l', 0, 0, 0, 2, 0, 0, 0, 1, 0xff, 0xfc, //
        0, 0, 0, 28, 's', 'b', 'g', 'p', 0, 0, 0, 0, //
        'r', 'o', 'l', 'l', 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1 };
    assert_non_null(memmem(file->data, file->len, GROUPS, sizeof(GROUPS)));
    assert_memory_equal(file->data + file->len - 13, "\0\0\0\x0dmdatabcde", 13);
    bc_buf_unref(&file);
    bc_buf_unref(&data);
    bc_buf_unref(&init);
    bc_track_unref(&t);
    assert_int_equal(bc_recording_finish(&w, true, STAGE_WALL_US), 0);
}

// A part whose moof makes no sense is left out; the time it had stays.
static void
test_damaged_parts_are_left_out(void **state)
{
    struct stage *s = *state;
    char folder[256];
    struct exported e;
    struct told video[64];
    stage_record(s, 10, true, folder);
    struct bc_recording *r = bc_recording_open(folder);
    struct bc_recording_part part;
    assert_int_equal(bc_recording_parts(r, 3, &part, 1), 1);
    struct bc_buf *file = stage_read(folder, "000001.mp4");
    uint8_t *moof = file->data + part.offset + BC_CMAF_PRFT_BYTES;
    uint8_t *tfhd = memmem(moof, part.head_bytes - BC_CMAF_PRFT_BYTES, "tfhd", 4);
    tfhd[11] = 7; // of no such track
    stage_write(folder, "000001.mp4", file->data, file->len);
    assert_int_equal(run_export(s, r, 0, INT64_MAX, &e), 0);
    assert_int_equal(read_tables(&e, 0, video, 64), 45);
    assert_int_equal(video[14].dts, 14 * 3600);
    assert_int_equal(video[15].dts, 20 * 3600);
    assert_filled(&e, &video[15], 4);
    exported_free(&e);
    // the file ends within the media of a part that was there
    assert_int_equal(bc_recording_parts(r, 2, &part, 1), 1);
    stage_write(folder, "000001.mp4", file->data, part.offset + part.head_bytes + 3);
    assert_int_equal(run_export(s, r, 0, INT64_MAX, &e), -EIO);
    bc_buf_unref(&file);
    bc_recording_unref(&r);
}

static void
test_trouble_leaves_no_file(void **state)
{
    struct stage *s = *state;
    char folder[256];
    struct exported e;
    stage_record(s, 10, true, folder);
    struct bc_recording *r = bc_recording_open(folder);
    // no room: a limit on the size of files does what a full disk would
    struct rlimit old;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit small = { 500, old.rlim_max };
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int rc = run_export(s, r, 0, INT64_MAX, &e);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(rc, -EFBIG);
    char path[128];
    snprintf(path, sizeof(path), "%s/out.mp4", s->root);
    atomic_bool cancel = true;
    struct bc_replay_export_params params = {
        .recording = r, .path = path, .to_us = INT64_MAX, .cancel = &cancel
    };
    assert_int_equal(bc_replay_export(&params), -ECANCELED);
    assert_int_equal(access(path, F_OK), -1);
    params.path = "/no/such/folder/out.mp4";
    params.cancel = NULL;
    assert_int_equal(bc_replay_export(&params), -ENOENT);
    bc_recording_unref(&r);
}

static void
test_times_that_do_not_rise(void **state)
{
    (void)state;
    struct export_table t = { 0 };
    static const struct export_sample SAMPLES[] = {
        { 100, 90, 10, 1, true },
        { 100, 110, 10, 1, false }, // at the same time
        { 95, 120, 10, 1, false }, // earlier
        { 130, 130, 10, 1, false },
    };
    for (size_t i = 0; i < 4; i++) {
        export_table_add(&t, &SAMPLES[i]);
    }
    assert_true(export_table_end(&t));
    static const uint8_t STTS[] = { 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 28, //
        0, 0, 0, 1, 0, 0, 0, 10 };
    assert_int_equal(t.stts.entries, 3);
    assert_int_equal(t.stts.bytes.len, sizeof(STTS));
    assert_memory_equal(t.stts.bytes.data, STTS, sizeof(STTS));
    // what is shown keeps its time
    static const uint8_t CTTS[] = { 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xf6, //
        0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 18, 0, 0, 0, 1, 0, 0, 0, 0 };
    assert_int_equal(t.ctts.bytes.len, sizeof(CTTS));
    assert_memory_equal(t.ctts.bytes.data, CTTS, sizeof(CTTS));
    assert_true(t.ctts.negative);
    assert_int_equal(t.first_pts, 90);
    assert_int_equal(t.end_pts, 140);
    export_table_finish(&t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_whole, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_chunks, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_a_part_of_it, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_skew_is_kept, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(
            test_several_formats, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(
            test_opus_says_what_it_needs, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(
            test_damaged_parts_are_left_out, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(
            test_trouble_leaves_no_file, stage_setup, stage_teardown),
        cmocka_unit_test(test_times_that_do_not_rise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
