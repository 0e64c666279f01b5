// SPDX-License-Identifier: Apache-2.0
#ifndef FIELDS_H
#define FIELDS_H

#include <stdbool.h>
#include <stddef.h>

struct json_t;

#define CARD_TEXT_MAX 400 // characters of a field that are shown
#define CARD_TEXT_BYTES (4 * CARD_TEXT_MAX + 1)

// The members of a cue's data. Owned by its creator.
struct card_fields {
    struct json_t *object;
};

// False: it is no JSON object, or too large.
bool
card_fields_parse(struct card_fields *f, const char *data, size_t len);

void
card_fields_finish(struct card_fields *f);

// A text or number as text, cleaned: valid UTF-8, without control characters and the like, spaces
// in one piece. A point in time (RFC 3339) is as people read it here. `out` is "" when the field is missing, null, false or empty.
void
card_fields_text(
    const struct card_fields *f, const char *name, char out[CARD_TEXT_BYTES]);

// A text as it stands, for ids, URLs and QR codes; NULL: there is none, or it is empty.
const char *
card_fields_raw(const struct card_fields *f, const char *name);

// Whether card_fields_text() would give something, or the field is true.
bool
card_fields_has(const struct card_fields *f, const char *name);

// Text of any kind in the same clean form; stops after CARD_TEXT_MAX characters.
void
card_text_clean(const char *text, char out[CARD_TEXT_BYTES]);

#endif
