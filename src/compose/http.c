// SPDX-License-Identifier: Apache-2.0
#include "http.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#define CONNECT_TIMEOUT_MS 5000L

// Where the body of the running request goes. On the caller's stack.
struct receiver {
    CURL *easy;
    struct bc_writer *out; // NULL: on_bytes
    size_t max;
    bool (*on_bytes)(void *user, const void *data, size_t len);
    void *user;
};

void
compose_http_start(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

bool
compose_http_init(struct compose_http *h, const atomic_bool *stop, const char *token)
{
    *h = (struct compose_http){ .easy = curl_easy_init(), .stop = stop, .token = token };
    return h->easy != NULL;
}

void
compose_http_finish(struct compose_http *h)
{
    curl_easy_cleanup(h->easy);
    h->easy = NULL;
}

void
compose_http_query(
    struct bc_writer *w, const char *base, const char *path, const char *text)
{
    static const char PLAIN[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                "0123456789-._~/";
    bc_write_str(w, base);
    bc_write_str(w, path);
    for (const char *c = text; *c; c++) {
        if (strchr(PLAIN, *c)) {
            bc_write_u8(w, (uint8_t)*c);
        } else {
            bc_write_fmt(w, "%%%02X", (unsigned)(uint8_t)*c);
        }
    }
    bc_write_u8(w, 0);
}

static size_t
on_body(char *data, size_t one, size_t count, void *user)
{
    struct receiver *r = user;
    size_t len = one * count;
    long status = 0;
    curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
    if (r->out) {
        size_t room = r->max - r->out->len;
        bc_write_bytes(r->out, data, len < room ? len : room);
        return r->out->failed || len > room ? 0 : len;
    }
    return status != 200 || r->on_bytes(r->user, data, len) ? len : 0;
}

static int
on_progress(void *user, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const struct compose_http *h = user;
    (void)a;
    (void)b;
    (void)c;
    (void)d;
    return atomic_load(h->stop);
}

static void
prepare(struct compose_http *h, const char *url, struct receiver *r)
{
    CURL *e = h->easy;
    curl_easy_reset(e);
    curl_easy_setopt(e, CURLOPT_URL, url);
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    curl_easy_setopt(e, CURLOPT_USERAGENT, "branchcast");
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, r);
    curl_easy_setopt(e, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(e, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(e, CURLOPT_XFERINFODATA, h);
}

static int
perform(struct compose_http *h)
{
    char why[CURL_ERROR_SIZE] = "";
    long status = 0;
    curl_easy_setopt(h->easy, CURLOPT_ERRORBUFFER, why);
    CURLcode result = curl_easy_perform(h->easy);
    curl_easy_setopt(h->easy, CURLOPT_ERRORBUFFER, NULL);
    curl_easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &status);
    snprintf(h->error, sizeof(h->error), "%s",
        result == CURLE_OK ? ""
            : why[0]       ? why
                           : curl_easy_strerror(result));
    return (int)status;
}

static struct curl_slist *
headers_of(const struct compose_http *h, const struct compose_request *request)
{
    struct bc_writer line = { 0 };
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    if (h->token) {
        bc_write_fmt(&line, "Authorization: Bearer %s", h->token);
        bc_write_u8(&line, 0);
        list = line.failed ? list : curl_slist_append(list, (const char *)line.data);
        bc_writer_reset(&line);
    }
    if (request->content_type) {
        bc_write_fmt(&line, "Content-Type: %s", request->content_type);
        bc_write_u8(&line, 0);
        list = line.failed ? list : curl_slist_append(list, (const char *)line.data);
    }
    bc_writer_finish(&line);
    return list;
}

int
compose_http_call(struct compose_http *h, const struct compose_request *request,
    struct bc_writer *out, size_t max)
{
    struct receiver r = { .easy = h->easy, .out = out, .max = max };
    struct curl_slist *headers = headers_of(h, request);
    bc_writer_reset(out);
    prepare(h, request->url, &r);
    curl_easy_setopt(h->easy, CURLOPT_CUSTOMREQUEST, request->method);
    curl_easy_setopt(h->easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(h->easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    if (request->content_type) {
        curl_easy_setopt(
            h->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
        curl_easy_setopt(h->easy, CURLOPT_POSTFIELDS, request->body);
    }
    int status = perform(h);
    curl_slist_free_all(headers);
    return h->error[0] ? 0 : status;
}

int
compose_http_stream(struct compose_http *h, const char *url, unsigned idle_s,
    bool (*on_bytes)(void *user, const void *data, size_t len), void *user)
{
    struct receiver r = { .easy = h->easy, .on_bytes = on_bytes, .user = user };
    prepare(h, url, &r);
    curl_easy_setopt(h->easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(h->easy, CURLOPT_LOW_SPEED_TIME, (long)idle_s);
    return perform(h);
}
