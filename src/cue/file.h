// SPDX-License-Identifier: Apache-2.0
#ifndef CUE_FILE_H
#define CUE_FILE_H

#include <stdbool.h>
#include <stddef.h>

struct bc_cues;
struct board;

#define CUE_FILE_BYTES_MAX (4 * 1024 * 1024)

// Makes boards of all files in DATA/cues; damaged ones are put aside (NAME.json.damaged),
// with a word in the log. Before any other thread knows the cues.
void
cue_files_read(struct bc_cues *cues);

// Writes what is new; what cannot be written is tried again at the next call. One thread at
// a time, without the lock.
void
cue_files_write(struct bc_cues *cues);

// --- file_json.c: one board's file ---

// Whether there is anything to be kept of it.
bool
cue_file_is_wanted(const struct board *board);

// NULL without memory.
char *
cue_file_print(const struct board *board);

// Fills the boards of `cues`, whose other boards stay. False: the file is damaged; what could
// be read was taken.
bool
cue_file_parse(struct bc_cues *cues, const char *text, size_t len);

#endif
