// SPDX-License-Identifier: Apache-2.0
#ifndef CONFIG_SETTINGS_H
#define CONFIG_SETTINGS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"

// The values of the configuration, one struct per section of the file. What each key
// means, its default and its bounds stand in src/config/schema.c, and from there in
// docs/config.md. All numbers are int64_t so that `cfg->stream.grace_s * 1000000` cannot
// overflow. Strings are owned by the snapshot and never NULL; an empty one is "not set".

#define BC_CONFIG_MAX_LISTEN 16  // addresses in one list
#define BC_CONFIG_MAX_SOURCES 16 // sources of one channel
#define BC_CONFIG_MAX_PUSHES 16  // targets of one channel
#define BC_CONFIG_MAX_ORIGINS 8
#define BC_CONFIG_URL_MAX 1024   // bytes of an origin's or a target's

enum bc_access {
    BC_ACCESS_INVALID,
    BC_ACCESS_OPEN,  // anybody
    BC_ACCESS_KEY,   // publishing: who knows the channel's publish key
    BC_ACCESS_TOKEN, // playing, API: who has a token
};

enum bc_record_mode {
    BC_RECORD_INVALID,
    BC_RECORD_DEFAULT, // of a channel: record.mode
    BC_RECORD_ALWAYS,
    BC_RECORD_REQUEST, // when the API asks for it
    BC_RECORD_NEVER,
};

enum bc_source_kind {
    BC_SOURCE_INVALID,
    BC_SOURCE_PUBLISHER,   // value: the role, "" is the main take
    BC_SOURCE_CHANNEL,     // value: another channel's name
    BC_SOURCE_SLATE_IMAGE, // value: path of a picture
    BC_SOURCE_SLATE_FILE,  // value: path of a video file
    BC_SOURCE_PULL,        // value: URL of a stream elsewhere
    BC_SOURCE_FILE,        // value: path of a file or playlist in relay.media_dir
    BC_SOURCE_SCENE,       // value: a composer's hidden channel; never in a configuration
};

struct bc_config_source {
    enum bc_source_kind kind;
    char *value; // owned
    bool loop;           // of a file: begin anew at its end
    int64_t start_at_s;  // of a file: where to begin
    bool on_demand;      // of a pull: only while somebody watches or it is recorded
    int64_t idle_s;      // of such a pull: how long it outlives the last viewer
};

struct bc_config_source_list {
    struct bc_config_source *items; // owned, in order of preference
    size_t n;
};

// Where a channel is sent to.
struct bc_config_push {
    char *url;  // owned; may hold a secret
    char *name; // owned; what people call it, "" without
    bool enabled;
};

struct bc_config_push_list {
    struct bc_config_push items[BC_CONFIG_MAX_PUSHES];
    size_t n;
};

struct bc_config_url_list {
    char *items[BC_CONFIG_MAX_ORIGINS]; // owned
    size_t n;
};

#define BC_SCHEDULE_TITLE_MAX 200

// When a channel's broadcast begins and ends, by the configuration or by the API. All zero:
// there is none.
struct bc_config_schedule {
    int64_t starts_at_wall_us;  // 0: when a host begins
    int64_t ends_at_wall_us;    // 0: when the host ends it
    int64_t keys_from_wall_us;  // 0: half an hour before the start
    enum bc_record_mode record; // ALWAYS, NEVER or INVALID: as the channel's
    char title[BC_SCHEDULE_TITLE_MAX + 1];
};

// One entry of `channels:`. A channel without an entry is fine and has the defaults.
struct bc_config_channel {
    char *name;        // owned, "live/hq"
    char *publish_key; // owned, secret, plain or "sha256:<hex>"; "" means the global key
    char *srt_passphrase; // owned, secret; "" means srt.passphrase
    enum bc_record_mode record;
    char *title; // owned
    char *cover; // owned, path of a picture; "": none
    struct bc_config_source_list sources; // at least one
    struct bc_config_push_list push;
    struct bc_config_schedule schedule;
    int64_t source_wait_ms;
    int64_t slate_wait_ms;
    int64_t source_stable_ms;
    bool open;
    int64_t viewers_max; // 0: no limit
    int64_t delay_s;     // 0: none; else 10 to 60
    char *scene;         // path of a composite's scene; "": it is none by itself
    bool burn_cues;
};

struct bc_config_listen {
    char host[46]; // an IP address without brackets; "" is every address, IPv4 and IPv6
    uint16_t port; // 0 only in lists of addresses whose port may be left out
};

