// SPDX-License-Identifier: Apache-2.0
#include "stage.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "container/cmaf.h"
#include "media/track_build.h"

#define FRAMES 5
#define FRAME_TICKS 3600
#define SOUND_TICKS 1024

static const uint8_t AVCC[] = { 0x01, 0x7a, 0x00, 0x1f, 0xff, 0xe1, 0x00, 0x19, 0x67,
    0x7a, 0x00, 0x1f, 0xb6, 0xcb, 0x40, 0x28, 0x02, 0xdd, 0x80, 0x88, 0x00, 0x00, 0x03,
    0x00, 0x08, 0x00, 0x00, 0x03, 0x01, 0x90, 0x78, 0xc1, 0x95, 0x01, 0x00, 0x04, 0x68,
    0xce, 0x0f, 0xc8, 0xfe, 0xfa, 0xfa, 0x00 };
static const uint8_t ASC[] = { 0x11, 0x90 };

static struct bc_buf *
make_init(uint32_t width)
{
    struct bc_track *video = bc_avc_track(AVCC, sizeof(AVCC));
    struct bc_track *audio = bc_aac_track(ASC, sizeof(ASC));
    assert_true(video && audio);
    video->width = width;
    const struct bc_track *tracks[] = { video, audio };
    struct bc_buf *init = bc_cmaf_init(tracks, 2);
    assert_non_null(init);
    bc_track_unref(&video);
    bc_track_unref(&audio);
    return init;
}

void
stage_open(struct stage *s)
{
    bc_log_set_level(BC_LOG_ERROR); // repairs are warned of, and there are many here
    // In memory where there is such: thousands of syncs take a disk minutes.
    snprintf(s->root, sizeof(s->root), "%s/bc-recording-XXXXXX",
        access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(s->root));
    s->init = make_init(1280);
    s->other_init = make_init(640);
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void
stage_remove(const char *folder)
{
    assert_int_equal(nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

void
stage_close(struct stage *s)
{
    stage_remove(s->root);
    bc_buf_unref(&s->init);
    bc_buf_unref(&s->other_init);
}

int
stage_setup(void **state)
{
    struct stage *s = calloc(1, sizeof(*s));
    assert_non_null(s);
    stage_open(s);
    *state = s;
    return 0;
}

int
stage_teardown(void **state)
{
    stage_close(*state);
    free(*state);
    return 0;
}

struct bc_recording_writer *
stage_create(struct stage *s)
{
    struct bc_recording_params params = {
        .root = s->root,
        .channel = "live/hq",
        .title = "An evening",
        .wall_us = STAGE_WALL_US,
    };
    struct bc_recording_writer *w = bc_recording_create(&params);
    assert_non_null(w);
    return w;
}

struct bc_recording_append
stage_part(struct stage *s, int64_t origin_us, unsigned number)
{
    uint8_t bytes[32];
    struct bc_cmaf_sample pictures[FRAMES];
    struct bc_cmaf_sample sounds[16];
    bool key = number % STAGE_SEGMENT_PARTS == 0;
    memset(bytes, (int)number, sizeof(bytes));
    int64_t start_us = origin_us + (int64_t)number * STAGE_PART_US;
    for (unsigned i = 0; i < FRAMES; i++) {
        pictures[i] = (struct bc_cmaf_sample){ bytes, key && i == 0 ? 20 : 10,
            FRAME_TICKS, 0, key && i == 0, false };
    }
    // The sound's frames that begin in the part: 9 or 10.
    int64_t first =
        ((int64_t)number * STAGE_PART_US * 48 / 1000 + SOUND_TICKS - 1) / SOUND_TICKS;
    int64_t next = ((int64_t)(number + 1) * STAGE_PART_US * 48 / 1000 + SOUND_TICKS - 1)
        / SOUND_TICKS;
    size_t count = (size_t)(next - first);
    for (size_t i = 0; i < count; i++) {
        sounds[i] = (struct bc_cmaf_sample){ bytes, 6, SOUND_TICKS, 0, true, false };
    }
    struct bc_cmaf_run runs[] = {
        { 1, (uint64_t)bc_cmaf_ticks(start_us, 90000), false, pictures, FRAMES },
        { 2, (uint64_t)(bc_cmaf_ticks(origin_us, 48000) + first * SOUND_TICKS), false,
            sounds, count },
    };
    struct bc_buf *data = bc_cmaf_chunk(number + 1, runs, 2);
    assert_non_null(data);
    return (struct bc_recording_append){
        .init = s->init,
        .data = data,
        .start_us = start_us,
        .duration_us = STAGE_PART_US,
        .wall_us = STAGE_WALL_US + (int64_t)number * STAGE_PART_US,
        .independent = key,
        .segment = key,
        .msn = 1000 + number / STAGE_SEGMENT_PARTS,
    };
}

int
stage_append(
    struct stage *s, struct bc_recording_writer *w, int64_t origin_us, unsigned number)
{
    struct bc_recording_append a = stage_part(s, origin_us, number);
    int e = bc_recording_append(w, &a);
    bc_buf_unref(&a.data);
    return e;
}

void
stage_record(struct stage *s, unsigned parts, bool ended, char out[256])
{
    struct bc_recording_writer *w = stage_create(s);
    for (unsigned i = 0; i < parts; i++) {
        assert_int_equal(stage_append(s, w, 5000000, i), 0);
    }
    snprintf(out, 256, "%s", bc_recording_folder(bc_recording_of(w)));
    int64_t end_us = STAGE_WALL_US + (int64_t)parts * STAGE_PART_US;
    assert_int_equal(bc_recording_finish(&w, ended, end_us), 0);
    assert_null(w);
}

static void
path_of(char out[320], const char *folder, const char *name)
{
    snprintf(out, 320, "%s/%s", folder, name);
}

struct bc_buf *
stage_read(const char *folder, const char *name)
{
    char path[320];
    path_of(path, folder, name);
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    struct bc_buf *buf = bc_buf_create((size_t)st.st_size);
    assert_int_equal(read(fd, buf->data, buf->len), buf->len);
    close(fd);
    return buf;
}

void
stage_write(const char *folder, const char *name, const void *data, size_t len)
{
    char path[320];
    path_of(path, folder, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, len), len);
    close(fd);
}
