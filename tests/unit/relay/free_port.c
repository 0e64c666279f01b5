// SPDX-License-Identifier: Apache-2.0
#include "free_port.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

// Below those that the kernel gives to clients, and enough that tests at the same time, whose
// process ids are near each other, never begin at the same one.
#define FIRST 23000
#define COUNT 3000

static bool
is_free(unsigned port, int type)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int on = 1;
    int fd = socket(AF_INET, type, 0);
    if (type == SOCK_STREAM) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    }
    bool free = bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0
        && (type != SOCK_STREAM || listen(fd, 1) == 0);
    close(fd);
    return free;
}

unsigned
free_port(void)
{
    for (unsigned i = 0; i < COUNT; i++) {
        unsigned port = FIRST + ((unsigned)getpid() + i) % COUNT;
        if (is_free(port, SOCK_DGRAM) && is_free(port, SOCK_STREAM)) {
            return port;
        }
    }
    fail_msg("no port is free");
    return 0;
}
