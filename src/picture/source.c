// SPDX-License-Identifier: Apache-2.0
#include "source.h"

#include <errno.h>

#include "decode.h"

#define PARTS_AT_ONCE 64

void
picture_source_finish(struct picture_source *s)
{
    bc_buf_unref(&s->init);
}

bool
picture_source_next(
    struct picture_source *s, int64_t from_us, struct bc_recording_part *out)
{
    struct bc_recording_part parts[PARTS_AT_ONCE];
    size_t at;
    if (!bc_recording_find(s->recording, from_us, &at)) {
        return false;
    }
    for (;;) {
        size_t n = bc_recording_parts(s->recording, at, parts, PARTS_AT_ONCE);
        for (size_t i = 0; i < n; i++) {
            if (parts[i].independent && parts[i].start_us >= from_us) {
                *out = parts[i];
                return true;
            }
        }
        if (n == 0) {
            return false;
        }
        at += n;
    }
}

// Whether the format of the part's file has a picture for us; formats seldom change.
static int
load_format(struct picture_source *s, const struct bc_recording_part *part)
{
    uint32_t format;
    uint32_t head_bytes;
    if (!bc_recording_file_head(s->recording, part->file, &format, &head_bytes)) {
        return -EINVAL;
    }
    if (!s->init || s->format != format) {
        bc_buf_unref(&s->init);
        s->init = bc_recording_init_section(s->recording, format);
        s->format = format;
        s->usable = s->init && picture_can_decode(s->init->data, s->init->len);
    }
    return s->usable ? 0 : -ENOTSUP;
}

int
picture_source_decode(
    struct picture_source *s, const struct bc_recording_part *part, AVFrame *out)
{
    int err = load_format(s, part);
    if (err != 0) {
        return err;
    }
    if (s->pace && s->pace->may_begin && !s->pace->may_begin(s->pace->user)) {
        s->stopped = true;
        return -EINTR;
    }
    struct bc_buf *bytes = bc_recording_read(s->recording, part);
    if (!bytes) {
        return errno == ENOMEM ? -ENOMEM : -EINVAL;
    }
    err = picture_decode(s->init->data, s->init->len, bytes->data, bytes->len, out);
    bc_buf_unref(&bytes);
    return err;
}
