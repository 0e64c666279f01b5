// SPDX-License-Identifier: Apache-2.0
// The guard where connections are made, in a network of its own in which a public address
// is this machine's: redirects, playlists and names that change lead nowhere private.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include "relay/input_net.h"
#include "relay/input_read.h"

#define PUBLIC "11.1.1.1"
#define HOSTS "/tmp/branchcast-test-hosts.XXXXXX"

static uint16_t port;
static atomic_int secrets; // how often what must not be reached was
static char hosts[] = HOSTS;
static bool ready;

// --- the network ---

static void
write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_TRUNC);
    if (fd >= 0) {
        ssize_t n = write(fd, text, strlen(text));
        (void)n;
        close(fd);
    }
}

static bool
enter(void)
{
    char map[64];
    unsigned uid = getuid();
    if (unshare(CLONE_NEWNET | CLONE_NEWNS) != 0) {
        if (unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS) != 0) {
            return false;
        }
        snprintf(map, sizeof(map), "0 %u 1", uid);
        write_file("/proc/self/setgroups", "deny");
        write_file("/proc/self/uid_map", map);
    }
    return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

static bool
add_address(const char *name, const char *address)
{
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct ifreq r = { .ifr_flags = 0 };
    struct sockaddr_in in = { .sin_family = AF_INET };
    snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
    inet_pton(AF_INET, address, &in.sin_addr);
    memcpy(&r.ifr_addr, &in, sizeof(in));
    bool ok = ioctl(fd, SIOCSIFADDR, &r) == 0;
    r.ifr_flags = IFF_UP;
    ok = ioctl(fd, SIOCSIFFLAGS, &r) == 0 && ok;
    close(fd);
    return ok;
}

// --- a server that lies ---

static void
answer(int fd, const char *path)
{
    char body[512] = "";
    char text[1024];
    const char *status = "200 OK";
    char location[128] = "";
    if (strstr(path, "/secret")) {
        atomic_fetch_add(&secrets, 1);
    } else if (strstr(path, "/redirect")) {
        status = "302 Found";
        snprintf(location, sizeof(location),
            "Location: http://127.0.0.1:%u/secret.flv\r\n", port);
    } else if (strstr(path, "/fine")) {
        snprintf(body, sizeof(body), "fine");
    } else if (strstr(path, "/list")) {
        snprintf(body, sizeof(body),
            "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n"
            "http://127.0.0.1:%u/secret.ts\n#EXT-X-ENDLIST\n",
            port);
    } else if (strstr(path, "/metadata")) {
        snprintf(body, sizeof(body),
            "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000\n"
            "http://169.254.169.254/latest/meta-data/a.m3u8\n");
    }
    snprintf(text, sizeof(text),
        "HTTP/1.1 %s\r\nContent-Length: %zu\r\n%sConnection: close\r\n\r\n%s", status,
        strlen(body), location, body);
    ssize_t n = write(fd, text, strlen(text));
    (void)n;
}

static void *
serve(void *user)
{
    int listener = *(int *)user;
    for (;;) {
        char request[2048];
        int fd = accept(listener, NULL, NULL);
        if (fd < 0) {
            return NULL;
        }
        ssize_t n = read(fd, request, sizeof(request) - 1);
        request[n > 0 ? n : 0] = '\0';
        request[strcspn(request, "\r\n")] = '\0';
        answer(fd, request);
        close(fd);
    }
}

static int
set_up(void **state)
{
    static int listener;
    static pthread_t thread;
    (void)state;
    ready = enter() && add_address("lo", "127.0.0.1") && add_address("lo:1", PUBLIC);
    struct sockaddr_in in = { .sin_family = AF_INET };
    socklen_t len = sizeof(in);
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ready = ready && bind(listener, (struct sockaddr *)&in, len) == 0
        && listen(listener, 16) == 0
        && getsockname(listener, (struct sockaddr *)&in, &len) == 0;
    if (ready) {
        port = ntohs(in.sin_port);
        int fd = mkstemp(hosts);
        close(fd);
        ready = mount(hosts, "/etc/hosts", NULL, MS_BIND, NULL) == 0
            && pthread_create(&thread, NULL, serve, &listener) == 0
            && pthread_detach(thread) == 0;
    }
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    unlink(hosts);
    return 0;
}

