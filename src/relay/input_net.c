// SPDX-License-Identifier: Apache-2.0
#include "input_net.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "address_guard.h"
#include "input_curl.h"

#define CONNECT_TIMEOUT_MS 5000L
#define REDIRECTS_MAX 5L
#define KEPT_CONNECTIONS 8L
#define LOOP_DETECTED 508

bool
input_net_init(struct input_net *net, const atomic_bool *stop, bool allow_private)
{
    memset(net, 0, sizeof(*net));
    net->stop = stop;
    net->allow_private = allow_private;
    net->multi = curl_multi_init();
    if (!net->multi) {
        return false;
    }
    curl_multi_setopt(net->multi, CURLMOPT_MAXCONNECTS, KEPT_CONNECTIONS);
    return true;
}

void
input_net_finish(struct input_net *net)
{
    curl_multi_cleanup(net->multi);
    net->multi = NULL;
}

bool
input_net_is_stopped(const struct input_net *net)
{
    return atomic_load(net->stop);
}

// libcurl gives each address it is about to connect to. This holds whatever a name
// resolved to, and for each redirect anew.
static curl_socket_t
open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct input_transfer *t = user;
    (void)purpose;
    if (!t->net->allow_private && !relay_address_is_public(&address->addr)) {
        relay_address_text(&address->addr, t->refused, sizeof(t->refused));
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

bool
input_transfer_init(struct input_transfer *t, struct input_net *net, const char *url)
{
    memset(t, 0, sizeof(*t));
    t->net = net;
    t->easy = curl_easy_init();
    if (!t->easy) {
        return false;
    }
    CURL *e = t->easy;
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L); // a slow resolver holds up no stop
    curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, t);
    // A proxy of the environment would connect to what the guard never sees.
    curl_easy_setopt(e, CURLOPT_PROXY, "");
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(e, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(e, CURLOPT_MAXREDIRS, REDIRECTS_MAX);
    curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->error);
    curl_easy_setopt(e, CURLOPT_PRIVATE, t);
    return curl_easy_setopt(e, CURLOPT_URL, url) == CURLE_OK;
}

void
input_transfer_finish(struct input_transfer *t)
{
    if (t->easy) {
        curl_multi_remove_handle(t->net->multi, t->easy);
        curl_easy_cleanup(t->easy);
        t->easy = NULL;
    }
}

bool
input_transfer_start(struct input_transfer *t)
{
    return curl_multi_add_handle(t->net->multi, t->easy) == CURLM_OK;
}

void
input_transfer_turn(struct input_transfer *t, bool wait)
{
    int running;
    int left;
    curl_multi_perform(t->net->multi, &running);
    CURLMsg *message;
    while ((message = curl_multi_info_read(t->net->multi, &left))) {
        struct input_transfer *ended = NULL;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&ended);
        if (message->msg == CURLMSG_DONE && ended) {
            ended->done = true;
            ended->result = message->data.result;
        }
    }
    if (wait && !t->done) {
        curl_multi_poll(t->net->multi, NULL, 0, INPUT_WAIT_MS, NULL);
    }
}

// Every 4xx and 508 is a no; other 5xx are troubles that may pass.
static void
explain_status(const struct input_transfer *t)
{
    long code = 0;
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &code);
    if (t->result == CURLE_HTTP_RETURNED_ERROR && (code < 500 || code == LOOP_DETECTED)) {
        t->net->refused = true;
    }
    if (code == LOOP_DETECTED) {
        snprintf(t->net->error, sizeof(t->net->error),
            "a loop: this server would be given its own stream (508)");
    }
}

void
input_transfer_explain(const struct input_transfer *t)
{
    struct input_net *net = t->net;
    if (input_net_is_stopped(net)) {
        snprintf(net->error, sizeof(net->error), "stopped");
    } else if (t->refused[0] && t->result != CURLE_OK) {
        snprintf(net->error, sizeof(net->error),
            "%s is no public address (relay.allow_private)", t->refused);
    } else if (!t->done) {
        snprintf(net->error, sizeof(net->error), "no answer in time");
    } else {
        snprintf(net->error, sizeof(net->error), "%.180s",
            t->error[0] ? t->error : curl_easy_strerror(t->result));
        explain_status(t);
    }
}
