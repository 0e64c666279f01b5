// SPDX-License-Identifier: Apache-2.0
#ifndef CUE_CUE_H
#define CUE_CUE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "config/config.h"

struct bc_buf;
struct bc_worker;

// Cues: something to be shown at a moment of a broadcast's picture (docs/cues.md). A cue
// belongs to the channel name it was posted to. Each name has an effective list: its own
// cues and, changed by its own rules, those of the program that it shows.

#define BC_CUE_ID_MAX 40
#define BC_CUE_DATA_MAX 4096 // bytes of JSON text
#define BC_CUES_RUNNING_MAX 64 // of one channel, those that are still to begin included
#define BC_CUE_KEPT_US ((int64_t)600 * 1000000) // that an ended one is remembered
#define BC_CUE_AHEAD_MAX_US ((int64_t)24 * 3600 * 1000000)
#define BC_CUE_BACK_MAX_US ((int64_t)60 * 1000000)
#define BC_CUE_DURATION_MAX_US ((int64_t)24 * 3600 * 1000000)

enum bc_cue_kind {
    BC_CUE_PRODUCT,
    BC_CUE_COUPON,
    BC_CUE_DRAW,
    BC_CUE_TEXT,
    BC_CUE_CUSTOM,
    BC_CUE_KIND_COUNT,
};

// "product" ...
const char *
bc_cue_kind_name(enum bc_cue_kind kind);

// False: there is no such kind.
bool
bc_cue_kind_parse(const char *name, enum bc_cue_kind *out);

// 1 to BC_CUE_ID_MAX of [A-Za-z0-9_-].
bool
bc_cue_id_is_valid(const char *id);

// One cue as it is from some change on until the next. Immutable, counted; any thread.
struct bc_cue {
    atomic_uint refs;
    enum bc_cue_kind kind;
    uint32_t revision; // counts up from 1 with every change, within a name's list
    bool ended;        // before its time; `duration_us` is then what it had
    int64_t at_us;     // on the server's media clock (bc_hub_clock_us)
    int64_t at_wall_us;
    int64_t duration_us; // 0: until it is ended
    char id[BC_CUE_ID_MAX + 1];
    char channel[BC_CHANNEL_NAME_MAX + 1]; // whose cue it is
    struct bc_buf *json; // owned; see bc_cue_json()
    size_t data_len;
    char data[]; // a JSON object, compact, with a NUL
};

struct bc_cue *
bc_cue_ref(const struct bc_cue *cue);

// Drops the reference and makes the holder NULL; a NULL holder is fine.
void
bc_cue_unref(struct bc_cue **holder);

// {"type":"cue","id":…,"kind":…,"channel":…,"revision":…,"at":…,"at_ms":…,"duration_ms":…,
// "ended":true,"card":…,"data":{…}}, without a newline: one for all who send it. Borrowed.
struct bc_buf *
bc_cue_json(const struct bc_cue *cue);

// Where it ends on the media clock; INT64_MAX: not known.
int64_t
bc_cue_end_us(const struct bc_cue *cue);

// Neither ended nor over at `clock_us`; it may be still to begin.
bool
bc_cue_counts(const struct bc_cue *cue, int64_t clock_us);

// --- the server's cues ---

struct bc_cues;

// What the server wires to them. Any thread; called without a lock unless told otherwise.
struct bc_cues_ops {
    // The media clock; 0: no broadcast began yet. Called with the lock: looks up only.
    int64_t (*clock_us)(void *user);
    // The end of what the name shows now, on that clock and by the wall clock. False:
    // nothing is shown.
    bool (*shown)(void *user, const char *channel, int64_t *clock_us, int64_t *wall_us);
    // A cue of the name's own, or one that was imported into its list, is new, changed or
    // ended, or runs while the name begins to show its own media: for that. May be NULL.
    void (*on_own)(void *user, const char *channel, const struct bc_cue *cue);
    // A name's own cues or its rules have changed. May be NULL.
    void (*on_change)(void *user, const char *channel);
};

// Cues, rules and products are kept in DATA/cues/. NULL without memory. `user` goes to the
// ops.
struct bc_cues *
bc_cues_open(const char *data_dir, const struct bc_cues_ops *ops, void *user);

// Every lane has been closed. Writes nothing. NULL is fine.
void
bc_cues_close(struct bc_cues *cues);

// Once a second: forgets what is over for long, writes what is new. One thread, as the next.
void
bc_cues_tick(struct bc_cues *cues);

// Writes what is not written yet.
void
bc_cues_save(struct bc_cues *cues);

// The name shows another program from now on; NULL or itself: nothing of somebody else.
// Any thread.
void
bc_cues_set_program(struct bc_cues *cues, const char *channel, const char *program);

// How a cue is wished. Texts are borrowed.
struct bc_cue_wish {
    const char *id; // NULL: one is made
    enum bc_cue_kind kind;
    const char *data; // a JSON object
    size_t data_len;
    // When: the first that is set; none: with the next picture.
    bool has_at;
    int64_t at_us; // on the media clock
    int64_t at_wall_us; // 0: not told
    int64_t delay_us;   // from what is shown now; 0: none
    int64_t duration_us; // 0: until it is ended
};

