// SPDX-License-Identifier: Apache-2.0
#ifndef HANDOVER_HANDOVER_H
#define HANDOVER_HANDOVER_H

#include <stdbool.h>
#include <stddef.h>

// How a new process takes over from the one that serves: over a socket in the data
// directory, one short message a packet.
//
//   new                              old
//   take-over 1                  ->
//                                <-  listener 0.0.0.0:8080      with its descriptor
//                                <-  listener ...
//                                <-  offered
//   (checks what it can)
//   release                      ->
//                                    accepts no more, ends its hosts' connections, lets go
//                                    of the data directory
//                                <-  released
//   (opens everything)
//   ready                        ->
//                                    sends its viewers over and ends
//
// When the new one goes away before "release" the old one has lost nothing; after it, the
// old one starts again from its program's file, with the same descriptors.

#define BC_HANDOVER_VERSION 1
#define BC_HANDOVER_TEXT 160

enum bc_handover_kind {
    BC_HANDOVER_TAKE_OVER,
    BC_HANDOVER_LISTENER,
    BC_HANDOVER_OFFERED,
    BC_HANDOVER_RELEASE,
    BC_HANDOVER_RELEASED,
    BC_HANDOVER_READY,
    BC_HANDOVER_REFUSED,
    BC_HANDOVER_KINDS,
};

// On the stack of whoever sends or receives it.
struct bc_handover_message {
    enum bc_handover_kind kind;
    unsigned version;            // of a take-over
    char text[BC_HANDOVER_TEXT]; // a listener's address, a refusal's reason; else ""
    int fd;                      // of a listener, owned by the receiver; -1: none
};

// The text of a message, without its descriptor. False when it is none.
bool
bc_handover_parse(const char *data, size_t len, struct bc_handover_message *out);

// 0 or negative errno. A descriptor stays the caller's.
int
bc_handover_send(int socket, const struct bc_handover_message *message);

// Waits up to `timeout_ms`. 0; -ETIMEDOUT; -EPIPE: the other side has gone; -EBADMSG: it
// talks nonsense, or sends a descriptor where none belongs.
int
bc_handover_receive(int socket, int timeout_ms, struct bc_handover_message *out);

// Whether the descriptor is a listening TCP socket.
bool
bc_handover_is_listener(int fd);

// --- the socket in the data directory ---

// Replaces what is there: the caller holds the directory's lock. Descriptor or negative
// errno.
int
bc_handover_listen(const char *data_dir);

// -EAGAIN: nobody waits; -EPERM: somebody else's process.
int
bc_handover_accept(int listener);

// -ENOENT, -ECONNREFUSED: nobody serves there.
int
bc_handover_connect(const char *data_dir);

// --- the service manager ---

// Tells systemd (Type=notify), if there is one; `state` as in sd_notify(3).
void
bc_handover_notify(const char *state);

#endif
