// SPDX-License-Identifier: Apache-2.0
#include "doorbell.h"

#include <errno.h>
#include <netinet/in.h>
#include <unistd.h>

int
srt_doorbell_open(struct srt_doorbell *bell, const struct srt_address *address)
{
    const struct sockaddr *sa = (const struct sockaddr *)&address->storage;
    int off = 0;
    bell->family = sa->sa_family;
    // Blocking, as the library wants it: it reads with a time limit.
    bell->fd = socket(sa->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (bell->fd < 0) {
        return -errno;
    }
    // No SO_REUSEADDR: with it two servers would share a port without a word.
    if ((sa->sa_family == AF_INET6
            && setsockopt(bell->fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) != 0)
        || bind(bell->fd, sa, (socklen_t)address->len) != 0) {
        int err = errno;
        srt_doorbell_close(bell);
        return -err;
    }
    return 0;
}

void
srt_doorbell_close(struct srt_doorbell *bell)
{
    if (bell->fd >= 0) {
        close(bell->fd);
        bell->fd = -1;
    }
}
