// SPDX-License-Identifier: Apache-2.0
// The client against a server that answers by path, one connection after the other.
#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "free_port.h"
#include "relay/http_client.h"
#include "waiting.h"

// --- the server ---

struct server {
    pthread_t thread;
    int fd;
    int stop[2]; // pipe
    unsigned port;
    char request[8192]; // guarded by waiting_lock: the last one
    unsigned requests;
};

static struct server server;
static char big[RELAY_HTTP_BODY_MAX + 1];

static void
put(int fd, const char *text)
{
    size_t len = strlen(text);
    while (len > 0) {
        ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
        if (n <= 0) {
            return;
        }
        text += n;
        len -= (size_t)n;
    }
}

static void
answer(int fd, const char *request)
{
    char text[1024];
    if (strstr(request, " /whip ")) {
        put(fd, "HTTP/1.1 100 Continue\r\nETag: \"old\"\r\n\r\n"
                "HTTP/1.1 201 Created\r\nContent-Type: application/sdp\r\n"
                "Location: ../s/1\r\nETag: \"abc\"\r\nRetry-After: 7\r\n"
                "Link: <stun:s.example>; rel=\"ice-server\"\r\n"
                "Link: <turn:t.example>; rel=\"ice-server\"; username=u; credential=c\r\n"
                "Content-Length: 5\r\n\r\nv=0\r\n");
    } else if (strstr(request, " /moved ")) {
        put(fd, "HTTP/1.1 307 Temporary Redirect\r\nLocation: /whip\r\n"
                "Content-Length: 3\r\n\r\nbye");
    } else if (strstr(request, " /away ")) {
        snprintf(text, sizeof(text),
            "HTTP/1.1 308 Permanent Redirect\r\nLocation: http://localhost:%u/whip\r\n"
            "Content-Length: 0\r\n\r\n",
            server.port);
        put(fd, text);
    } else if (strstr(request, " /round ")) {
        put(fd, "HTTP/1.1 307 Temporary Redirect\r\nLocation: /round\r\n"
                "Content-Length: 0\r\n\r\n");
    } else if (strstr(request, " /file ")) {
        put(fd, "HTTP/1.1 307 Temporary Redirect\r\nLocation: file:///etc/passwd\r\n"
                "Content-Length: 0\r\n\r\n");
    } else if (strstr(request, " /big ")) {
        snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n",
            sizeof(big));
        put(fd, text);
        put(fd, big);
        put(fd, "x");
    } else if (strstr(request, " /silent ")) {
        struct pollfd pfd = { .fd = fd, .events = POLLIN };
        poll(&pfd, 1, 10000); // until the client goes
    } else {
        put(fd, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    }
}

static bool
is_whole(const char *request)
{
    const char *end = strstr(request, "\r\n\r\n");
    const char *len = strcasestr(request, "content-length:");
    return end && (!len || strlen(end + 4) >= strtoul(len + 15, NULL, 10));
}

static void
serve(int fd)
{
    char request[8192] = "";
    size_t len = 0;
    for (;;) {
        ssize_t n = recv(fd, request + len, sizeof(request) - 1 - len, 0);
        if (n <= 0) {
            return;
        }
        len += (size_t)n;
        request[len] = 0;
        if (is_whole(request)) {
            pthread_mutex_lock(&waiting_lock);
            memcpy(server.request, request, sizeof(request));
            server.requests++;
            waiting_wake();
            pthread_mutex_unlock(&waiting_lock);
            answer(fd, request);
            return; // one request a connection
        }
    }
}

static void *
server_main(void *arg)
{
    (void)arg;
    for (;;) {
        struct pollfd fds[2] = { { .fd = server.fd, .events = POLLIN },
            { .fd = server.stop[0], .events = POLLIN } };
        poll(fds, 2, -1);
        if (fds[1].revents) {
            return NULL;
        }
        int fd = accept(server.fd, NULL, NULL);
        if (fd >= 0) {
            serve(fd);
            close(fd);
        }
    }
}

static struct relay_http *http;

