// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_SRT_DOORBELL_H
#define PROTOCOL_SRT_DOORBELL_H

#include "address.h"

// A port that nobody has called yet. libsrt looks at each of its ports a hundred times a
// second, which a server without SRT should not pay for, so until the first datagram comes
// the socket is ours; then it becomes the library's. In struct bc_srt, under its
// listen_lock.
struct srt_doorbell {
    int fd;     // owned; negative: it was answered
    int family; // AF_INET or AF_INET6
};

// Binds the address. 0 or negative errno.
int
srt_doorbell_open(struct srt_doorbell *bell, const struct srt_address *address);

// Harmless for one that was answered.
void
srt_doorbell_close(struct srt_doorbell *bell);

#endif
