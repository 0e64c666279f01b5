// SPDX-License-Identifier: Apache-2.0
#include "net/resolve.h"

#include <stdlib.h>

#include "net/worker.h"

// One look-up. Frees itself when libuv is through with it, whoever still waits.
struct bc_resolving {
    uv_getaddrinfo_t request;
    void (*on_result)(void *user, const struct sockaddr *address, const char *why);
    void *user;
};

static void
on_done(uv_getaddrinfo_t *request, int status, struct addrinfo *list)
{
    struct bc_resolving *r = bc_container_of(request, struct bc_resolving, request);
    if (r->on_result && status == 0 && list) {
        r->on_result(r->user, list->ai_addr, NULL);
    } else if (r->on_result) {
        r->on_result(r->user, NULL, status < 0 ? uv_strerror(status) : "no address");
    }
    uv_freeaddrinfo(list);
    free(r);
}

struct bc_resolving *
bc_resolve(struct bc_worker *worker, const char *host,
    void (*on_result)(void *user, const struct sockaddr *address, const char *why),
    void *user)
{
    struct bc_resolving *r = calloc(1, sizeof(*r));
    if (!r) {
        return NULL;
    }
    struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM };
    r->on_result = on_result;
    r->user = user;
    if (uv_getaddrinfo(&worker->loop, &r->request, on_done, host, NULL, &hints) != 0) {
        free(r);
        return NULL;
    }
    return r;
}

void
bc_resolve_cancel(struct bc_resolving *resolving)
{
    if (resolving) {
        resolving->on_result = NULL;
        uv_cancel((uv_req_t *)&resolving->request);
    }
}
