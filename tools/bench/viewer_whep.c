// SPDX-License-Identifier: Apache-2.0
// Viewer: WebRTC, by WHEP or from Janus: signalling, ICE, DTLS and the timers.
#include <errno.h>
#include <linux/sock_diag.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "samples.h"
#include "whep_viewer.h"

enum {
    SOCKET_BUFFER_BYTES = 4 << 20,
    CHECK_REPEAT_MS = 50,
    CONSENT_EVERY_MS = 5000,
    CONSENT_LOST_MS = 30000, // RFC 7675
    REPORT_EVERY_MS = 2000,
    KEY_TIMEOUT_MS = 10000,
};

static struct bc_buf stun_out;

static void
plan(struct bc_whep_viewer *w)
{
    const int64_t times[] = { w->check_at_ns, w->dtls_at_ns, w->report_at_ns };
    w->viewer->wake_ns = 0;
    if (w->viewer->state >= BC_VIEWER_FAILED) {
        return;
    }
    for (size_t i = 0; i < BC_ARRAY_LEN(times); i++) {
        if (times[i] && (!w->viewer->wake_ns || times[i] < w->viewer->wake_ns)) {
            w->viewer->wake_ns = times[i];
        }
    }
}

static void
send_datagram(struct bc_whep_viewer *w, const void *p, size_t n)
{
    if (send(w->udp.fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
        bc_count_note(errno == ECONNREFUSED ? "udp_refused" : "udp_send_failed");
    }
}

// ---- ICE ----

static void
send_check(struct bc_whep_viewer *w, int64_t now_ns)
{
    char username[2 * BC_ICE_TEXT];
    const struct bc_sdp_remote *remote = &w->signal.remote;
    snprintf(username, sizeof(username), "%s:%s", remote->ufrag, w->ufrag);
    if (w->stage == BC_WHEP_PLAYING) { // else it is the first check, again
        bc_random_bytes(w->transaction, sizeof(w->transaction));
    }
    struct bc_stun_check check = {
        .transaction = w->transaction,
        .username = username,
        .password = remote->pwd,
        .tie_breaker = w->tie_breaker,
        .controlling = w->signal.we_offered || remote->lite,
    };
    bc_stun_write_check(&stun_out, &check);
    send_datagram(w, stun_out.data, stun_out.len);
    int64_t wait_ms = w->stage == BC_WHEP_PLAYING ? CONSENT_EVERY_MS : CHECK_REPEAT_MS;
    w->check_at_ns = now_ns + wait_ms * BC_NS_PER_MS;
}

static void
feed_dtls(struct bc_whep_viewer *w, const uint8_t *p, size_t n);

static void
begin_dtls(struct bc_whep_viewer *w)
{
    w->stage = BC_WHEP_HANDSHAKE;
    w->viewer->stage = "dtls";
    w->check_at_ns = 0;
    if (bc_dtls_open(&w->dtls, w->udp.fd, !w->signal.remote.active)) {
        bc_viewer_on_failed(w->viewer, "dtls_open");
        return;
    }
    feed_dtls(w, NULL, 0);
}

void
bc_whep_on_stun(struct bc_whep_viewer *w, const uint8_t *p, size_t n)
{
    switch (bc_stun_kind_of(p, n)) {
    case BC_STUN_REQUEST:
        if (bc_stun_is_genuine(p, n, w->pwd)) {
            bc_stun_write_success(&stun_out, p + 8, &w->signal.remote.address, w->pwd);
            send_datagram(w, stun_out.data, stun_out.len);
        } else {
            bc_count_note("stun_forged_request");
        }
        return;
    case BC_STUN_SUCCESS:
        if (memcmp(p + 8, w->transaction, sizeof(w->transaction))
            || !bc_stun_is_genuine(p, n, w->signal.remote.pwd)) {
            bc_count_note("stun_stray_response");
            return;
        }
        w->heard_ns = bc_now_ns();
        if (w->stage == BC_WHEP_CHECKING) {
            begin_dtls(w);
        }
        return;
    case BC_STUN_ERROR:
        bc_count_note("stun_error");
        return;
    default:
        return;
    }
}

// ---- DTLS ----

static void
on_connected(struct bc_whep_viewer *w)
{
    int64_t now_ns = bc_now_ns();
    const char *error =
        bc_dtls_make_srtp(&w->dtls, w->signal.remote.fingerprint, &w->in, &w->out);
    if (error) {
        bc_viewer_on_failed(w->viewer, error);
        return;
    }
    w->stage = BC_WHEP_PLAYING;
    w->viewer->stage = "rtp";
    w->dtls_at_ns = 0;
    w->heard_ns = now_ns;
    w->key_deadline_ns = now_ns + KEY_TIMEOUT_MS * BC_NS_PER_MS;
    w->check_at_ns = now_ns + CONSENT_EVERY_MS * BC_NS_PER_MS;
    w->report_at_ns = now_ns + REPORT_EVERY_MS * BC_NS_PER_MS;
    bc_viewer_on_connected(w->viewer, now_ns);
}

static void
feed_dtls(struct bc_whep_viewer *w, const uint8_t *p, size_t n)
{
    enum bc_dtls_state state = bc_dtls_feed(&w->dtls, p, n);
    if (state == BC_DTLS_FAILED || state == BC_DTLS_CLOSED) {
        bc_viewer_on_failed(
            w->viewer, state == BC_DTLS_FAILED ? "dtls_failed" : "closed_by_server");
        return;
    }
    if (w->stage == BC_WHEP_HANDSHAKE && state == BC_DTLS_CONNECTED) {
        on_connected(w);
    } else if (w->stage == BC_WHEP_HANDSHAKE) {
        int64_t left_ns = bc_dtls_timeout_ns(&w->dtls);
        w->dtls_at_ns = left_ns < 0 ? 0 : bc_now_ns() + bc_max64(left_ns, BC_NS_PER_MS);
    }
    plan(w);
}

void
bc_whep_on_dtls(struct bc_whep_viewer *w, const uint8_t *p, size_t n)
{
    if (w->stage == BC_WHEP_CHECKING && w->signal.remote.active) {
        begin_dtls(w); // the server's ClientHello need not wait for our check
    }
    if (w->stage >= BC_WHEP_HANDSHAKE && w->viewer->state < BC_VIEWER_FAILED) {
        feed_dtls(w, p, n);
    }
}

// ---- the viewer ----

static void
on_remote(void *userdata)
{
    struct bc_whep_viewer *w = userdata;
    int64_t now_ns = bc_now_ns();
    const struct sockaddr_in *to = &w->signal.remote.address;
    bc_viewer_on_answered(w->viewer, now_ns);
    w->viewer->stage = "ice";
    if (connect(w->udp.fd, (const struct sockaddr *)to, sizeof(*to))) {
        bc_viewer_on_failed(w->viewer, "udp_connect");
        return;
    }
    w->stage = BC_WHEP_CHECKING;
    send_check(w, now_ns);
    plan(w);
}

static void
on_signal_failed(void *userdata, const char *what)
{
    bc_viewer_on_failed(((struct bc_whep_viewer *)userdata)->viewer, what);
}

static const struct bc_signal_callbacks signal_callbacks = { on_remote,
    on_signal_failed };

// Our address on the way to the server: the one that our candidate names.
static int
find_local(struct bc_whep_viewer *w)
{
    socklen_t len = sizeof(w->local);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -errno;
    }
    bool found = !connect(fd, (const struct sockaddr *)&w->viewer->url.address, len)
        && !getsockname(fd, (struct sockaddr *)&w->local, &len);
    w->local.sin_port = 0;
    close(fd);
    return found ? 0 : -ENETUNREACH;
}

