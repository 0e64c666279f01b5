// SPDX-License-Identifier: Apache-2.0
#ifndef NET_TLS_H
#define NET_TLS_H

#include <stddef.h>

// A certificate and key ready for handshakes: OpenSSL's context, reference-counted.
// Connections keep the one they began with, so a reloaded certificate drops nobody. Any
// thread.
struct bc_tls_context;

// Loads PEM files (`cert` with its chain). `alpn` is a list of protocol names in the
// order of the server's preference, NULL-ended, or NULL for none. NULL on failure, with a
// sentence in `error` that names the file.
struct bc_tls_context *
bc_tls_context_create(const char *cert, const char *key, const char *const *alpn,
    char *error, size_t error_len);

// For connections to others, whose certificates must be good for their names, by the
// authorities that the system trusts. NULL as above.
struct bc_tls_context *
bc_tls_context_create_client(char *error, size_t error_len);

struct bc_tls_context *
bc_tls_context_ref(struct bc_tls_context *ctx);

void
bc_tls_context_unref(struct bc_tls_context **holder);

#endif
