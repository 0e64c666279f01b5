// SPDX-License-Identifier: Apache-2.0
#ifndef SCENES_SCENES_H
#define SCENES_SCENES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "config/config.h"
#include "net/worker.h"
#include "scene/scene.h"

struct bc_buf;
struct bc_cues;
struct bc_hub;

#define BC_SCENES_KEY_TEXT 33
#define BC_SCENES_HIDDEN_TEXT 32
#define BC_SCENES_HOST_TEXT 64

// Which channels are composites and what they show, and the composers that make it: one for
// all channels with the same scene. Owned by the server; any thread. A thread of its own
// starts and ends the processes, reads scenes from files and keeps those of the API.
struct bc_scenes;

struct bc_scenes_params {
    struct bc_hub *hub;   // borrowed
    struct bc_cues *cues; // borrowed; NULL: none
    const char *data_dir; // copied
    const char *token;    // copied: what composers started here show
};

// Reads what the API set before. NULL without memory.
struct bc_scenes *
bc_scenes_open(const struct bc_scenes_params *params);

// Begins to serve, with the addresses of the configuration; false without a thread.
bool
bc_scenes_start(struct bc_scenes *scenes, struct bc_config *config);

// The settings have changed.
void
bc_scenes_follow(struct bc_scenes *scenes, struct bc_config *config);

// A channel's cues or what it shows have changed. Any thread, with any lock.
void
bc_scenes_look(struct bc_scenes *scenes);

// Tells the processes to end, without waiting for that, and writes what has to be kept: another
// process of the server may go on from now on.
void
bc_scenes_let_go(struct bc_scenes *scenes);

// Ends the processes and the thread. NULL is fine, and so is a second call.
void
bc_scenes_stop(struct bc_scenes *scenes);

// After the workers have stopped. NULL is fine.
void
bc_scenes_close(struct bc_scenes *scenes);

// --- what a channel shows ---

struct bc_scene_transition {
    bool fade; // else a cut
    unsigned ms;
};

#define BC_SCENE_TRANSITION_MAX_MS 5000

// The program. A composer that others show too stays theirs, and the channel gets one of its
// own. 0; -ENOSPC: compose.max is reached; -ELOOP: the channel would show itself; -ENOMEM.
int
bc_scenes_set(struct bc_scenes *scenes, const char *channel, struct bc_scene *scene,
    const struct bc_scene_transition *transition);

// What is configured counts again. -ENOENT: the API set nothing.
int
bc_scenes_reset(struct bc_scenes *scenes, const char *channel);

// As bc_scenes_set(), but -ENOENT for what is no composite.
int
bc_scenes_set_preview(
    struct bc_scenes *scenes, const char *channel, struct bc_scene *scene);

// The preview becomes the program and the other way round. -ENOENT: there is no preview.
int
bc_scenes_take(struct bc_scenes *scenes, const char *channel,
    const struct bc_scene_transition *transition);

// New references; NULL: there is none.
struct bc_scene *
bc_scenes_program(struct bc_scenes *scenes, const char *channel);

struct bc_scene *
bc_scenes_preview(struct bc_scenes *scenes, const char *channel);

// What is known of a channel's composite.
struct bc_scenes_status {
    bool by_api;        // else as configured
    bool has_preview;
    uint64_t composer;  // 0: none, as compose.max is reached
    unsigned shared;    // channels that show it
    int64_t version;    // wanted
    bool running;       // its picture is there
    bool on_air;        // the channel shows it
    uint64_t starts;    // of its process here
    char host[BC_SCENES_HOST_TEXT]; // where it was when it said that; "": nothing yet
    struct bc_buf *report; // owned reference, JSON: what it said last; NULL: nothing yet
};

// False: it is no composite. The caller drops `report`.
bool
bc_scenes_status(
    struct bc_scenes *scenes, const char *channel, struct bc_scenes_status *out);

// The newest picture of the preview (or the program, without one), which is made while
// somebody asks. NULL: not yet, or no composite.
struct bc_buf *
bc_scenes_preview_picture(struct bc_scenes *scenes, const char *channel);

// Whether the channel is a composite.
bool
bc_scenes_has(struct bc_scenes *scenes, const char *channel);

// Whether `is` holds for one of the composites that show `input`. It is called with the
// scenes locked: it must not ask them anything.
bool
bc_scenes_any_showing(struct bc_scenes *scenes, const char *input,
    bool (*is)(void *user, const char *channel), void *user);

// --- composers ---

// What a composer is to do. All is the caller's: bc_scenes_wish_finish().
struct bc_scenes_wish {
    int64_t version;
    char hidden[BC_SCENES_HIDDEN_TEXT]; // the channel it publishes
    char key[BC_SCENES_KEY_TEXT];
    struct bc_scene *scene;
    struct bc_scene *preview; // NULL: none
    struct bc_buf *view; // what its channel makes of cues (bc_cues_view); NULL: nothing
    struct bc_scene_transition transition;
    bool want_preview;
    bool idle; // no input is live: nothing is to be published
};

// For a process elsewhere that is to make a channel's scene: the number by which it asks from now
// on. 0; -EBUSY: another one does; -ENOENT: it is no composite, or there are too many; -EIO.
int
bc_scenes_claim(struct bc_scenes *scenes, const char *channel, uint64_t *number);

// Which composer a text of such a number means, or of an id; 0: another process makes it now, or
// the server was restarted.
uint64_t
bc_scenes_composer_id(struct bc_scenes *scenes, const char *text);

// False: there is none of that id (any more).
bool
bc_scenes_wish(struct bc_scenes *scenes, uint64_t id, struct bc_scenes_wish *out);

void
bc_scenes_wish_finish(struct bc_scenes_wish *wish);

// What it says about itself, and its picture; a reference is taken. `host`: the address it
// has. False: as above.
bool
bc_scenes_report(
    struct bc_scenes *scenes, uint64_t id, const char *host, struct bc_buf *json);

bool
bc_scenes_put_picture(struct bc_scenes *scenes, uint64_t id, struct bc_buf *jpeg);

// Whether the key opens the hidden channel.
bool
bc_scenes_admit(struct bc_scenes *scenes, const char *hidden, const char *key);

// Who waits for another version of a composer's wish. Embedded in who waits, on its worker.
struct bc_scenes_waiter {
    struct bc_list node;
    struct bc_worker *worker; // borrowed
    struct bc_task task;
    uint64_t id;
    bool posted;
    // Once after each bc_scenes_wait(), on the worker: there are news, or it is gone.
    void (*news)(struct bc_scenes_waiter *waiter);
};

// False: there are news already.
bool
bc_scenes_wait(struct bc_scenes *scenes, struct bc_scenes_waiter *waiter, int64_t version);

// False: `news` is under way and will be called.
bool
bc_scenes_wait_cancel(struct bc_scenes *scenes, struct bc_scenes_waiter *waiter);

// --- figures ---

struct bc_scenes_totals {
    uint64_t composites;
    uint64_t composers; // wanted now
    uint64_t running;   // processes here
    uint64_t starts;
};

void
bc_scenes_totals(struct bc_scenes *scenes, struct bc_scenes_totals *out);

#endif
