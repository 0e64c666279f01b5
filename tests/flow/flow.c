// SPDX-License-Identifier: Apache-2.0
#include "flow.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/reader.h"

#define PORT_FIRST 22000
#define PORT_END 22500
#define PORT_SHARE 20 // of one program
#define TURN_MS 5
#define PEERS_MAX 1400

// ThreadSanitizer asks for this by name. GLib's locks are futexes of its own, which it does
// not see, libsrt and x265 are built without it, and libsrt takes a listener's locks in two
// orders, of which one is only possible before it listens.
const char *
__tsan_default_suppressions(void);

const char *
__tsan_default_suppressions(void)
{
    return "race:libglib-2.0\nrace:libgobject-2.0\nrace:libgio-2.0\nrace:libnice\n"
           "race:libx265\nrace:libsrt\ndeadlock:libsrt\nmutex:libsrt\n";
}

#ifdef __SANITIZE_THREAD__
// ThreadSanitizer does not see openat(), so that such a descriptor would look like the socket
// that had its number before. The C library's in this program; the prototype is fcntl.h's.
int
openat(int dir, const char *name, int flags, ...)
{
    mode_t mode = 0;
    if (flags & (O_CREAT | O_TMPFILE)) {
        va_list args;
        va_start(args, flags);
        mode = va_arg(args, mode_t);
        va_end(args);
    }
    char path[PATH_MAX];
    if (dir == AT_FDCWD || name[0] == '/') {
        snprintf(path, sizeof(path), "%s", name);
    } else {
        snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", dir, name);
    }
    return open(path, flags, mode);
}
#endif

static bool
can_bind(int type, const struct sockaddr_in *address)
{
    int on = 1;
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    bool ok = bind(fd, (const struct sockaddr *)address, sizeof(*address)) == 0
        && (type == SOCK_DGRAM || listen(fd, 1) == 0);
    close(fd);
    return ok;
}

// Tests that run at the same time have ports of their own: each program holds the lock of
// its share until it ends. Returns the share's first port.
static unsigned
own_ports(void)
{
    static unsigned first;
    for (unsigned port = PORT_FIRST; first == 0 && port < PORT_END; port += PORT_SHARE) {
        char path[64];
        snprintf(path, sizeof(path), "/tmp/branchcast-flow-%u.lock", port);
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
            first = port; // the descriptor stays open, and with it the lock
        } else {
            close(fd);
        }
    }
    assert_int_not_equal(first, 0);
    return first;
}

// A port of our share, from the given place on, that nobody listens on, by TCP or UDP.
static unsigned
find_port(unsigned place)
{
    unsigned first = own_ports();
    for (unsigned i = 0; i < PORT_SHARE; i++) {
        unsigned port = first + (place + i) % PORT_SHARE;
        struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
            .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        if (can_bind(SOCK_STREAM, &a) && can_bind(SOCK_DGRAM, &a)) {
            return port;
        }
    }
    fail_msg("no port is free");
    return 0;
}

void
flow_open(struct flow *f, const char *const *overrides)
{
    memset(f, 0, sizeof(*f));
    bc_list_init(&f->peers);
    snprintf(f->data_dir, sizeof(f->data_dir), "/tmp/flow-test-XXXXXX");
    assert_non_null(mkdtemp(f->data_dir));
    // Not the ports of the server before, whose connections may linger.
    static unsigned place;
    f->rtmp_port = find_port(place);
    f->http_port = find_port(f->rtmp_port - own_ports() + 1);
    snprintf(f->texts[0], sizeof(f->texts[0]), "rtmp.listen=0.0.0.0:%u", f->rtmp_port);
    snprintf(f->texts[1], sizeof(f->texts[1]), "http.listen=127.0.0.1:%u", f->http_port);
    f->media_port = find_port(f->http_port - own_ports() + 1);
    snprintf(f->texts[2], sizeof(f->texts[2]), "data.dir=%s", f->data_dir);
    snprintf(f->texts[3], sizeof(f->texts[3]), "webrtc.listen=127.0.0.1:%u",
        f->media_port);
    f->srt_port = find_port(f->media_port - own_ports() + 1);
    place = f->srt_port - own_ports() + 1;
    snprintf(f->texts[4], sizeof(f->texts[4]), "srt.listen=127.0.0.1:%u", f->srt_port);
    // Open, so that each key is a credential of its own.
    const char *own[] = { f->texts[0], f->texts[1], f->texts[2], f->texts[3], f->texts[4],
        "workers=2", "log.level=error", "access.publish=open", "access.api=open" };
    size_t n = sizeof(own) / sizeof(own[0]);
    memcpy(f->overrides, own, sizeof(own));
    while (overrides && *overrides) {
        assert_true(n < FLOW_OVERRIDES);
        f->overrides[n++] = *overrides++;
    }
    f->server.overrides = f->overrides;
    f->server.override_count = n;
    assert_int_equal(bc_config_load(NULL, f->overrides, n, &f->server.config, NULL), 0);
    int err = bc_server_start(&f->server);
    f->stopped = err != 0; // else the end of the test would wait for what never began
    assert_int_equal(err, 0);
}

static void
remove_data(const char *dir)
{
    char command[128];
    snprintf(command, sizeof(command), "rm -r '%s'", dir);
    assert_int_equal(system(command), 0);
}

void
flow_close(struct flow *f)
{
    bc_list_for_each(node, tmp, &f->peers)
    {
        flow_hang_up(bc_container_of(node, struct flow_peer, node));
    }
    if (!f->stopped) {
        bc_server_stop(&f->server);
    }
    remove_data(f->data_dir);
}

