// SPDX-License-Identifier: Apache-2.0
#include "http_client.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "address_guard.h"
#include "base/clock.h"
#include "base/log.h"
#include "http_internal.h"

#define CONNECT_TIMEOUT_MS 5000
#define REDIRECTS_MAX 3
#define POLL_MS 1000
#define GRACE_US 2000000
#define CONNECTIONS_MAX 32

struct relay_http {
    pthread_t thread;
    CURLM *multi;           // owned; the thread's, but for curl_multi_wakeup()
    struct bc_list running; // the thread's

    pthread_mutex_t lock; // guards the following
    struct bc_list inbox;
    bool stopping;
};

// --- URLs ---

static CURLU *
parse_url(const char *text)
{
    CURLU *url = curl_url();
    if (url && curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK) {
        curl_url_cleanup(url);
        url = NULL;
    }
    return url;
}

static bool
same_part(CURLU *a, CURLU *b, CURLUPart part)
{
    char *x = NULL;
    char *y = NULL;
    bool same = curl_url_get(a, part, &x, CURLU_DEFAULT_PORT) == CURLUE_OK
        && curl_url_get(b, part, &y, CURLU_DEFAULT_PORT) == CURLUE_OK
        && strcasecmp(x, y) == 0;
    curl_free(x);
    curl_free(y);
    return same;
}

bool
relay_http_same_origin(const char *a, const char *b)
{
    CURLU *x = parse_url(a);
    CURLU *y = parse_url(b);
    bool same = x && y && same_part(x, y, CURLUPART_SCHEME)
        && same_part(x, y, CURLUPART_HOST) && same_part(x, y, CURLUPART_PORT);
    curl_url_cleanup(x);
    curl_url_cleanup(y);
    return same;
}

// `reference` as seen from `base`; empty when it cannot be told.
static void
resolve(const char *base, const char *reference, char out[RELAY_HTTP_URL_MAX])
{
    CURLU *url = parse_url(base);
    char *text = NULL;
    out[0] = 0;
    if (url && curl_url_set(url, CURLUPART_URL, reference, 0) == CURLUE_OK
        && curl_url_get(url, CURLUPART_URL, &text, 0) == CURLUE_OK
        && strlen(text) < RELAY_HTTP_URL_MAX) {
        memcpy(out, text, strlen(text) + 1);
    }
    curl_free(text);
    curl_url_cleanup(url);
}

// --- what arrives ---

static size_t
on_body(char *data, size_t size, size_t n, void *user)
{
    struct relay_http_call *c = user;
    if (c->body.len + size * n > RELAY_HTTP_BODY_MAX) {
        c->too_large = true;
        return 0; // ends the transfer
    }
    bc_write_bytes(&c->body, data, size * n);
    return c->body.failed ? 0 : size * n;
}

static size_t
on_header(char *data, size_t size, size_t n, void *user)
{
    struct relay_http_call *c = user;
    relay_http_reply_header(&c->reply, data, size * n);
    return size * n;
}

// --- the thread ---

static bool
add_header(struct relay_http_call *c, const char *name, const char *value)
{
    char line[RELAY_HTTP_URL_MAX + 64];
    int n = snprintf(line, sizeof(line), "%s: %s", name, value);
    struct curl_slist *list = n > 0 && (size_t)n < sizeof(line)
        ? curl_slist_append(c->headers, line)
        : NULL;
    if (list) {
        c->headers = list;
    }
    return list != NULL;
}

static bool
set_headers(struct relay_http_call *c)
{
    curl_slist_free_all(c->headers);
    c->headers = curl_slist_append(NULL, "Expect:");
    char bearer[RELAY_HTTP_URL_MAX + 8];
    if (c->bearer) {
        snprintf(bearer, sizeof(bearer), "Bearer %s", c->bearer);
    }
    return c->headers && (!c->bearer || add_header(c, "Authorization", bearer))
        && (!c->content_type || add_header(c, "Content-Type", c->content_type))
        && (!c->if_match || add_header(c, "If-Match", c->if_match));
}

