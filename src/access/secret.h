// SPDX-License-Identifier: Apache-2.0
#ifndef ACCESS_SECRET_H
#define ACCESS_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Everything that needs cryptography, and the only file here that includes OpenSSL.

#define BC_SECRET_TEXT 27 // 128 bits as 26 letters of base32, and a zero

struct bc_digest {
    uint8_t bytes[32]; // SHA-256
};

// A fresh secret: a to z and 2 to 7, so that it can be read aloud and needs no escaping.
// 0, or a negative errno when the system has no randomness.
int
bc_secret_create(char out[BC_SECRET_TEXT]);

// Random bytes for a salt. 0 or a negative errno.
int
bc_secret_random(void *out, size_t len);

bool
bc_digest_init(struct bc_digest *out, const void *data, size_t len);

// In the time of a right secret, whatever `given` is. `expected` is plain or
// "sha256:<hex>"; an empty or missing secret equals nothing.
bool
bc_secret_equal(const char *expected, const char *given);

// Overwrites memory in a way the compiler may not leave out.
void
bc_secret_wipe(void *data, size_t len);

#endif
