// SPDX-License-Identifier: Apache-2.0
// moov as cmaf_init.c writes it: moov/trak/{tkhd, mdia/{mdhd, minf/stbl/stsd}}.
#include <errno.h>

#include "cmaf_read_box.h"
#include "container/box.h"
#include "container/cmaf_read.h"

#define WIDE_TIMES_VERSION 1 // tkhd and mdhd with times of 64 bits

static bool
find_path(struct bc_reader r, const uint32_t *path, size_t count, struct bc_reader *out)
{
    for (size_t i = 0; i < count; i++) {
        struct bc_reader body;
        if (!bc_cmaf_box_find(r, path[i], &body)) {
            return false;
        }
        r = body;
    }
    *out = r;
    return true;
}

// The field behind creation and modification time, in tkhd and mdhd alike.
static uint32_t
read_after_times(struct bc_reader *full_box)
{
    uint8_t version = bc_read_u8(full_box);
    full_box->failed |= version > WIDE_TIMES_VERSION;
    bc_read_skip(full_box, 3 + (version == WIDE_TIMES_VERSION ? 16 : 8));
    return bc_read_u32(full_box);
}

static int
read_trak(struct bc_reader trak, struct bc_cmaf_movie_track *out)
{
    static const uint32_t TKHD[] = { BC_FOURCC('t', 'k', 'h', 'd') };
    static const uint32_t MDHD[] = { BC_FOURCC('m', 'd', 'i', 'a'),
        BC_FOURCC('m', 'd', 'h', 'd') };
    static const uint32_t STSD[] = { BC_FOURCC('m', 'd', 'i', 'a'),
        BC_FOURCC('m', 'i', 'n', 'f'), BC_FOURCC('s', 't', 'b', 'l'),
        BC_FOURCC('s', 't', 's', 'd') };
    struct bc_reader tkhd;
    struct bc_reader mdhd;
    struct bc_reader stsd;
    if (!find_path(trak, TKHD, 1, &tkhd) || !find_path(trak, MDHD, 2, &mdhd)
        || !find_path(trak, STSD, 4, &stsd)) {
        return -EINVAL;
    }
    out->track_id = read_after_times(&tkhd);
    out->timescale = read_after_times(&mdhd);
    bc_read_skip(&stsd, 4); // version, flags
    uint32_t entries = bc_read_u32(&stsd);
    struct bc_reader entry;
    uint32_t type;
    if (tkhd.failed || mdhd.failed || out->timescale == 0
        || out->timescale > CMAF_MAX_TIMESCALE
        || !bc_cmaf_box_next(&stsd, &type, &entry)) {
        return -EINVAL;
    }
    return entries == 1 ? cmaf_read_entry(type, entry, out->timescale, &out->track)
                        : -ENOTSUP;
}

static bool
has_track_id(const struct bc_cmaf_movie *movie, uint32_t id)
{
    for (size_t i = 0; i < movie->count; i++) {
        if (movie->tracks[i].track_id == id) {
            return true;
        }
    }
    return false;
}

static int
read_moov(struct bc_reader moov, struct bc_cmaf_movie *out)
{
    uint32_t type;
    struct bc_reader body;
    while (bc_cmaf_box_next(&moov, &type, &body)) {
        if (type != BC_FOURCC('t', 'r', 'a', 'k')) {
            continue;
        }
        if (out->count == BC_CMAF_MAX_TRACKS) {
            return -ENOTSUP;
        }
        struct bc_cmaf_movie_track track = { 0 };
        int rc = read_trak(body, &track);
        if (rc < 0) {
            return rc;
        }
        if (has_track_id(out, track.track_id)) {
            bc_track_unref(&track.track);
            return -EINVAL;
        }
        out->tracks[out->count++] = track;
    }
    return moov.failed || out->count == 0 ? -EINVAL : 0;
}

int
bc_cmaf_movie_read(const uint8_t *data, size_t len, struct bc_cmaf_movie *out)
{
    *out = (struct bc_cmaf_movie){ 0 };
    struct bc_reader r = bc_reader_init(data, len);
    struct bc_reader moov;
    if (!bc_cmaf_box_find(r, BC_FOURCC('m', 'o', 'o', 'v'), &moov)) {
        return -EINVAL;
    }
    int rc = read_moov(moov, out);
    if (rc < 0) {
        bc_cmaf_movie_finish(out);
    }
    return rc;
}

void
bc_cmaf_movie_finish(struct bc_cmaf_movie *movie)
{
    for (size_t i = 0; i < movie->count; i++) {
        bc_track_unref(&movie->tracks[i].track);
    }
    movie->count = 0;
}
