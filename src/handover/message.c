// SPDX-License-Identifier: Apache-2.0
// Messages between the old and the new process: a word, and what belongs to it.
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "handover/handover.h"

#define MESSAGE_MAX 256
// More than any message has; what a stranger sends beyond it the kernel closes.
#define FDS_MAX 4

// What stands behind the word.
enum payload { NOTHING, NUMBER, TEXT, DESCRIPTOR };

static const struct {
    const char *word;
    enum payload payload;
} KINDS[BC_HANDOVER_KINDS] = {
    [BC_HANDOVER_TAKE_OVER] = { "take-over", NUMBER },
    [BC_HANDOVER_LISTENER] = { "listener", DESCRIPTOR },
    [BC_HANDOVER_OFFERED] = { "offered", NOTHING },
    [BC_HANDOVER_RELEASE] = { "release", NOTHING },
    [BC_HANDOVER_RELEASED] = { "released", NOTHING },
    [BC_HANDOVER_READY] = { "ready", NOTHING },
    [BC_HANDOVER_REFUSED] = { "refused", TEXT },
};

static bool
parse_version(const char *text, unsigned *out)
{
    *out = 0;
    for (const char *p = text; *p; p++) {
        if (*p < '0' || *p > '9' || *out > 1000) {
            return false;
        }
        *out = 10 * *out + (unsigned)(*p - '0');
    }
    return *text != '\0';
}

static bool
parse_payload(const char *rest, struct bc_handover_message *out)
{
    enum payload payload = KINDS[out->kind].payload;
    if (payload == NOTHING) {
        return *rest == '\0';
    }
    if (*rest != ' ') {
        return false;
    }
    rest++;
    size_t len = strlen(rest);
    if (payload == NUMBER) {
        return parse_version(rest, &out->version);
    }
    if (len == 0 || len >= sizeof(out->text)) {
        return false;
    }
    memcpy(out->text, rest, len + 1);
    return true;
}

bool
bc_handover_parse(const char *data, size_t len, struct bc_handover_message *out)
{
    char line[MESSAGE_MAX + 1];
    memset(out, 0, sizeof(*out));
    out->fd = -1;
    if (len > MESSAGE_MAX) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)data[i] < ' ' || (unsigned char)data[i] > '~') {
            return false;
        }
    }
    memcpy(line, data, len);
    line[len] = '\0';
    size_t word = strcspn(line, " ");
    for (int i = 0; i < BC_HANDOVER_KINDS; i++) {
        if (strlen(KINDS[i].word) == word && memcmp(line, KINDS[i].word, word) == 0) {
            out->kind = (enum bc_handover_kind)i;
            return parse_payload(line + word, out);
        }
    }
    return false;
}

static int
format(const struct bc_handover_message *m, char out[MESSAGE_MAX])
{
    const char *word = KINDS[m->kind].word;
    switch (KINDS[m->kind].payload) {
    case NUMBER:
        return snprintf(out, MESSAGE_MAX, "%s %u", word, m->version);
    case TEXT:
    case DESCRIPTOR:
        return snprintf(out, MESSAGE_MAX, "%s %s", word, m->text);
    default:
        return snprintf(out, MESSAGE_MAX, "%s", word);
    }
}

// Room for descriptors, aligned as their header wants it.
union control {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(FDS_MAX * sizeof(int))];
};

int
bc_handover_send(int socket, const struct bc_handover_message *m)
{
    char text[MESSAGE_MAX];
    union control control;
    struct iovec iov = { .iov_base = text, .iov_len = (size_t)format(m, text) };
    struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
    if (KINDS[m->kind].payload == DESCRIPTOR) {
        memset(&control, 0, sizeof(control));
        msg.msg_control = control.bytes;
        msg.msg_controllen = CMSG_SPACE(sizeof(int));
        struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(c), &m->fd, sizeof(int));
    }
    ssize_t n;
    do {
        n = sendmsg(socket, &msg, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : 0;
}

// --- receiving ---

// All descriptors that came along, at most FDS_MAX.
static size_t
take_fds(struct msghdr *msg, int fds[FDS_MAX])
{
    size_t n = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count && n < FDS_MAX; i++) {
            memcpy(&fds[n++], CMSG_DATA(c) + i * sizeof(int), sizeof(int));
        }
    }
    return n;
}

static int
receive_now(int socket, struct bc_handover_message *out)
{
    char text[MESSAGE_MAX];
    union control control;
    int fds[FDS_MAX];
    struct iovec iov = { .iov_base = text, .iov_len = sizeof(text) };
    struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes,
        .msg_controllen = sizeof(control.bytes) };
    ssize_t n = recvmsg(socket, &msg, MSG_CMSG_CLOEXEC);
    if (n <= 0) {
        out->fd = -1;
        return n == 0 ? -EPIPE : -errno;
    }
    size_t count = take_fds(&msg, fds);
    bool ok = bc_handover_parse(text, (size_t)n, out)
        && (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0
        && count == (KINDS[out->kind].payload == DESCRIPTOR ? 1 : 0);
    if (ok && count == 1) {
        out->fd = fds[0];
    }
    for (size_t i = 0; i < count && !ok; i++) {
        close(fds[i]);
    }
    return ok ? 0 : -EBADMSG;
}

int
bc_handover_receive(int socket, int timeout_ms, struct bc_handover_message *out)
{
    int64_t until_us = bc_clock_us() + (int64_t)timeout_ms * 1000;
    out->fd = -1;
    for (;;) {
        int64_t left_us = until_us - bc_clock_us();
        struct pollfd p = { .fd = socket, .events = POLLIN };
        int n = poll(&p, 1, left_us > 0 ? (int)((left_us + 999) / 1000) : 0);
        if (n > 0) {
            return receive_now(socket, out);
        }
        if (n < 0 && errno != EINTR) {
            return -errno;
        }
        if (left_us <= 0) {
            return -ETIMEDOUT;
        }
    }
}

bool
bc_handover_is_listener(int fd)
{
    int on = 0;
    int family = 0;
    int type = 0;
    socklen_t len = sizeof(int);
    bool ok = getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &len) == 0 && on;
    len = sizeof(int);
    ok = ok && getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len) == 0;
    len = sizeof(int);
    ok = ok && getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0;
    return ok && type == SOCK_STREAM && (family == AF_INET || family == AF_INET6);
}
