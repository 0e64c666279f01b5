// SPDX-License-Identifier: Apache-2.0
#ifndef SCENES_SCENES_INTERNAL_H
#define SCENES_SCENES_INTERNAL_H

#include <pthread.h>

#include "board.h"

// See scenes/scenes.h.
struct bc_scenes {
    struct bc_scenes_params params;
    char *data_dir; // owned
    char *token;    // owned, secret
    struct bc_logger log;
    pthread_mutex_t lock; // guards all below, but for what is the thread's own
    struct scenes_board board;
    struct bc_list waiters;
    struct bc_config *config; // owned reference; NULL before bc_scenes_start()
    bool config_is_new;
    bool dirty; // what the API set is not on the disk
    bool stopping;
    bool started;
    pthread_t thread;
    int wake[2]; // a pipe
};

// --- supervise.c: the thread ---

void *
scenes_thread(void *scenes);

// The scenes of a configuration that was not read yet. Blocks on the disk.
void
scenes_read_config(struct bc_scenes *scenes);

// Has the thread look at once. With the lock held or not.
void
scenes_wake(struct bc_scenes *scenes);

// --- process.c: the composers started here; the thread's, with the lock held ---

// Whether it should run now, as its inputs and `wanted` say; starts and ends it.
void
scenes_process_look(struct bc_scenes *scenes, struct scenes_composer *composer,
    bool wanted, int64_t now_us);

// Reads what it writes to the log; false: it has closed the pipe.
bool
scenes_process_read(struct scenes_composer *composer);

// Tells it to end; the thread takes it away later.
void
scenes_process_stop(struct scenes_composer *composer, int64_t now_us);

// Whether it has ended, which is noted then.
bool
scenes_process_reap(struct scenes_composer *composer, int64_t now_us);

// --- file.c ---

// What the API set, from the disk into the board.
void
scenes_file_load(struct bc_scenes *scenes);

// The text to be freed; NULL without memory. With the lock held.
char *
scenes_file_text(struct bc_scenes *scenes);

// Without the lock.
void
scenes_file_write(struct bc_scenes *scenes, const char *text);

// A scene of the configuration; NULL: it was refused, with a line in the log.
struct bc_scene *
scenes_file_read_scene(struct bc_scenes *scenes, const char *channel, const char *path);

#endif
