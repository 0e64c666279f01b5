// SPDX-License-Identifier: Apache-2.0
// DTLS-SRTP (RFC 5764) by OpenSSL. Its BIO reads the one datagram at hand and writes to
// the socket, since STUN and RTP share the port.
#include "dtls.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "samples.h"

enum {
    MTU = 1200,
    UDP_OVERHEAD = 28,
    FINGERPRINT_TEXT = 32 * 3,
    KEY_LEN = 16,
    MAX_SALT_LEN = 14,
    REPLAY_WINDOW = 1024,
    FIRST_TIMEOUT_US = 50000, // as browsers; OpenSSL alone waits for a second
    MAX_TIMEOUT_US = 3000000,
    DAYS = 30,
    DAY_S = 86400,
};

#define PROFILES "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80"

static SSL_CTX *context;
static BIO_METHOD *bio_method;
static char own_fingerprint[FINGERPRINT_TEXT];

static int
bio_create(BIO *bio)
{
    BIO_set_init(bio, 1);
    return 1;
}

static int
bio_read(BIO *bio, char *out, int size)
{
    struct bc_dtls *d = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (!d->datagram_len) {
        BIO_set_retry_read(bio);
        return -1;
    }
    size_t n = d->datagram_len < (size_t)size ? d->datagram_len : (size_t)size;
    memcpy(out, d->datagram, n);
    d->datagram_len = 0; // a datagram is read at once or cut
    return (int)n;
}

static int
bio_write(BIO *bio, const char *p, int n)
{
    const struct bc_dtls *d = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (send(d->fd, p, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
        bc_count_note("dtls_send_failed"); // as if lost: it will be repeated
    }
    return n;
}

static long
bio_control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio, (void)number, (void)pointer;
    switch (command) {
    case BIO_CTRL_FLUSH:
        return 1;
    case BIO_CTRL_DGRAM_QUERY_MTU:
        return MTU;
    case BIO_CTRL_DGRAM_GET_FALLBACK_MTU:
        return MTU;
    case BIO_CTRL_DGRAM_GET_MTU_OVERHEAD:
        return UDP_OVERHEAD;
    default:
        return 0;
    }
}

static void
write_fingerprint(char out[FINGERPRINT_TEXT], const X509 *certificate)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    out[0] = 0;
    X509_digest(certificate, EVP_sha256(), digest, &n);
    for (unsigned i = 0; i < n && i < 32; i++) {
        snprintf(out + 3 * i, 4, i + 1 < n ? "%02X:" : "%02X", digest[i]);
    }
}

static X509 *
make_certificate(EVP_PKEY *key)
{
    X509 *x = X509_new();
    X509_NAME *name = x ? X509_get_subject_name(x) : NULL;
    bool ok = name && X509_set_version(x, 2)
        && ASN1_INTEGER_set(X509_get_serialNumber(x), 1)
        && X509_gmtime_adj(X509_getm_notBefore(x), -DAY_S)
        && X509_gmtime_adj(X509_getm_notAfter(x), DAYS * DAY_S) && X509_set_pubkey(x, key)
        && X509_NAME_add_entry_by_txt(
            name, "CN", MBSTRING_ASC, (const uint8_t *)"bcbench", -1, -1, 0)
        && X509_set_issuer_name(x, name) && X509_sign(x, key, EVP_sha256());
    if (!ok) {
        bc_die("cannot make a certificate");
    }
    return x;
}

// Whose certificate it is the fingerprint tells, later.
static int
accept_any(int ok, X509_STORE_CTX *store)
{
    (void)ok, (void)store;
    return 1;
}

static void
set_up(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    if (!key || srtp_init()) {
        bc_die("cannot set up OpenSSL and libsrtp");
    }
    X509 *certificate = make_certificate(key);
    write_fingerprint(own_fingerprint, certificate);
    context = SSL_CTX_new(DTLS_method());
    if (!context || SSL_CTX_use_certificate(context, certificate) != 1
        || SSL_CTX_use_PrivateKey(context, key) != 1
        || SSL_CTX_set_tlsext_use_srtp(context, PROFILES)) { // 0: taken
        bc_die("cannot set up DTLS");
    }
    SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION);
    SSL_CTX_set_verify(
        context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, accept_any);
    SSL_CTX_set_options(context, SSL_OP_NO_QUERY_MTU);
    X509_free(certificate);
    EVP_PKEY_free(key);
    bio_method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "datagram");
    if (!bio_method) {
        bc_die("cannot set up DTLS");
    }
    BIO_meth_set_create(bio_method, bio_create);
    BIO_meth_set_read(bio_method, bio_read);
    BIO_meth_set_write(bio_method, bio_write);
    BIO_meth_set_ctrl(bio_method, bio_control);
}

const char *
bc_dtls_fingerprint(void)
{
    if (!context) {
        set_up();
    }
    return own_fingerprint;
}

static unsigned
next_timeout_us(SSL *ssl, unsigned last_us)
{
    (void)ssl;
    unsigned us = last_us ? last_us * 2 : FIRST_TIMEOUT_US;
    return us < MAX_TIMEOUT_US ? us : MAX_TIMEOUT_US;
}

