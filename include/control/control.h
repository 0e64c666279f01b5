// SPDX-License-Identifier: Apache-2.0
#ifndef CONTROL_CONTROL_H
#define CONTROL_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "relay/relay.h"

struct bc_cards;
struct bc_catalogue;
struct bc_clips;
struct bc_cues;
struct bc_disk;
struct bc_http_exchange;
struct bc_http_files;
struct bc_hub;
struct bc_keys;
struct bc_library;
struct bc_picture_store;
struct bc_recorder;
struct bc_retention;
struct bc_scenes;
struct bc_schedules;

// Where pictures are uploaded to, and where everybody gets them, with the id behind it.
#define BC_CONTROL_PICTURES_PATH "/api/v1/pictures"
#define BC_CONTROL_PICTURE_URL "/pictures/"

// What the whole process counted so far: sums over all workers. Gauges say so.
struct bc_control_totals {
    uint64_t uptime_us;        // gauge
    uint64_t workers;          // gauge
    uint64_t connections;      // gauge; sockets of any protocol
    uint64_t http_connections; // gauge
    uint64_t http_requests;
    uint64_t http_bad_requests;
    uint64_t rtmp_connections; // gauge
    uint64_t rtmp_accepted;
    uint64_t rtmp_refused;
    uint64_t rtmp_failed;
    uint64_t rtmp_bytes_in;
    uint64_t window_bytes; // bc_windows_stats
    uint64_t window_skips;
    uint64_t window_walks;
    uint64_t window_items;
    uint64_t webrtc_sessions;   // gauge; hosts and viewers
    uint64_t webrtc_connecting; // gauge; of these
    uint64_t webrtc_opened;     // bc_webrtc_port_stats, the rest as there
    uint64_t webrtc_never_connected;
    uint64_t webrtc_datagrams_in;
    uint64_t webrtc_bytes_in;
    uint64_t webrtc_datagrams_out;
    uint64_t webrtc_bytes_out;
    uint64_t webrtc_sends;
    uint64_t webrtc_blocked;
    uint64_t webrtc_send_errors;
    uint64_t webrtc_stray;
    uint64_t webrtc_forwarded;
    uint64_t srt_connections; // gauge; the rest as in bc_srt_totals
    uint64_t srt_accepted;
    uint64_t srt_refused;
    uint64_t srt_failed;
    uint64_t rtp_packets; // bc_rtp_windows_stats
    uint64_t rtp_bytes;
    uint64_t rtp_nacked;
    uint64_t rtp_resent;
    uint64_t rtp_key_requests;
    uint64_t rtp_skips;
    uint64_t rtp_switches;
    uint64_t pictures_made; // keyframes decoded for thumbnails, posters and the like
    uint64_t recordings;        // gauge; bc_recorder_totals, as the next
    uint64_t recording_trouble; // gauge
    uint64_t recording_bytes;
    uint64_t recording_parts;
    uint64_t recording_lost_parts;
    uint64_t disk_free_bytes;  // gauge
    uint64_t disk_total_bytes; // gauge
    uint64_t clip_jobs_waiting; // gauge; bc_clips_totals, as the next
    uint64_t clips_made;
    uint64_t clips_failed;
    uint64_t composites;        // gauge; bc_scenes_totals, as the next
    uint64_t composers;         // gauge
    uint64_t composers_running; // gauge
    uint64_t composer_starts;
};

#define BC_CONTROL_RELAYS_MAX 256 // shown at once
#define BC_CONTROL_RELAYS_API_MAX 64 // that the API started
#define BC_CONTROL_RELAY_NAME_MAX 100
#define BC_CONTROL_RELAY_URL_MAX 1024
#define BC_CONTROL_RELAY_TOKEN_MAX 256

// A stream from or to another server, as the API shows it.
struct bc_control_relay {
    uint64_t id;
    bool push; // else a pull
    bool loop; // of a file, or of what ends: begin anew
    bool configured; // by channels.*.sources or push, not by the API
    bool edge;       // pulled from relay.origins while somebody watches
    bool on_demand;  // of a pull: only while somebody watches
    bool enabled;    // not stopped by an operator
    bool was_enabled; // as the configuration has it
    int64_t idle_s;  // on demand: how long it outlives the last viewer
    int64_t start_at_s;
    char channel[BC_CHANNEL_NAME_MAX + 1];
    char url[BC_CONTROL_RELAY_URL_MAX + 1]; // with its secrets
    char name[BC_CONTROL_RELAY_NAME_MAX + 1]; // what people call it, "" without
    struct bc_relay_status status; // BC_RELAY_NONE: could not be started
    int64_t since_wall_us;         // of the state
};

// Whoever owns the relays. Called by whatever worker has the request.
struct bc_control_relay_ops {
    // Starts what `relay` tells by kind, channel and URL, and fills in the rest; `token`
    // is NULL for none. 0; -EEXIST: there is the same; -ENOSPC: there are as many as may
    // be; -ESHUTDOWN: the server goes down; -EPROTONOSUPPORT: nobody knows the
    // URL's scheme; -ENOMEM.
    int (*start)(void *user, struct bc_control_relay *relay, const char *token);
    bool (*stop)(void *user, uint64_t id); // for good; false: there is none
    // Lets it rest, or go on. False: there is none.
    bool (*enable)(void *user, uint64_t id, bool on);
    // Fills in at most BC_CONTROL_RELAYS_MAX by id; returns how many.
    size_t (*list)(void *user, struct bc_control_relay *out);
};

// Everything is borrowed and outlives the object.
struct bc_control_params {
    struct bc_hub *hub;
    const struct bc_keys *keys;
    const struct bc_http_files *files; // the web pages; NULL: "/" says how to build them
    // All are called by whatever worker has the request. `out` comes zeroed.
    void (*totals)(void *user, struct bc_control_totals *out);
    bool (*ready)(void *user); // whether the process serves, for /readyz
    // Sends a text to the pages that watch the channel; copied. False without memory.
    bool (*send_message)(void *user, const char *channel, const char *text);
    const struct bc_control_relay_ops *relays;
    void *user;
    // Replays and clips. What is NULL is not there: its requests are answered with 503.
    struct bc_library *library;
    struct bc_catalogue *catalogue;
    struct bc_recorder *recorder;
    struct bc_clips *clips;
    struct bc_retention *retention;
    struct bc_disk *disk;
    struct bc_schedules *schedules; // of broadcasts
    struct bc_cues *cues;
    struct bc_picture_store *pictures; // uploaded
    struct bc_cards *cards;
    struct bc_scenes *scenes;       // composites
};

// The REST API, metrics, health and the web pages. Owned by the server; immutable once
// made, so any worker may ask; lives until the workers have stopped.
struct bc_control;

// NULL without memory.
struct bc_control *
bc_control_create(const struct bc_control_params *params);

// NULL is fine.
void
bc_control_destroy(struct bc_control *control);

// Answers the request when its path is one of ours; false: it is not, and nothing was
// answered.
bool
bc_control_handle(struct bc_control *control, struct bc_http_exchange *x);

#endif
