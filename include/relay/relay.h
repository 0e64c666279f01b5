// SPDX-License-Identifier: Apache-2.0
#ifndef RELAY_RELAY_H
#define RELAY_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bc_config_url_list;
struct bc_hub;
struct bc_rtp_windows;
struct bc_srt;
struct bc_webrtc;
struct bc_windows;
struct bc_worker;

// Streams from and to other servers. How, the URL's scheme tells: http and https are a
// WHEP endpoint to pull from, a WHIP endpoint to push to, from behind NAT too (full ICE,
// STUN, TURN). rtmp, rtmps, rtsp, rtsps, http and https that name a file of media (.flv,
// .m3u8, .mp4 ...), and file: are read by an input, a thread of its own.

struct bc_relay_options {
    const char *ice_servers;  // URLs separated by spaces, as webrtc.ice_servers; or NULL
    const char *bind_address; // NULL: all addresses of the machine but loopback
    uint16_t port_min;        // 0: any
    uint16_t port_max;
    const char *media_dir; // where file: looks
    bool allow_private;    // inputs may connect to private networks
    unsigned max_inputs;
};

// The threads behind all pulls and pushes: libcurl's and libnice's. Owned by the server.
struct bc_relay;

// NULL without memory or threads, with the reason logged.
struct bc_relay *
bc_relay_create(const struct bc_relay_options *options);

// All pulls and pushes were stopped. Waits up to 2 s for the last DELETE. NULL is fine.
void
bc_relay_destroy(struct bc_relay *relay);

// Strings are copied.
struct bc_relay_params {
    struct bc_relay *relay;
    struct bc_webrtc *webrtc;
    struct bc_worker *worker; // where it lives
    struct bc_hub *hub;
    struct bc_rtp_windows *windows; // of the worker; for pushes by WHIP
    struct bc_windows *viewers;     // of the worker; for pushes by SRT
    struct bc_srt *srt;             // for both by SRT
    const char *channel;
    const char *url;    // of a scheme that bc_relay_knows()
    // Instead of the URL: an edge's origins, tried in turn. It ends (BC_RELAY_ENDED) when
    // none of them has the channel.
    const struct bc_config_url_list *origins;
    const char *via; // pulls: the servers that it is for (stream/via.h); NULL: none
    const char *bearer; // NULL: none
    bool trusted;       // pushes: the operator's own word may lead to private networks
    bool loop;          // inputs: begin anew at the end
    int64_t start_at_us; // inputs: where to begin
};

enum bc_relay_state {
    BC_RELAY_NONE,
    BC_RELAY_WAITING, // between two attempts, or for something to push
    BC_RELAY_CONNECTING,
    BC_RELAY_CONNECTED,
    BC_RELAY_ENDED, // a file was played to its end; no origin has the channel
    BC_RELAY_STOPPED, // by an operator
    BC_RELAY_IDLE,    // on demand, and nobody watches
};

struct bc_relay_status {
    enum bc_relay_state state;
    unsigned attempts;
    char error[192]; // why the last one ended; ""
    // Packets of inputs that the server had no time for; of pushes how often the target
    // was too slow and went on at a keyframe.
    uint64_t dropped;
};

// Whether there is a way to pull from, or push to, a URL of its scheme. Any thread.
bool
bc_relay_knows(const char *url, bool push);

// The URL without what may be a secret: user, password and query, and of a push by RTMP most
// of its stream key. Any thread.
#define BC_RELAY_SHOWN_BYTES 1100

void
bc_relay_show_url(const char *url, bool push, char *out, size_t size);

// The rest is for the worker's own thread, or for before it runs and after it ended.

// Feeds a channel from elsewhere, for as long as it is not stopped: after a failure it
// tries again, by and by less often.
struct bc_relay_pull;

// NULL without memory, and for schemes that nobody knows.
struct bc_relay_pull *
bc_relay_pull_start(const struct bc_relay_params *params);

// Says goodbye and frees it. NULL is fine.
void
bc_relay_pull_stop(struct bc_relay_pull *pull);

void
bc_relay_pull_status(const struct bc_relay_pull *pull, struct bc_relay_status *out);

// Sends a channel elsewhere whenever it is live.
struct bc_relay_push;

struct bc_relay_push *
bc_relay_push_start(const struct bc_relay_params *params);

void
bc_relay_push_stop(struct bc_relay_push *push);

void
bc_relay_push_status(const struct bc_relay_push *push, struct bc_relay_status *out);

#endif
