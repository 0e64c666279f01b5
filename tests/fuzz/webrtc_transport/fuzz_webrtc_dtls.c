// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "protocol/webrtc/dtls.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
on_send(void *user, const uint8_t *data, size_t len)
{
    (void)data;
    unsigned *closed = user;
    if (len == 0 || len > 1200 || *closed > 1) {
        abort();
    }
}

static void
on_connected(void *user, const struct bc_srtp_keys *keys)
{
    (void)user;
    (void)keys;
    abort(); // nobody guesses a key
}

static void
on_closed(void *user, const char *reason)
{
    unsigned *closed = user;
    if (++*closed > 1 || !reason[0]) {
        abort();
    }
}

// The first byte's lowest bit makes it a client that has begun; the rest are datagrams,
// each with its length in front.
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct bc_dtls_identity *identity;
    identity = identity ? identity : bc_dtls_identity_create();
    static const struct bc_dtls_ops OPS = { on_send, on_connected, NULL, on_closed };
    unsigned closed = 0;
    struct bc_dtls_params params = { .identity = identity,
        .client = len > 0 && data[0] & 1,
        .ops = &OPS,
        .user = &closed };
    struct bc_dtls *dtls = bc_dtls_create(&params);
    bc_dtls_start(dtls);
    for (size_t at = 1; at + 2 < len;) {
        size_t n = (size_t)(data[at] << 8 | data[at + 1]) & 0x7ff;
        n = len - at - 2 < n ? len - at - 2 : n;
        uint8_t *exact = malloc(n ? n : 1);
        for (size_t i = 0; i < n; i++) {
            exact[i] = data[at + 2 + i];
        }
        bc_dtls_input(dtls, exact, n);
        free(exact);
        bc_dtls_tick(dtls);
        at += 2 + n;
    }
    bc_dtls_destroy(dtls);
    return 0;
}
