// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "rtmp_internal.h"

struct bc_rtmp_server *
bc_rtmp_server_create(const struct bc_rtmp_server_params *params)
{
    struct bc_rtmp_server *s = calloc(1, sizeof(*s));
    if (s) {
        s->params = *params;
        bc_list_init(&s->conns);
        bc_logger_init(&s->log, NULL, "rtmp");
    }
    return s;
}

void
bc_rtmp_server_destroy(struct bc_rtmp_server *server)
{
    free(server);
}

void
bc_rtmp_serve(struct bc_rtmp_server *server, int fd, enum bc_tcp_security security,
    struct bc_tls_context *tls)
{
    bc_rtmp_conn_open(server, fd, security, tls);
}

void
bc_rtmp_server_drain(struct bc_rtmp_server *server)
{
    bc_list_for_each(node, tmp, &server->conns)
    {
        bc_rtmp_conn_go_down(bc_container_of(node, struct bc_rtmp_conn, node),
            "the server is going down");
    }
}

void
bc_rtmp_server_stats(
    const struct bc_rtmp_server *server, struct bc_rtmp_server_stats *out)
{
    out->connections = atomic_load_explicit(&server->connections, memory_order_relaxed);
    out->accepted = atomic_load_explicit(&server->accepted, memory_order_relaxed);
    out->refused = atomic_load_explicit(&server->refused, memory_order_relaxed);
    out->failed = atomic_load_explicit(&server->failed, memory_order_relaxed);
    out->bytes_in = atomic_load_explicit(&server->bytes_in, memory_order_relaxed);
}
