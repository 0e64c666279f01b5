// SPDX-License-Identifier: Apache-2.0
// Taking over from the process that serves, and handing over to the next one: both sides
// of the talk that handover/handover.h describes.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "handover/handover.h"
#include "net/listener.h"
#include "net/tls.h"
#include "server.h"

#define LISTENERS_MAX (BC_WORKER_MAX * BC_SERVER_LISTENERS)
#define ANSWER_MS 5000    // the old process answers out of its main loop
#define RELEASE_MS 15000  // it writes what is recorded
#define PATIENCE_US 10000000 // for ports and locks of one that goes
#define WAIT_MS 20
#define ROUND_MS 3000
#define SUCCESSOR_US 60000000 // from our letting go until it must be ready
#define RESTART_DRAIN_US 1500000
#define SEND_BYTES (1 << 20)
// The restarted program finds its sockets here.
#define RESTART_ENV "BRANCHCAST_TAKE_OVER_FD"

struct inherited {
    char address[BC_HANDOVER_TEXT];
    int fd; // owned; -1: in use
};

// The server's part in both talks; main thread.
struct bc_server_handover {
    // With the process before us.
    int before;
    struct inherited *inherited;
    size_t inherited_count;
    int64_t patient_until_us;
    // With the one after us.
    int listener;
    int after;
    enum { SERVING, OFFERED, RELEASED } state;
    int64_t deadline_us; // of the one after us
    bool listener_ready; // what the last wait saw
    bool after_ready;
    pid_t successor; // 0: none
};

struct bc_server_handover *
bc_server_handover_create(void)
{
    struct bc_server_handover *h = calloc(1, sizeof(*h));
    if (h) {
        h->before = -1;
        h->listener = -1;
        h->after = -1;
    }
    return h;
}

