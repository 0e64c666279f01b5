// SPDX-License-Identifier: Apache-2.0
#ifndef PARTS_H
#define PARTS_H

#include "server/server.h"

// What the parts of the server, a file each, have for each other.

// --- server.c ---

// Closes what is open, waiting no longer than so, and leaves the rest to the end of the
// process.
void
bc_server_drain(struct bc_server *server, int64_t patience_us);

// --- reload.c ---

// What a user should know of the configuration, in the log.
void
bc_server_log_warnings(const struct bc_config *config);

// --- totals.c ---

// See bc_control_ops.get_totals; `user` is the server.
void
bc_server_totals(void *user, struct bc_control_totals *out);

// --- tls.c ---

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

// --- srt.c ---

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

// --- record.c ---

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

// --- cues.c ---

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

// --- scenes.c ---

// After the hub. False without memory.
bool
bc_server_scenes_open(struct bc_server *server);

// See bc_hub_ops.admits.
bool
bc_server_admit_composer(void *user, const char *name, const char *key);

void
bc_server_scenes_totals(const struct bc_server *server, struct bc_control_totals *out);

// --- schedule.c ---

// Tells the parts what schedules say now. Main thread, once a second or so.
void
bc_server_schedule_tick(struct bc_server *server);

// --- relays.c ---

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

// --- edge.c ---

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

// --- demand.c ---

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

// --- slate.c: the hub's (see bc_hub_ops) ---

struct bc_channel *
bc_server_open_slate(
    void *user, struct bc_worker *worker, const struct bc_slate_wish *wish);

void
bc_server_close_slate(void *user, struct bc_channel **slate);

bool
bc_server_slate_problem(void *user, const char *path, char *out, size_t size);

// --- state.c ---

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

// --- takeover.c, handover.c, successor.c: see handover/handover.h. Main
// thread ---

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

// --- worker.c ---

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
