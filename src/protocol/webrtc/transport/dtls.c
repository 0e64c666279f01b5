// SPDX-License-Identifier: Apache-2.0
#include "protocol/webrtc/dtls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include <openssl/err.h>

#include "base/reader.h"
#include "dtls_internal.h"

// Peers are near: RFC 6347 4.2.4.1 allows a start below a second. OpenSSL gives up after
// twelve rounds, so after some 25 seconds.
#define FIRST_TIMEOUT_US (150 * 1000u)
#define MAX_TIMEOUT_US (3000 * 1000u)

// Encrypted records that may come before the handshake is through. OpenSSL keeps up to 100
// until it has the keys, each with a buffer of 17 KiB. A peer sends its Finished, and that
// again when something before it was lost.
#define EARLY_RECORDS_MAX 32

#define SRTP_KEY_BYTES 16
#define GCM_SALT_BYTES 12
#define CM_SALT_BYTES 14

enum dtls_state {
    DTLS_IDLE, // a client before its start
    DTLS_HANDSHAKE,
    DTLS_ANNOUNCING, // our last flight leaves; nothing is taken before on_connected
    DTLS_CONNECTED,
    DTLS_CLOSED,
};

struct bc_dtls {
    SSL *ssl; // owned, and it owns the BIO
    struct dtls_pipe pipe;
    enum dtls_state state;
    bool client;
    unsigned early_records;
    struct bc_sdp_fingerprint fingerprints[BC_SDP_FINGERPRINTS_MAX];
    unsigned fingerprint_count;
    const struct bc_dtls_ops *ops;
    void *user;
};

static unsigned
next_timeout(SSL *ssl, unsigned last_us)
{
    (void)ssl;
    if (last_us == 0) {
        return FIRST_TIMEOUT_US;
    }
    return last_us < MAX_TIMEOUT_US / 2 ? last_us * 2 : MAX_TIMEOUT_US;
}

static bool
open_ssl(struct bc_dtls *dtls, const struct bc_dtls_identity *identity)
{
    dtls->ssl = SSL_new(identity->ctx);
    BIO *bio = dtls->ssl ? dtls_bio_create(identity->method, &dtls->pipe) : NULL;
    if (!bio) {
        return false;
    }
    SSL_set_bio(dtls->ssl, bio, bio);
    DTLS_set_link_mtu(dtls->ssl, DTLS_DATAGRAM_MAX);
    DTLS_set_timer_cb(dtls->ssl, next_timeout);
    if (dtls->client) {
        SSL_set_connect_state(dtls->ssl);
    } else {
        SSL_set_accept_state(dtls->ssl);
    }
    return true;
}

struct bc_dtls *
bc_dtls_create(const struct bc_dtls_params *params)
{
    struct bc_dtls *dtls = calloc(1, sizeof(*dtls));
    if (!dtls) {
        return NULL;
    }
    dtls->client = params->client;
    dtls->state = params->client ? DTLS_IDLE : DTLS_HANDSHAKE;
    dtls->ops = params->ops;
    dtls->user = params->user;
    dtls->fingerprint_count = params->fingerprint_count < BC_SDP_FINGERPRINTS_MAX
        ? params->fingerprint_count
        : BC_SDP_FINGERPRINTS_MAX;
    for (unsigned i = 0; i < dtls->fingerprint_count; i++) {
        dtls->fingerprints[i] = params->fingerprints[i];
    }
    if (!open_ssl(dtls, params->identity)) {
        ERR_clear_error();
        bc_dtls_destroy(dtls);
        return NULL;
    }
    return dtls;
}

void
bc_dtls_destroy(struct bc_dtls *dtls)
{
    if (!dtls) {
        return;
    }
    SSL_free(dtls->ssl);
    bc_writer_finish(&dtls->pipe.out);
    free(dtls);
}

// What OpenSSL wrote leaves when it is off the stack.
static void
flush(struct bc_dtls *dtls)
{
    while (dtls->pipe.out.len > 0) {
        struct bc_writer out = dtls->pipe.out;
        dtls->pipe.out = (struct bc_writer){ .data = NULL };
        struct bc_reader r = bc_reader_init(out.data, out.len);
        while (bc_reader_left(&r) > 0) {
            size_t len = bc_read_u16(&r);
            const uint8_t *datagram = bc_read_bytes(&r, len);
            dtls->ops->on_send(dtls->user, datagram, len);
        }
        bc_writer_finish(&out);
    }
}

