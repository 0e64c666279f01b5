// SPDX-License-Identifier: Apache-2.0
#ifndef ACCESS_KEYS_H
#define ACCESS_KEYS_H

#include <stdbool.h>
#include <stdint.h>

struct bc_config;
struct bc_writer;

// The server's own secrets: an administrator's token and a publish key, made on first
// start and kept as files of mode 0600 in <data.dir>/keys. Owned by the server; immutable
// once open, so that any thread may ask. Comparisons take the same time for right and
// wrong secrets.
struct bc_keys;

// Reads the secrets, creating what is missing. On failure a negative errno, and `error`
// (may be NULL) gets one line.
int
bc_keys_open(const char *data_dir, struct bc_keys **out, struct bc_writer *error);

// Wipes and frees, and makes the holder NULL; a NULL holder is fine.
void
bc_keys_close(struct bc_keys **holder);

// True when this start created a secret: the time to print what to paste into OBS.
bool
bc_keys_is_new(const struct bc_keys *keys);

const char *
bc_keys_admin_token(const struct bc_keys *keys);

// The stored key. It counts only while access.publish_key is not set.
const char *
bc_keys_publish_key(const struct bc_keys *keys);

// May `key` (NULL or "": none given) publish into `channel`? One key counts: the
// channel's publish_key if it has one, else access.publish_key, else the stored one. With
// access.publish=open everybody may, except into a channel that has a publish_key of its
// own.
bool
bc_keys_publish_check(const struct bc_keys *keys, const struct bc_config *cfg,
    const char *channel, const char *key);

// Names the credential of a publisher that was let in: two publishers with the same id
// may take over from each other (RTMP-50). Stable within one run, never 0, and tells
// nothing of the key.
uint64_t
bc_keys_publish_id(const struct bc_keys *keys, const char *key);

// May `key` play? With access.play=open everybody may, else who knows access.play_key.
bool
bc_keys_play_check(const struct bc_keys *keys, const struct bc_config *cfg,
    const char *channel, const char *key);

// Of this run, for the server's own composers: it may play everything, and ask what to
// compose.
const char *
bc_keys_compose_token(const struct bc_keys *keys);

bool
bc_keys_compose_check(const struct bc_keys *keys, const char *token);

// Is it the administrator's token? (access.api=open is for the caller to see.)
bool
bc_keys_api_check(const struct bc_keys *keys, const char *token);

#endif
