// SPDX-License-Identifier: Apache-2.0
// The socket in the data directory, and the service manager's.
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "handover/handover.h"

#define SOCKET_NAME "serve.sock"

// A path may be longer than a socket's address has room for, so it goes by the directory's
// descriptor.
static int
open_dir(const char *data_dir, struct sockaddr_un *address)
{
    int dir = open(data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0) {
        return -errno;
    }
    memset(address, 0, sizeof(*address));
    address->sun_family = AF_UNIX;
    snprintf(address->sun_path, sizeof(address->sun_path), "/proc/self/fd/%d/%s", dir,
        SOCKET_NAME);
    return dir;
}

static int
open_socket(void)
{
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return fd < 0 ? -errno : fd;
}

int
bc_handover_listen(const char *data_dir)
{
    struct sockaddr_un address;
    int dir = open_dir(data_dir, &address);
    int fd = dir < 0 ? dir : open_socket();
    if (fd >= 0) {
        (void)unlinkat(dir, SOCKET_NAME, 0);
        // The file gets the socket's mode, so nobody else can connect at any moment.
        if (fchmod(fd, 0600) != 0
            || bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0
            || listen(fd, 4) != 0) {
            int error = -errno;
            close(fd);
            fd = error;
        }
    }
    if (dir >= 0) {
        close(dir);
    }
    return fd;
}

static bool
is_ours(int fd)
{
    struct ucred peer;
    socklen_t len = sizeof(peer);
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0
        && (peer.uid == geteuid() || peer.uid == 0);
}

static int
check_peer(int fd)
{
    if (is_ours(fd)) {
        return fd;
    }
    close(fd);
    return -EPERM;
}

int
bc_handover_accept(int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    return fd < 0 ? -errno : check_peer(fd);
}

int
bc_handover_connect(const char *data_dir)
{
    struct sockaddr_un address;
    int dir = open_dir(data_dir, &address);
    int fd = dir < 0 ? dir : open_socket();
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        int error = -errno;
        close(fd);
        fd = error;
    }
    if (dir >= 0) {
        close(dir);
    }
    return fd < 0 ? fd : check_peer(fd);
}

void
bc_handover_notify(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    size_t len = path ? strlen(path) : 0;
    if (len == 0 || len >= sizeof(address.sun_path)) {
        return;
    }
    memcpy(address.sun_path, path, len);
    if (path[0] == '@') {
        address.sun_path[0] = '\0'; // an abstract name
    }
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        (void)sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address,
            (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
        close(fd);
    }
}
