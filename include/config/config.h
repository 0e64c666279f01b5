// SPDX-License-Identifier: Apache-2.0
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "config/settings.h"

struct bc_writer;

// Defaults, then the file (NULL: none), then `overrides`, each "key=value" as given to
// --set; later ones win. On failure -EINVAL (or -ENOMEM, or the errno of reading the
// file), and `errors` (may be NULL) gets every error found, one line each, such as
// "conf.yaml:12: hls.part_ms: 20 is below the minimum 100\n".
int
bc_config_load(const char *path, const char *const *overrides, size_t n_overrides,
    struct bc_config **out, struct bc_writer *errors);

// The same from memory; `name` stands for the file in errors.
int
bc_config_parse(const char *name, const void *text, size_t len, struct bc_config **out,
    struct bc_writer *errors);

struct bc_config *
bc_config_ref(struct bc_config *cfg);

// Drops the reference and makes the holder NULL; a NULL holder is fine.
void
bc_config_unref(struct bc_config **holder);

// What an operator should know about a valid configuration (an open server on a public
// address), one line each.
void
bc_config_warnings(const struct bc_config *cfg, struct bc_writer *out);

// The configured channel, or NULL.
const struct bc_config_channel *
bc_config_channel(const struct bc_config *cfg, const char *name);

// How broadcasts of this channel are recorded, configured by name or not: never DEFAULT.
enum bc_record_mode
bc_config_record_mode(const struct bc_config *cfg, const char *name);

// "app/stream": up to four levels of app and one of stream, each 1 to 64 letters, digits,
// '_', '.' and '-', and not starting with a dot (names become paths). Every protocol
// accepts just these names.
#define BC_CHANNEL_NAME_MAX (5 * 64 + 4)

bool
bc_channel_name_is_valid(const char *name);

// Reload is: load a new snapshot, bc_config_diff() to log what changed, and
// bc_config_keep_restart(), so that the snapshot goes on telling what really runs.

// Calls `on_change` for each key that differs ("hls.part_ms", "channels.live/hq"), saying
// whether it takes effect only after a restart. Returns how many differ.
size_t
bc_config_diff(const struct bc_config *from, const struct bc_config *to,
    void (*on_change)(void *userdata, const char *key, bool needs_restart),
    void *userdata);

// Gives the keys of `cfg` that need a restart the values of `running`. `cfg` must be
// fresh from bc_config_load(), not yet shared. On -ENOMEM `cfg` is still valid but not to
// be used.
int
bc_config_keep_restart(struct bc_config *cfg, const struct bc_config *running);

// The values as YAML; secrets are masked.
void
bc_config_print_effective(const struct bc_config *cfg, FILE *out);

// conf/branchcast.yaml and docs/config.md, from the schema table.
void
bc_config_write_sample(FILE *out);

void
bc_config_write_docs(FILE *out);

// Why these times make no schedule; NULL: they do, or there is none.
const char *
bc_config_schedule_problem(const struct bc_config_schedule *schedule);

bool
bc_config_schedule_is_set(const struct bc_config_schedule *schedule);

#endif
