// SPDX-License-Identifier: Apache-2.0
#ifndef RELAY_FLV_READER_H
#define RELAY_FLV_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/packet.h"

// The reader of FLV, as inputs use it, for who gets the bytes by himself. One thread's.
struct bc_flv_reader;

// `on_packet` takes over the reference; stamps are the stream's own, unwrapped. False: stop.
// NULL without memory.
struct bc_flv_reader *
bc_flv_reader_create(bool (*on_packet)(void *user, struct bc_packet *packet), void *user);

// The next bytes. 0; -EINVAL: this is no FLV; -ENOMEM; -ECANCELED: on_packet said so.
int
bc_flv_reader_bytes(struct bc_flv_reader *r, const uint8_t *data, size_t len);

// NULL is fine.
void
bc_flv_reader_destroy(struct bc_flv_reader *r);

#endif
