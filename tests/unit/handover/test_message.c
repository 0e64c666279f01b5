// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "handover/handover.h"

// Two ends of a talk.
struct talk {
    int a;
    int b;
};

static struct talk
open_talk(void)
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    return (struct talk){ pair[0], pair[1] };
}

static void
close_talk(struct talk *t)
{
    close(t->a);
    close(t->b);
}

static int
open_listener(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in any = { .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof(any)), 0);
    assert_int_equal(listen(fd, 4), 0);
    return fd;
}

static unsigned
open_fds(void)
{
    unsigned n = 0;
    for (int fd = 0; fd < 256; fd++) {
        n += fcntl(fd, F_GETFD) >= 0;
    }
    return n;
}

static bool
parse(const char *text, size_t len, struct bc_handover_message *out)
{
    char *exact = malloc(len > 0 ? len : 1);
    memcpy(exact, text, len);
    bool ok = bc_handover_parse(exact, len, out);
    free(exact);
    return ok;
}

static void
test_words(void **state)
{
    (void)state;
    static const char *const GOOD[] = { "take-over 1", "listener [::]:1935", "offered",
        "release", "released", "ready", "refused it speaks another version" };
    static const char *const BAD[] = { "", " ", "offer", "offeredx", "offered ", "ready 1",
        "take-over", "take-over ", "take-over x", "take-over -1", "take-over 1 ",
        "take-over 99999999999999999999", "listener", "listener ", "refused",
        "ready\n", "listener 1\x7f", "listener \xff" };
    struct bc_handover_message m;
    for (size_t i = 0; i < sizeof(GOOD) / sizeof(GOOD[0]); i++) {
        assert_true(parse(GOOD[i], strlen(GOOD[i]), &m));
        assert_int_equal(m.fd, -1);
    }
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        assert_false(parse(BAD[i], strlen(BAD[i]), &m));
    }
    assert_false(parse("ready\0ready", 11, &m));
}

static void
test_lengths(void **state)
{
    (void)state;
    char text[400];
    struct bc_handover_message m;
    for (size_t len = 0; len < sizeof(text); len++) {
        memset(text, 'x', sizeof(text));
        memcpy(text, "listener ", 9);
        bool fits = len > 9 && len - 9 < BC_HANDOVER_TEXT;
        assert_int_equal(parse(text, len, &m), fits);
    }
}

static void
test_a_descriptor_crosses(void **state)
{
    (void)state;
    struct talk t = open_talk();
    int listener = open_listener();
    struct bc_handover_message m = { .kind = BC_HANDOVER_LISTENER,
        .text = "127.0.0.1:1935", .fd = listener };
    assert_int_equal(bc_handover_send(t.a, &m), 0);
    close(listener);
    struct bc_handover_message got;
    assert_int_equal(bc_handover_receive(t.b, 1000, &got), 0);
    assert_int_equal(got.kind, BC_HANDOVER_LISTENER);
    assert_string_equal(got.text, "127.0.0.1:1935");
    assert_true(bc_handover_is_listener(got.fd));
    assert_int_equal(fcntl(got.fd, F_GETFD), FD_CLOEXEC);
    close(got.fd);
    m = (struct bc_handover_message){ .kind = BC_HANDOVER_TAKE_OVER, .version = 7, .fd = -1 };
    assert_int_equal(bc_handover_send(t.b, &m), 0);
    assert_int_equal(bc_handover_receive(t.a, 1000, &got), 0);
    assert_int_equal(got.version, 7);
    close_talk(&t);
}

// Sends a text with so many copies of a descriptor.
static void
send_raw(int socket, const char *text, size_t len, int fd, size_t copies)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(8 * sizeof(int))];
    } control;
    memset(&control, 0, sizeof(control));
    struct iovec iov = { .iov_base = (void *)text, .iov_len = len };
    struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
    if (copies > 0) {
        msg.msg_control = control.bytes;
        msg.msg_controllen = CMSG_SPACE(copies * sizeof(int));
        struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(copies * sizeof(int));
        for (size_t i = 0; i < copies; i++) {
            memcpy(CMSG_DATA(c) + i * sizeof(int), &fd, sizeof(int));
        }
    }
    assert_int_equal(sendmsg(socket, &msg, 0), (ssize_t)len);
}

