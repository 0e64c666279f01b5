// SPDX-License-Identifier: Apache-2.0
#ifndef RECORD_CUES_H
#define RECORD_CUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/writer.h"
#include "record/recording.h"

// The cues of a recording (docs/recording.md): cues.jsonl in its folder, a line for each begin
// and each end, as they came. Times are recording time.

#define BC_RECORDING_CUES_MAX 20000
#define BC_RECORDING_CUE_OPEN INT64_MAX

// A stretch in which one revision of a cue was shown.
struct bc_recording_cue {
    char *id; // owned, as all texts
    char *kind;
    char *channel;
    char *data; // a JSON object
    size_t data_len;
    unsigned revision;
    unsigned repeat; // above 0: it was there before, and came back
    int64_t from_us;
    int64_t until_us;   // BC_RECORDING_CUE_OPEN: nothing told its end
    int64_t planned_us; // how long it was meant to last; 0: until it is ended
};

struct bc_recording_cues {
    struct bc_recording_cue *items; // owned; by their begins
    size_t count;
};

// Reads the lines of a file; those that make no sense are passed over, as is a last one without
// its end. Cues that run at the end stay open. -ENOMEM.
int
bc_recording_cues_parse(const char *text, size_t len, struct bc_recording_cues *out);

// Whether there is a file. Blocks on the disk.
bool
bc_recording_has_cues(const struct bc_recording *r);

// Those of a recording; without the file there are none. Those that run at the end of one that
// has ended end there. Blocks on the disk. 0 or negative errno, with nothing to finish.
int
bc_recording_cues_read(const struct bc_recording *r, struct bc_recording_cues *out);

void
bc_recording_cues_finish(struct bc_recording_cues *cues);

// {"cues":[{"id":…,"kind":…,"channel":…,"revision":…,"from_ms":…,"to_ms":…,"data":{…}},…]};
// "to_ms" is missing while a cue runs. NULL without memory.
struct bc_buf *
bc_recording_cues_json(const struct bc_recording_cues *cues);

// --- writing ---

// Lines of the file, without a newline.
void
bc_recording_cue_write_begin(struct bc_writer *w, const struct bc_recording_cue *cue);

void
bc_recording_cue_write_end(struct bc_writer *w, const struct bc_recording_cue *cue);

// What ran until here is over, unless it begins again at the same time: the server started
// anew, and does not know of cues that came with an input.
void
bc_recording_cue_write_resume(struct bc_writer *w, int64_t at_us);

// Appends one line to the file in a folder, behind what a crash left torn. 0 or negative errno
// (-EFBIG: it has more than it may).
int
bc_recording_cues_append(const char *folder, const void *line, size_t len);

// The cues of `from` between two of its times, in the folder of a clip that begins at the
// first. A cue that runs at the begin begins with the clip. 0 or negative errno.
int
bc_recording_cues_cut(const struct bc_recording *from, int64_t from_us, int64_t to_us,
    const char *folder);

#endif