static void
close_fd(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

void
bc_server_handover_destroy(struct bc_server_handover *h)
{
    if (!h) {
        return;
    }
    close_fd(&h->before);
    close_fd(&h->listener);
    close_fd(&h->after);
    for (size_t i = 0; i < h->inherited_count; i++) {
        close_fd(&h->inherited[i].fd);
    }
    free(h->inherited);
    free(h);
}

static int
say(int socket, enum bc_handover_kind kind, const char *text)
{
    struct bc_handover_message m = { .kind = kind, .version = BC_HANDOVER_VERSION,
        .fd = -1 };
    snprintf(m.text, sizeof(m.text), "%s", text);
    return bc_handover_send(socket, &m);
}

// --- the new process ---

static int
keep(struct bc_server_handover *h, struct bc_handover_message *m)
{
    if (!bc_handover_is_listener(m->fd) || h->inherited_count == LISTENERS_MAX) {
        close(m->fd);
        return -EBADMSG;
    }
    struct inherited *grown
        = realloc(h->inherited, (h->inherited_count + 1) * sizeof(*grown));
    if (!grown) {
        close(m->fd);
        return -ENOMEM;
    }
    h->inherited = grown;
    struct inherited *i = &h->inherited[h->inherited_count++];
    memcpy(i->address, m->text, sizeof(i->address));
    i->fd = m->fd;
    return 0;
}

// Reads until `last` comes.
static int
expect(struct bc_server_handover *h, enum bc_handover_kind last, int timeout_ms)
{
    struct bc_handover_message m;
    int ret;
    do {
        ret = bc_handover_receive(h->before, timeout_ms, &m);
        if (ret == 0 && m.kind == BC_HANDOVER_LISTENER) {
            ret = keep(h, &m);
        } else if (ret == 0 && m.kind == BC_HANDOVER_REFUSED) {
            bc_error(NULL, "the process that serves does not hand over: %s", m.text);
            return -EPERM;
        } else if (ret == 0 && m.kind != last) {
            ret = -EBADMSG;
        }
    } while (ret == 0 && m.kind == BC_HANDOVER_LISTENER);
    return ret;
}

static bool
is_inherited(const struct bc_server_handover *h, const char *address)
{
    bool found = false;
    for (size_t i = 0; i < h->inherited_count && !found; i++) {
        found = strcmp(h->inherited[i].address, address) == 0;
    }
    return found;
}

static bool
check_list(const struct bc_server *s, const struct bc_config_listen_list *list)
{
    bool ok = true;
    for (size_t i = 0; i < list->n && ok; i++) {
        char text[80];
        char error[256];
        bool v6 = strchr(list->items[i].host, ':') != NULL;
        snprintf(text, sizeof(text), v6 ? "[%s]:%u" : "%s:%u", list->items[i].host,
            (unsigned)list->items[i].port);
        ok = is_inherited(s->handover, text)
            || bc_listener_probe(text, error, sizeof(error)) == 0;
        if (!ok) {
            bc_error(NULL, "%s", error);
        }
    }
    return ok;
}

// What can go wrong should do so while the old process still serves.
static bool
is_fit(const struct bc_server *s)
{
    struct bc_tls_context *rtmp = NULL;
    struct bc_tls_context *http = NULL;
    bool tls = bc_server_load_tls(s->config, &rtmp, &http);
    bool secure = http != NULL;
    bc_tls_context_unref(&rtmp);
    bc_tls_context_unref(&http);
    return tls && check_list(s, &s->config->rtmp.listen)
        && check_list(s, &s->config->http.listen)
        && (!secure
            || (check_list(s, &s->config->rtmps.listen)
                && check_list(s, &s->config->https.listen)));
}

// The descriptor of a talk that was prepared by bc_server_handover_restart(), or -1.
static int
take_prepared(void)
{
    const char *text = getenv(RESTART_ENV);
    int fd = text ? atoi(text) : -1;
    unsetenv(RESTART_ENV);
    if (fd > STDERR_FILENO && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0) {
        return fd;
    }
    return -1;
}

static int
give_up(struct bc_server_handover *h, int error)
{
    if (error != -EPERM) {
        bc_error(NULL, "cannot take over from the process that serves: %s",
            strerror(-error));
    }
    close_fd(&h->before);
    return error;
}

int
bc_server_handover_begin(struct bc_server *s)
{
    struct bc_server_handover *h = s->handover;
    h->before = take_prepared();
    bool prepared = h->before >= 0;
    if (!prepared && s->take_over) {
        h->before = bc_handover_connect(s->config->data.dir);
        if (h->before == -EPERM) {
            return give_up(h, h->before);
        }
    }
    if (s->take_over || prepared) {
        // Perhaps one is about to end.
        h->patient_until_us = bc_clock_us() + PATIENCE_US;
    }
    if (h->before < 0) {
        h->before = -1;
        return 0;
    }
    say(h->before, BC_HANDOVER_TAKE_OVER, "");
    int ret = expect(h, BC_HANDOVER_OFFERED, ANSWER_MS);
    if (ret == -EPIPE) {
        close_fd(&h->before);
        return 0;
    }
    if (ret == 0 && !is_fit(s)) {
        ret = -EPERM; // said already
    }
    if (ret == 0) {
        say(h->before, BC_HANDOVER_RELEASE, "");
        ret = expect(h, BC_HANDOVER_RELEASED, RELEASE_MS);
    }
    if (ret != 0) {
        return give_up(h, ret);
    }
    bc_info(NULL, "taking over with %zu sockets", h->inherited_count);
    h->patient_until_us = bc_clock_us() + PATIENCE_US;
    s->srt_until_us = h->patient_until_us;
    return 0;
}

int
bc_server_inherit(struct bc_server *s, const char *address)
{
    struct bc_server_handover *h = s->handover;
    for (size_t i = 0; h && i < h->inherited_count; i++) {
        int fd = h->inherited[i].fd;
        if (fd >= 0 && strcmp(h->inherited[i].address, address) == 0) {
            h->inherited[i].fd = -1;
            return fd;
        }
    }
    return -1;
}

void
bc_server_inherit_rest(struct bc_server *s)
{
    struct bc_server_handover *h = s->handover;
    for (size_t i = 0; h && i < h->inherited_count; i++) {
        struct inherited *left = &h->inherited[i];
        if (left->fd < 0) {
            continue;
        }
        // Whoever waits in its queue would be cut off, if it were wanted.
        int fd = left->fd;
        left->fd = -1;
        if (!bc_server_worker_adopt(&s->workers[i % s->worker_count], left->address, fd)) {
            bc_info(NULL, "%s is no longer listened on", left->address);
        }
    }
}

bool
bc_server_handover_waits(struct bc_server *s)
{
    if (!s->handover || bc_clock_us() > s->handover->patient_until_us) {
        return false;
    }
    poll(NULL, 0, WAIT_MS);
    return true;
}

void
bc_server_handover_ready(struct bc_server *s)
{
    struct bc_server_handover *h = s->handover;
    if (h->before >= 0) {
        say(h->before, BC_HANDOVER_READY, "");
        close_fd(&h->before);
    }
    h->patient_until_us = 0;
    h->listener = bc_handover_listen(s->config->data.dir);
    if (h->listener < 0) {
        bc_warn(NULL, "no other process can take over from us: %s", strerror(-h->listener));
        h->listener = -1;
    }
    char state[64];
    snprintf(state, sizeof(state), "READY=1\nMAINPID=%ld", (long)getpid());
    bc_handover_notify(state);
}

// --- the old process: a round through the workers ---

// One task for each worker, and how many have yet to run it.
struct round {
    atomic_uint left;
    struct round_task {
        struct bc_task task;
        struct bc_server_worker *w;
        struct round *round;
    } tasks[];
};

static void
run_let_go(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct round_task *t = bc_container_of(task, struct round_task, task);
    bc_server_worker_let_go(t->w);
    atomic_fetch_sub(&t->round->left, 1);
}

static void
run_nothing(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct round_task *t = bc_container_of(task, struct round_task, task);
    atomic_fetch_sub(&t->round->left, 1);
}

static bool
go_round(struct bc_server *s, void (*run)(struct bc_task *, struct bc_worker *))
{
    struct round *r = calloc(1, sizeof(*r) + s->worker_count * sizeof(r->tasks[0]));
    if (!r) {
        return false;
    }
    atomic_init(&r->left, s->worker_count);
    for (unsigned i = 0; i < s->worker_count; i++) {
        bc_list_init(&r->tasks[i].task.node);
        r->tasks[i].task.run = run;
        r->tasks[i].w = &s->workers[i];
        r->tasks[i].round = r;
        bc_worker_post(s->workers[i].worker, &r->tasks[i].task);
    }
    for (int i = 0; atomic_load(&r->left) > 0 && i < ROUND_MS; i++) {
        poll(NULL, 0, 1);
    }
    bool ok = atomic_load(&r->left) == 0;
    if (ok) {
        free(r); // else a worker hangs, and will find it when it goes on
    }
    return ok;
}

// --- the old process: the talk ---

static int
offer(struct bc_server *s, int socket)
{
    int ret = 0;
    for (unsigned i = 0; i < s->worker_count; i++) {
        const struct bc_server_worker *w = &s->workers[i];
        for (size_t k = 0; k < w->port_count && ret == 0; k++) {
            struct bc_handover_message m = { .kind = BC_HANDOVER_LISTENER,
                .fd = bc_listener_fd(w->ports[k].listener) };
            snprintf(m.text, sizeof(m.text), "%s", w->ports[k].address);
            ret = bc_handover_send(socket, &m);
        }
    }
    return ret == 0 ? say(socket, BC_HANDOVER_OFFERED, "") : ret;
}

static void
forget_after(struct bc_server_handover *h)
{
    close_fd(&h->after);
    h->state = SERVING;
}

// The first word of who connected; waited for, as it comes at once.
static void
meet(struct bc_server *s)
{
    struct bc_server_handover *h = s->handover;
    int fd = bc_handover_accept(h->listener);
    if (fd < 0) {
        return;
    }
    const struct timeval patience = { .tv_sec = 2 };
    const int bytes = SEND_BYTES;
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
    struct bc_handover_message m;
    int ret = bc_handover_receive(fd, 500, &m);
    if (ret == 0 && m.fd >= 0) {
        close(m.fd);
    }
    if (ret != 0 || m.kind != BC_HANDOVER_TAKE_OVER) {
        close(fd);
        return;
    }
    const char *why = m.version != BC_HANDOVER_VERSION ? "it speaks another version"
        : h->state != SERVING                          ? "another one takes over"
                                                       : NULL;
    if (why) {
        say(fd, BC_HANDOVER_REFUSED, why);
        close(fd);
        return;
    }
    h->after = fd;
    h->state = OFFERED;
    h->deadline_us = bc_clock_us() + SUCCESSOR_US;
    bc_info(NULL, "a new process wants to take over");
    if (offer(s, fd) != 0) {
        bc_warn(NULL, "the new process does not listen; nothing changes");
        forget_after(h);
    }
}

static void
let_go(struct bc_server *s)
{
    bc_info(NULL, "letting go of the hosts and the data directory");
    atomic_store(&s->ready, false);
    bc_server_relays_close(s->relays);
    bc_server_edges_close(s->edges);
    bc_srt_close_listeners(s->srt);
    // Nobody is accepted from now on; then nobody is told that the server goes down.
    bool ok = go_round(s, run_let_go);
    bc_hub_drain(s->hub);
    // Takes end on their homes, their last parts are on the way, sockets are closed.
    ok = go_round(s, run_nothing) && ok;
    ok = go_round(s, run_nothing) && ok;
    if (!ok) {
        bc_warn(NULL, "a worker does not answer");
    }
    bc_server_record_let_go(s);
    bc_server_state_close(s);
}

static enum bc_server_turn
on_word(struct bc_server *s)
{
    struct bc_server_handover *h = s->handover;
    struct bc_handover_message m;
    int ret = bc_handover_receive(h->after, 0, &m);
    if (ret == 0 && m.fd >= 0) {
        close(m.fd);
    }
    if (ret == 0 && h->state == OFFERED && m.kind == BC_HANDOVER_RELEASE) {
        let_go(s);
        h->state = RELEASED;
        h->deadline_us = bc_clock_us() + SUCCESSOR_US;
        say(h->after, BC_HANDOVER_RELEASED, "");
        return BC_SERVER_GO_ON;
    }
    if (ret == 0 && h->state == RELEASED && m.kind == BC_HANDOVER_READY) {
        bc_info(NULL, "the new process serves");
        return BC_SERVER_LEAVE;
    }
    if (h->state == RELEASED) {
        bc_error(NULL, "the new process failed before it was ready");
        return BC_SERVER_RESTART;
    }
    bc_warn(NULL, "the new process gave up; nothing changes");
    forget_after(h);
    return BC_SERVER_GO_ON;
}

size_t
bc_server_handover_watch(struct bc_server *s, struct pollfd *fds)
{
    const struct bc_server_handover *h = s->handover;
    // Negative descriptors are passed over.
    fds[0] = (struct pollfd){ .fd = h->listener, .events = POLLIN };
    fds[1] = (struct pollfd){ .fd = h->after, .events = POLLIN };
    return BC_SERVER_HANDOVER_FDS;
}

static bool
has_news(int fd)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };
    return fd >= 0 && poll(&p, 1, 0) > 0;
}

