// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_FLOW_FLOW_H
#define TESTS_FLOW_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/list.h"
#include "protocol/rtmp/client.h"
#include "server/server.h"

#define FLOW_FRAME_MS 40
#define FLOW_GOP 25 // frames
#define FLOW_DEADLINE_US 20000000
#define FLOW_OVERRIDES 24

// A whole server with two workers in this process, and everybody who is connected to it.
// The test's thread plays hosts and viewers; it waits only with deadlines. Lives on a
// test's stack.
struct flow {
    struct bc_server server;
    const char *overrides[FLOW_OVERRIDES]; // what the server was started with
    char texts[5][96];                     // some of them
    char data_dir[64];
    unsigned rtmp_port;
    unsigned http_port;
    unsigned media_port; // of WebRTC, UDP and TCP
    unsigned srt_port;
    struct bc_list peers; // struct flow_peer
    bool stopped;
};

struct flow_peer;

// One connection to the server. Embedded in the clients below.
struct flow_peer {
    struct bc_list node;
    struct flow *flow;
    int fd; // -1 when closed
    bool closed; // by the server
    bool deaf;   // does not read
    void (*on_bytes)(struct flow_peer *peer, const uint8_t *data, size_t len);
};

// `overrides` NULL-ended, or NULL.
void
flow_open(struct flow *f, const char *const *overrides);

// Drains the server (if that is not done yet) and frees everything.
void
flow_close(struct flow *f);

// Reads what came for everybody; waits a few milliseconds when there is nothing.
void
flow_turn(struct flow *f);

// Monotonic, whatever was done to the server's clock.
int64_t
flow_real_us(void);

#define FLOW_UNTIL(f, condition) \
    for (int64_t flow_end = flow_real_us() + FLOW_DEADLINE_US; !(condition);) { \
        if (flow_real_us() > flow_end) { \
            fail_msg("not in time: %s", #condition); \
        } \
        flow_turn(f); \
    }

// Connects to a port on loopback, from this address (NULL: 127.0.0.1).
void
flow_connect(struct flow *f, struct flow_peer *peer, unsigned port, const char *from);

// All of it, however long it takes. A connection that the server closed takes nothing.
void
flow_send(struct flow_peer *peer, const void *data, size_t len);

// Hangs up without a word.
void
flow_hang_up(struct flow_peer *peer);

// The worker that has more connections than `before` tells (one entry per worker), after
// one was made.
void
flow_count_connections(struct flow *f, uint64_t counts[2]);

int
flow_find_worker(struct flow *f, const uint64_t before[2]);

// Runs this on a worker's thread and waits for it: the way to look at what is its own.
void
flow_run_on(struct flow *f, unsigned worker, void (*run)(void *user), void *user);

// Sets the clock that the server lives by forward, and lets everything happen that is due
// by then. Only programs that link flow_clock.c.
void
flow_clock_jump(struct flow *f, int64_t us);

// From now on it moves by jumps only, however slow the machine is; or by itself again.
void
flow_clock_hold(bool hold);

// A reference of live/hq, or NULL.
struct bc_channel *
flow_channel(struct flow *f);

// 0 when there is no such channel.
enum bc_channel_state
flow_state(struct flow *f);

// What a viewer got: the numbers that the host wrote into its packets.
struct flow_media {
    unsigned video;
    unsigned audio;
    unsigned video_headers;
    unsigned audio_headers;
    unsigned scripts;
    bool first_is_key;  // of the video
    uint32_t first_number;
    uint32_t first_ms;
    uint32_t last_number;
    uint32_t last_ms;
    unsigned gaps;      // numbers that were left out
    unsigned backwards; // times that went back
};

// One message or tag body.
void
flow_media_add(struct flow_media *m, enum bc_kind kind, uint32_t ms, const uint8_t *body,
    size_t len);

// --- RTMP: hosts and viewers ---

struct flow_rtmp {
    struct flow_peer peer;
    struct bc_rtmp_client *client;
    bool started;
    char status[64]; // the last code that was no start
    bool is_error;
    struct flow_media media; // of a viewer
    // Of a host.
    uint32_t count;
    int64_t ms;
    bool other_format;
    bool has_sent_headers;
};

// Connects and asks; the answer comes with flow_turn(). `stream` as in OBS, "hq?key=K".
void
flow_rtmp_open(struct flow *f, struct flow_rtmp *r, bool publish, const char *stream,
    const char *from);

// The same for a client that knows Enhanced RTMP: what it reads or sends by FourCC and
// what else it can.
void
flow_rtmp_open_enhanced(struct flow *f, struct flow_rtmp *r, bool publish,
    const char *stream, uint32_t codecs, uint32_t caps_ex);

// Opens a host of live/hq with key A and waits until it may send.
void
flow_host_open(struct flow *f, struct flow_rtmp *r);

// Sends headers once, then frames with two sounds each for so long.
void
flow_host_send(struct flow_rtmp *r, int64_t ms);

void
flow_rtmp_close(struct flow_rtmp *r);

// --- HTTP ---

struct flow_http {
    struct flow_peer peer;
    struct bc_writer in;
    size_t at;       // of the bytes that were looked at
    struct flow_media media; // of an FLV viewer
    struct bc_writer flv;    // its bytes without the framing
    size_t flv_at;
    bool websocket;
    bool ended;      // the last chunk or a close frame came
};

// Sends "GET path" with these header lines (or "").
void
flow_http_get(struct flow *f, struct flow_http *h, const char *path, const char *headers);

// Connects without saying anything; on this worker, or (-1) on any.
void
flow_http_connect(struct flow *f, struct flow_http *h, int worker);

// One request with these header lines (or "") and a body, or NULL. What came before is
// forgotten.
void
flow_http_request(struct flow_http *h, const char *method, const char *path,
    const char *headers, const char *body);

// The value of a header of the response, "" when there is none.
const char *
flow_http_header(struct flow_http *h, const char *name, char out[256]);

// Once more on the same connection; what came before is forgotten.
void
flow_http_again(struct flow_http *h, const char *path);

// A whole response with Content-Length is there.
bool
flow_http_is_done(const struct flow_http *h);

int
flow_http_status(const struct flow_http *h);

// The body as text; valid until more comes.
const char *
flow_http_body(struct flow_http *h);

// Reads FLV out of what came until now, chunked or in WebSocket frames.
void
flow_http_read_flv(struct flow_http *h);

void
flow_http_close(struct flow_http *h);

#endif
