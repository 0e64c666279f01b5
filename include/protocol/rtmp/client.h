// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_RTMP_CLIENT_H
#define PROTOCOL_RTMP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/rtmp/session.h"

// The client's side of one RTMP connection that publishes or plays one stream: bytes in,
// bytes and events out. Same rules as struct bc_rtmp_session for ownership, thread and
// callbacks.
struct bc_rtmp_client;

struct bc_rtmp_client_params {
    bool publish;        // else play
    const char *app;     // "live"
    const char *stream;  // "hq" or "hq?key=K"
    const char *tc_url;  // "rtmp://host/live"
    // 1u << enum bc_codec: what it reads, or publishes, by FourCC; told at connect. 0: it
    // does not know Enhanced RTMP.
    uint32_t codecs;
    uint32_t caps_ex;    // enum bc_rtmp_caps_ex; told if it knows it
    uint32_t chunk_size; // of what we send; 0 means 4096
};

struct bc_rtmp_client_callbacks {
    void (*on_send)(void *user, const void *data, size_t len);
    void (*on_started)(void *user); // Publish.Start or Play.Start came
    void (*on_media)(void *user, const struct bc_rtmp_media *media); // play only
    // Every other onStatus, and `_error`; the texts live until it returns.
    void (*on_status)(
        void *user, bool is_error, const char *code, const char *description);
};

// The strings of `params` are copied. NULL without memory or when a string is too long.
struct bc_rtmp_client *
bc_rtmp_client_create(const struct bc_rtmp_client_params *params,
    const struct bc_rtmp_client_callbacks *callbacks, void *user);

void
bc_rtmp_client_destroy(struct bc_rtmp_client *c);

// Sends C0 and C1; everything else follows from bc_rtmp_client_input(). 0 or negative
// errno.
int
bc_rtmp_client_start(struct bc_rtmp_client *c);

int
bc_rtmp_client_input(struct bc_rtmp_client *c, const uint8_t *data, size_t len);

// Why the last call failed; "" when nothing did.
const char *
bc_rtmp_client_reason(const struct bc_rtmp_client *c);

// What the server answered at connect.
struct bc_rtmp_caps
bc_rtmp_client_caps(const struct bc_rtmp_client *c);

// Sends one message of a publisher after on_started. 0; -ENOTCONN before; -EMSGSIZE,
// -ENOMEM.
int
bc_rtmp_client_send(struct bc_rtmp_client *c, enum bc_kind kind, uint32_t timestamp,
    const void *data, size_t len);

// Says goodbye: FCUnpublish (publish) and deleteStream. The owner then closes the socket.
void
bc_rtmp_client_stop(struct bc_rtmp_client *c);

#endif