// An empty list means that nothing listens.
struct bc_config_listen_list {
    struct bc_config_listen items[BC_CONFIG_MAX_LISTEN];
    size_t n;
};

struct bc_config_data {
    char *dir;
};

struct bc_config_log {
    enum bc_log_level level;
    enum bc_log_format format;
};

struct bc_config_rtmp {
    struct bc_config_listen_list listen;
    int64_t max_message_bytes;
    int64_t handshake_timeout_s;
};

struct bc_config_rtmps {
    struct bc_config_listen_list listen; // meaningless while tls.cert is empty
};

struct bc_config_http {
    struct bc_config_listen_list listen;
    int64_t max_header_bytes;
    int64_t header_timeout_s;
    int64_t idle_timeout_s;
    char *cors_origin;
};

struct bc_config_https {
    struct bc_config_listen_list listen; // meaningless while tls.cert is empty
};

struct bc_config_tls {
    char *cert;
    char *key;
};

struct bc_config_access {
    enum bc_access publish; // KEY or OPEN
    enum bc_access play;    // OPEN or TOKEN
    enum bc_access api;     // TOKEN or OPEN
    char *publish_key;      // secret; "" means the one in the data directory
    char *play_key;         // secret
};

struct bc_config_limits {
    int64_t connections;
    int64_t half_open_per_ip; // 0: no limit
};

struct bc_config_stream {
    int64_t grace_s;
    bool gop_cache;
    int64_t gop_max_ms;
    int64_t viewer_queue_ms;
    int64_t idle_timeout_s;
    int64_t first_packet_timeout_s;
    int64_t max_channels;
};

struct bc_config_hls {
    int64_t part_ms;
    int64_t segment_s;
    int64_t target_s;
    int64_t window_s;
};

// What becomes of B-frames on the way to WebRTC players, which cannot show them.
enum bc_b_frames {
    BC_B_FRAMES_INVALID,
    BC_B_FRAMES_TRANSCODE, // encode again without, once per channel
    BC_B_FRAMES_DROP,      // leave out those that no other frame needs
    BC_B_FRAMES_REFUSE,    // tell the viewer why
};

struct bc_config_relay {
    char *media_dir; // "": media in the data directory
    bool allow_private;
    int64_t max_inputs;
    struct bc_config_url_list origins; // of an edge, in order of preference
    int64_t edge_grace_s;
};

struct bc_config_webrtc {
    struct bc_config_listen_list listen;
    struct bc_config_listen_list public_addresses; // port 0: as in listen
    char *ice_servers; // URLs separated by spaces
    enum bc_b_frames b_frames;
    bool data_channels;
    int64_t max_sessions;
};

struct bc_config_srt {
    struct bc_config_listen_list listen;
    int64_t latency_ms;
    char *passphrase; // secret; "" is no encryption
};

struct bc_config_record {
    enum bc_record_mode mode; // not DEFAULT
    int64_t max_age_days;     // 0: no limit
    int64_t max_bytes;        // 0: 90 % of the disk
    int64_t min_free_bytes;
    int64_t resume_s;
    int64_t dvr_window_s;
};

struct bc_config_clip {
    int64_t threads;
    int64_t queue;
};

struct bc_config_cards {
    char *dir; // "": the templates of the program alone
};

struct bc_config_compose {
    int64_t max; // composers at one time
    bool local;  // they are started here
};

// One consistent set of values. Whoever loads it owns the first reference; from then on
// it is immutable, may be read by any thread, and is freed with the last reference.
struct bc_config {
    atomic_uint refs;
    int64_t workers; // 0: one per core
    struct bc_config_data data;
    struct bc_config_log log;
    struct bc_config_rtmp rtmp;
    struct bc_config_rtmps rtmps;
    struct bc_config_http http;
    struct bc_config_https https;
    struct bc_config_tls tls;
    struct bc_config_access access;
    struct bc_config_limits limits;
    struct bc_config_stream stream;
    struct bc_config_hls hls;
    struct bc_config_webrtc webrtc;
    struct bc_config_relay relay;
    struct bc_config_srt srt;
    struct bc_config_record record;
    struct bc_config_clip clip;
    struct bc_config_cards cards;
    struct bc_config_compose compose;
    struct bc_config_channel *channels; // owned, sorted by name
    size_t n_channels;
};

#endif
