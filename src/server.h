// SPDX-License-Identifier: Apache-2.0
#ifndef SERVER_H
#define SERVER_H

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

// --- server.c ---

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

// Closes what is open, waiting no longer than so, and leaves the rest to the end of the
// process.
void
bc_server_drain(struct bc_server *server, int64_t patience_us);

// --- server_tls.c ---

// Loads the certificate, for RTMP and with HTTP's ALPN; false with the reason logged. Both
// NULL without a certificate.
bool
bc_server_load_tls(const struct bc_config *config, struct bc_tls_context **rtmp,
    struct bc_tls_context **http);

// Remembers what the files look like; before they are loaded. Main thread, as the next.
void
bc_server_mark_tls(struct bc_server *server, const struct bc_config *config);

// Once a minute: loads the certificate anew when its files have changed, as renewed
// certificates seldom come with a SIGHUP. Keeps the old one when the files do not fit.
void
bc_server_watch_tls(struct bc_server *server);

// --- server_srt.c ---

// False with the reason logged.
bool
bc_server_srt_create(struct bc_server *server);

// Opens the listeners; the workers run.
bool
bc_server_srt_listen(struct bc_server *server);

// Tries again what another process had when we began. Main thread.
void
bc_server_srt_tick(struct bc_server *server);

// Fine without, and after a failed create.
void
bc_server_srt_destroy(struct bc_server *server);

// --- server_record.c ---

// Everything about recordings but the recorder. False with the reason logged.
bool
bc_server_record_create(struct bc_server *server);

// The recorder; after the hub. False with the reason logged.
bool
bc_server_record_start(struct bc_server *server);

// A broadcast of a channel begins or goes on, on its home worker: it is recorded, perhaps.
void
bc_server_on_broadcast(struct bc_server *server, struct bc_channel *channel);

void
bc_server_on_channel_close(struct bc_server *server, struct bc_channel *channel);

// The server has another configuration.
void
bc_server_record_reload(struct bc_server *server);

// Once a second or so.
void
bc_server_record_tick(struct bc_server *server);

void
bc_server_record_totals(const struct bc_server *server, struct bc_control_totals *out);

// Another process is about to open the data directory: all that writes there ends, while
// the workers run on. What is asked of it from now on is refused or never answered.
void
bc_server_record_let_go(struct bc_server *server);

// Ends what still posts to the workers, which have stopped. Fine without.
void
bc_server_record_stop(struct bc_server *server);

// After the hub has gone.
void
bc_server_record_destroy(struct bc_server *server);

// --- server_cues.c ---

// After the hub. False without memory.
bool
bc_server_cues_open(struct bc_server *server);

// See bc_hub_ops.on_program.
void
bc_server_on_program(
    struct bc_server *server, struct bc_channel *channel, struct bc_channel *program);

// See bc_hub_ops.on_cue_point.
void
bc_server_on_cue_point(struct bc_server *server, struct bc_channel *channel,
    const struct bc_packet *packet, int64_t sent_us);

// Once a second or so, while this process is the one that serves. Main thread, as the next.
void
bc_server_cues_tick(struct bc_server *server);

// Before the process ends or hands over.
void
bc_server_cues_save(struct bc_server *server);

// --- server_scenes.c ---

// After the hub. False without memory.
bool
bc_server_scenes_open(struct bc_server *server);

// See bc_hub_ops.admits.
bool
bc_server_admit_composer(void *user, const char *name, const char *key);

void
bc_server_scenes_totals(const struct bc_server *server, struct bc_control_totals *out);

// --- server_schedule.c ---

// Tells the parts what schedules say now. Main thread, once a second or so.
void
bc_server_schedule_tick(struct bc_server *server);

// --- server_relays.c ---

// The streams from and to other servers, and the threads behind them. Owned by the
// server; the API asks on any worker.
extern const struct bc_control_relay_ops BC_SERVER_RELAY_OPS;

// NULL after logging why.
struct bc_server_relays *
bc_server_relays_create(struct bc_server *server);

// Starts what channels' sources name, and stops what they name no more. Main thread.
void
bc_server_relays_follow(
    struct bc_server_relays *relays, const struct bc_config *config);

// From now on none is started.
void
bc_server_relays_close(struct bc_server_relays *relays);

// Stops those of the worker, on its thread; after the close.
void
bc_server_relays_drain(struct bc_server_relays *relays, const struct bc_server_worker *w);

// Between the workers' join and the last run of their leftovers: what stops may be among
// these, and the threads post until they end. Waits up to 2 s for goodbyes. NULL is fine.
void
bc_server_relays_destroy(struct bc_server_relays *relays);

// The threads behind them.
struct bc_relay *
bc_server_relays_threads(struct bc_server_relays *relays);

