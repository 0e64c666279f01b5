// SPDX-License-Identifier: Apache-2.0
#include "net/tls.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "tls_context.h"

#define ALPN_MAX_BYTES 64

struct bc_tls_context {
    atomic_uint refs;
    SSL_CTX *ssl;
    uint8_t alpn[ALPN_MAX_BYTES]; // length-prefixed names, the server's preference first
    unsigned alpn_len;
};

static int
select_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
    const unsigned char *in, unsigned in_len, void *arg)
{
    (void)ssl;
    const struct bc_tls_context *ctx = arg;
    int ret = SSL_select_next_proto(
        (unsigned char **)out, out_len, ctx->alpn, ctx->alpn_len, in, in_len);
    return ret == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

static void
set_alpn(struct bc_tls_context *ctx, const char *const *names)
{
    for (; names && *names; names++) {
        size_t len = strlen(*names);
        if (ctx->alpn_len + 1 + len > sizeof(ctx->alpn)) {
            break;
        }
        ctx->alpn[ctx->alpn_len++] = (uint8_t)len;
        memcpy(ctx->alpn + ctx->alpn_len, *names, len);
        ctx->alpn_len += (unsigned)len;
    }
    if (ctx->alpn_len > 0) {
        SSL_CTX_set_alpn_select_cb(ctx->ssl, select_alpn, ctx);
    }
}

static const char *
openssl_reason(void)
{
    unsigned long code = ERR_peek_last_error();
    const char *reason = ERR_reason_error_string(code);
    return reason ? reason : "unknown error";
}

static bool
load_files(SSL_CTX *ssl, const char *cert, const char *key, char *error, size_t error_len)
{
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(ssl, cert) != 1) {
        snprintf(error, error_len, "cannot load the certificate %s: %s", cert,
            openssl_reason());
        return false;
    }
    if (SSL_CTX_use_PrivateKey_file(ssl, key, SSL_FILETYPE_PEM) != 1) {
        snprintf(error, error_len, "cannot load the private key %s: %s", key,
            openssl_reason());
        return false;
    }
    if (SSL_CTX_check_private_key(ssl) != 1) {
        snprintf(error, error_len, "the private key %s does not belong to %s", key, cert);
        return false;
    }
    return true;
}

struct bc_tls_context *
bc_tls_context_create(const char *cert, const char *key, const char *const *alpn,
    char *error, size_t error_len)
{
    struct bc_tls_context *ctx = calloc(1, sizeof(*ctx));
    if (!ctx) {
        snprintf(error, error_len, "no memory");
        return NULL;
    }
    atomic_init(&ctx->refs, 1);
    ctx->ssl = SSL_CTX_new(TLS_server_method());
    if (!ctx->ssl) {
        snprintf(error, error_len, "cannot set up TLS: %s", openssl_reason());
        free(ctx);
        return NULL;
    }
    SSL_CTX_set_min_proto_version(ctx->ssl, TLS1_2_VERSION);
    SSL_CTX_set_options(ctx->ssl,
        SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_COMPRESSION
            | SSL_OP_IGNORE_UNEXPECTED_EOF);
    // Idle connections give their 34 KiB of buffers back; partial writes fit
    // bc_tcp_writev().
    SSL_CTX_set_mode(ctx->ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE
        | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (!load_files(ctx->ssl, cert, key, error, error_len)) {
        bc_tls_context_unref(&ctx);
        return NULL;
    }
    set_alpn(ctx, alpn);
    return ctx;
}

struct bc_tls_context *
bc_tls_context_create_client(char *error, size_t error_len)
{
    struct bc_tls_context *ctx = calloc(1, sizeof(*ctx));
    if (!ctx) {
        snprintf(error, error_len, "no memory");
        return NULL;
    }
    atomic_init(&ctx->refs, 1);
    ctx->ssl = SSL_CTX_new(TLS_client_method());
    if (!ctx->ssl || SSL_CTX_set_default_verify_paths(ctx->ssl) != 1) {
        snprintf(error, error_len, "cannot set up TLS: %s", openssl_reason());
        bc_tls_context_unref(&ctx);
        return NULL;
    }
    SSL_CTX_set_verify(ctx->ssl, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_min_proto_version(ctx->ssl, TLS1_2_VERSION);
    SSL_CTX_set_options(ctx->ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(ctx->ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE
        | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return ctx;
}

struct bc_tls_context *
bc_tls_context_ref(struct bc_tls_context *ctx)
{
    atomic_fetch_add_explicit(&ctx->refs, 1, memory_order_relaxed);
    return ctx;
}

void
bc_tls_context_unref(struct bc_tls_context **holder)
{
    struct bc_tls_context *ctx = *holder;
    *holder = NULL;
    if (ctx && atomic_fetch_sub_explicit(&ctx->refs, 1, memory_order_acq_rel) == 1) {
        SSL_CTX_free(ctx->ssl);
        free(ctx);
    }
}

struct ssl_st *
bc_tls_accept(struct bc_tls_context *ctx, int fd)
{
    SSL *ssl = SSL_new(ctx->ssl);
    if (!ssl) {
        return NULL;
    }
    if (SSL_set_fd(ssl, fd) != 1) {
        SSL_free(ssl);
        return NULL;
    }
    SSL_set_accept_state(ssl);
    return ssl;
}

// The name, or the address, for which the certificate must be good.
static bool
set_peer(SSL *ssl, const char *host)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
    if (X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1) {
        return true;
    }
    return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

struct ssl_st *
bc_tls_connect(struct bc_tls_context *ctx, int fd, const char *host)
{
    SSL *ssl = SSL_new(ctx->ssl);
    if (!ssl) {
        return NULL;
    }
    if (SSL_set_fd(ssl, fd) != 1 || !set_peer(ssl, host)) {
        SSL_free(ssl);
        return NULL;
    }
    SSL_set_connect_state(ssl);
    return ssl;
}
