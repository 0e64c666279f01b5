// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_VIEWER_INTERNAL_H
#define TRANSMUX_VIEWER_INTERNAL_H

#include "cue/cue.h"
#include "item.h"
#include "stream/program.h"
#include "window.h"

#define BC_VIEWER_KINDS (BC_ITEM_VIDEO | BC_ITEM_AUDIO)
#define BC_VIEWER_TELLS (BC_ITEM_TELLS_VIDEO | BC_ITEM_TELLS_AUDIO)

// A cursor into the window of its channel's program, and a way to the peer. Owned by the
// egress that made it; one worker.
struct bc_viewer {
    struct bc_list node; // in window->viewers, without a window in windows->waiting
    struct bc_windows *windows; // borrowed
    struct bc_window *window;   // borrowed; it has us in its list. NULL: nothing is shown
    struct bc_channel *channel; // owned reference: whose viewer it is, whatever it shows
    struct bc_program_watch watch;
    struct bc_feed_key key;
    struct bc_sink *sink; // borrowed; NULL once the peer is gone
    const struct bc_viewer_ops *ops;
    void *user;
    bool from_gop;
    bool based;   // key.base_ms is chosen
    bool playing; // has a place in the window; otherwise waits for a start
    bool blocked; // the sink is full; on_writable goes on
    bool paused;
    bool ended;
    bool fresh;   // has not been sent anything yet
    bool joining; // comes from another program, or broadcast, and has none of this one
    bool misled;  // what comes has other kinds of media than its FLV header announced
    uint32_t told;  // enum bc_item_flag of the kinds that it was told of at its start
    uint32_t muted; // of the kinds switched off
    uint32_t below; // of the kinds of which what comes may still lie before `floor_us`
    unsigned generation; // of the headers that it has
    unsigned ends;       // of the window when it started
    unsigned cuts;
    int64_t slack_us; // how far behind it started: it may lag by so much more
    int64_t sent_us;  // the highest dts that it was sent
    int64_t floor_us; // the same when it joined
    uint64_t cursor;  // next item
    // What must be sent before the cursor's item: the rest of one that was begun (the
    // peer must get it whole, even when the window has dropped it), then headers.
    struct bc_item *partial; // owned reference
    size_t partial_offset;
    struct bc_buf *head; // owned reference
    size_t head_offset;
    // Cues that are still to be told of, by their times. FLV and RTMP alone.
    struct bc_cue_lane *lane; // owned; NULL: this viewer hears of none
    struct bc_cue_watch cue_watch;
    struct bc_cue **due; // owned references
    unsigned due_count;
    unsigned due_cap;
    unsigned due_in_head; // how many of them `head` is
    int64_t due_us; // the first one's time; INT64_MAX: there is none
    uint64_t bytes;
    unsigned skips;
};

// --- viewer.c ---

// Writes until everything is sent or the sink is full.
void
bc_viewer_pump(struct bc_viewer *v);

// Gives up the headers that were to be sent; what was begun of them is still sent. False,
// with nothing changed, when there is no memory for that.
bool
bc_viewer_drop_head(struct bc_viewer *v);

// --- viewer_cues.c ---

// Begins to hear of the channel's cues. Without memory it hears of none.
void
bc_viewer_open_cues(struct bc_viewer *v);

void
bc_viewer_close_cues(struct bc_viewer *v);

// Makes `head` of the cues that belong before this item. False: there are none after all.
bool
bc_viewer_tell_cues(struct bc_viewer *v, const struct bc_item *item);

// The head with cues was sent (or what was begun of it will be), or it was given up.
void
bc_viewer_cues_told(struct bc_viewer *v, bool sent);

// --- viewer_move.c ---

// Begins to follow what the viewer's channel shows. False without memory.
bool
bc_viewer_follow(struct bc_viewer *v);

// Leaves its window, if it has one, and follows no more.
void
bc_viewer_unfollow(struct bc_viewer *v);

// Takes what comes next in its window, after an end, as another program.
void
bc_viewer_await_next(struct bc_viewer *v);

// Whether the viewer's channel has nothing more to show.
bool
bc_viewer_is_over(const struct bc_viewer *v);

// The viewer waits for a start that will never come.
bool
bc_viewer_waits_in_vain(const struct bc_viewer *v);

// Whether a viewer that joins can begin with this item, which is a start: its times must
// not step back.
bool
bc_viewer_can_join_at(const struct bc_viewer *v, const struct bc_item *item);

// Whether this item lies before what the viewer was sent of its last program.
bool
bc_viewer_is_below(const struct bc_viewer *v, const struct bc_item *item);

// Keeps account of an item that was sent.
void
bc_viewer_note_sent(struct bc_viewer *v, const struct bc_item *item);

#endif