// Whether the channel has a pull on demand, which is told that somebody wants it. Any
// thread, as the next.
bool
bc_server_relays_want(struct bc_server_relays *relays, const char *channel);

// Whether the channel is to be pushed somewhere.
bool
bc_server_relays_push(struct bc_server_relays *relays, const char *channel);

// --- server_edge.c ---

// Their ids in the API begin behind this.
#define BC_SERVER_EDGE_IDS 1000000

// What is pulled from relay.origins. Owned by the server.
struct bc_server_edges *
bc_server_edges_create(struct bc_server *server);

// Somebody wants a channel that is not configured here. False: no origin has it, as known
// now, or too much is asked for. Any thread.
bool
bc_server_edges_want(struct bc_server_edges *edges, const char *name, const char *via);

size_t
bc_server_edges_list(
    struct bc_server_edges *edges, struct bc_control_relay *out, size_t max);

// From now on none is started.
void
bc_server_edges_close(struct bc_server_edges *edges);

// As bc_server_relays_drain().
void
bc_server_edges_drain(struct bc_server_edges *edges, const struct bc_server_worker *w);

// After the last run of the workers' leftovers. NULL is fine.
void
bc_server_edges_destroy(struct bc_server_edges *edges);

// --- server_demand.c ---

// Who asked for a channel counts as a viewer for so long: connecting takes its time, and
// only who is connected is counted.
#define BC_SERVER_WANTED_US 3000000

// bc_hub_ops.wanted.
bool
bc_server_want(struct bc_server *server, const char *name, const char *via);

// Whether the channel is watched, by its own name or another that shows it, or pushed, or,
// where that counts, recorded. Any thread.
bool
bc_server_demand(struct bc_server *server, const struct bc_config *config,
    const char *name, bool recording);

// Once a second: viewers of a slate want what could be shown instead.
void
bc_server_demand_tick(struct bc_server *server);

// --- server_slate.c: the hub's (see bc_hub_ops) ---

struct bc_channel *
bc_server_open_slate(
    void *user, struct bc_worker *worker, const struct bc_slate_wish *wish);

void
bc_server_close_slate(void *user, struct bc_channel **slate);

bool
bc_server_slate_problem(void *user, const char *path, char *out, size_t size);

// --- server_state.c ---

// Reads the state file and opens again what it has; the workers are made but do not run.
void
bc_server_state_restore(struct bc_server *server);

// Writes it when it changed, and now and then.
void
bc_server_state_tick(struct bc_server *server);

// For the last time.
void
bc_server_state_close(struct bc_server *server);

void
bc_server_state_free(struct bc_server *server);

// --- server_takeover.c, server_handover.c, server_successor.c: see handover/handover.h. Main
// thread ---

struct pollfd;

// NULL without memory.
struct bc_server_handover *
bc_server_handover_create(void);

void
bc_server_handover_destroy(struct bc_server_handover *handover);

// A new process: gets the sockets of the one that serves, and waits until that has let go
// of the data directory. Fine when there is none. 0, or negative errno after logging why.
int
bc_server_handover_begin(struct bc_server *server);

// Takes one of these sockets; -1: there is none of that address.
int
bc_server_inherit(struct bc_server *server, const char *address);

// Those that are left: more sockets on an address than workers, or on an address that is
// no longer wanted.
void
bc_server_inherit_rest(struct bc_server *server);

// Whether a port or a lock that is in use is worth another try, after a moment's wait.
bool
bc_server_handover_waits(struct bc_server *server);

// The new process serves: the old one may go, and we are open to the next.
void
bc_server_handover_ready(struct bc_server *server);

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

// --- server_worker.c ---

// One more socket, on an address that it listens on already. Before its thread runs.
// Owns the descriptor.
bool
bc_server_worker_adopt(struct bc_server_worker *w, const char *address, int fd);

// Accepts no more, ends relays and lets go of the WebRTC port. On its thread.
void
bc_server_worker_let_go(struct bc_server_worker *w);

// Sets up a worker and its listeners, before its thread runs. False after logging why.
bool
bc_server_worker_init(
    struct bc_server_worker *w, struct bc_server *server, unsigned index);

// Puts new settings and certificates to work, on the worker's thread.
void
bc_server_worker_post_reload(struct bc_server_worker *w, struct bc_config *config,
    struct bc_tls_context *rtmp, struct bc_tls_context *http);

// Sends a text to the pages that watch the channel by this worker. Any thread; copied.
// False without memory.
bool
bc_server_worker_post_message(
    struct bc_server_worker *w, const char *channel, const char *text);

// Stops accepting and closes all connections, on the worker's thread.
void
bc_server_worker_post_drain(struct bc_server_worker *w);

// Frees what is left after the thread has ended.
void
bc_server_worker_finish(struct bc_server_worker *w);

#endif