// --- the tests ---

// What comes from there; the error instead when nothing does.
static void
get(const char *host, const char *path, char *out, size_t size)
{
    static atomic_bool stop;
    struct input_net net;
    char url[256];
    if (!ready) {
        skip();
    }
    assert_true(input_net_init(&net, &stop, false));
    snprintf(url, sizeof(url), "http://%s:%u%s", host, port, path);
    struct input_http *h = input_http_open(&net, url, 0, 0);
    ssize_t n = h ? input_http_read(h, (uint8_t *)out, size - 1) : -1;
    if (n < 0) {
        snprintf(out, size, "%s", net.error);
    } else {
        out[n] = '\0';
    }
    input_http_close(h);
    input_net_finish(&net);
}

static void
test_public_addresses_pass(void **state)
{
    (void)state;
    char out[256];
    get(PUBLIC, "/fine", out, sizeof(out));
    assert_string_equal(out, "fine");
    get("127.0.0.1", "/secret", out, sizeof(out));
    assert_non_null(strstr(out, "127.0.0.1 is no public address"));
    assert_int_equal(secrets, 0);
}

static void
test_redirects_are_checked(void **state)
{
    (void)state;
    char out[256];
    get(PUBLIC, "/redirect", out, sizeof(out));
    assert_non_null(strstr(out, "127.0.0.1 is no public address"));
    assert_int_equal(secrets, 0);
}

// The name leads to a public address first and to a private one the next time.
static void
test_rebinding(void **state)
{
    (void)state;
    char out[256];
    write_file(hosts, PUBLIC " rebind.example\n");
    get("rebind.example", "/fine", out, sizeof(out));
    assert_string_equal(out, "fine");
    write_file(hosts, "127.0.0.1 rebind.example\n");
    get("rebind.example", "/secret", out, sizeof(out));
    assert_non_null(strstr(out, "127.0.0.1 is no public address"));
    assert_int_equal(secrets, 0);
}

static bool
refuse_packet(void *user, struct bc_packet *packet)
{
    (void)user;
    bc_packet_unref(&packet);
    return false;
}

static void
run_list(const char *path, const char *error)
{
    static atomic_bool stop;
    struct input_net net;
    char url[256];
    int64_t lead = 0;
    bool began = false;
    if (!ready) {
        skip();
    }
    assert_true(input_net_init(&net, &stop, false));
    struct input_sink sink = { .on_packet = refuse_packet };
    snprintf(url, sizeof(url), "http://" PUBLIC ":%u%s", port, path);
    struct input_source source = { .net = &net, .sink = &sink, .url = url,
        .media_dir = "/", .lead_us = &lead, .began = &began };
    int ret = input_http_run(&source);
    if (error) {
        assert_true(ret < 0);
        assert_non_null(strstr(net.error, error));
    }
    input_net_finish(&net);
    assert_int_equal(secrets, 0);
}

static void
test_playlists_are_checked(void **state)
{
    (void)state;
    run_list("/list.m3u8", NULL);
    run_list("/metadata.m3u8", "169.254.169.254 is no public address");
}

static void
test_sockets_are_checked(void **state)
{
    (void)state;
    static atomic_bool stop;
    struct input_net net;
    char authority[64];
    if (!ready) {
        skip();
    }
    assert_true(input_net_init(&net, &stop, false));
    snprintf(authority, sizeof(authority), PUBLIC ":%u", port);
    struct input_socket *s = input_socket_open(&net, authority, false);
    assert_non_null(s);
    input_socket_close(s);
    snprintf(authority, sizeof(authority), "127.0.0.1:%u", port);
    assert_null(input_socket_open(&net, authority, false));
    assert_non_null(strstr(net.error, "127.0.0.1 is no public address"));
    input_net_finish(&net);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_public_addresses_pass),
        cmocka_unit_test(test_redirects_are_checked),
        cmocka_unit_test(test_rebinding),
        cmocka_unit_test(test_playlists_are_checked),
        cmocka_unit_test(test_sockets_are_checked),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
