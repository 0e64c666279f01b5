// SPDX-License-Identifier: Apache-2.0
#ifndef SCENES_BOARD_H
#define SCENES_BOARD_H

#include <sys/types.h>

#include "base/log.h"
#include "scenes/scenes.h"
#include "stream/plan.h"

#define SCENES_TAG_END UINT64_C(1000000000)

// A process that makes a scene, here or elsewhere, and what is wanted of it. Owned by the
// board; dies when no channel shows it any more and its process has ended.
struct scenes_composer {
    struct bc_list node;
    uint64_t id;
    char hidden[BC_SCENES_HIDDEN_TEXT];
    char key[BC_SCENES_KEY_TEXT];
    uint64_t tag; // below SCENES_TAG_END; another one for each process that makes it
    int64_t heard_us; // when that said something last; 0: not yet
    unsigned users; // composites that show it, or still show it
    int64_t version;
    struct bc_scene *scene; // owned reference, as all below
    char hash[BC_SCENE_HASH_TEXT];
    struct bc_buf *view; // see bc_cues_view(); NULL: cues are drawn as they come
    struct bc_scene_transition transition;
    int64_t changed_us;
    int64_t rest_us; // after a change, until it may be given up for an equal one
    // The picture of the channel that was asked for last.
    char preview_of[BC_CHANNEL_NAME_MAX + 1];
    struct bc_scene *preview;
    int64_t preview_until_us; // 0: nobody looks
    struct bc_buf *picture;
    struct bc_buf *report;
    char host[BC_SCENES_HOST_TEXT]; // where that came from

    int64_t live_us; // when an input was live last; 0: not yet
    bool due;        // it has something to do

    // The process here; see process.h.
    pid_t pid; // 0: none
    int pipe;  // what it writes; -1
    char line[512];
    size_t line_len;
    int64_t start_us; // not before
    int64_t back_off_us;
    int64_t started_us;
    int64_t stop_us; // it was told to end; 0: it was not
    bool killed;
    uint64_t starts;
    struct bc_logger log;
};

// A channel that shows a scene. Owned by the board.
struct scenes_composite {
    struct bc_list node;
    struct bc_scene *program; // owned references; NULL: none
    struct bc_scene *preview;
    struct bc_scene *configured;
    struct bc_buf *view; // what it makes of cues, where they are drawn
    bool crowded;        // there is no composer for that
    bool by_api;
    bool seen; // in the configuration that is being read
    struct scenes_composer *now;    // NULL: there are too many
    struct scenes_composer *before; // shown until `now` is there
    int64_t before_until_us;
    char name[BC_CHANNEL_NAME_MAX + 1];
};

// Who shows what: the model, without threads, I/O and clock.
struct scenes_board {
    struct bc_list composites;
    struct bc_list composers;
    unsigned composer_count; // with users
    unsigned composer_max;
    uint64_t last_id;
    uint64_t starts; // of composers that are gone
    // Fills in a key; false: no randomness.
    bool (*make_key)(char out[BC_SCENES_KEY_TEXT]);
    // What the channel makes of its cues, a new reference; may be NULL itself.
    struct bc_buf *(*view)(struct scenes_board *board, const char *channel);
    // A composer's version has grown, or it is wanted no more.
    void (*changed)(struct scenes_board *board, struct scenes_composer *composer);
    // A channel's hidden channels are others; `composite` may be about to go.
    void (*shown)(struct scenes_board *board, struct scenes_composite *composite);
};

void
scenes_board_init(struct scenes_board *board);

void
scenes_board_finish(struct scenes_board *board);

struct scenes_composite *
scenes_board_find(struct scenes_board *board, const char *channel);

struct scenes_composer *
scenes_board_composer(struct scenes_board *board, uint64_t id);

// As bc_scenes_set(), but for -ELOOP. `by_api`: not what is configured.
int
scenes_board_set(struct scenes_board *board, const char *channel, struct bc_scene *scene,
    const struct bc_scene_transition *transition, int64_t now_us);

// The channel shows what is configured; without that it is no composite any more.
void
scenes_board_reset(
    struct scenes_board *board, struct scenes_composite *composite, int64_t now_us);

// What the configuration says: NULL: nothing. Counts unless the API said something.
void
scenes_board_configure(struct scenes_board *board, const char *channel,
    struct bc_scene *scene, int64_t now_us);

int
scenes_board_set_preview(
    struct scenes_board *board, const char *channel, struct bc_scene *scene);

int
scenes_board_take(struct scenes_board *board, const char *channel,
    const struct bc_scene_transition *transition, int64_t now_us);

// Whether an input is live now. Composers go on for a while when the last one has gone.
void
scenes_board_live(
    struct scenes_board *board, struct scenes_composer *composer, bool live, int64_t now_us);

// For a process that begins to make it: who made it before is not known any more, and cannot
// publish. False: no randomness.
bool
scenes_board_claim(
    struct scenes_board *board, struct scenes_composer *composer, int64_t now_us);

// Whether a process was heard of lately.
bool
scenes_composer_is_made(const struct scenes_composer *composer, int64_t now_us);

// Somebody looks at the channel's preview.
void
scenes_board_look(
    struct scenes_board *board, struct scenes_composite *composite, int64_t now_us);

// The composer that it shows is on air: the one before is of no use any more.
void
scenes_board_settle(struct scenes_board *board, struct scenes_composite *composite);

// Channels that came to have the same scene share one composer; those that found none get
// one; nobody looks at previews any more.
void
scenes_board_tick(struct scenes_board *board, int64_t now_us);

// Frees a composer that nobody shows and that has no process.
void
scenes_board_sweep(struct scenes_board *board);

// The first channel that the scene plays; "": none.
const char *
scenes_clean_input(const struct bc_scene *scene);

// Its id with its tag, as composers know it.
uint64_t
scenes_composer_number(const struct scenes_composer *composer);

#endif