// Each address that it is about to connect to, whatever a name stands for this time.
static curl_socket_t
open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct relay_http_call *c = user;
    (void)purpose;
    if (c->guarded && !relay_address_is_public(&address->addr)) {
        c->kept_out = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static bool
set_options(struct relay_http_call *c)
{
    CURL *e = c->easy;
    bool ok = set_headers(c)
        && curl_easy_setopt(e, CURLOPT_URL, c->reply.url) == CURLE_OK
        && curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK
        && curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, c->method) == CURLE_OK
        && curl_easy_setopt(e, CURLOPT_HTTPHEADER, c->headers) == CURLE_OK
        && curl_easy_setopt(e, CURLOPT_USERAGENT, "Branchcast/" BC_VERSION) == CURLE_OK;
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, c);
    if (c->guarded) {
        curl_easy_setopt(e, CURLOPT_PROXY, ""); // it would connect for us
    }
    curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L); // see follow()
    curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)c->timeout_ms);
    curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, c);
    curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(e, CURLOPT_HEADERDATA, c);
    curl_easy_setopt(e, CURLOPT_PRIVATE, c);
    if (c->payload_len > 0) {
        curl_easy_setopt(e, CURLOPT_POSTFIELDS, c->payload);
        curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE, (long)c->payload_len);
    }
    return ok;
}

// The thread has done with it.
static void
finish(struct relay_http_call *c)
{
    curl_easy_cleanup(c->easy);
    curl_slist_free_all(c->headers);
    c->easy = NULL;
    c->headers = NULL;
    relay_http_call_finish(c);
}

static void
fail(struct relay_http_call *c, const char *why)
{
    c->reply.status = 0;
    snprintf(c->reply.error, sizeof(c->reply.error), "%s", why);
    finish(c);
}

static void
start(struct relay_http *http, struct relay_http_call *c)
{
    bc_list_append(&http->running, &c->node);
    if (!c->easy) {
        c->easy = curl_easy_init();
    }
    if (!c->easy || !set_options(c)
        || curl_multi_add_handle(http->multi, c->easy) != CURLM_OK) {
        fail(c, "the request cannot be made");
    }
}

// A redirect that keeps the method (RFC 9725 4.5). Its target gets the bearer's secret
// only when it is of the same origin.
static bool
follow(struct relay_http *http, struct relay_http_call *c)
{
    bool secure = strncasecmp(c->reply.url, "https:", 6) == 0;
    char target[RELAY_HTTP_URL_MAX];
    memcpy(target, c->reply.location, sizeof(target));
    bool allowed = strncasecmp(target, "https:", 6) == 0
        || (!secure && strncasecmp(target, "http:", 5) == 0);
    if (!allowed || c->redirects >= REDIRECTS_MAX) {
        return false;
    }
    c->redirects++;
    if (c->bearer && !relay_http_same_origin(c->reply.url, target)) {
        free(c->bearer);
        c->bearer = NULL;
    }
    memcpy(c->reply.url, target, sizeof(target));
    relay_http_reply_reset(&c->reply);
    bc_writer_reset(&c->body);
    bc_list_remove(&c->node);
    start(http, c);
    return true;
}

static void
on_done(struct relay_http *http, struct relay_http_call *c, CURLcode result)
{
    curl_multi_remove_handle(http->multi, c->easy);
    if (result != CURLE_OK) {
        fail(c, c->too_large ? "the reply is too large"
                : c->kept_out ? "the address is not public (relay.allow_private)"
                              : curl_easy_strerror(result));
        return;
    }
    long status = 0;
    curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
    if (c->reply.location[0]) {
        char absolute[RELAY_HTTP_URL_MAX];
        resolve(c->reply.url, c->reply.location, absolute);
        memcpy(c->reply.location, absolute, sizeof(absolute));
    }
    if (status == 307 || status == 308) {
        if (!follow(http, c)) {
            fail(c, "redirected too often or to an address that is not allowed");
        }
        return;
    }
    c->reply.status = (int)status;
    finish(c);
}

