// SPDX-License-Identifier: Apache-2.0
#include "dtls_internal.h"

#include <string.h>

// A flight has a few datagrams. Beyond that they are lost, as on any network.
#define OUT_MAX_BYTES (32 * 1024)

static int
pipe_write(BIO *bio, const char *data, int len)
{
    struct dtls_pipe *pipe = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (len <= 0 || len > DTLS_DATAGRAM_MAX
        || pipe->out.len + 2 + (size_t)len > OUT_MAX_BYTES) {
        return len;
    }
    size_t before = pipe->out.len;
    bc_write_u16(&pipe->out, (uint16_t)len);
    bc_write_bytes(&pipe->out, data, (size_t)len);
    if (pipe->out.failed) {
        pipe->out.len = before;
        pipe->out.failed = false;
    }
    return len;
}

static int
pipe_read(BIO *bio, char *data, int len)
{
    struct dtls_pipe *pipe = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (!pipe->in || len <= 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    size_t n = pipe->in_len < (size_t)len ? pipe->in_len : (size_t)len;
    memcpy(data, pipe->in, n);
    pipe->in = NULL; // the rest of a datagram is lost, as with recv()
    pipe->in_len = 0;
    return (int)n;
}

static long
pipe_ctrl(BIO *bio, int cmd, long num, void *ptr)
{
    (void)bio;
    (void)num;
    (void)ptr;
    switch (cmd) {
    case BIO_CTRL_FLUSH:
        return 1;
    case BIO_CTRL_DGRAM_QUERY_MTU:
    case BIO_CTRL_DGRAM_GET_MTU:
    case BIO_CTRL_DGRAM_GET_FALLBACK_MTU:
        return DTLS_DATAGRAM_MAX;
    default: // among them the overhead of IP and UDP: not counted in the 1200
        return 0;
    }
}

BIO_METHOD *
dtls_bio_method_create(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "datagrams");
    if (method) {
        BIO_meth_set_write(method, pipe_write);
        BIO_meth_set_read(method, pipe_read);
        BIO_meth_set_ctrl(method, pipe_ctrl);
    }
    return method;
}

BIO *
dtls_bio_create(const BIO_METHOD *method, struct dtls_pipe *pipe)
{
    BIO *bio = BIO_new(method);
    if (bio) {
        BIO_set_data(bio, pipe);
        BIO_set_init(bio, 1);
    }
    return bio;
}
