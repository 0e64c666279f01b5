// SPDX-License-Identifier: Apache-2.0
#ifndef NET_SINK_H
#define NET_SINK_H

#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

struct bc_sink;

struct bc_sink_ops {
    // Takes the front of the vectors, as much as fits now, without keeping pointers into
    // them. Returns the number of bytes taken; fewer than given means that it is full and
    // that on_writable will be called once there is room again. -errno: the peer is gone,
    // on_closed follows at the end of the turn.
    ssize_t (*writev)(struct bc_sink *sink, const struct iovec *iov, int count);
    // Closes the way to the peer at once. on_closed is not called.
    void (*close)(struct bc_sink *sink, const char *reason);
    // Sends what was taken, then says goodbye in the protocol's way (end of the chunked
    // body, WebSocket close 1001, END_STREAM) and closes. on_closed is not called.
    void (*finish)(struct bc_sink *sink);
};

// A way to one peer that takes bytes: a TCP connection, an HTTP/2 stream's body. The
// transport embeds it; the viewer that writes to it sets the callbacks. One worker's
// thread.
struct bc_sink {
    const struct bc_sink_ops *ops;
    void (*on_writable)(void *user);
    void (*on_closed)(void *user, const char *reason); // the sink is dead afterwards
    void *user;
};

static inline ssize_t
bc_sink_writev(struct bc_sink *sink, const struct iovec *iov, int count)
{
    return sink->ops->writev(sink, iov, count);
}

static inline void
bc_sink_close(struct bc_sink *sink, const char *reason)
{
    sink->ops->close(sink, reason);
}

static inline void
bc_sink_finish(struct bc_sink *sink)
{
    sink->ops->finish(sink);
}

#endif
