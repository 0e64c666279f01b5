// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "net/tls.h"
#include "tcp_internal.h"
#include "tls_context.h"

#define TLS_RECORD_BYTES 16384
#define TLS_HANDSHAKE_BYTE 0x16

static ssize_t
plain_writev(struct bc_tcp *tcp, const struct iovec *iov, int count)
{
    struct msghdr msg = { .msg_iov = (struct iovec *)iov, .msg_iovlen = (size_t)count };
    ssize_t n;
    do {
        n = sendmsg(tcp->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -errno;
    }
    return n;
}

// What a failed SSL call means: 0 try later, -errno.
static int
tls_error(struct bc_tcp *tcp, int ret)
{
    switch (SSL_get_error(tcp->ssl, ret)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return 0;
    case SSL_ERROR_ZERO_RETURN:
        return -ECONNRESET;
    case SSL_ERROR_SYSCALL:
        return errno ? -errno : -ECONNRESET;
    default:
        return -EPROTO;
    }
}

int
bc_tcp_io_resume(struct bc_tcp *tcp)
{
    if (tcp->tls_record_len == 0) {
        return 1;
    }
    ERR_clear_error();
    int n = SSL_write(tcp->ssl, tcp->tls_record, (int)tcp->tls_record_len);
    if (n <= 0) {
        return tls_error(tcp, n);
    }
    // A partial write starts a new record next time, so the rest may move.
    memmove(tcp->tls_record, tcp->tls_record + n, tcp->tls_record_len - (size_t)n);
    tcp->tls_record_len -= (size_t)n;
    if (tcp->tls_record_len > 0) {
        return bc_tcp_io_resume(tcp);
    }
    free(tcp->tls_record);
    tcp->tls_record = NULL;
    return 1;
}

// OpenSSL wants the same bytes again after WANT_WRITE, while our caller may decide for
// others (a viewer that skips). So such a record is kept here and counts as taken.
static int
keep_record(struct bc_tcp *tcp, const uint8_t *data, size_t len)
{
    tcp->tls_record = malloc(len);
    if (!tcp->tls_record) {
        return -ENOMEM;
    }
    memcpy(tcp->tls_record, data, len);
    tcp->tls_record_len = len;
    return 0;
}

// Gathers up to one record from the vectors, starting `skip` bytes into them.
static size_t
gather(const struct iovec *iov, int count, size_t skip, uint8_t *out)
{
    size_t len = 0;
    for (int i = 0; i < count && len < TLS_RECORD_BYTES; i++) {
        if (skip >= iov[i].iov_len) {
            skip -= iov[i].iov_len;
            continue;
        }
        size_t n = iov[i].iov_len - skip;
        if (n > TLS_RECORD_BYTES - len) {
            n = TLS_RECORD_BYTES - len;
        }
        memcpy(out + len, (const uint8_t *)iov[i].iov_base + skip, n);
        len += n;
        skip = 0;
    }
    return len;
}

static ssize_t
tls_writev(struct bc_tcp *tcp, const struct iovec *iov, int count)
{
    static _Thread_local uint8_t record[TLS_RECORD_BYTES];
    int ready = bc_tcp_io_resume(tcp);
    if (ready <= 0) {
        return ready;
    }
    size_t taken = 0;
    for (;;) {
        size_t len = gather(iov, count, taken, record);
        if (len == 0) {
            return (ssize_t)taken;
        }
        ERR_clear_error();
        int n = SSL_write(tcp->ssl, record, (int)len);
        if (n > 0) {
            taken += (size_t)n;
            continue;
        }
        int err = tls_error(tcp, n);
        if (err != 0) {
            return err;
        }
        err = keep_record(tcp, record, len);
        return err != 0 ? err : (ssize_t)(taken + len);
    }
}

ssize_t
bc_tcp_io_writev(struct bc_tcp *tcp, const struct iovec *iov, int count)
{
    if (tcp->security == BC_TCP_DETECT || tcp->shaking) {
        return 0; // nobody has spoken yet, so nothing is known of how to answer
    }
    ssize_t n = tcp->ssl ? tls_writev(tcp, iov, count) : plain_writev(tcp, iov, count);
    if (n > 0) {
        tcp->bytes_out += (uint64_t)n;
    }
    return n;
}

// The process ignores SIGPIPE, which sendfile() has no flag against.
ssize_t
bc_tcp_io_sendfile(struct bc_tcp *tcp, int fd, uint64_t offset, size_t len)
{
    off_t from = (off_t)offset;
    ssize_t n;
    do {
        n = sendfile(tcp->fd, fd, &from, len);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -errno;
    }
    if (n == 0 && len > 0) {
        return -ENODATA;
    }
    tcp->bytes_out += (uint64_t)n;
    return n;
}

static ssize_t
tls_read(struct bc_tcp *tcp, uint8_t *out, size_t len)
{
    ERR_clear_error();
    int n = SSL_read(tcp->ssl, out, len > INT_MAX ? INT_MAX : (int)len);
    return n > 0 ? n : tls_error(tcp, n);
}

ssize_t
bc_tcp_io_read(struct bc_tcp *tcp, uint8_t *out, size_t len)
{
    ssize_t n;
    if (tcp->ssl) {
        n = tls_read(tcp, out, len);
    } else {
        do {
            n = recv(tcp->fd, out, len, MSG_DONTWAIT);
        } while (n < 0 && errno == EINTR);
        if (n == 0) {
            return -ECONNRESET;
        }
        if (n < 0) {
            return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -errno;
        }
    }
    if (n > 0) {
        tcp->bytes_in += (uint64_t)n;
    }
    return n;
}

static int
start_tls(struct bc_tcp *tcp)
{
    tcp->ssl = bc_tls_accept(tcp->tls, tcp->fd);
    return tcp->ssl ? 1 : -ENOMEM;
}

int
bc_tcp_io_shake(struct bc_tcp *tcp)
{
    ERR_clear_error();
    int n = SSL_do_handshake(tcp->ssl);
    if (n == 1) {
        tcp->shaking = false;
        return 1;
    }
    return tls_error(tcp, n);
}

const char *
bc_tcp_io_shake_problem(const struct bc_tcp *tcp)
{
    long verdict = SSL_get_verify_result(tcp->ssl);
    return verdict == X509_V_OK ? "TLS error" : X509_verify_cert_error_string(verdict);
}

int
bc_tcp_io_detect(struct bc_tcp *tcp)
{
    if (tcp->security == BC_TCP_TLS && !tcp->ssl) {
        return start_tls(tcp);
    }
    if (tcp->security != BC_TCP_DETECT) {
        return 1;
    }
    uint8_t first;
    ssize_t n = recv(tcp->fd, &first, 1, MSG_PEEK | MSG_DONTWAIT);
    if (n == 0) {
        return -ECONNRESET;
    }
    if (n < 0) {
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? 0 : -errno;
    }
    tcp->security = first == TLS_HANDSHAKE_BYTE ? BC_TCP_TLS : BC_TCP_PLAIN;
    return tcp->security == BC_TCP_TLS ? start_tls(tcp) : 1;
}
