// SPDX-License-Identifier: Apache-2.0
#ifndef NET_TLS_CONTEXT_H
#define NET_TLS_CONTEXT_H

struct bc_tls_context;
struct ssl_st;

// The server's end of a TLS connection on a non-blocking socket; freed with SSL_free().
// The caller keeps a reference of the context. NULL without memory.
struct ssl_st *
bc_tls_accept(struct bc_tls_context *ctx, int fd);

// The client's end of one to `host`, a name or an address.
struct ssl_st *
bc_tls_connect(struct bc_tls_context *ctx, int fd, const char *host);

#endif
