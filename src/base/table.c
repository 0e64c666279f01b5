// SPDX-License-Identifier: Apache-2.0
#include "base/table.h"

#include <pthread.h>
#include <sys/random.h>

static pthread_once_t g_once = PTHREAD_ONCE_INIT;
static uint64_t g_seed;

static void
draw_seed(void)
{
    if (getrandom(&g_seed, sizeof(g_seed), 0) != (ssize_t)sizeof(g_seed)) {
        g_seed = 0x9e3779b97f4a7c15u; // tables still work, they are only predictable
    }
}

uint32_t
bc_table_hash(const void *key, size_t len)
{
    pthread_once(&g_once, draw_seed);
    const uint8_t *p = key;
    uint64_t h = g_seed;
    for (size_t i = 0; i < len; i++) {
        h = (h ^ p[i]) * 0x100000001b3u; // FNV-1a
        h ^= h >> 29;
    }
    return (uint32_t)(h ^ h >> 32);
}
