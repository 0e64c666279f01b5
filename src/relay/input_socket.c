// SPDX-License-Identifier: Apache-2.0
// A connection for protocols of our own: libcurl resolves, connects and speaks TLS, with
// the certificate checked, and then leaves the bytes to us.
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "input_curl.h"

// Owned by who opened it; the input's thread.
struct input_socket {
    struct input_transfer t;
};

static int
wait_until_connected(struct input_socket *s)
{
    int64_t deadline = bc_clock_us() + INPUT_TIMEOUT_US;
    while (!s->t.done) {
        if (input_net_is_stopped(s->t.net)) {
            return -ECANCELED;
        }
        if (bc_clock_us() > deadline) {
            return -ETIMEDOUT;
        }
        input_transfer_turn(&s->t, true);
    }
    return s->t.result == CURLE_OK ? 0 : -EIO;
}

struct input_socket *
input_socket_open(struct input_net *net, const char *authority, bool tls)
{
    struct input_socket *s = calloc(1, sizeof(*s));
    char url[INPUT_URL_MAX];
    int n = snprintf(url, sizeof(url), "%s://%s/", tls ? "https" : "http", authority);
    if (!s || (size_t)n >= sizeof(url) || !input_transfer_init(&s->t, net, url)) {
        snprintf(net->error, sizeof(net->error), "no memory");
        free(s);
        return NULL;
    }
    curl_easy_setopt(s->t.easy, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(s->t.easy, CURLOPT_SSL_ENABLE_ALPN, 0L); // it is not HTTP
    if (!input_transfer_start(&s->t) || wait_until_connected(s) != 0) {
        input_transfer_explain(&s->t);
        input_socket_close(s);
        return NULL;
    }
    return s;
}

static int
wait_for(struct input_socket *s, short events, int64_t deadline)
{
    curl_socket_t fd = CURL_SOCKET_BAD;
    struct input_net *net = s->t.net;
    if (input_net_is_stopped(net)) {
        snprintf(net->error, sizeof(net->error), "stopped");
        return -ECANCELED;
    }
    if (bc_clock_us() > deadline) {
        snprintf(net->error, sizeof(net->error), "the source is silent");
        return -ETIMEDOUT;
    }
    curl_easy_getinfo(s->t.easy, CURLINFO_ACTIVESOCKET, &fd);
    struct pollfd p = { .fd = fd, .events = events };
    poll(&p, 1, INPUT_WAIT_MS);
    return 0;
}

static int
fail(struct input_socket *s, CURLcode code)
{
    snprintf(s->t.net->error, sizeof(s->t.net->error), "the connection broke: %.100s",
        curl_easy_strerror(code));
    return -EIO;
}

ssize_t
input_socket_read(struct input_socket *s, uint8_t *out, size_t size)
{
    int64_t deadline = bc_clock_us() + INPUT_TIMEOUT_US;
    for (;;) {
        size_t got = 0;
        CURLcode code = curl_easy_recv(s->t.easy, out, size, &got);
        if (code == CURLE_OK) {
            return (ssize_t)got;
        }
        if (code != CURLE_AGAIN) {
            return fail(s, code);
        }
        int ret = wait_for(s, POLLIN, deadline);
        if (ret != 0) {
            return ret;
        }
    }
}

int
input_socket_write(struct input_socket *s, const void *data, size_t len)
{
    int64_t deadline = bc_clock_us() + INPUT_TIMEOUT_US;
    const uint8_t *p = data;
    while (len > 0) {
        size_t sent = 0;
        CURLcode code = curl_easy_send(s->t.easy, p, len, &sent);
        p += sent;
        len -= sent;
        if (code != CURLE_OK && code != CURLE_AGAIN) {
            return fail(s, code);
        }
        int ret = len > 0 ? wait_for(s, POLLOUT, deadline) : 0;
        if (ret != 0) {
            return ret;
        }
    }
    return 0;
}

void
input_socket_close(struct input_socket *s)
{
    if (s) {
        input_transfer_finish(&s->t);
        free(s);
    }
}
