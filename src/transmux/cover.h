// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_COVER_H
#define TRANSMUX_COVER_H

#include "net/timer.h"
#include "stream/channel.h"
#include "transmux/still.h"

// When one output showed it last. Zeroed at first.
struct bc_cover_clock {
    bool started;
    uint32_t epoch;
    int64_t next_us;
    unsigned shown;
};

// A channel's cover: a picture that stands for the video of a broadcast that has none,
// an IDR a second. Made when it is first needed and when its file has changed. Part of the
// player view, home worker only.
struct bc_cover {
    struct bc_channel *channel;       // borrowed; we are part of it
    struct bc_codec_threads *threads; // borrowed; NULL: no cover
    struct bc_still still;            // its track is NULL: there is none
    char *path;                       // owned; of it, or of what is being made
    struct bc_still_job *job;         // runs now
    bool pending;
    struct bc_timer patience;
    // There is another cover or none, or it is no longer pending.
    void (*on_change)(void *user);
    void *user;
};

void
bc_cover_init(struct bc_cover *cover, struct bc_channel *channel,
    struct bc_codec_threads *threads, void (*on_change)(void *user), void *user);

void
bc_cover_finish(struct bc_cover *cover);

// A take with sound alone begins: makes what the configuration asks for.
void
bc_cover_want(struct bc_cover *cover);

// It is being made and there is none yet: better wait a moment than begin without. Not for
// longer than a second.
bool
bc_cover_is_pending(const struct bc_cover *cover);

// The clock for playing again what begins with this packet, so that it ends where `live` is
// now: pictures refer to those before them.
struct bc_cover_clock
bc_cover_rewind(const struct bc_cover_clock *live, const struct bc_packet *first);

// The next picture that is due with this packet of sound, to go out after it, or NULL. A
// new reference.
struct bc_packet *
bc_cover_next(const struct bc_cover *cover, struct bc_cover_clock *clock,
    const struct bc_packet *sound);

#endif