// OpenSSL's DTLS does not heed SSL_MODE_RELEASE_BUFFERS: its buffers are given back by
// hand, as most sessions have no datagrams after the handshake.
static void
release_buffers(struct bc_dtls *dtls)
{
    if (dtls->state == DTLS_CONNECTED) {
        (void)!SSL_free_buffers(dtls->ssl); // not while there is more to read
    }
}

// To be called before all that reads or writes then: writing does not look whether there
// is a buffer. False: no memory.
static bool
take_buffers(struct bc_dtls *dtls)
{
    ERR_clear_error();
    return SSL_alloc_buffers(dtls->ssl) == 1;
}

static void
close_with(struct bc_dtls *dtls, const char *reason)
{
    flush(dtls); // the alert
    if (dtls->state == DTLS_CLOSED) {
        return;
    }
    dtls->state = DTLS_CLOSED;
    dtls->ops->on_closed(dtls->user, reason);
}

// After a call that did not succeed: true when it only has to wait for the peer.
static bool
may_go_on(struct bc_dtls *dtls, int ret)
{
    int error = SSL_get_error(dtls->ssl, ret);
    unsigned long code = ERR_peek_error();
    ERR_clear_error();
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
        return true;
    }
    if (error == SSL_ERROR_ZERO_RETURN) {
        close_with(dtls, "DTLS was closed by the peer");
        return false;
    }
    const char *what = code ? ERR_reason_error_string(code) : NULL;
    char reason[160];
    snprintf(reason, sizeof(reason), "DTLS failed: %s", what ? what : "unknown error");
    close_with(dtls, reason);
    return false;
}

// RFC 5764 4.2: the client's key, the server's key, the client's salt, the server's salt.
// NULL, or what is wrong.
static const char *
export_keys(const struct bc_dtls *dtls, struct bc_srtp_keys *keys)
{
    memset(keys, 0, sizeof(*keys));
    SRTP_PROTECTION_PROFILE *profile = SSL_get_selected_srtp_profile(dtls->ssl);
    if (!profile) {
        return "no SRTP profile in common";
    }
    bool gcm = profile->id == SRTP_AEAD_AES_128_GCM;
    size_t salt = gcm ? GCM_SALT_BYTES : CM_SALT_BYTES;
    uint8_t block[2 * (SRTP_KEY_BYTES + CM_SALT_BYTES)];
    static const char LABEL[] = "EXTRACTOR-dtls_srtp";
    if (SSL_export_keying_material(dtls->ssl, block, 2 * (SRTP_KEY_BYTES + salt), LABEL,
            sizeof(LABEL) - 1, NULL, 0, 0)
        != 1) {
        ERR_clear_error();
        return "the SRTP keys cannot be derived";
    }
    keys->profile = gcm ? BC_SRTP_AEAD_AES_128_GCM : BC_SRTP_AES128_CM_SHA1_80;
    uint8_t *of_client = dtls->client ? keys->local : keys->remote;
    uint8_t *of_server = dtls->client ? keys->remote : keys->local;
    const uint8_t *salts = block + 2 * SRTP_KEY_BYTES;
    memcpy(of_client, block, SRTP_KEY_BYTES);
    memcpy(of_server, block + SRTP_KEY_BYTES, SRTP_KEY_BYTES);
    memcpy(of_client + SRTP_KEY_BYTES, salts, salt);
    memcpy(of_server + SRTP_KEY_BYTES, salts + salt, salt);
    OPENSSL_cleanse(block, sizeof(block));
    return NULL;
}

static void
on_handshake_done(struct bc_dtls *dtls)
{
    struct bc_srtp_keys keys;
    const char *wrong =
        dtls_check_certificate(dtls->ssl, dtls->fingerprints, dtls->fingerprint_count);
    if (!wrong) {
        wrong = export_keys(dtls, &keys);
    }
    if (wrong) {
        SSL_shutdown(dtls->ssl); // the peer thinks that all is well
        ERR_clear_error();
        close_with(dtls, wrong);
        return;
    }
    dtls->state = DTLS_ANNOUNCING;
    flush(dtls); // our Finished before any media
    if (dtls->state == DTLS_ANNOUNCING) {
        dtls->state = DTLS_CONNECTED;
        dtls->ops->on_connected(dtls->user, &keys);
    }
    OPENSSL_cleanse(&keys, sizeof(keys));
}