static bool
take_inbox(struct relay_http *http)
{
    struct bc_list inbox;
    bc_list_init(&inbox);
    pthread_mutex_lock(&http->lock);
    bc_list_splice(&inbox, &http->inbox);
    bool stopping = http->stopping;
    pthread_mutex_unlock(&http->lock);
    bc_list_for_each(node, tmp, &inbox)
    {
        bc_list_remove(node);
        start(http, bc_container_of(node, struct relay_http_call, node));
    }
    return stopping;
}

static void
drop_cancelled(struct relay_http *http, bool all)
{
    bc_list_for_each(node, tmp, &http->running)
    {
        struct relay_http_call *c = bc_container_of(node, struct relay_http_call, node);
        if (all || c->gone) {
            curl_multi_remove_handle(http->multi, c->easy);
            fail(c, "cancelled");
        }
    }
}

static void *
thread_main(void *arg)
{
    struct relay_http *http = arg;
    int64_t stopping_since = 0;
    for (;;) {
        bool stopping = take_inbox(http);
        drop_cancelled(http, false);
        int running = 0;
        curl_multi_perform(http->multi, &running);
        CURLMsg *message;
        int left;
        while ((message = curl_multi_info_read(http->multi, &left)) != NULL) {
            struct relay_http_call *c = NULL;
            CURLcode result = message->data.result;
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&c);
            on_done(http, c, result);
        }
        if (stopping) {
            stopping_since = stopping_since ? stopping_since : bc_clock_us();
            if (bc_list_empty(&http->running)
                || bc_clock_us() - stopping_since > GRACE_US) {
                break;
            }
        }
        curl_multi_poll(http->multi, NULL, 0, stopping ? POLL_MS / 10 : POLL_MS, NULL);
    }
    drop_cancelled(http, true);
    return NULL;
}

// --- calls ---

struct relay_http_call *
relay_http_start(struct relay_http *http, const struct relay_http_params *params)
{
    struct relay_http_call *c = relay_http_call_create(http, params);
    if (!c) {
        return NULL;
    }
    pthread_mutex_lock(&http->lock);
    bc_list_append(&http->inbox, &c->node);
    pthread_mutex_unlock(&http->lock);
    curl_multi_wakeup(http->multi);
    return c;
}

void
relay_http_cancel(struct relay_http_call *c)
{
    if (!c) {
        return;
    }
    pthread_mutex_lock(&c->lock);
    c->gone = true;
    pthread_mutex_unlock(&c->lock);
    curl_multi_wakeup(c->http->multi);
    relay_http_call_unref(c);
}

// --- life ---

static void
init_library(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

struct relay_http *
relay_http_create(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, init_library);
    struct relay_http *http = calloc(1, sizeof(*http));
    if (!http) {
        return NULL;
    }
    pthread_mutex_init(&http->lock, NULL);
    bc_list_init(&http->inbox);
    bc_list_init(&http->running);
    http->multi = curl_multi_init();
    if (!http->multi) {
        goto free_http;
    }
    curl_multi_setopt(http->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)CONNECTIONS_MAX);
    if (pthread_create(&http->thread, NULL, thread_main, http) != 0) {
        goto free_multi;
    }
    return http;

free_multi:
    curl_multi_cleanup(http->multi);
free_http:
    pthread_mutex_destroy(&http->lock);
    free(http);
    bc_error(NULL, "cannot start the HTTP client");
    return NULL;
}

void
relay_http_destroy(struct relay_http *http)
{
    if (!http) {
        return;
    }
    pthread_mutex_lock(&http->lock);
    http->stopping = true;
    pthread_mutex_unlock(&http->lock);
    curl_multi_wakeup(http->multi);
    pthread_join(http->thread, NULL);
    curl_multi_cleanup(http->multi);
    pthread_mutex_destroy(&http->lock);
    free(http);
}
