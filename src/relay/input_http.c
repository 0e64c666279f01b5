// SPDX-License-Identifier: Apache-2.0
// A response's body, read as it is needed: what nobody reads yet stays with the sender.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "input_curl.h"
#include "stream/via.h"

#define BUFFER_BYTES (256 * 1024)

// Owned by who opened it; the input's thread.
struct input_http {
    struct input_transfer t;
    uint8_t *buffer; // owned
    size_t start;    // of what is not read yet
    size_t end;
    bool paused;
    int64_t from;
    int64_t until; // 0: to the end
    char url[INPUT_URL_MAX];
    struct curl_slist *headers; // owned
};

static size_t
on_body(char *data, size_t one, size_t count, void *user)
{
    struct input_http *h = user;
    size_t len = one * count;
    if (h->start > 0) {
        memmove(h->buffer, h->buffer + h->start, h->end - h->start);
        h->end -= h->start;
        h->start = 0;
    }
    if (len > BUFFER_BYTES - h->end) {
        h->paused = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    memcpy(h->buffer + h->end, data, len);
    h->end += len;
    return len;
}

static size_t
on_header(char *line, size_t one, size_t count, void *user)
{
    struct input_http *h = user;
    size_t len = one * count;
    size_t name = strlen(BC_VIA_HEADER);
    if (len > name && line[name] == ':' && strncasecmp(line, BC_VIA_HEADER, name) == 0) {
        const char *value = line + name + 1;
        const char *end = line + len;
        while (value < end && *value == ' ') {
            value++;
        }
        int n = 0;
        while (value + n < end && strchr("0123456789abcdef,", value[n]) && value[n]) {
            n++;
        }
        snprintf(h->t.net->upstream, BC_VIA_TEXT, "%.*s", n < BC_VIA_TEXT ? n : 0, value);
    }
    return len;
}

static bool
begin(struct input_http *h)
{
    if (!input_transfer_init(&h->t, h->t.net, h->url)) {
        return false;
    }
    CURL *e = h->t.easy;
    char range[64];
    curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(e, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(e, CURLOPT_HTTPHEADER, h->headers);
    curl_easy_setopt(e, CURLOPT_USERAGENT, "branchcast");
    curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(e, CURLOPT_HEADERDATA, h);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, h);
    if (h->from > 0 || h->until > 0) {
        snprintf(range, sizeof(range), "%lld-", (long long)h->from);
        if (h->until > 0) {
            snprintf(range, sizeof(range), "%lld-%lld", (long long)h->from,
                (long long)h->until - 1);
        }
        curl_easy_setopt(e, CURLOPT_RANGE, range);
    }
    h->start = h->end = 0;
    h->paused = false;
    return input_transfer_start(&h->t);
}

// Until there is something to read, or the end.
static int
wait_for_bytes(struct input_http *h)
{
    int64_t deadline = bc_clock_us() + INPUT_TIMEOUT_US;
    bool wait = false;
    while (h->start == h->end && !h->t.done) {
        if (input_net_is_stopped(h->t.net)) {
            return -ECANCELED;
        }
        if (bc_clock_us() > deadline) {
            return -ETIMEDOUT;
        }
        if (h->paused) {
            h->paused = false;
            curl_easy_pause(h->t.easy, CURLPAUSE_CONT);
        }
        input_transfer_turn(&h->t, wait);
        wait = h->start == h->end;
    }
    return h->start == h->end && h->t.result != CURLE_OK ? -EIO : 0;
}

// A server that knows no ranges would send the whole from its start.
static bool
got_the_range(const struct input_http *h)
{
    long code = 0;
    curl_easy_getinfo(h->t.easy, CURLINFO_RESPONSE_CODE, &code);
    return h->from == 0 || code == 206;
}

static int
open_body(struct input_http *h)
{
    int ret = begin(h) ? wait_for_bytes(h) : -ENOMEM;
    if (ret == 0 && !got_the_range(h)) {
        snprintf(h->t.net->error, sizeof(h->t.net->error), "the server knows no ranges");
        return -ENOTSUP;
    }
    if (ret != 0) {
        input_transfer_explain(&h->t);
    }
    return ret;
}

struct input_http *
input_http_open(struct input_net *net, const char *url, int64_t from, int64_t end)
{
    struct input_http *h = calloc(1, sizeof(*h));
    uint8_t *buffer = malloc(BUFFER_BYTES);
    if (!h || !buffer || strlen(url) >= sizeof(h->url)) {
        snprintf(net->error, sizeof(net->error), "the URL is too long");
        free(buffer);
        free(h);
        return NULL;
    }
    h->buffer = buffer;
    h->t.net = net;
    h->from = from;
    h->until = end;
    memcpy(h->url, url, strlen(url) + 1);
    if (net->via) {
        char header[BC_VIA_TEXT + 32];
        snprintf(header, sizeof(header), BC_VIA_HEADER ": %s", net->via);
        h->headers = curl_slist_append(NULL, header);
    }
    if (open_body(h) != 0) {
        input_http_close(h);
        return NULL;
    }
    return h;
}

ssize_t
input_http_read(struct input_http *h, uint8_t *out, size_t size)
{
    int ret = wait_for_bytes(h);
    if (ret != 0) {
        input_transfer_explain(&h->t);
        return ret;
    }
    size_t len = h->end - h->start;
    len = len < size ? len : size;
    memcpy(out, h->buffer + h->start, len);
    h->start += len;
    return (ssize_t)len;
}

size_t
input_http_peek(const struct input_http *h, uint8_t *out, size_t size)
{
    size_t len = h->end - h->start;
    len = len < size ? len : size;
    memcpy(out, h->buffer + h->start, len);
    return len;
}

int
input_http_seek(struct input_http *h, int64_t to)
{
    input_transfer_finish(&h->t);
    h->from = to;
    return open_body(h);
}

int64_t
input_http_size(const struct input_http *h)
{
    curl_off_t length = -1;
    curl_easy_getinfo(h->t.easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    return length < 0 ? -1 : h->from + (int64_t)length;
}

const char *
input_http_url(const struct input_http *h)
{
    char *url = NULL;
    curl_easy_getinfo(h->t.easy, CURLINFO_EFFECTIVE_URL, &url);
    return url ? url : h->url;
}

void
input_http_close(struct input_http *h)
{
    if (h) {
        input_transfer_finish(&h->t);
        curl_slist_free_all(h->headers);
        free(h->buffer);
        free(h);
    }
}
