// SPDX-License-Identifier: Apache-2.0
#ifndef STREAM_MARKS_H
#define STREAM_MARKS_H

#include <stdbool.h>
#include <stdint.h>

struct bc_buf;
struct bc_channel;

// Cues in the media itself. Only those of the channel whose media it is: what other
// channels show of it carries them on.

#define BC_MARK_ID_MAX 40
#define BC_MARKS_MAX 80 // of one channel at a time; more are left out

struct bc_mark {
    const char *id; // copied; another mark of the same id takes this one's place
    struct bc_buf *json; // shared; a reference is taken
    int64_t at_us;    // on the media clock; what is over already comes with the next packet
    int64_t until_us; // repeated on keyframes until then; INT64_MAX: until it is ended
    bool ended;       // told once
};

// Right before the first packet with dts >= at_us the channel's sinks get a packet of the
// kind BC_KIND_CUE with the JSON (its dts is at_us, or of a late one that of the packet
// behind it). Its AVC and HEVC pictures get it as SEI (media/sei.h): the first one with dts
// >= at_us of each rendition, and while it runs each keyframe. Pictures that bring it along,
// from another server, are left as they are. One that is ended before it began is
// forgotten. Any thread. False without memory.
bool
bc_channel_add_mark(struct bc_channel *channel, const struct bc_mark *mark);

#endif
