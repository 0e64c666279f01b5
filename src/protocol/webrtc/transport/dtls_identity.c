// SPDX-License-Identifier: Apache-2.0
#include "dtls_internal.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#define DAY_SECONDS (24 * 60 * 60L)
#define VALID_DAYS (5 * 365L)
// Room for the chains that are sent in practice; one certificate is below 1 KiB.
#define PEER_CHAIN_MAX_BYTES (16 * 1024)

static bool
fill_certificate(X509 *cert, EVP_PKEY *key)
{
    uint64_t serial = 0;
    if (RAND_bytes((uint8_t *)&serial, sizeof(serial)) != 1) {
        return false;
    }
    X509_NAME *name = X509_get_subject_name(cert);
    // A day back: clocks of peers that look at it may be behind.
    return X509_set_version(cert, X509_VERSION_3)
        && ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), serial >> 1)
        && X509_gmtime_adj(X509_getm_notBefore(cert), -DAY_SECONDS)
        && X509_gmtime_adj(X509_getm_notAfter(cert), VALID_DAYS * DAY_SECONDS)
        && X509_NAME_add_entry_by_txt(
            name, "CN", MBSTRING_ASC, (const unsigned char *)"branchcast", -1, -1, 0)
        && X509_set_issuer_name(cert, name) && X509_set_pubkey(cert, key)
        && X509_sign(cert, key, EVP_sha256()) > 0;
}

static bool
write_fingerprint(struct bc_dtls_identity *identity, const X509 *cert)
{
    uint8_t hash[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (!X509_digest(cert, EVP_sha256(), hash, &len) || len != 32) {
        return false;
    }
    char *at = identity->fingerprint;
    const char *end = at + sizeof(identity->fingerprint);
    at += snprintf(at, (size_t)(end - at), "sha-256 ");
    for (unsigned i = 0; i < len; i++) {
        at += snprintf(at, (size_t)(end - at), i == 0 ? "%02X" : ":%02X", hash[i]);
    }
    return true;
}

static bool
add_certificate(struct bc_dtls_identity *identity)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    bool ok = key && cert && fill_certificate(cert, key)
        && SSL_CTX_use_certificate(identity->ctx, cert) == 1
        && SSL_CTX_use_PrivateKey(identity->ctx, key) == 1
        && write_fingerprint(identity, cert);
    X509_free(cert);
    EVP_PKEY_free(key);
    return ok;
}

// Certificates of WebRTC are self-signed. What counts is the fingerprint in the SDP,
// which the session compares when the handshake is through.
static int
accept_any(X509_STORE_CTX *store, void *arg)
{
    (void)store;
    (void)arg;
    return 1;
}

static bool
configure(SSL_CTX *ctx)
{
    SSL_CTX_set_options(ctx,
        SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_NO_QUERY_MTU
            | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_max_cert_list(ctx, PEER_CHAIN_MAX_BYTES);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_cert_verify_callback(ctx, accept_any, NULL);
    // RSA is for servers that we connect to. (use_srtp alone has 0 for success.)
    return SSL_CTX_set_max_send_fragment(ctx, DTLS_DATAGRAM_MAX)
        && SSL_CTX_set_min_proto_version(ctx, DTLS1_2_VERSION)
        && SSL_CTX_set_max_proto_version(ctx, DTLS1_2_VERSION)
        && SSL_CTX_set_cipher_list(
            ctx, "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE+AESGCM:ECDHE+CHACHA20")
        && SSL_CTX_set1_groups_list(ctx, "X25519:P-256:P-384")
        && SSL_CTX_set_tlsext_use_srtp(
               ctx, "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80")
        == 0;
}

struct bc_dtls_identity *
bc_dtls_identity_create(void)
{
    struct bc_dtls_identity *identity = calloc(1, sizeof(*identity));
    if (!identity) {
        return NULL;
    }
    identity->method = dtls_bio_method_create();
    identity->ctx = SSL_CTX_new(DTLS_method());
    if (!identity->method || !identity->ctx || !configure(identity->ctx)
        || !add_certificate(identity)) {
        bc_dtls_identity_destroy(identity);
        return NULL;
    }
    return identity;
}

void
bc_dtls_identity_destroy(struct bc_dtls_identity *identity)
{
    if (!identity) {
        return;
    }
    SSL_CTX_free(identity->ctx);
    BIO_meth_free(identity->method);
    free(identity);
}

const char *
bc_dtls_identity_fingerprint(const struct bc_dtls_identity *identity)
{
    return identity->fingerprint;
}

// SHA-1 and MD5 do not count (RFC 8122 5).
static const EVP_MD *
digest_of(const char *hash)
{
    if (strcmp(hash, "sha-256") == 0) {
        return EVP_sha256();
    }
    if (strcmp(hash, "sha-384") == 0) {
        return EVP_sha384();
    }
    return strcmp(hash, "sha-512") == 0 ? EVP_sha512() : NULL;
}

const char *
dtls_check_certificate(
    const SSL *ssl, const struct bc_sdp_fingerprint *list, unsigned count)
{
    X509 *cert = SSL_get1_peer_certificate(ssl);
    if (!cert) {
        return "the peer has no DTLS certificate";
    }
    const char *wrong = "the SDP has no fingerprint by sha-256, sha-384 or sha-512";
    for (unsigned i = 0; i < count; i++) {
        const struct bc_sdp_fingerprint *f = &list[i];
        const EVP_MD *md = digest_of(f->hash);
        uint8_t hash[EVP_MAX_MD_SIZE];
        unsigned len = 0;
        if (!md || !X509_digest(cert, md, hash, &len)) {
            continue;
        }
        if (len == f->len && memcmp(hash, f->value, len) == 0) {
            wrong = NULL;
            break;
        }
        wrong = "the DTLS certificate is not the one of the SDP's fingerprint";
    }
    X509_free(cert);
    return wrong;
}
