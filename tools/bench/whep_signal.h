// SPDX-License-Identifier: Apache-2.0
#ifndef BENCH_WHEP_SIGNAL_H
#define BENCH_WHEP_SIGNAL_H

#include "http_response.h"
#include "loop.h"
#include "sdp.h"
#include "url.h"

enum { BC_SIGNAL_BODY_MAX = 64 * 1024 };

struct bc_signal;

// How a server is asked for a stream. Every response's whole body comes to on_response,
// which returns NULL or what went wrong, and ends by calling bc_signal_finish().
struct bc_signal_style {
    void (*begin)(struct bc_signal *s);
    const char *(*on_response)(struct bc_signal *s, const char *body);
};

struct bc_signal_callbacks {
    void (*on_remote)(void *userdata); // s->remote is known
    void (*on_failed)(void *userdata, const char *what);
};

// The HTTP side of one WebRTC viewer, until the other side's description is known.
// Embedded in the viewer.
struct bc_signal {
    struct bc_io io;
    const struct bc_signal_style *style;
    const struct bc_signal_callbacks *callbacks;
    void *userdata; // borrowed
    const struct bc_url *url; // borrowed
    struct bc_sdp_local local; // its strings are borrowed
    struct bc_sdp_remote remote;
    bool
        we_offered; // then ICE is controlled by us, and the other side chose DTLS's roles
    struct bc_http_response response;
    struct bc_buf body;
    bool begun;
    bool finished;
    int step; // of the style
    uint64_t session;
    uint64_t handle;
};

extern const struct bc_signal_style bc_signal_whep;
extern const struct bc_signal_style bc_signal_janus;

// Fill style, callbacks, userdata, url and local before.
void
bc_signal_start(struct bc_signal *s);
void
bc_signal_close(struct bc_signal *s);

// --- for the styles ---
void
bc_signal_request(struct bc_signal *s, const char *method, const char *path,
    const char *type, const struct bc_buf *body);
// The connection is closed and on_remote called.
void
bc_signal_finish(struct bc_signal *s);

#endif
