// SPDX-License-Identifier: Apache-2.0
#include "whep_signal.h"

#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>

#include "options.h"

void
bc_signal_request(struct bc_signal *s, const char *method, const char *path,
    const char *type, const struct bc_buf *body)
{
    struct bc_buf out = { 0 };
    bc_buf_add_format(&out, "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: bcbench\r\n",
        method, path, s->url->host_port);
    if (body) {
        bc_buf_add_format(
            &out, "Content-Type: %s\r\nContent-Length: %zu\r\n", type, body->len);
    }
    bc_buf_add_text(&out, "\r\n");
    if (body) {
        bc_buf_add(&out, body->data, body->len);
    }
    bc_http_reset(&s->response);
    bc_buf_clear(&s->body);
    bc_io_send(&s->io, out.data, out.len); // a loss shows when reading
    bc_buf_finish(&out);
}

void
bc_signal_finish(struct bc_signal *s)
{
    s->finished = true;
    bc_io_close(&s->io);
    s->callbacks->on_remote(s->userdata);
}

static void
on_body(void *userdata, const uint8_t *p, size_t n)
{
    struct bc_signal *s = userdata;
    if (s->body.len + n < BC_SIGNAL_BODY_MAX) {
        bc_buf_add(&s->body, p, n);
    }
}

static const char *
on_response(struct bc_signal *s)
{
    static char what[32];
    int status = s->response.status;
    if (status < 200 || status > 299) {
        snprintf(what, sizeof(what), "http_%d", status);
        return what;
    }
    bc_buf_add(&s->body, "", 1); // its terminating zero
    return s->style->on_response(s, (const char *)s->body.data);
}

static const char *
read_some(struct bc_signal *s)
{
    int64_t n = bc_io_read(&s->io);
    if (n == -EAGAIN) {
        return NULL;
    }
    if (n <= 0) {
        bool whole = !n && s->response.state == BC_HTTP_UNTIL_CLOSE;
        return whole ? on_response(s) : "signalling_closed";
    }
    if (bc_http_feed(&s->response, bc_read_buffer, (size_t)n, on_body, s) < 0) {
        return "not_http";
    }
    return s->response.state == BC_HTTP_DONE ? on_response(s) : NULL;
}

static void
on_event(struct bc_io *io, uint32_t events)
{
    struct bc_signal *s = io->userdata;
    if (events & EPOLLOUT && bc_io_on_writable(io)) {
        s->callbacks->on_failed(s->userdata, "tcp_connect");
        return;
    }
    if (!s->begun && !io->connecting) {
        s->begun = true;
        s->style->begin(s);
    }
    const char *error = read_some(s);
    if (error) {
        s->callbacks->on_failed(s->userdata, error);
    }
}

void
bc_signal_start(struct bc_signal *s)
{
    bc_io_init(&s->io);
    bc_http_reset(&s->response);
    if (bc_io_connect(&s->io, &s->url->address, on_event, s)) {
        s->callbacks->on_failed(s->userdata, "tcp_connect");
    }
}

void
bc_signal_close(struct bc_signal *s)
{
    bc_io_close(&s->io);
    bc_buf_finish(&s->body);
}

// ---- WHEP (draft-ietf-wish-whep): one POST of an offer ----

static void
whep_begin(struct bc_signal *s)
{
    struct bc_buf offer = { 0 };
    s->we_offered = true;
    bc_sdp_write_offer(&offer, &s->local, !bc_options.no_audio);
    bc_signal_request(s, "POST", s->url->path, "application/sdp", &offer);
    bc_buf_finish(&offer);
}

static const char *
whep_on_response(struct bc_signal *s, const char *body)
{
    const char *error = bc_sdp_parse(&s->remote, body, &s->url->address);
    if (!error) {
        bc_signal_finish(s);
    }
    return error;
}

const struct bc_signal_style bc_signal_whep = { whep_begin, whep_on_response };