static int
set_up(void **state)
{
    (void)state;
    memset(big, 'x', sizeof(big) - 1);
    memset(&server, 0, sizeof(server));
    int on = 1;
    server.fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(server.fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    struct sockaddr_in a
        = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    server.port = free_port();
    a.sin_port = htons((uint16_t)server.port);
    assert_int_equal(bind(server.fd, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(listen(server.fd, 8), 0);
    assert_int_equal(pipe(server.stop), 0);
    assert_int_equal(pthread_create(&server.thread, NULL, server_main, NULL), 0);
    waiting_open();
    http = relay_http_create();
    assert_non_null(http);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    relay_http_destroy(http);
    waiting_close();
    close(server.stop[1]);
    pthread_join(server.thread, NULL);
    close(server.stop[0]);
    close(server.fd);
    return 0;
}

// --- calls ---

struct result {
    bool done;
    struct relay_http_reply reply;
    char body[64];
};

static void
on_reply(void *user, const struct relay_http_reply *reply)
{
    struct result *r = user;
    pthread_mutex_lock(&waiting_lock);
    r->reply = *reply;
    if (reply->body_len < sizeof(r->body)) {
        snprintf(r->body, sizeof(r->body), "%.*s", (int)reply->body_len,
            (const char *)reply->body);
    }
    r->done = true;
    waiting_wake();
    pthread_mutex_unlock(&waiting_lock);
}

static struct relay_http_params
params_for(const char *path, struct result *r, char url[128])
{
    snprintf(url, 128, "http://127.0.0.1:%u%s", server.port, path);
    return (struct relay_http_params){ .method = "POST", .url = url, .bearer = "secret",
        .content_type = "application/sdp", .body = "offer", .body_len = 5,
        .worker = waiting_worker, .on_reply = on_reply, .user = r };
}

static void
post(const char *path, struct result *r)
{
    char url[128];
    memset(r, 0, sizeof(*r));
    struct relay_http_params params = params_for(path, r, url);
    assert_non_null(relay_http_start(http, &params));
    WAIT_UNTIL(r->done);
}

static void
test_answer_is_read(void **state)
{
    (void)state;
    struct result r;
    post("/whip", &r);
    assert_int_equal(r.reply.status, 201);
    assert_string_equal(r.body, "v=0\r\n");
    assert_string_equal(r.reply.content_type, "application/sdp");
    assert_string_equal(r.reply.etag, "\"abc\"");
    assert_int_equal(r.reply.retry_after_s, 7);
    assert_int_equal(r.reply.server_count, 2);
    assert_string_equal(r.reply.servers[1].credential, "c");
    char want[64];
    snprintf(want, sizeof(want), "http://127.0.0.1:%u/s/1", server.port);
    assert_string_equal(r.reply.location, want);
    assert_memory_equal(server.request, "POST /whip HTTP/1.1\r\n", 21);
    assert_non_null(strstr(server.request, "\r\nAuthorization: Bearer secret\r\n"));
    assert_non_null(strstr(server.request, "\r\nContent-Type: application/sdp\r\n"));
    assert_non_null(strstr(server.request, "\r\n\r\noffer"));
}

static void
test_redirect_keeps_method_and_body(void **state)
{
    (void)state;
    struct result r;
    post("/moved", &r);
    assert_int_equal(r.reply.status, 201);
    assert_string_equal(r.body, "v=0\r\n");
    assert_int_equal(server.requests, 2);
    assert_memory_equal(server.request, "POST /whip ", 11);
    assert_non_null(strstr(server.request, "\r\n\r\noffer"));
    assert_non_null(strstr(server.request, "Bearer secret"));
}

static void
test_other_origin_gets_no_secret(void **state)
{
    (void)state;
    struct result r;
    post("/away", &r);
    assert_int_equal(r.reply.status, 201);
    assert_null(strstr(server.request, "Authorization"));
}

static void
test_redirects_are_limited(void **state)
{
    (void)state;
    struct result r;
    post("/round", &r);
    assert_int_equal(r.reply.status, 0);
    assert_int_equal(server.requests, 4);
    post("/file", &r);
    assert_int_equal(r.reply.status, 0);
    assert_non_null(strstr(r.reply.error, "redirected"));
}

static void
test_errors(void **state)
{
    (void)state;
    struct result r;
    post("/none", &r);
    assert_int_equal(r.reply.status, 404);
    assert_string_equal(r.reply.location, "");
    post("/big", &r);
    assert_int_equal(r.reply.status, 0);
    assert_string_equal(r.reply.error, "the reply is too large");
    memset(&r, 0, sizeof(r));
    struct relay_http_params params = { .method = "POST", .url = "http://127.0.0.1:1/x",
        .worker = waiting_worker, .on_reply = on_reply, .user = &r };
    assert_non_null(relay_http_start(http, &params));
    WAIT_UNTIL(r.done);
    assert_int_equal(r.reply.status, 0);
    assert_true(r.reply.error[0]);
    params.url = "file:///etc/passwd";
    r.done = false;
    assert_non_null(relay_http_start(http, &params));
    WAIT_UNTIL(r.done);
    assert_int_equal(r.reply.status, 0);
    params.url = "http://x/\r\nX: y";
    assert_null(relay_http_start(http, &params));
}

static void
test_timeout(void **state)
{
    (void)state;
    struct result r = { 0 };
    char url[128];
    struct relay_http_params params = params_for("/silent", &r, url);
    params.timeout_ms = 100;
    assert_non_null(relay_http_start(http, &params));
    WAIT_UNTIL(r.done);
    assert_int_equal(r.reply.status, 0);
}

static void
cancel(void *call)
{
    relay_http_cancel(call);
}

static void
test_cancelled_call_is_not_answered(void **state)
{
    (void)state;
    struct result r = { 0 };
    char url[128];
    struct relay_http_params params = params_for("/silent", &r, url);
    struct relay_http_call *call = relay_http_start(http, &params);
    WAIT_UNTIL(server.requests == 1);
    waiting_call(cancel, call);
    params.url = url; // cancelled at once
    waiting_call(cancel, relay_http_start(http, &params));
    relay_http_cancel(NULL);
    struct result next;
    post("/whip", &next);
    assert_int_equal(next.reply.status, 201);
    assert_false(r.done);
}

static void
test_farewell_is_sent_at_the_end(void **state)
{
    (void)state;
    char url[128];
    struct relay_http_params params = params_for("/s/1", NULL, url);
    params.method = "DELETE";
    params.body_len = 0;
    params.on_reply = NULL;
    params.if_match = "\"abc\"";
    assert_non_null(relay_http_start(http, &params));
    relay_http_destroy(http);
    http = NULL;
    assert_memory_equal(server.request, "DELETE /s/1 ", 12);
    assert_non_null(strstr(server.request, "\r\nIf-Match: \"abc\"\r\n"));
}

static void
test_origins(void **state)
{
    (void)state;
    assert_true(relay_http_same_origin("http://a/x", "http://A:80/y"));
    assert_false(relay_http_same_origin("http://a/x", "https://a/x"));
    assert_false(relay_http_same_origin("http://a/x", "http://a:81/x"));
    assert_false(relay_http_same_origin("http://a/x", "nonsense"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_answer_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_redirect_keeps_method_and_body, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_other_origin_gets_no_secret, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_redirects_are_limited, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_errors, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_timeout, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_cancelled_call_is_not_answered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_farewell_is_sent_at_the_end, set_up, tear_down),
        cmocka_unit_test(test_origins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
