// SPDX-License-Identifier: Apache-2.0
#ifndef RECORDING_JSON_H
#define RECORDING_JSON_H

#include "record/catalogue.h"

struct bc_control;
struct json_t;

// An entry of the catalogue as the API shows it. `r` may be NULL: then its gaps and formats
// are not told, only counted.
struct json_t *
bc_replay_json(struct bc_control *control, const struct bc_catalogue_entry *entry,
    const struct bc_recording *r);

struct json_t *
bc_clip_json(struct bc_control *control, const struct bc_catalogue_entry *entry,
    const struct bc_recording *r);

// What everybody may know.
struct json_t *
bc_public_recording_json(struct bc_control *control,
    const struct bc_catalogue_entry *entry, const struct bc_recording *r);

#endif
