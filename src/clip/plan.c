// SPDX-License-Identifier: Apache-2.0
// What is copied and what is encoded anew (smart cut, rules CLIP-2 and CLIP-3):
//
//   decode ...... from ........ copy ............. tail ..... to
//   |  decoded    |  encoded    |  copied          |  copied  | encoded: what is shown
//   IDR           first frame   next IDR           last IDR     but refers to later frames
//
// Only at an IDR can copied frames follow encoded ones. The other way round any frame will
// do, as the encoded ones begin with an IDR of their own; so at the end only those few are
// encoded that were decoded after a frame that is shown after the end.
#include "plan.h"

static bool
is_shown_before(const struct clip_frame *f, int64_t to_us)
{
    return f->pts_us < to_us - CLIP_SLACK_US;
}

// The frame that is on the screen at a time; the first one if that is before all.
static int64_t
frame_at(const struct clip_frame *frames, size_t count, int64_t at_us)
{
    int64_t first = INT64_MAX;
    int64_t best = INT64_MIN;
    for (size_t i = 0; i < count; i++) {
        int64_t pts = frames[i].pts_us;
        first = pts < first ? pts : first;
        best = pts <= at_us + CLIP_SLACK_US && pts > best ? pts : best;
    }
    return best != INT64_MIN ? best : first;
}

static size_t
next_sync(const struct clip_frame *frames, size_t count, size_t from)
{
    size_t i = from;
    while (i < count && !frames[i].sync) {
        i++;
    }
    return i;
}

static bool
is_too_much(const struct clip_frame *frames, size_t from, size_t to)
{
    int64_t first = frames[from].pts_us;
    int64_t last = frames[to - 1].pts_us;
    return to - from > CLIP_RECODE_FRAMES || last - first > CLIP_RECODE_US;
}

struct clip_head
clip_plan_head(const struct clip_frame *frames, size_t count, int64_t from_us,
    int64_t to_us, bool exact)
{
    struct clip_head head = { .copy = count };
    size_t sync = next_sync(frames, count, 0);
    if (sync == count) {
        return head;
    }
    // What comes before the first sync frame cannot be decoded.
    int64_t first = frame_at(frames + sync, count - sync, from_us);
    size_t next = next_sync(frames, count, sync + 1);
    while (next < count && frames[next].pts_us <= first) {
        sync = next;
        next = next_sync(frames, count, sync + 1);
    }
    head.found = true;
    head.decode = sync;
    head.copy = sync;
    head.first_us = frames[sync].pts_us;
    if (!exact || first <= head.first_us) {
        return head;
    }
    if (is_too_much(frames, sync, next)) {
        head.snapped = true;
        head.copy = next < count && is_shown_before(&frames[next], to_us) ? next : sync;
        head.decode = head.copy;
        head.first_us = frames[head.copy].pts_us;
        return head;
    }
    head.recode = true;
    head.copy = next;
    head.first_us = first;
    return head;
}

// The longest beginning in decoding order that is the beginning in the order of showing,
// too.
static size_t
copyable(const struct clip_frame *frames, size_t count, int64_t to_us)
{
    size_t best = 0;
    int64_t newest = INT64_MIN;
    for (size_t i = 0; i < count && is_shown_before(&frames[i], to_us); i++) {
        newest = frames[i].pts_us > newest ? frames[i].pts_us : newest;
        bool closed = true;
        for (size_t k = i + 1; k < count && closed && k <= i + 1 + CLIP_REORDER_MAX; k++) {
            closed = frames[k].pts_us > newest;
        }
        best = closed ? i + 1 : best;
    }
    return best;
}

static size_t
count_shown(const struct clip_frame *frames, size_t count, int64_t to_us)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        n += is_shown_before(&frames[i], to_us);
    }
    return n;
}

// Where the last one shown ends: at the next frame, or after its own duration.
static int64_t
end_of_shown(const struct clip_frame *frames, size_t count, int64_t to_us)
{
    int64_t next = INT64_MAX;
    const struct clip_frame *last = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct clip_frame *f = &frames[i];
        if (!is_shown_before(f, to_us)) {
            next = f->pts_us < next ? f->pts_us : next;
        } else if (!last || f->pts_us > last->pts_us) {
            last = f;
        }
    }
    if (!last) {
        return to_us;
    }
    int64_t own = last->pts_us + last->duration_us;
    // A frame that was missing after the last one does not lengthen it.
    return next < own + last->duration_us ? next : own;
}

struct clip_tail
clip_plan_tail(const struct clip_frame *frames, size_t count, int64_t to_us, bool exact)
{
    struct clip_tail tail = { .end_us = end_of_shown(frames, count, to_us) };
    tail.copy = copyable(frames, count, to_us);
    tail.recode = count_shown(frames, count, to_us) - tail.copy;
    bool can = exact && frames[0].sync && !is_too_much(frames, 0, count);
    if (tail.recode > 0 && !can) {
        tail.snapped = true;
        tail.recode = 0;
        tail.end_us = end_of_shown(frames, tail.copy, INT64_MAX);
    }
    return tail;
}

bool
clip_plan_hears(int64_t at_us, int64_t duration_us, int64_t first_us, int64_t end_us)
{
    int64_t middle = at_us + duration_us / 2;
    return middle >= first_us && middle < end_us;
}
