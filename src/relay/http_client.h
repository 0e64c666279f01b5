// SPDX-License-Identifier: Apache-2.0
#ifndef RELAY_HTTP_CLIENT_H
#define RELAY_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice_server.h"

#define RELAY_HTTP_BODY_MAX (64 * 1024)
#define RELAY_HTTP_URL_MAX 2048
#define RELAY_HTTP_ERROR 192

struct bc_worker;

// A thread that sends the HTTP requests of WHIP and WHEP clients, by libcurl: names are
// looked up and connections made without a worker waiting. Owned by the relay.
struct relay_http;

struct relay_http *
relay_http_create(void);

// Lets requests that nobody waits for (DELETE) end for up to 2 s. All calls that somebody
// waits for were cancelled; their workers may have stopped. NULL is fine.
void
relay_http_destroy(struct relay_http *http);

struct relay_http_reply {
    int status;                   // 0: there is none, and `error` says why
    char error[RELAY_HTTP_ERROR]; // a sentence for the log
    char url[RELAY_HTTP_URL_MAX]; // which answered, after redirects
    char location[RELAY_HTTP_URL_MAX]; // absolute; "": none
    char etag[128];
    char content_type[80];
    unsigned retry_after_s;
    struct relay_ice_server servers[RELAY_ICE_SERVERS_MAX]; // Link headers
    unsigned server_count;
    const uint8_t *body;
    size_t body_len;
};

// Strings and body are copied; NULL where there is none.
struct relay_http_params {
    const char *method;
    const char *url; // http or https
    const char *bearer; // sent to the URL's own origin only, whatever it redirects to
    const char *content_type;
    const char *if_match;
    const void *body;
    size_t body_len;
    unsigned timeout_ms; // of all; 0: 10 s
    bool guarded;        // connects to public addresses only
    // Called once on the worker. NULL: nobody waits.
    struct bc_worker *worker;
    void (*on_reply)(void *user, const struct relay_http_reply *reply);
    void *user;
};

struct relay_http_call;

// Never calls back from inside. NULL without memory. The handle is good until on_reply
// begins or the call is cancelled; when nobody waits it must not be used.
struct relay_http_call *
relay_http_start(struct relay_http *http, const struct relay_http_params *params);

// No callback follows, nor any use of the worker. The worker's thread.
void
relay_http_cancel(struct relay_http_call *call);

// Whether both have the same scheme, host and port.
bool
relay_http_same_origin(const char *a, const char *b);

#endif