void
flow_connect(struct flow *f, struct flow_peer *peer, unsigned port, const char *from)
{
    struct sockaddr_in a = { .sin_family = AF_INET };
    assert_int_equal(inet_pton(AF_INET, from ? from : "127.0.0.1", &a.sin_addr), 1);
    peer->flow = f;
    peer->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(peer->fd >= 0);
    assert_int_equal(bind(peer->fd, (struct sockaddr *)&a, sizeof(a)), 0);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    a.sin_port = htons((uint16_t)port);
    assert_int_equal(connect(peer->fd, (struct sockaddr *)&a, sizeof(a)), 0);
    bc_list_append(&f->peers, &peer->node);
}

void
flow_hang_up(struct flow_peer *peer)
{
    if (peer->fd >= 0 && peer->flow) {
        close(peer->fd);
        peer->fd = -1;
        bc_list_remove(&peer->node);
    }
}

void
flow_send(struct flow_peer *peer, const void *data, size_t len)
{
    const uint8_t *p = data;
    int64_t end = flow_real_us() + FLOW_DEADLINE_US;
    while (len > 0 && peer->fd >= 0) {
        ssize_t n = send(peer->fd, p, len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EAGAIN) {
            assert_true(flow_real_us() < end);
            struct pollfd pfd = { .fd = peer->fd, .events = POLLOUT };
            poll(&pfd, 1, TURN_MS);
            continue;
        }
        if (n < 0) {
            return; // the next read tells why
        }
        p += n;
        len -= (size_t)n;
    }
}

static void
read_peer(struct flow_peer *peer)
{
    static uint8_t bytes[65536];
    for (;;) {
        ssize_t n = recv(peer->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
            return;
        }
        if (n <= 0) {
            peer->closed = true;
            flow_hang_up(peer);
            return;
        }
        peer->on_bytes(peer, bytes, (size_t)n);
        if (peer->fd < 0) {
            return;
        }
    }
}

int64_t
flow_real_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void
flow_turn(struct flow *f)
{
    static struct pollfd fds[PEERS_MAX];
    static struct flow_peer *peers[PEERS_MAX];
    nfds_t n = 0;
    bc_list_for_each(node, tmp, &f->peers)
    {
        struct flow_peer *peer = bc_container_of(node, struct flow_peer, node);
        if (!peer->deaf) {
            assert_true(n < PEERS_MAX);
            fds[n] = (struct pollfd){ .fd = peer->fd, .events = POLLIN };
            peers[n++] = peer;
        }
    }
    poll(fds, n, TURN_MS);
    for (nfds_t i = 0; i < n; i++) {
        if (fds[i].revents && peers[i]->fd >= 0) {
            read_peer(peers[i]);
        }
    }
}

void
flow_count_connections(struct flow *f, uint64_t counts[2])
{
    for (int i = 0; i < 2; i++) {
        counts[i] = atomic_load(&f->server.workers[i].worker->connections);
    }
}

int
flow_find_worker(struct flow *f, const uint64_t before[2])
{
    for (int i = 0; i < 2; i++) {
        if (atomic_load(&f->server.workers[i].worker->connections) > before[i]) {
            return i;
        }
    }
    return -1;
}

struct call {
    struct bc_task task;
    void (*run)(void *user);
    void *user;
    atomic_bool done;
};

static void
run_call(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct call *c = bc_container_of(task, struct call, task);
    c->run(c->user);
    atomic_store(&c->done, true);
}

void
flow_run_on(struct flow *f, unsigned worker, void (*run)(void *user), void *user)
{
    struct call c = { .task.run = run_call, .run = run, .user = user };
    bc_list_init(&c.task.node);
    bc_worker_post(f->server.workers[worker].worker, &c.task);
    int64_t end = flow_real_us() + FLOW_DEADLINE_US;
    while (!atomic_load(&c.done)) {
        assert_true(flow_real_us() < end); // the task is on our stack
        sched_yield();
    }
}

struct bc_channel *
flow_channel(struct flow *f)
{
    return bc_hub_find(f->server.hub, "live/hq");
}

enum bc_channel_state
flow_state(struct flow *f)
{
    struct bc_channel *channel = flow_channel(f);
    enum bc_channel_state state = channel ? bc_channel_state(channel) : BC_CHANNEL_NONE;
    bc_channel_unref(&channel);
    return state;
}

void
flow_media_add(struct flow_media *m, enum bc_kind kind, uint32_t ms, const uint8_t *body,
    size_t len)
{
    if (kind == BC_KIND_SCRIPT) {
        m->scripts++;
        return;
    }
    struct bc_reader r = bc_reader_init(body, len);
    bool key = bc_read_u8(&r) >> 4 == 1;
    if (bc_read_u8(&r) == 0) {
        *(kind == BC_KIND_VIDEO ? &m->video_headers : &m->audio_headers) += 1;
        return;
    }
    if (kind == BC_KIND_VIDEO) {
        bc_read_skip(&r, 3 + 4 + 1); // composition time, length and head of the NAL unit
    }
    uint32_t number = bc_read_u32(&r);
    assert_false(r.failed);
    if (m->video + m->audio == 0) {
        m->first_is_key = kind == BC_KIND_VIDEO && key;
        m->first_number = number;
        m->first_ms = ms;
    } else {
        m->gaps += number != m->last_number + 1;
        // Sound and picture are cut at different times: a step back of one sound is none.
        m->backwards += ms + FLOW_FRAME_MS < m->last_ms;
    }
    *(kind == BC_KIND_VIDEO ? &m->video : &m->audio) += 1;
    m->last_number = number;
    m->last_ms = ms;
}
