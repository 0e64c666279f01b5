// SPDX-License-Identifier: Apache-2.0
#ifndef RELAY_INPUT_NET_H
#define RELAY_INPUT_NET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "stream/via.h"

// The only way by which an input reaches the network: every connection, be it of the URL
// itself, of a redirect, or of something that a playlist names, is made here, and only to
// an address that the guard lets pass. Blocking, for the input's own thread; each wait
// ends when the input is stopped or nothing moves for INPUT_TIMEOUT_US.

#define INPUT_TIMEOUT_US 10000000
#define INPUT_ERROR_BYTES 192
#define INPUT_URL_MAX 4096

// Part of an input; its thread's only, but for `stop`.
struct input_net {
    const atomic_bool *stop; // borrowed
    bool allow_private;
    void *multi;                   // CURLM, owned; keeps connections for the next request
    const char *via;               // borrowed; the servers that this is for, or NULL
    char upstream[BC_VIA_TEXT];    // those that it comes by, as the answer told; ""
    bool refused;                  // the server answered, with a no
    char error[INPUT_ERROR_BYTES]; // why the last call failed
};

// False without memory.
bool
input_net_init(struct input_net *net, const atomic_bool *stop, bool allow_private);

// After all that was opened by it is closed.
void
input_net_finish(struct input_net *net);

bool
input_net_is_stopped(const struct input_net *net);

// --- the body of a GET ---

struct input_http;

// From byte `from` to before `end` (0: to the end). Follows redirects, and waits for the
// first bytes. NULL: see net->error.
struct input_http *
input_http_open(struct input_net *net, const char *url, int64_t from, int64_t end);

// At least one byte; 0 at the end; -ECANCELED, -ETIMEDOUT or -EIO.
ssize_t
input_http_read(struct input_http *h, uint8_t *out, size_t size);

// What came first, without taking it; as many bytes as there are at once.
size_t
input_http_peek(const struct input_http *h, uint8_t *out, size_t size);

// Goes on at another place, with a new request. 0 or negative errno.
int
input_http_seek(struct input_http *h, int64_t to);

// < 0: not told.
int64_t
input_http_size(const struct input_http *h);

// After the redirects.
const char *
input_http_url(const struct input_http *h);

// NULL is fine.
void
input_http_close(struct input_http *h);

// --- a connection by TCP or TLS ---

struct input_socket;

// `authority`: "host:port", an IPv6 address in brackets. NULL: see net->error.
struct input_socket *
input_socket_open(struct input_net *net, const char *authority, bool tls);

// As input_http_read().
ssize_t
input_socket_read(struct input_socket *s, uint8_t *out, size_t size);

// All of it. 0, -ECANCELED, -ETIMEDOUT or -EIO.
int
input_socket_write(struct input_socket *s, const void *data, size_t len);

// NULL is fine.
void
input_socket_close(struct input_socket *s);

#endif