enum bc_server_turn
bc_server_handover_turn(struct bc_server *s)
{
    struct bc_server_handover *h = s->handover;
    if (h->successor > 0 && waitpid(h->successor, NULL, WNOHANG) == h->successor) {
        h->successor = 0;
    }
    if (has_news(h->listener)) {
        meet(s);
    }
    if (has_news(h->after)) {
        return on_word(s);
    }
    if (h->after >= 0 && bc_clock_us() > h->deadline_us) {
        bc_warn(NULL, "the new process takes too long");
        if (h->state == RELEASED) {
            return BC_SERVER_RESTART;
        }
        forget_after(h);
    }
    return BC_SERVER_GO_ON;
}

// --- starting a program ---

// The program's file as it is now: an update has put another one in its place.
static bool
find_program(char out[static 4096])
{
    static const char DELETED[] = " (deleted)";
    ssize_t n = readlink("/proc/self/exe", out, 4095);
    if (n <= 0) {
        return false;
    }
    out[n] = '\0';
    size_t tail = sizeof(DELETED) - 1;
    if ((size_t)n > tail && strcmp(out + n - tail, DELETED) == 0) {
        out[(size_t)n - tail] = '\0';
    }
    return true;
}

void
bc_server_handover_restart(struct bc_server *s)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        bc_error(NULL, "cannot start again: %s", strerror(errno));
        return;
    }
    const int bytes = SEND_BYTES;
    setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
    setsockopt(pair[0], SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes));
    // The whole talk at once: what we start reads it, and nobody answers.
    fcntl(pair[0], F_SETFL, O_NONBLOCK);
    bool ok = offer(s, pair[0]) == 0 && say(pair[0], BC_HANDOVER_RELEASED, "") == 0;
    bc_server_drain(s, RESTART_DRAIN_US);
    char text[16];
    snprintf(text, sizeof(text), "%d", pair[1]);
    // What libraries opened must not stay open in the new program: its ports are its own.
    close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    ok = ok && fcntl(pair[1], F_SETFD, 0) == 0 && setenv(RESTART_ENV, text, 1) == 0;
    if (ok) {
        bc_warn(NULL, "starting again");
        sigset_t none;
        sigemptyset(&none);
        pthread_sigmask(SIG_SETMASK, &none, NULL);
        execv("/proc/self/exe", s->argv); // the file that ran so far, not a broken update
    }
    bc_error(NULL, "cannot start again: %s", strerror(errno));
}

static bool
has_word(char **words, const char *word)
{
    bool has = false;
    for (; *words && !has; words++) {
        has = strcmp(*words, word) == 0;
    }
    return has;
}

static int
spawn(const char *program, char **argv, pid_t *out)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    int ret = posix_spawn(out, program, &actions, &attributes, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return -ret;
}

void
bc_server_handover_spawn(struct bc_server *s)
{
    static char TAKE_OVER[] = "--take-over";
    char program[4096];
    size_t n = 0;
    while (s->argv[n]) {
        n++;
    }
    char **argv = calloc(n + 2, sizeof(*argv));
    if (!argv || !find_program(program) || s->handover->successor > 0) {
        bc_warn(NULL, "no new process now");
        free(argv);
        return;
    }
    memcpy(argv, s->argv, n * sizeof(*argv));
    if (!has_word(s->argv, TAKE_OVER)) {
        argv[n] = TAKE_OVER;
    }
    int ret = spawn(program, argv, &s->handover->successor);
    if (ret != 0) {
        s->handover->successor = 0;
        bc_error(NULL, "cannot start %s: %s", program, strerror(-ret));
    } else {
        bc_info(NULL, "started %s as process %ld", program, (long)s->handover->successor);
    }
    free(argv);
}
