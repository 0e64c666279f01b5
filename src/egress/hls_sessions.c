// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "base/table.h"

#include "media_internal.h"

// A player asks at least once per target duration; this is some of them.
#define FORGET_US 15000000
#define SESSIONS_MAX 1000000
#define ID_DIGITS 16
#define PROOF_DIGITS 8
#define SECRET_BYTES 32

// What tells a viewer apart; zeroed before it is filled, as it is hashed.
struct session_id {
    const struct bc_channel *channel;
    char id[64]; // the session's id, or an address
};

struct session {
    UT_hash_handle hh;
    struct session_id key;
    struct bc_channel *channel; // owned reference
    int64_t last_us;
    bool counted; // a player asks again; who looked once is no viewer
};

struct bc_hls_sessions {
    pthread_mutex_t lock; // guards table
    struct session *table;
    uint8_t secret[SECRET_BYTES];
};

struct bc_hls_sessions *
bc_hls_sessions_create(void)
{
    struct bc_hls_sessions *s = calloc(1, sizeof(*s));
    if (!s) {
        return NULL;
    }
    if (RAND_bytes(s->secret, sizeof(s->secret)) != 1) {
        free(s);
        return NULL;
    }
    pthread_mutex_init(&s->lock, NULL);
    return s;
}

static void
forget(struct bc_hls_sessions *s, struct session *entry)
{
    HASH_DEL(s->table, entry);
    if (entry->counted) {
        bc_channel_count_viewer(entry->channel, BC_PROTOCOL_HLS, -1);
    }
    bc_channel_unref(&entry->channel);
    free(entry);
}

void
bc_hls_sessions_sweep(struct bc_hls_sessions *sessions, int64_t now_us)
{
    struct session *entry;
    struct session *tmp;
    pthread_mutex_lock(&sessions->lock);
    HASH_ITER(hh, sessions->table, entry, tmp)
    {
        if (now_us - entry->last_us > FORGET_US) {
            forget(sessions, entry);
        }
    }
    pthread_mutex_unlock(&sessions->lock);
}

void
bc_hls_sessions_destroy(struct bc_hls_sessions *sessions)
{
    if (sessions) {
        bc_hls_sessions_sweep(sessions, INT64_MAX);
        pthread_mutex_destroy(&sessions->lock);
        OPENSSL_cleanse(sessions->secret, sizeof(sessions->secret));
        free(sessions);
    }
}

// The first digits of HMAC(secret, id | channel).
static void
prove(const struct bc_hls_sessions *s, const char *id, const char *channel,
    char out[PROOF_DIGITS + 1])
{
    char text[ID_DIGITS + BC_CHANNEL_NAME_MAX + 2];
    int n = snprintf(text, sizeof(text), "%.*s|%s", ID_DIGITS, id, channel);
    uint8_t mac[EVP_MAX_MD_SIZE];
    unsigned mac_len = 0;
    HMAC(EVP_sha256(), s->secret, sizeof(s->secret), (const uint8_t *)text, (size_t)n,
        mac, &mac_len);
    for (int i = 0; i < PROOF_DIGITS / 2; i++) {
        snprintf(out + 2 * i, 3, "%02x", mac[i]);
    }
}

void
bc_hls_sessions_issue(struct bc_hls_sessions *s, const char *channel,
    char out[BC_HLS_SID_TEXT])
{
    uint8_t random[ID_DIGITS / 2] = { 0 };
    RAND_bytes(random, sizeof(random));
    for (int i = 0; i < ID_DIGITS / 2; i++) {
        snprintf(out + 2 * i, 3, "%02x", random[i]);
    }
    prove(s, out, channel, out + ID_DIGITS);
}

bool
bc_hls_sessions_is_ours(struct bc_hls_sessions *s, const char *channel, const char *sid)
{
    char proof[PROOF_DIGITS + 1];
    prove(s, sid, channel, proof);
    return CRYPTO_memcmp(proof, sid + ID_DIGITS, PROOF_DIGITS) == 0;
}

static void
add(struct bc_hls_sessions *s, struct bc_channel *channel, const struct session_id *key,
    int64_t now_us)
{
    struct session *entry = calloc(1, sizeof(*entry));
    if (entry) {
        entry->key = *key;
        entry->channel = bc_channel_ref(channel);
        entry->last_us = now_us;
        HASH_ADD(hh, s->table, key, sizeof(entry->key), entry);
    }
}

void
bc_hls_sessions_touch(struct bc_hls_sessions *s, struct bc_channel *channel,
    const char *sid, const char *fallback, int64_t now_us)
{
    struct session_id key;
    memset(&key, 0, sizeof(key));
    key.channel = channel;
    snprintf(key.id, sizeof(key.id), "%s", sid[0] ? sid : fallback);
    struct session *entry;
    pthread_mutex_lock(&s->lock);
    HASH_FIND(hh, s->table, &key, sizeof(key), entry);
    bool forged =
        !entry && sid[0] && !bc_hls_sessions_is_ours(s, bc_channel_name(channel), sid);
    if (entry) {
        entry->last_us = now_us;
        if (!entry->counted) {
            entry->counted = true;
            bc_channel_count_viewer(entry->channel, BC_PROTOCOL_HLS, 1);
        }
    } else if (!forged && HASH_COUNT(s->table) < SESSIONS_MAX) {
        add(s, channel, &key, now_us);
    }
    pthread_mutex_unlock(&s->lock);
    if (forged) {
        // An id of an earlier run of the server, or made up: one viewer per address then.
        bc_hls_sessions_touch(s, channel, "", fallback, now_us);
    }
}
