// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_TABLE_H
#define BASE_TABLE_H

#include <stddef.h>
#include <stdint.h>

// Hash tables are uthash's (its documentation applies); this wrapper only brings the hash
// function: the default one trips compilers' warnings inside every file that uses a
// table.

// Keyed with a value drawn at start-up, so that names chosen by peers cannot be made to
// collide.
uint32_t
bc_table_hash(const void *key, size_t len);

#define HASH_FUNCTION(keyptr, keylen, hashv) ((hashv) = bc_table_hash(keyptr, keylen))

#include <uthash.h>

#endif
