// SPDX-License-Identifier: Apache-2.0
#include "dtls_pair.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#define ROUNDS_MAX 200

static uint64_t now_us = 1700000000000000;

// In place of the C library's: what OpenSSL's DTLS timers read.
int
gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
    (void)tz;
    tv->tv_sec = (time_t)(now_us / 1000000);
    tv->tv_usec = (suseconds_t)(now_us % 1000000);
    return 0;
}

static void
on_send(void *user, const uint8_t *data, size_t len)
{
    struct pair_end *end = user;
    end->sent++;
    end->largest = len > end->largest ? len : end->largest;
    if (end->queued < PAIR_QUEUE_MAX && len <= sizeof(end->queue[0].data)) {
        memcpy(end->queue[end->queued].data, data, len);
        end->queue[end->queued++].len = len;
    }
}

static void
on_connected(void *user, const struct bc_srtp_keys *keys)
{
    struct pair_end *end = user;
    end->connected++;
    end->keys = *keys;
}

static void
on_data(void *user, const uint8_t *data, size_t len)
{
    struct pair_end *end = user;
    memcpy(end->data, data, len);
    end->data_len = len;
    end->records++;
}

static void
on_closed(void *user, const char *reason)
{
    struct pair_end *end = user;
    end->closed++;
    snprintf(end->reason, sizeof(end->reason), "%s", reason);
}

static const struct bc_dtls_ops OPS = { on_send, on_connected, on_data, on_closed };

struct bc_sdp_fingerprint
pair_fingerprint(const char *text)
{
    struct bc_sdp_fingerprint f = { .len = 0 };
    const char *hex = strchr(text, ' ');
    memcpy(f.hash, text, (size_t)(hex - text));
    while (f.len < sizeof(f.value) && hex && *hex) {
        f.value[f.len++] = (uint8_t)strtoul(hex + 1, NULL, 16);
        hex = strchr(hex + 1, ':');
    }
    return f;
}

void
pair_open_end(struct pair_end *end, bool client, const struct bc_sdp_fingerprint *list,
    unsigned count)
{
    struct bc_dtls_params params = { .identity = end->identity,
        .client = client,
        .fingerprints = list,
        .fingerprint_count = count,
        .ops = &OPS,
        .user = end };
    bc_dtls_destroy(end->dtls);
    end->dtls = bc_dtls_create(&params);
    assert(end->dtls);
}

void
pair_open(struct pair *p, bool fingerprints)
{
    struct bc_sdp_fingerprint server =
        pair_fingerprint(bc_dtls_identity_fingerprint(p->server.identity));
    struct bc_sdp_fingerprint client =
        pair_fingerprint(bc_dtls_identity_fingerprint(p->client.identity));
    pair_open_end(&p->server, false, &client, fingerprints ? 1 : 0);
    pair_open_end(&p->client, true, &server, fingerprints ? 1 : 0);
}

void
pair_init(struct pair *p, bool fingerprints)
{
    memset(p, 0, sizeof(*p));
    p->server.peer = &p->client;
    p->client.peer = &p->server;
    p->server.identity = bc_dtls_identity_create();
    p->client.identity = bc_dtls_identity_create();
    assert(p->server.identity && p->client.identity);
    pair_open(p, fingerprints);
}

void
pair_finish(struct pair *p)
{
    bc_dtls_destroy(p->server.dtls);
    bc_dtls_destroy(p->client.dtls);
    bc_dtls_identity_destroy(p->server.identity);
    bc_dtls_identity_destroy(p->client.identity);
}

static bool
is_lost(struct pair *p)
{
    unsigned n = p->count++;
    p->random = p->random * 1103515245 + 12345;
    return (n < 64 && p->drop >> n & 1) || (p->random >> 16) % 100 < p->loss_percent;
}

static bool
carry_from(struct pair *p, struct pair_end *from)
{
    static struct pair_datagram taken[PAIR_QUEUE_MAX];
    unsigned count = from->queued;
    memcpy(taken, from->queue, count * sizeof(taken[0]));
    from->queued = 0;
    for (unsigned i = 0; i < count; i++) {
        const struct pair_datagram *d = &taken[p->backwards ? count - 1 - i : i];
        for (unsigned copy = 0; copy < (p->copies ? p->copies : 1); copy++) {
            if (is_lost(p)) {
                continue;
            }
            uint8_t *exact = malloc(d->len);
            memcpy(exact, d->data, d->len);
            bc_dtls_input(from->peer->dtls, exact, d->len);
            free(exact);
        }
    }
    return count > 0;
}

void
pair_carry(struct pair *p)
{
    bool moved = true;
    for (unsigned i = 0; i < ROUNDS_MAX && moved; i++) {
        moved = carry_from(p, &p->client);
        moved |= carry_from(p, &p->server);
    }
}

bool
pair_wait(struct pair *p)
{
    int64_t a = bc_dtls_timeout_us(p->server.dtls);
    int64_t b = bc_dtls_timeout_us(p->client.dtls);
    if (a < 0 && b < 0) {
        return false;
    }
    now_us += (uint64_t)(a < 0 || (b >= 0 && b < a) ? b : a) + 1;
    bc_dtls_tick(p->server.dtls);
    bc_dtls_tick(p->client.dtls);
    return true;
}

static bool
is_settled(const struct pair_end *end)
{
    return end->connected > 0 || end->closed > 0;
}

bool
pair_run(struct pair *p)
{
    bc_dtls_start(p->client.dtls);
    for (unsigned i = 0; i < ROUNDS_MAX; i++) {
        pair_carry(p);
        if ((is_settled(&p->server) && is_settled(&p->client)) || !pair_wait(p)) {
            break;
        }
    }
    return is_settled(&p->server) && is_settled(&p->client);
}
