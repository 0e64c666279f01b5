// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#include "base/log.h"
#include "config/config.h"
#include "control/control.h"
#include "egress/media.h"
#include "egress/srt.h"
#include "ingest/rtmp.h"
#include "ingest/srt.h"
#include "ingest/whip.h"
#include "net/worker.h"
#include "protocol/http/server.h"
#include "stream/hub.h"

struct bc_codec_threads;
struct bc_cues;
struct bc_disk;
struct bc_cards;
struct bc_catalogue;
struct bc_clips;
struct bc_http_files;
struct bc_keys;
struct bc_library;
struct bc_listener;
struct bc_picture_store;
struct bc_pictures;
struct bc_recorder;
struct bc_retention;
struct bc_scenes;
struct bc_schedules;
struct bc_server;
struct bc_server_edges;
struct bc_server_handover;
struct bc_server_relays;
struct bc_slates;
struct bc_server_saved;
struct bc_tls_context;
struct bc_webrtc;
struct bc_webrtc_port;

// What was configured, and of a process with more workers that handed over to us.
#define BC_SERVER_LISTENERS (8 * BC_CONFIG_MAX_LISTEN)

// One listening address on one worker, and what is spoken there.
struct bc_port {
    enum { BC_PORT_NONE, BC_PORT_RTMP, BC_PORT_RTMPS, BC_PORT_HTTP, BC_PORT_HTTPS } kind;
    char address[80];
    struct bc_listener *listener; // owned
    struct bc_server_worker *owner;
};

// Everything that belongs to one worker. Part of the server; touched by the worker's
// thread between start and stop.
struct bc_server_worker {
    struct bc_server *server; // borrowed
    struct bc_worker *worker;
    struct bc_windows *windows;
    struct bc_rtp_windows *rtp_windows;
    struct bc_webrtc_port *webrtc_port; // NULL while webrtc.listen is empty
    struct bc_rtmp_server *rtmp;
    struct bc_http_server http;
    struct bc_media media;
    struct bc_whip whip;
    struct bc_srt_ingest srt_ingest;
    struct bc_srt_egress srt_egress;
    struct bc_port ports[BC_SERVER_LISTENERS];
    size_t port_count;
    struct bc_tls_context *rtmp_tls; // shared; NULL without a certificate
    struct bc_tls_context *http_tls;
    char *cors_origin; // owned; what http.cors_origin points to
    struct bc_log_limit full_log;
};

// What a file looked like; all zero when it was not there.
struct bc_server_file_mark {
    dev_t device;
    ino_t inode;
    off_t bytes;
    time_t changed_s;
    long changed_ns;
};

// The one struct that owns every part: in the order in which they start, and in reverse
// in which they stop. Made by main(), used by the main thread.
struct bc_server {
    struct bc_config *config;
    struct bc_keys *keys;
    struct bc_http_files *files; // NULL when the pages are not built
    struct bc_codec_threads *codecs;
    struct bc_pictures *pictures;
    int data_lock; // descriptor; -1: none
    struct bc_disk *disk;
    struct bc_picture_store *uploads; // pictures for cards and scenes
    struct bc_cards *cards;
    struct bc_replays *replays;
    struct bc_library *library;
    struct bc_catalogue *catalogue;
    struct bc_retention *retention;
    struct bc_clips *clips;
    struct bc_webrtc *webrtc;
    struct bc_schedules *schedules;
    struct bc_cues *cues;
    struct bc_scenes *scenes;
    struct bc_hub *hub;
    struct bc_slates *slates;
    struct bc_recorder *recorder;
    struct bc_hls_sessions *sessions;
    struct bc_half_open *half_open;
    struct bc_srt *srt; // for relays also while srt.listen is empty
    unsigned srt_next;  // SRT's thread: which worker gets the next connection
    pthread_mutex_t srt_refusals_lock; // guards the next: ports have threads of their own
    struct bc_log_limit srt_refusals[2]; // of viewers, of hosts
    struct bc_server_relays *relays;
    struct bc_server_edges *edges;
    struct bc_control *control;
    struct bc_server_worker *workers;
    unsigned worker_count;
    int64_t started_us;
    atomic_bool ready;
    struct bc_server_file_mark tls_marks[2]; // of the certificate and the key in use
    int64_t tls_looked_us;
    // How to load the configuration again.
    const char *config_path;
    const char *const *overrides;
    size_t override_count;
    char **argv;
    bool take_over; // from the process that works in the data directory now
    struct bc_server_handover *handover;
    struct bc_server_saved *saved; // what the state file has
    size_t srt_listening;          // addresses of srt.listen that are open
    int64_t srt_until_us;          // until then the others are tried again; 0: no more
};

// Opens everything and starts the workers. Errors are logged. 0 or negative errno; on
// failure nothing is left running.
int
bc_server_start(struct bc_server *server);

// Reads the configuration file and the certificates again; keeps the old ones on errors.
void
bc_server_reload(struct bc_server *server);

// Work of every second or so.
void
bc_server_tick(struct bc_server *server);

// Drains and frees everything.
void
bc_server_stop(struct bc_server *server);

// --- handing over to the next process: see handover/handover.h; main thread ---

struct pollfd;

enum bc_server_turn {
    BC_SERVER_GO_ON,
    BC_SERVER_LEAVE,   // a new process serves
    BC_SERVER_RESTART, // it failed after we had let go
};

#define BC_SERVER_HANDOVER_FDS 2

// What to wait for.
size_t
bc_server_handover_watch(struct bc_server *server, struct pollfd *fds);

// After the wait.
enum bc_server_turn
bc_server_handover_turn(struct bc_server *server);

// Starts the program's file anew in this process; comes back only when that fails.
void
bc_server_handover_restart(struct bc_server *server);

// Starts the program's file as a process that takes over.
void
bc_server_handover_spawn(struct bc_server *server);

#endif