int
bc_dtls_open(struct bc_dtls *d, int fd, bool client)
{
    BIO *bio = BIO_new(bio_method);
    d->fd = fd;
    d->ssl = SSL_new(context);
    if (!d->ssl || !bio) {
        BIO_free(bio);
        return -ENOMEM;
    }
    BIO_set_data(bio, d);
    SSL_set_bio(d->ssl, bio, bio);
    SSL_set_mtu(d->ssl, MTU);
    DTLS_set_timer_cb(d->ssl, next_timeout_us);
    if (client) {
        SSL_set_connect_state(d->ssl);
    } else {
        SSL_set_accept_state(d->ssl);
    }
    return 0;
}

enum bc_dtls_state
bc_dtls_feed(struct bc_dtls *d, const uint8_t *p, size_t n)
{
    uint8_t data[2048];
    d->datagram = p;
    d->datagram_len = n;
    ERR_clear_error();
    if (!SSL_is_init_finished(d->ssl)) {
        int r = SSL_do_handshake(d->ssl);
        int error = r == 1 ? SSL_ERROR_NONE : SSL_get_error(d->ssl, r);
        return r == 1                      ? BC_DTLS_CONNECTED
            : error == SSL_ERROR_WANT_READ ? BC_DTLS_HANDSHAKE
                                           : BC_DTLS_FAILED;
    }
    while (SSL_read(d->ssl, data, sizeof(data)) > 0) { // data channels are not ours
    }
    return SSL_get_shutdown(d->ssl) & SSL_RECEIVED_SHUTDOWN ? BC_DTLS_CLOSED
                                                            : BC_DTLS_CONNECTED;
}

int64_t
bc_dtls_timeout_ns(struct bc_dtls *d)
{
    struct timeval left;
    return DTLSv1_get_timeout(d->ssl, &left) == 1
        ? left.tv_sec * BC_NS_PER_S + left.tv_usec * 1000LL
        : -1;
}

void
bc_dtls_on_timeout(struct bc_dtls *d)
{
    ERR_clear_error();
    DTLSv1_handle_timeout(d->ssl);
}

static bool
is_peer(const SSL *ssl, const char *fingerprint)
{
    char seen[FINGERPRINT_TEXT] = "";
    X509 *certificate = SSL_get1_peer_certificate(ssl);
    if (certificate) {
        write_fingerprint(seen, certificate);
    }
    X509_free(certificate);
    return certificate && !strcasecmp(seen, fingerprint);
}

// Client's key, server's key, client's salt, server's salt (RFC 5764 4.2).
static const char *
export_keys(SSL *ssl, size_t salt_len, uint8_t keys[2][KEY_LEN + MAX_SALT_LEN])
{
    static const char label[] = "EXTRACTOR-dtls_srtp";
    uint8_t material[2 * (KEY_LEN + MAX_SALT_LEN)];
    if (SSL_export_keying_material(
            ssl, material, 2 * (KEY_LEN + salt_len), label, sizeof(label) - 1, NULL, 0, 0)
        != 1) {
        return "dtls_no_keys";
    }
    for (size_t i = 0; i < 2; i++) {
        memcpy(keys[i], material + i * KEY_LEN, KEY_LEN);
        memcpy(keys[i] + KEY_LEN, material + 2 * KEY_LEN + i * salt_len, salt_len);
    }
    return NULL;
}

const char *
bc_dtls_make_srtp(struct bc_dtls *d, const char *fingerprint, srtp_t *in, srtp_t *out)
{
    uint8_t keys[2][KEY_LEN + MAX_SALT_LEN];
    const SRTP_PROTECTION_PROFILE *profile = SSL_get_selected_srtp_profile(d->ssl);
    if (!is_peer(d->ssl, fingerprint)) {
        return "dtls_wrong_fingerprint";
    }
    if (!profile) {
        return "dtls_no_srtp";
    }
    bc_count_note(profile->name);
    bool gcm = profile->id == SRTP_AEAD_AES_128_GCM;
    srtp_policy_t policy = { .window_size = REPLAY_WINDOW };
    const char *error = export_keys(d->ssl, gcm ? 12 : MAX_SALT_LEN, keys);
    if (error) {
        return error;
    }
    if (gcm) {
        srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp);
        srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp);
    } else {
        srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtp);
        srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtcp);
    }
    bool client = !SSL_is_server(d->ssl);
    policy.ssrc.type = ssrc_any_inbound;
    policy.key = keys[client];
    if (srtp_create(in, &policy)) {
        return "srtp_create";
    }
    policy.ssrc.type = ssrc_any_outbound;
    policy.key = keys[!client];
    return srtp_create(out, &policy) ? "srtp_create" : NULL;
}

void
bc_dtls_close(struct bc_dtls *d)
{
    if (d->ssl && SSL_is_init_finished(d->ssl)) {
        ERR_clear_error();
        SSL_shutdown(d->ssl); // close_notify: the server need not wait for a timeout
    }
    SSL_free(d->ssl);
    d->ssl = NULL;
}
