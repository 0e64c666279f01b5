// SPDX-License-Identifier: Apache-2.0
#ifndef BENCH_STUN_H
#define BENCH_STUN_H

#include <netinet/in.h>

#include "util.h"

enum { BC_STUN_TRANSACTION_LEN = 12, BC_STUN_MAX = 1500 };

enum bc_stun_kind {
    BC_STUN_NONE, // no STUN message
    BC_STUN_REQUEST,
    BC_STUN_SUCCESS,
    BC_STUN_ERROR,
    BC_STUN_OTHER,
};

// A connectivity check (RFC 8445 7.1), which is a consent check too (RFC 7675).
struct bc_stun_check {
    const uint8_t *transaction;
    const char *username; // theirs:ours
    const char *password; // theirs
    uint64_t tie_breaker;
    bool controlling; // then it nominates
};

enum bc_stun_kind
bc_stun_kind_of(const uint8_t *p, size_t n);
// MESSAGE-INTEGRITY is there and made with this password.
bool
bc_stun_is_genuine(const uint8_t *p, size_t n, const char *password);
// These replace what is in `out`.
void
bc_stun_write_check(struct bc_buf *out, const struct bc_stun_check *check);
void
bc_stun_write_success(struct bc_buf *out, const uint8_t *transaction,
    const struct sockaddr_in *peer, const char *password);

#endif