static void
test_hostile_messages_leave_nothing_open(void **state)
{
    (void)state;
    struct talk t = open_talk();
    int fd = open_listener();
    unsigned before = open_fds();
    char longer[1000];
    memset(longer, 'x', sizeof(longer));
    memcpy(longer, "refused ", 8);
    static const struct {
        const char *text;
        size_t copies;
    } CASES[] = { { "listener 127.0.0.1:1935", 0 }, { "listener 127.0.0.1:1935", 2 },
        { "listener 127.0.0.1:1935", 8 }, { "ready", 1 }, { "nonsense", 1 },
        { "nonsense", 0 } };
    struct bc_handover_message m;
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        send_raw(t.a, CASES[i].text, strlen(CASES[i].text), fd, CASES[i].copies);
        assert_int_equal(bc_handover_receive(t.b, 1000, &m), -EBADMSG);
        assert_int_equal(m.fd, -1);
    }
    send_raw(t.a, longer, sizeof(longer), -1, 0); // truncated, so it is not what was said
    assert_int_equal(bc_handover_receive(t.b, 1000, &m), -EBADMSG);
    assert_int_equal(open_fds(), before);
    close(fd);
    close_talk(&t);
}

static void
test_silence_and_departure(void **state)
{
    (void)state;
    struct talk t = open_talk();
    struct bc_handover_message m;
    assert_int_equal(bc_handover_receive(t.b, 1, &m), -ETIMEDOUT);
    close(t.a);
    assert_int_equal(bc_handover_receive(t.b, 1000, &m), -EPIPE);
    m = (struct bc_handover_message){ .kind = BC_HANDOVER_READY, .fd = -1 };
    assert_int_equal(bc_handover_send(t.b, &m), -EPIPE); // and no signal
    close(t.b);
}

static void
test_what_is_a_listener(void **state)
{
    (void)state;
    struct talk t = open_talk();
    int udp = socket(AF_INET, SOCK_DGRAM, 0);
    int tcp = socket(AF_INET, SOCK_STREAM, 0);
    int listener = open_listener();
    assert_false(bc_handover_is_listener(t.a));
    assert_false(bc_handover_is_listener(udp));
    assert_false(bc_handover_is_listener(tcp));
    assert_false(bc_handover_is_listener(-1));
    assert_true(bc_handover_is_listener(listener));
    close(udp);
    close(tcp);
    close(listener);
    close_talk(&t);
}

static void
test_the_socket_in_a_long_folder(void **state)
{
    (void)state;
    char root[] = "/tmp/branchcast-socket-XXXXXX";
    assert_non_null(mkdtemp(root));
    char dir[256]; // longer than a socket's address
    snprintf(dir, sizeof(dir), "%s/%0150d", root, 0);
    assert_int_equal(mkdir(dir, 0700), 0);
    assert_int_equal(bc_handover_connect(dir), -ENOENT);
    int listener = bc_handover_listen(dir);
    assert_true(listener >= 0);
    char path[300];
    struct stat st;
    snprintf(path, sizeof(path), "%s/serve.sock", dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(bc_handover_accept(listener), -EAGAIN);
    int client = bc_handover_connect(dir);
    assert_true(client >= 0);
    int server = bc_handover_accept(listener);
    assert_true(server >= 0);
    close(client);
    close(server);
    close(listener);
    assert_int_equal(bc_handover_connect(dir), -ECONNREFUSED);
    listener = bc_handover_listen(dir); // what a crash left is replaced
    assert_true(listener >= 0);
    close(listener);
    unlink(path);
    rmdir(dir);
    rmdir(root);
}

static void
test_the_service_manager_is_told(void **state)
{
    (void)state;
    char dir[] = "/tmp/branchcast-notify-XXXXXX";
    assert_non_null(mkdtemp(dir));
    bc_handover_notify("READY=1"); // nobody there
    struct sockaddr_un {
        sa_family_t family;
        char path[108];
    } address = { .family = AF_UNIX };
    snprintf(address.path, sizeof(address.path), "%s/socket", dir);
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    setenv("NOTIFY_SOCKET", address.path, 1);
    bc_handover_notify("READY=1\nMAINPID=7");
    char text[64] = "";
    assert_int_equal(recv(fd, text, sizeof(text), MSG_DONTWAIT), 17);
    assert_string_equal(text, "READY=1\nMAINPID=7");
    unsetenv("NOTIFY_SOCKET");
    close(fd);
    unlink(address.path);
    rmdir(dir);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_a_descriptor_crosses),
        cmocka_unit_test(test_hostile_messages_leave_nothing_open),
        cmocka_unit_test(test_silence_and_departure),
        cmocka_unit_test(test_what_is_a_listener),
        cmocka_unit_test(test_the_socket_in_a_long_folder),
        cmocka_unit_test(test_the_service_manager_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
