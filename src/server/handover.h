// SPDX-License-Identifier: Apache-2.0
#ifndef HANDOVER_H
#define HANDOVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "handover/handover.h"

struct bc_server;

// What the two sides of a handover have in common: takeover.c is the new process's,
// handover.c the old one's, successor.c starts the new one. Main thread.

#define BC_SERVER_HANDOVER_SEND_BYTES (1 << 20)
// The restarted program finds its sockets here.
#define BC_SERVER_HANDOVER_ENV "BRANCHCAST_TAKE_OVER_FD"

// A listening socket of the process before us.
struct bc_server_inherited {
    char address[BC_HANDOVER_TEXT];
    int fd; // owned; -1: in use
};

// The server's part in both talks; main thread.
struct bc_server_handover {
    // With the process before us.
    int before;
    struct bc_server_inherited *inherited;
    size_t inherited_count;
    int64_t patient_until_us;
    // With the one after us.
    int listener;
    int after;
    enum { SERVING, OFFERED, RELEASED } state;
    int64_t deadline_us; // of the one after us
    bool listener_ready; // what the last wait saw
    bool after_ready;
    pid_t successor; // 0: none
};

// Closes it, unless it is negative, and makes it -1.
void
bc_server_close_fd(int *fd);

// A message without a descriptor. 0 or negative errno.
int
bc_server_say(int socket, enum bc_handover_kind kind, const char *text);

// All listening sockets, and that these were all. 0 or negative errno.
int
bc_server_offer(struct bc_server *server, int socket);

#endif
