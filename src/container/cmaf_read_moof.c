// SPDX-License-Identifier: Apache-2.0
// moof as cmaf_chunk.c writes it, and in the other forms that mean the same: defaults or
// fields of each sample (ISO/IEC 14496-12 8.8.7, 8.8.8). Positions count from the moof.
#include <errno.h>

#include "cmaf_read_box.h"
#include "container/box.h"
#include "container/cmaf_read.h"

#define MAX_SAMPLES 4096 // of one moof
#define MAX_TRAFS 8

#define TFHD_BASE_OFFSET 0x000001
#define TFHD_DESCRIPTION 0x000002
#define TFHD_DEFAULT_DURATION 0x000008
#define TFHD_DEFAULT_SIZE 0x000010
#define TFHD_DEFAULT_FLAGS 0x000020
#define TRUN_DATA_OFFSET 0x000001
#define TRUN_FIRST_FLAGS 0x000004
#define TRUN_DURATION 0x000100
#define TRUN_SIZE 0x000200
#define TRUN_FLAGS 0x000400
#define TRUN_CTS 0x000800
#define NON_SYNC 0x00010000

#define FLAGS(version_and_flags) ((version_and_flags)&0xffffff)

// One moof being read; on the stack of the reading function.
struct moof {
    size_t len;
    const struct bc_cmaf_movie *movie;
    bool (*each)(void *user, const struct bc_cmaf_read_sample *sample); // NULL: only look
    void *user;
    size_t samples;
    bool stopped;
};

// One traf: its tfhd, and the tfdt as far as it was read.
struct traf {
    size_t track;
    uint32_t timescale;
    uint32_t duration;
    uint32_t size;
    uint32_t flags;
    uint64_t dts; // of the next sample
    const uint8_t *at; // where the tfdt's time stands
    size_t bytes; // and how long it is
};

static int
read_tfhd(struct bc_reader tfhd, const struct bc_cmaf_movie *movie, struct traf *t)
{
    uint32_t flags = FLAGS(bc_read_u32(&tfhd));
    uint32_t id = bc_read_u32(&tfhd);
    if (tfhd.failed || (flags & TFHD_BASE_OFFSET)) {
        return -EINVAL; // counting from the file's beginning is nothing that can be cut
    }
    bc_read_skip(&tfhd, flags & TFHD_DESCRIPTION ? 4 : 0);
    t->duration = flags & TFHD_DEFAULT_DURATION ? bc_read_u32(&tfhd) : 0;
    t->size = flags & TFHD_DEFAULT_SIZE ? bc_read_u32(&tfhd) : 0;
    t->flags = flags & TFHD_DEFAULT_FLAGS ? bc_read_u32(&tfhd) : 0;
    if (tfhd.failed) {
        return -EINVAL;
    }
    for (t->track = 0; t->track < movie->count; t->track++) {
        if (movie->tracks[t->track].track_id == id) {
            t->timescale = movie->tracks[t->track].timescale;
            return 0;
        }
    }
    return -ENOENT;
}

static int
read_tfdt(struct bc_reader tfdt, struct traf *t)
{
    t->bytes = bc_read_u8(&tfdt) == 0 ? 4 : 8;
    bc_read_skip(&tfdt, 3);
    t->at = tfdt.p;
    t->dts = bc_read_be(&tfdt, t->bytes);
    return tfdt.failed || t->dts > t->timescale * CMAF_MAX_SECONDS ? -EINVAL : 0;
}

static int
read_traf_head(struct bc_reader traf, const struct bc_cmaf_movie *movie, struct traf *t)
{
    struct bc_reader tfhd;
    struct bc_reader tfdt;
    if (!bc_cmaf_box_find(traf, BC_FOURCC('t', 'f', 'h', 'd'), &tfhd)
        || !bc_cmaf_box_find(traf, BC_FOURCC('t', 'f', 'd', 't'), &tfdt)) {
        return -EINVAL;
    }
    int rc = read_tfhd(tfhd, movie, t);
    return rc < 0 ? rc : read_tfdt(tfdt, t);
}