// 0 and the cue with a reference; negative errno: -EEXIST the id is in use, -ENOSPC too many
// run, -ERANGE its time is too far away, -EINVAL id or data, -ENOMEM. Any thread.
int
bc_cues_post(struct bc_cues *cues, const char *channel, const struct bc_cue_wish *wish,
    struct bc_cue **out);

// How a running one is changed.
struct bc_cue_change {
    const char *data; // members to be merged in; null takes one away. NULL: none
    size_t data_len;
    bool has_duration;
    int64_t duration_us; // from its beginning; 0: until it is ended
    bool has_hidden;     // of an inherited one only
    bool hidden;
};

// Changes one of the name's own, or makes a rule of the name for one that it inherits. 0 and
// the cue as the name has it now; -ENOENT; -EPERM: hides its own, or the duration of
// another's; -EINVAL: no object; -E2BIG: the data would be too long; -EALREADY: it is over;
// -ENOMEM. Any thread.
int
bc_cues_change(struct bc_cues *cues, const char *channel, const char *id,
    const struct bc_cue_change *change, struct bc_cue **out);

// Ends one of the name's own with what is shown now. 0, -ENOENT, -EPERM (inherited),
// -EALREADY, -ENOMEM. Any thread.
int
bc_cues_end(struct bc_cues *cues, const char *channel, const char *id);

// A cue that came with a host's or an upstream's media.
struct bc_cue_import {
    const char *id; // "" or one that is not valid: made of its time and data
    enum bc_cue_kind kind;
    uint32_t revision; // 0: not told
    bool ended;
    int64_t at_us; // of the packet that it came with
    int64_t duration_us;
    const char *data; // a JSON object
    size_t data_len;
};

// What is known already, or is older than that, is left alone. 0 or negative errno as
// bc_cues_post(). Not kept over a restart. Any thread.
int
bc_cues_import(
    struct bc_cues *cues, const char *channel, const struct bc_cue_import *import);

// The same of a text of bc_cue_json(), told by a packet that was made at `sent_us` and counts
// from `packet_us` on. The cue stays that of the channel whose it is, but its card is that of
// `shower`, who shows the list. -EINVAL also for a text that is no cue.
struct bc_cue_relayed {
    const char *text;
    size_t len;
    int64_t sent_us;
    int64_t packet_us;
    const char *shower;
};

int
bc_cues_import_json(
    struct bc_cues *cues, const char *list, const struct bc_cue_relayed *relayed);

// Other media begins: what was imported into the name's list is no more. Any thread.
void
bc_cues_forget_imported(struct bc_cues *cues, const char *channel);

// Tells the name's media of those of its own that count. Any thread.
void
bc_cues_tell_own(struct bc_cues *cues, const char *channel);

// What "now" is for a cue of that name: the end of what it shows, on the media clock and as
// viewers are told the wall clock; where nothing is shown, the clocks. Any thread.
void
bc_cues_now(
    struct bc_cues *cues, const char *channel, int64_t *clock_us, int64_t *wall_us);

// A name's cues by their times, as new references; returns how many there are in all.
enum bc_cue_which {
    BC_CUES_COUNTING, // running or still to begin
    BC_CUES_OWN,      // of those, the name's own
    BC_CUES_RECENT,   // all that are remembered
};

size_t
bc_cues_list(struct bc_cues *cues, const char *channel, enum bc_cue_which which,
    struct bc_cue **out, size_t max);

// {"cues":[…]} of what the list has; NULL without memory. Any thread.
struct bc_buf *
bc_cues_list_json(struct bc_cues *cues, const char *channel, enum bc_cue_which which);

// A new reference, ended ones included; NULL: there is none.
struct bc_cue *
bc_cues_find(struct bc_cues *cues, const char *channel, const char *id);

// --- lanes ---

// The effective list of one name on one worker. Shared by all that open it there; all calls
// on that worker.
struct bc_cue_lane;

// Hears of changes. Embedded in who watches.
struct bc_cue_watch {
    struct bc_list node;
    // A new, changed or ended cue, at once, also when it begins later. Cues that do not
    // count for this name any more come as ended. `cue` is borrowed. The watch may be taken
    // away from within, and the lane closed.
    void (*on_cue)(struct bc_cue_watch *watch, const struct bc_cue *cue);
};

// NULL without memory.
struct bc_cue_lane *
bc_cue_lane_open(struct bc_cues *cues, struct bc_worker *worker, const char *channel);

// Its watches have been taken away. Makes the holder NULL; a NULL holder is fine.
void
bc_cue_lane_close(struct bc_cue_lane **holder);

void
bc_cue_lane_watch(struct bc_cue_lane *lane, struct bc_cue_watch *watch);

// Harmless when it does not watch; `node` must have been initialised.
void
bc_cue_lane_unwatch(struct bc_cue_watch *watch);

// Calls `each` for those that run or are still to begin, by their times: what who joins
// has missed.
void
bc_cue_lane_each(const struct bc_cue_lane *lane,
    void (*each)(void *user, const struct bc_cue *cue), void *user);

// The same for all that are remembered, ended ones included.
void
bc_cue_lane_each_recent(const struct bc_cue_lane *lane,
    void (*each)(void *user, const struct bc_cue *cue), void *user);

// Counts up with every change, so that what was made of the list is known to be stale.
uint64_t
bc_cue_lane_version(const struct bc_cue_lane *lane);

#endif