// Goes on with the handshake. True when it is through.
static bool
step(struct bc_dtls *dtls)
{
    ERR_clear_error();
    int ret = SSL_do_handshake(dtls->ssl);
    if (ret != 1) {
        return may_go_on(dtls, ret) && false;
    }
    on_handshake_done(dtls);
    return dtls->state == DTLS_CONNECTED;
}

// Hands out all records that have come. Reading is also what answers a Finished that the
// peer had to send again.
static void
read_records(struct bc_dtls *dtls)
{
    while (dtls->state == DTLS_CONNECTED) {
        uint8_t record[DTLS_INPUT_MAX];
        if (!take_buffers(dtls)) {
            close_with(dtls, "no memory for DTLS");
            return;
        }
        int n = SSL_read(dtls->ssl, record, sizeof(record));
        if (n <= 0) {
            may_go_on(dtls, n);
            return;
        }
        if (dtls->ops->on_data) {
            dtls->ops->on_data(dtls->user, record, (size_t)n);
        }
    }
}

void
bc_dtls_start(struct bc_dtls *dtls)
{
    if (dtls->state == DTLS_IDLE) {
        dtls->state = DTLS_HANDSHAKE;
        step(dtls);
        flush(dtls);
    }
}

// RFC 6347 4.1: | type (8) | version (16) | epoch (16) | sequence (48) | length (16) | …
static bool
has_too_many_early(struct bc_dtls *dtls, const uint8_t *data, size_t len)
{
    struct bc_reader r = bc_reader_init(data, len);
    while (bc_reader_left(&r) > 0) {
        bc_read_skip(&r, 1);
        bool is_dtls = bc_read_u8(&r) == 0xfe;
        bc_read_skip(&r, 1);
        uint16_t epoch = bc_read_u16(&r);
        bc_read_skip(&r, 6);
        bc_read_skip(&r, bc_read_u16(&r));
        dtls->early_records += !r.failed && is_dtls && epoch > 0;
    }
    return dtls->early_records > EARLY_RECORDS_MAX;
}

void
bc_dtls_input(struct bc_dtls *dtls, const uint8_t *data, size_t len)
{
    bool listens = dtls->state == DTLS_HANDSHAKE || dtls->state == DTLS_CONNECTED;
    if (!listens || len == 0 || len > DTLS_INPUT_MAX) {
        return;
    }
    if (dtls->state == DTLS_HANDSHAKE && has_too_many_early(dtls, data, len)) {
        close_with(dtls, "too many DTLS records before the keys");
        return;
    }
    dtls->pipe.in = data;
    dtls->pipe.in_len = len;
    if (dtls->state == DTLS_CONNECTED || step(dtls)) {
        read_records(dtls);
    }
    dtls->pipe.in = NULL;
    release_buffers(dtls);
    flush(dtls);
}

int64_t
bc_dtls_timeout_us(struct bc_dtls *dtls)
{
    struct timeval left;
    if (dtls->state != DTLS_HANDSHAKE || DTLSv1_get_timeout(dtls->ssl, &left) != 1) {
        return -1;
    }
    return (int64_t)left.tv_sec * 1000000 + left.tv_usec;
}

void
bc_dtls_tick(struct bc_dtls *dtls)
{
    if (dtls->state != DTLS_HANDSHAKE) {
        return;
    }
    ERR_clear_error();
    int ret = DTLSv1_handle_timeout(dtls->ssl);
    if (ret < 0) {
        ERR_clear_error();
        close_with(dtls, "the DTLS handshake got no answer");
    }
    flush(dtls);
}

int
bc_dtls_send(struct bc_dtls *dtls, const uint8_t *data, size_t len)
{
    if (dtls->state != DTLS_CONNECTED) {
        return -ENOTCONN;
    }
    if (len == 0 || len > BC_DTLS_DATA_MAX) {
        return -EMSGSIZE;
    }
    if (!take_buffers(dtls)) {
        return -ENOMEM;
    }
    int ret = SSL_write(dtls->ssl, data, (int)len);
    ERR_clear_error();
    release_buffers(dtls);
    flush(dtls);
    return ret > 0 ? 0 : -EIO;
}

void
bc_dtls_shutdown(struct bc_dtls *dtls)
{
    bool was_connected = dtls->state == DTLS_CONNECTED || dtls->state == DTLS_ANNOUNCING;
    dtls->state = DTLS_CLOSED;
    if (was_connected && take_buffers(dtls)) {
        SSL_shutdown(dtls->ssl);
        ERR_clear_error();
        flush(dtls);
    }
}
