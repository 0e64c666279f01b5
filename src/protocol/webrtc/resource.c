// SPDX-License-Identifier: Apache-2.0
// The HTTP resource of a session (RFC 9725 4.2, 4.3; WHEP the same): DELETE, PATCH, GET.
// The request may come to any worker, the session lives on one.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "port_internal.h"
#include "protocol/http/exchange.h"

#define FRAGMENT_TYPE "application/trickle-ice-sdpfrag"

// A request on its way to the session's worker and back. Freed when both are through with
// it; belongs to the worker that runs its task.
struct call {
    struct bc_task task;
    struct bc_webrtc_port *port;   // of the session
    struct bc_worker *asker;       // of the request
    struct bc_http_exchange *x;    // NULL once the client is gone; the asker's only
    enum bc_http_method method;
    char id[BC_PEER_ID];
    char if_match[64];
    char content_type[64];
    char host[80];
    struct bc_config *config;      // owned reference
    size_t body_len;
    struct bc_writer answer;       // its body
    int status;
    const char *code;              // of an error
    char message[160];
    char etag[BC_PEER_ETAG];       // "" for none
    uint8_t body[];
};

static void
fail(struct call *c, int status, const char *code, const char *message)
{
    c->status = status;
    c->code = code;
    snprintf(c->message, sizeof(c->message), "%s", message);
}

// --- on the session's worker ---

static void
restart(struct call *c, struct bc_peer *peer, const struct bc_sdp_fragment *f)
{
    struct bc_peer_candidates list;
    struct bc_sdp_local local = { 0 };
    bc_peer_restart_ice(peer, f->ufrag);
    bc_peer_local(peer, &local);
    bc_peer_candidates(c->port, c->config, c->host, &list);
    local.candidates = (const char *const *)list.texts;
    local.candidate_count = list.count;
    bc_sdp_fragment_write(&local, "0", &c->answer);
    bc_peer_candidates_finish(&list);
    bc_peer_etag(peer, c->etag);
    c->status = 200;
}

static void
patch(struct call *c, struct bc_peer *peer)
{
    char etag[BC_PEER_ETAG];
    struct bc_sdp_fragment f;
    bc_peer_etag(peer, etag);
    if (strncasecmp(c->content_type, FRAGMENT_TYPE, strlen(FRAGMENT_TYPE)) != 0) {
        fail(c, 415, "unsupported_media_type", "PATCH takes " FRAGMENT_TYPE);
        return;
    }
    if (!c->if_match[0]) {
        fail(c, 428, "precondition_required",
            "give If-Match with the session's ETag, or * to restart ICE");
        return;
    }
    bool any = strcmp(c->if_match, "*") == 0;
    if (!any && strcmp(c->if_match, etag) != 0) {
        fail(c, 412, "precondition_failed", "the ETag is not the session's latest");
        return;
    }
    if (bc_sdp_fragment_parse(
            (const char *)c->body, c->body_len, &f, c->message, sizeof(c->message))
        != 0) {
        c->status = 400;
        c->code = "bad_fragment";
        return;
    }
    bool same = !f.ufrag[0] || strcmp(f.ufrag, peer->names[0].ice.remote_ufrag) == 0;
    if (!same) {
        restart(c, peer, &f);
        return;
    }
    // Candidates of the client need no look: an ICE-lite server answers whoever checks.
    c->status = 204;
}

static void
perform(struct call *c)
{
    struct bc_peer *peer;
    HASH_FIND_STR(c->port->ids, c->id, peer);
    if (!peer) {
        fail(c, 404, "not_found", "there is no such session (any more)");
    } else if (c->method == BC_HTTP_DELETE) {
        bc_peer_end(peer, true, "the client ended the session");
        c->status = 200;
    } else if (c->method == BC_HTTP_PATCH) {
        patch(c, peer);
    } else {
        c->status = 204; // RFC 9725 4.1: nothing to see
    }
}

// --- on the request's worker ---

