// SPDX-License-Identifier: Apache-2.0
#ifndef MEDIA_SEI_H
#define MEDIA_SEI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "media/track.h"

// SEI messages with user data (user_data_unregistered, payload type 5; H.264 D.1.7, H.265
// D.2.7) in access units of 4-byte length-prefixed NAL units.

#define BC_SEI_UUID_BYTES 16
// Payloads of others may be longer; they are passed over.
#define BC_SEI_TEXT_MAX 16384

// What tells Branchcast's cues from others' user data: 8f4b6a52-31c7-4e0d-9a86-d2b05c7e1f39.
// Written down in docs/cues.md: it never changes.
extern const uint8_t BC_SEI_CUE_UUID[BC_SEI_UUID_BYTES];

// A copy of the access unit with one SEI unit more for each text, right before its first
// slice: behind the delimiter, parameter sets and other SEI. NULL when it has no slice, is
// broken, is neither AVC nor HEVC, or there is no memory.
struct bc_buf *
bc_sei_insert(enum bc_codec codec, const uint8_t *data, size_t len,
    const uint8_t uuid[BC_SEI_UUID_BYTES], struct bc_buf *const *texts, size_t count);

// Calls `each` for every text of that UUID in the access unit, until it returns false. What
// is broken is passed over. `text` has a NUL behind it.
void
bc_sei_each(enum bc_codec codec, const uint8_t *data, size_t len,
    const uint8_t uuid[BC_SEI_UUID_BYTES],
    bool (*each)(void *user, const char *text, size_t text_len), void *user);

#endif
