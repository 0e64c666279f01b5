// SPDX-License-Identifier: Apache-2.0
// Slates for channels that have nothing better.
#include "parts.h"
#include "slate/slate.h"

struct bc_channel *
bc_server_open_slate(
    void *user, struct bc_worker *worker, const struct bc_slate_wish *wish)
{
    const struct bc_server *s = user;
    return bc_slates_open(s->slates, worker, wish);
}

void
bc_server_close_slate(void *user, struct bc_channel **slate)
{
    const struct bc_server *s = user;
    bc_slates_close(s->slates, slate);
}

bool
bc_server_slate_problem(void *user, const char *path, char *out, size_t size)
{
    const struct bc_server *s = user;
    return bc_slates_problem(s->slates, path, out, size);
}