static void
destroy(struct call *c)
{
    bc_writer_finish(&c->answer);
    bc_config_unref(&c->config);
    free(c);
}

static void
respond(struct call *c)
{
    struct bc_http_exchange *x = c->x;
    if (x && c->code) {
        bc_http_respond_error(x, c->status, c->code, c->message);
    } else if (x) {
        char headers[64] = "";
        if (c->etag[0]) {
            snprintf(headers, sizeof(headers), "ETag: %s\r\n", c->etag);
        }
        bc_write_u8(&c->answer, 0);
        bc_http_respond_text(x, c->answer.failed ? 503 : c->status,
            c->answer.len > 1 ? FRAGMENT_TYPE : NULL, headers,
            c->answer.failed ? "" : (const char *)c->answer.data);
    }
    destroy(c);
}

static void
run_respond(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    respond(bc_container_of(task, struct call, task));
}

static void
run_perform(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct call *c = bc_container_of(task, struct call, task);
    perform(c);
    c->task.run = run_respond;
    bc_worker_post(c->asker, &c->task);
}

static void
on_gone(void *user)
{
    struct call *c = user;
    c->x = NULL;
}

static void
copy_header(const struct bc_http_exchange *x, const char *name, char *out, size_t len)
{
    const char *value = bc_http_header(x, name);
    snprintf(out, len, "%s", value ? value : "");
}

// The worker's index is in front of the id.
static struct bc_webrtc_port *
port_of(struct bc_webrtc_port *port, const char *id)
{
    unsigned worker;
    if (strlen(id) != 34 || sscanf(id, "%2x", &worker) != 1
        || worker >= port->webrtc->port_count) {
        return NULL;
    }
    return port->webrtc->ports[worker];
}

static bool
method_is_known(struct bc_http_exchange *x)
{
    switch (bc_http_method(x)) {
    case BC_HTTP_GET:
    case BC_HTTP_HEAD:
    case BC_HTTP_PATCH:
    case BC_HTTP_DELETE:
        return true;
    case BC_HTTP_OPTIONS:
        bc_http_respond_text(x, 204, NULL,
            "Allow: GET, HEAD, PATCH, DELETE, OPTIONS\r\nAccept-Patch: " FRAGMENT_TYPE
            "\r\n",
            "");
        return false;
    default:
        bc_http_respond_text(x, 405, "application/json",
            "Allow: GET, HEAD, PATCH, DELETE, OPTIONS\r\n",
            "{\"error\":{\"code\":\"method_not_allowed\",\"message\":\"a session takes "
            "PATCH and DELETE\"}}");
        return false;
    }
}

void
bc_peer_resource_handle(struct bc_webrtc_port *port, struct bc_http_exchange *x,
    const struct bc_config *config, const char *id)
{
    if (!method_is_known(x)) {
        return;
    }
    struct bc_webrtc_port *target = port_of(port, id);
    if (!target) {
        bc_http_respond_error(x, 404, "not_found", "there is no such session");
        return;
    }
    struct bc_http_body body = bc_http_request_body(x);
    struct call *c = calloc(1, sizeof(*c) + body.len);
    if (!c) {
        bc_http_respond_error(x, 503, "no_memory", "the server is out of memory");
        return;
    }
    bc_list_init(&c->task.node);
    c->port = target;
    c->asker = bc_http_worker(x);
    c->x = x;
    c->method = bc_http_method(x);
    c->config = bc_config_ref((struct bc_config *)config);
    snprintf(c->id, sizeof(c->id), "%s", id);
    copy_header(x, "if-match", c->if_match, sizeof(c->if_match));
    copy_header(x, "content-type", c->content_type, sizeof(c->content_type));
    copy_header(x, "host", c->host, sizeof(c->host));
    c->body_len = body.len;
    if (body.len > 0) {
        memcpy(c->body, body.data, body.len);
    }
    if (target == port) {
        perform(c);
        respond(c);
        return;
    }
    bc_http_on_gone(x, on_gone, c);
    c->task.run = run_perform;
    bc_worker_post(target->worker, &c->task);
}
