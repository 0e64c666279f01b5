// SPDX-License-Identifier: Apache-2.0
#include "protocol/webrtc/srtp.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <srtp2/srtp.h>

#include "base/log.h"
#include "srtp_openssl.h"

#define RTP_HEADER 12
#define RTCP_HEADER 8
#define SRTCP_INDEX 4
#define CM_TAG 10
#define GCM_TAG 16
// Packets that may still be sent again or arrive late: two seconds at 8 Mbit/s.
#define WINDOW_PACKETS 2048

// libsrtp keeps a context for each SSRC it meets and walks through them for each packet.
// A publisher of three layers with retransmission has seven.
#define SSRCS_MAX 32

struct bc_srtp {
    srtp_t out; // two of them, as one has a single template for unknown SSRCs
    srtp_t in;
    size_t tag_len;
    uint32_t senders[SSRCS_MAX]; // met in packets that were genuine
    unsigned sender_count;
};

static pthread_once_t setup_once = PTHREAD_ONCE_INIT;
static srtp_err_status_t setup_status = srtp_err_status_init_fail;

static void
setup(void)
{
    setup_status = srtp_init();
    if (setup_status == srtp_err_status_ok && srtp_openssl_install() != 0) {
        bc_warn(NULL, "SRTP uses the ciphers of libsrtp, not those of OpenSSL");
    }
}

int
bc_srtp_setup(void)
{
    pthread_once(&setup_once, setup);
    return setup_status == srtp_err_status_ok ? 0 : -EIO;
}

static int
to_errno(srtp_err_status_t status)
{
    switch (status) {
    case srtp_err_status_ok:
        return 0;
    case srtp_err_status_replay_fail:
    case srtp_err_status_replay_old:
    case srtp_err_status_pkt_idx_old:
        return -EALREADY;
    case srtp_err_status_alloc_fail:
        return -ENOMEM;
    case srtp_err_status_key_expired:
        return -EKEYEXPIRED;
    default:
        return -EBADMSG;
    }
}

static bool
open_direction(
    srtp_t *out, srtp_ssrc_type_t type, enum bc_srtp_profile profile, const uint8_t *key)
{
    srtp_policy_t policy;
    memset(&policy, 0, sizeof(policy));
    if (profile == BC_SRTP_AEAD_AES_128_GCM) {
        srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp);
        srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp);
    } else {
        srtp_crypto_policy_set_rtp_default(&policy.rtp);
        srtp_crypto_policy_set_rtcp_default(&policy.rtcp);
    }
    policy.ssrc.type = type;
    policy.key = (unsigned char *)(uintptr_t)key;
    policy.window_size = WINDOW_PACKETS;
    policy.allow_repeat_tx = 1; // a packet that was asked for again
    return srtp_create(out, &policy) == srtp_err_status_ok;
}

struct bc_srtp *
bc_srtp_create(const struct bc_srtp_keys *keys)
{
    if (keys->profile == BC_SRTP_NONE || bc_srtp_setup() != 0) {
        return NULL;
    }
    struct bc_srtp *srtp = calloc(1, sizeof(*srtp));
    if (!srtp) {
        return NULL;
    }
    srtp->tag_len = keys->profile == BC_SRTP_AEAD_AES_128_GCM ? GCM_TAG : CM_TAG;
    if (!open_direction(&srtp->out, ssrc_any_outbound, keys->profile, keys->local)
        || !open_direction(&srtp->in, ssrc_any_inbound, keys->profile, keys->remote)) {
        bc_srtp_destroy(srtp);
        return NULL;
    }
    return srtp;
}

void
bc_srtp_destroy(struct bc_srtp *srtp)
{
    if (!srtp) {
        return;
    }
    if (srtp->out) {
        srtp_dealloc(srtp->out);
    }
    if (srtp->in) {
        srtp_dealloc(srtp->in);
    }
    free(srtp);
}

static bool
is_known_sender(const struct bc_srtp *srtp, uint32_t ssrc)
{
    for (unsigned i = 0; i < srtp->sender_count; i++) {
        if (srtp->senders[i] == ssrc) {
            return true;
        }
    }
    return false;
}

// The bytes as they stand: only compared.
static uint32_t
load_ssrc(const uint8_t *at)
{
    uint32_t ssrc;
    memcpy(&ssrc, at, sizeof(ssrc));
    return ssrc;
}

typedef srtp_err_status_t
transform_fn(srtp_t ctx, void *packet, int *len);

static int
protect(struct bc_srtp *srtp, uint8_t *packet, size_t len, size_t min, transform_fn *fn)
{
    if (len < min || len > INT_MAX - BC_SRTCP_OVERHEAD) {
        return -EBADMSG;
    }
    int n = (int)len;
    int ret = to_errno(fn(srtp->out, packet, &n));
    return ret == 0 ? n : ret;
}

static int
unprotect(struct bc_srtp *srtp, uint8_t *packet, size_t len, const uint8_t *ssrc_at,
    transform_fn *fn)
{
    uint32_t ssrc = load_ssrc(ssrc_at);
    bool known = is_known_sender(srtp, ssrc);
    if (!known && srtp->sender_count == SSRCS_MAX) {
        return -ENOBUFS;
    }
    int n = (int)len;
    int ret = to_errno(fn(srtp->in, packet, &n));
    if (ret != 0) {
        return ret;
    }
    if (!known) {
        srtp->senders[srtp->sender_count++] = ssrc;
    }
    return n;
}

int
bc_srtp_protect(struct bc_srtp *srtp, uint8_t *packet, size_t len)
{
    return protect(srtp, packet, len, RTP_HEADER, srtp_protect);
}

int
bc_srtp_protect_rtcp(struct bc_srtp *srtp, uint8_t *packet, size_t len)
{
    return protect(srtp, packet, len, RTCP_HEADER, srtp_protect_rtcp);
}

int
bc_srtp_unprotect(struct bc_srtp *srtp, uint8_t *packet, size_t len)
{
    if (len < RTP_HEADER + srtp->tag_len || len > INT_MAX) {
        return -EBADMSG;
    }
    return unprotect(srtp, packet, len, packet + 8, srtp_unprotect);
}

int
bc_srtp_unprotect_rtcp(struct bc_srtp *srtp, uint8_t *packet, size_t len)
{
    if (len < RTCP_HEADER + SRTCP_INDEX + srtp->tag_len || len > INT_MAX) {
        return -EBADMSG;
    }
    return unprotect(srtp, packet, len, packet + 4, srtp_unprotect_rtcp);
}