static int
read_trun(struct moof *m, struct bc_reader r, struct traf *t)
{
    uint32_t flags = FLAGS(bc_read_u32(&r));
    uint32_t count = bc_read_u32(&r);
    uint64_t offset = flags & TRUN_DATA_OFFSET ? bc_read_u32(&r) : 0;
    uint32_t first_flags = flags & TRUN_FIRST_FLAGS ? bc_read_u32(&r) : t->flags;
    if (r.failed || count > MAX_SAMPLES - m->samples || offset < m->len
        || offset > INT32_MAX) {
        return -EINVAL;
    }
    m->samples += count;
    for (uint32_t i = 0; i < count && !m->stopped; i++) {
        struct bc_cmaf_read_sample s = {
            .track = t->track, .dts = t->dts, .offset = offset
        };
        s.duration = flags & TRUN_DURATION ? bc_read_u32(&r) : t->duration;
        s.len = flags & TRUN_SIZE ? bc_read_u32(&r) : t->size;
        uint32_t own = flags & TRUN_FLAGS ? bc_read_u32(&r)
            : i == 0                      ? first_flags
                                          : t->flags;
        s.cts = flags & TRUN_CTS ? (int32_t)bc_read_u32(&r) : 0;
        s.sync = !(own & NON_SYNC);
        if (r.failed) {
            return -EINVAL;
        }
        t->dts += s.duration;
        offset += s.len;
        m->stopped = m->each && !m->each(m->user, &s);
    }
    return 0;
}

static int
read_traf(struct moof *m, struct bc_reader traf)
{
    struct traf t;
    int rc = read_traf_head(traf, m->movie, &t);
    struct bc_reader body;
    uint32_t type;
    while (rc == 0 && !m->stopped && bc_cmaf_box_next(&traf, &type, &body)) {
        rc = type == BC_FOURCC('t', 'r', 'u', 'n') ? read_trun(m, body, &t) : 0;
    }
    return rc < 0 ? rc : traf.failed ? -EINVAL : 0;
}

// The inside of a moof that fills all of the bytes.
static bool
open_moof(const uint8_t *moof, size_t len, struct bc_reader *body)
{
    struct bc_reader r = bc_reader_init(moof, len);
    uint32_t type;
    return bc_cmaf_box_next(&r, &type, body) && type == BC_FOURCC('m', 'o', 'o', 'f')
        && bc_reader_left(&r) == 0;
}

static int
walk(struct moof m, struct bc_reader body)
{
    struct bc_reader traf;
    uint32_t type;
    size_t trafs = 0;
    while (!m.stopped && bc_cmaf_box_next(&body, &type, &traf)) {
        if (type != BC_FOURCC('t', 'r', 'a', 'f')) {
            continue;
        }
        int rc = ++trafs > MAX_TRAFS ? -EINVAL : read_traf(&m, traf);
        if (rc < 0) {
            return rc;
        }
    }
    return body.failed ? -EINVAL : 0;
}

int
bc_cmaf_moof_read(const uint8_t *moof, size_t len, const struct bc_cmaf_movie *movie,
    bool (*each)(void *user, const struct bc_cmaf_read_sample *sample), void *user)
{
    struct bc_reader body;
    if (!open_moof(moof, len, &body)) {
        return -EINVAL;
    }
    // All of it is looked at before the first sample is told: nobody acts on half a box.
    struct moof m = { .len = len, .movie = movie };
    int rc = walk(m, body);
    if (rc == 0) {
        m.each = each;
        m.user = user;
        rc = walk(m, body);
    }
    return rc;
}

// False when the time cannot be written where it stands.
static bool
shifted(const struct traf *t, int64_t delta_us, uint64_t *out)
{
    int64_t dts = (int64_t)t->dts + bc_cmaf_ticks(delta_us, t->timescale);
    *out = dts > 0 ? (uint64_t)dts : 0;
    return *out <= t->timescale * CMAF_MAX_SECONDS
        && (t->bytes == 8 || *out <= UINT32_MAX);
}

int
bc_cmaf_moof_shift(
    uint8_t *moof, size_t len, const struct bc_cmaf_movie *movie, int64_t delta_us)
{
    struct bc_reader body;
    struct bc_reader inside;
    uint32_t type;
    struct traf trafs[MAX_TRAFS];
    uint64_t times[MAX_TRAFS];
    size_t count = 0;
    bool sane = delta_us <= (int64_t)CMAF_MAX_SECONDS * 1000000
        && delta_us >= -(int64_t)CMAF_MAX_SECONDS * 1000000;
    if (!sane || !open_moof(moof, len, &body)) {
        return -EINVAL;
    }
    while (bc_cmaf_box_next(&body, &type, &inside)) {
        if (type != BC_FOURCC('t', 'r', 'a', 'f')) {
            continue;
        }
        if (count == MAX_TRAFS || read_traf_head(inside, movie, &trafs[count]) < 0
            || !shifted(&trafs[count], delta_us, &times[count])) {
            return -EINVAL;
        }
        count++;
    }
    if (body.failed) {
        return -EINVAL;
    }
    for (size_t i = 0; i < count; i++) {
        uint8_t *at = moof + (trafs[i].at - moof);
        for (size_t k = trafs[i].bytes; k > 0; k--) {
            *at++ = (uint8_t)(times[i] >> (8 * (k - 1)));
        }
    }
    return 0;
}
