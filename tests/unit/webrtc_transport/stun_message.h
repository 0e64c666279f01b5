// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_WEBRTC_TRANSPORT_STUN_MESSAGE_H
#define TESTS_WEBRTC_TRANSPORT_STUN_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Writes and reads STUN messages without the library that is being tested.

struct stun_message {
    uint8_t data[2048];
    size_t len;
};

void
stun_begin(struct stun_message *m, uint16_t type);

void
stun_add(struct stun_message *m, uint16_t type, const void *value, size_t len);

// MESSAGE-INTEGRITY with this password.
void
stun_sign(struct stun_message *m, const char *password);

// FINGERPRINT.
void
stun_seal(struct stun_message *m);

// The value of the first such attribute, or NULL.
const uint8_t *
stun_find(const uint8_t *data, size_t len, uint16_t type, size_t *value_len);

// Are MESSAGE-INTEGRITY and FINGERPRINT right?
bool
stun_is_signed(const uint8_t *data, size_t len, const char *password);

bool
stun_is_sealed(const uint8_t *data, size_t len);

#endif