static int
open_udp(struct bc_whep_viewer *w)
{
    int size = SOCKET_BUFFER_BYTES;
    socklen_t len = sizeof(w->local);
    if (find_local(w)) {
        return -ENETUNREACH;
    }
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -errno;
    }
    bc_io_attach(&w->udp, fd, bc_whep_on_udp, w);
    if (bind(fd, (struct sockaddr *)&w->local, len)
        || getsockname(fd, (struct sockaddr *)&w->local, &len)) {
        return -errno;
    }
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size))) {
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    }
    return 0;
}

static void
draw_text(char *out, size_t len)
{
    static const char set[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+/234567";
    uint8_t bytes[BC_PWD_LEN];
    bc_random_bytes(bytes, len);
    for (size_t i = 0; i < len; i++) {
        out[i] = set[bytes[i] % (sizeof(set) - 1)];
    }
}

static void
start(struct bc_viewer *v, const struct bc_signal_style *style)
{
    struct bc_whep_viewer *w = v->impl = bc_xcalloc(sizeof(*w));
    w->viewer = v;
    v->stage = "signalling";
    bc_io_init(&w->udp);
    bc_io_init(&w->signal.io);
    draw_text(w->ufrag, BC_UFRAG_LEN);
    draw_text(w->pwd, BC_PWD_LEN);
    bc_random_bytes(w->transaction, sizeof(w->transaction));
    bc_random_bytes(&w->tie_breaker, sizeof(w->tie_breaker));
    bc_random_bytes(&w->own_ssrc, sizeof(w->own_ssrc));
    if (open_udp(w)) {
        bc_viewer_on_failed(v, "udp_socket");
        return;
    }
    w->signal.style = style;
    w->signal.callbacks = &signal_callbacks;
    w->signal.userdata = w;
    w->signal.url = &v->url;
    w->signal.local =
        (struct bc_sdp_local){ w->ufrag, w->pwd, bc_dtls_fingerprint(), &w->local };
    bc_signal_start(&w->signal);
}

static void
start_whep(struct bc_viewer *v)
{
    start(v, &bc_signal_whep);
}

static void
start_janus(struct bc_viewer *v)
{
    start(v, &bc_signal_janus);
}

static void
send_report(struct bc_whep_viewer *w)
{
    uint8_t report[BC_RTCP_MAX + SRTP_MAX_TRAILER_LEN + 4];
    int n = (int)bc_rtp_write_report(&w->receiver, w->own_ssrc, report);
    if (srtp_protect_rtcp(w->out, report, &n)) {
        bc_count_note("srtcp_protect_failed");
    } else {
        send_datagram(w, report, (size_t)n);
    }
}

static void
on_timer(struct bc_viewer *v, int64_t now_ns)
{
    struct bc_whep_viewer *w = v->impl;
    if (w->stage == BC_WHEP_PLAYING
        && now_ns - w->heard_ns > CONSENT_LOST_MS * BC_NS_PER_MS) {
        bc_viewer_on_failed(v, "consent_lost");
        return;
    }
    if (w->check_at_ns && now_ns >= w->check_at_ns) {
        send_check(w, now_ns);
    }
    if (w->dtls_at_ns && now_ns >= w->dtls_at_ns) {
        bc_dtls_on_timeout(&w->dtls);
        int64_t left_ns = bc_dtls_timeout_ns(&w->dtls);
        w->dtls_at_ns = left_ns < 0 ? 0 : now_ns + bc_max64(left_ns, BC_NS_PER_MS);
    }
    if (w->report_at_ns && now_ns >= w->report_at_ns) {
        w->report_at_ns = now_ns + REPORT_EVERY_MS * BC_NS_PER_MS;
        send_report(w);
    }
    plan(w);
}

// Nothing to do: a viewer leaves the fast set when it stops decrypting, whose short reads
// go with it.
static void
move_to_bulk(struct bc_viewer *v)
{
    (void)v;
}

static uint64_t
socket_drops(const struct bc_whep_viewer *w)
{
    uint32_t memory[SK_MEMINFO_VARS] = { 0 };
    socklen_t len = sizeof(memory);
    if (w->udp.fd < 0 || getsockopt(w->udp.fd, SOL_SOCKET, SO_MEMINFO, memory, &len)) {
        return 0;
    }
    return memory[SK_MEMINFO_DROPS];
}

static void
on_window(struct bc_viewer *v, bool opens)
{
    struct bc_whep_viewer *w = v->impl;
    if (opens) {
        bc_rtp_open_window(&w->receiver);
        v->loader_drops = socket_drops(w);
        return;
    }
    uint64_t drops = socket_drops(w);
    uint64_t lost = bc_rtp_window_lost(&w->receiver);
    v->loader_drops = drops > v->loader_drops ? drops - v->loader_drops : 0;
    v->packets_expected = bc_rtp_window_expected(&w->receiver);
    v->packets_lost = lost > v->loader_drops ? lost - v->loader_drops : 0;
}

static void
stop(struct bc_viewer *v)
{
    struct bc_whep_viewer *w = v->impl;
    if (w->udp.fd >= 0) {
        bc_dtls_close(&w->dtls);
    }
    bc_signal_close(&w->signal);
    bc_io_close(&w->udp);
    if (w->in) {
        srtp_dealloc(w->in);
    }
    if (w->out) {
        srtp_dealloc(w->out);
    }
    w->in = w->out = NULL;
}

const struct bc_viewer_kind bc_viewer_whep = {
    .name = "whep",
    .rtp = true,
    .start = start_whep,
    .on_timer = on_timer,
    .move_to_bulk = move_to_bulk,
    .on_window = on_window,
    .stop = stop,
};

const struct bc_viewer_kind bc_viewer_janus = {
    .name = "janus",
    .rtp = true,
    .start = start_janus,
    .on_timer = on_timer,
    .move_to_bulk = move_to_bulk,
    .on_window = on_window,
    .stop = stop,
};
