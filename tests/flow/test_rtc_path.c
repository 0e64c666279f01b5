// SPDX-License-Identifier: Apache-2.0
// The way between the media port and a client: UDP, TCP, addresses that change, ICE
// restarts, consent, certificates.
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/writer.h"
#include "flow_source.h"
#include "net/timer.h"
#include "protocol/webrtc/peer.h"
#include "protocol/webrtc/port.h"
#include "rtc_client.h"

#define MANY 8

// A worker that does nothing until it is let go. By a timer: a task of its queue would
// have the queue looked at first afterwards.
struct hold {
    struct bc_worker *worker;
    struct bc_timer timer;
    atomic_bool held;
    atomic_bool over;
};

struct fixture {
    struct flow flow;
    struct flow_source source;
    struct rtc_client a;
    struct rtc_client b;
    struct flow_peer extra[MANY];
    struct hold holds[2]; // one of each worker
};

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    flow_open(&f->flow, NULL);
    flow_source_open(&f->flow, &f->source, 0, false);
    flow_source_run(&f->source, 1200);
    *state = f;
    return 0;
}

static void
let_go(struct fixture *f, unsigned worker)
{
    atomic_store(&f->holds[worker].over, true);
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    let_go(f, 0);
    let_go(f, 1);
    for (int i = 0; i < MANY; i++) {
        flow_hang_up(&f->extra[i]);
    }
    rtc_close(&f->a);
    rtc_close(&f->b);
    flow_source_close(&f->source, true);
    flow_close(&f->flow);
    free(f);
    return 0;
}

static bool
has_all(const struct fixture *f, const struct rtc_client *c)
{
    return rtc_last_number(c) == (int64_t)f->source.numbers[0] - 1;
}

static uint64_t
sessions(struct fixture *f)
{
    return bc_webrtc_sessions(f->flow.server.webrtc);
}

static void
expect_media(struct fixture *f, struct rtc_client *c)
{
    flow_source_run(&f->source, 200);
    FLOW_UNTIL(&f->flow, has_all(f, c));
}

// Asks for the last packet of the picture; returns how many packets there were.
static unsigned
send_nack(struct rtc_client *c)
{
    unsigned at = 0;
    const struct rtc_packet *p = rtc_next_video(c, &at);
    struct bc_writer w = { 0 };
    for (const struct rtc_packet *q; (q = rtc_next_video(c, &at));) {
        p = q;
    }
    unsigned before = c->count;
    bc_rtcp_write_nack(&w, 1, c->session.video.ssrc, &p->h.seq, 1);
    rtc_send_rtcp(c, &w);
    return before;
}

static void
expect_answer(struct fixture *f, struct rtc_client *c, unsigned before)
{
    FLOW_UNTIL(&f->flow, c->count > before);
    assert_int_equal(c->packets[before].h.ssrc, c->session.video.rtx_ssrc);
}

// What the server does for a packet of ours: it answers a NACK.
static void
expect_heard(struct fixture *f, struct rtc_client *c)
{
    expect_answer(f, c, send_nack(c));
}

static void
connect_viewer(struct fixture *f, struct rtc_client *c, int home, bool tcp, int worker)
{
    rtc_offer_view(&f->flow, c, home);
    rtc_connect(c, tcp, worker);
    assert_true(c->connected);
    FLOW_UNTIL(&f->flow, has_all(f, c));
}

static void
test_media_comes_by_udp(void **state)
{
    struct fixture *f = *state;
    connect_viewer(f, &f->a, 0, false, 0);
    expect_media(f, &f->a);
    expect_heard(f, &f->a);
    assert_int_equal(f->a.stun_errors, 0);
}

static void
test_datagrams_that_arrive_elsewhere_are_passed_on(void **state)
{
    struct fixture *f = *state;
    struct bc_webrtc_port_stats s;
    connect_viewer(f, &f->a, 0, false, 1);
    assert_int_equal(rtc_worker(&f->a), 0);
    expect_media(f, &f->a);
    expect_heard(f, &f->a);
    bc_webrtc_port_stats(f->flow.server.workers[1].webrtc_port, &s);
    assert_true(s.forwarded > 3);
    assert_int_equal(s.sessions, 0);
    bc_webrtc_port_stats(f->flow.server.workers[0].webrtc_port, &s);
    assert_int_equal(s.sessions, 1);
    connect_viewer(f, &f->b, 1, false, 0);
    expect_media(f, &f->a);
    FLOW_UNTIL(&f->flow, has_all(f, &f->b));
}

static void
on_hold(struct bc_timer *timer)
{
    struct hold *h = bc_container_of(timer, struct hold, timer);
    atomic_store(&h->held, true);
    while (!atomic_load(&h->over)) {
        sched_yield();
    }
}

static void
set_hold(void *user)
{
    struct hold *h = user;
    bc_timer_init(&h->timer, h->worker, on_hold);
    bc_timer_set(&h->timer, 5000);
}

static void
hold(struct fixture *f, unsigned worker)
{
    struct hold *h = &f->holds[worker];
    h->worker = f->flow.server.workers[worker].worker;
    flow_run_on(&f->flow, worker, set_hold, h);
    while (!atomic_load(&h->held)) {
        sched_yield();
    }
}

static uint64_t
forwarded(struct fixture *f, unsigned worker)
{
    struct bc_webrtc_port_stats s;
    bc_webrtc_port_stats(f->flow.server.workers[worker].webrtc_port, &s);
    return s.forwarded;
}

// The worker where they arrive reads them before the note of whose the address is.
static void
test_datagrams_right_after_the_check_are_not_lost(void **state)
{
    struct fixture *f = *state;
    static const uint8_t NOTHING[] = { 0xff };
    connect_viewer(f, &f->a, 0, false, 1);
    rtc_open_socket(&f->a, false, 1);
    uint64_t before = forwarded(f, 1);
    unsigned answered = f->a.answered;
    hold(f, 0);
    rtc_send_check(&f->a, true);
    FLOW_UNTIL(&f->flow, forwarded(f, 1) > before);
    hold(f, 1);
    flow_send(&f->a.peer, NOTHING, sizeof(NOTHING)); // the socket is looked at first
    let_go(f, 0);
    FLOW_UNTIL(&f->flow, f->a.answered > answered);
    unsigned count = send_nack(&f->a);
    let_go(f, 1);
    expect_answer(f, &f->a, count);
}

static void
test_media_comes_by_tcp_from_any_worker(void **state)
{
    struct fixture *f = *state;
    // The kernel chooses who accepts; with so many both do.
    for (int i = 0; i < MANY; i++) {
        connect_viewer(f, &f->a, i % 2, true, -1);
        expect_media(f, &f->a);
        expect_heard(f, &f->a);
        assert_int_equal(rtc_request(&f->a, -1, "DELETE", "", NULL), 200);
        FLOW_UNTIL(&f->flow, f->a.peer.closed);
        rtc_close(&f->a);
    }
    assert_int_equal(sessions(f), 0);
}

// Several checks and the beginning of another one are read together.
static void
test_a_connection_changes_its_worker_in_the_middle_of_a_frame(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < MANY; i++) {
        rtc_offer_view(&f->flow, &f->a, i % 2);
        // Written elsewhere first.
        struct bc_writer bytes = { 0 };
        rtc_open_socket(&f->a, true, -1);
        int sockets[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
        int own = f->a.peer.fd;
        f->a.peer.fd = sockets[0];
        for (int k = 0; k < 3; k++) {
            rtc_send_check(&f->a, true);
        }
        f->a.peer.fd = own;
        uint8_t *room = bc_write_reserve(&bytes, 1000);
        ssize_t n = recv(sockets[1], room, 1000, 0);
        assert_true(n > 60);
        close(sockets[0]);
        close(sockets[1]);
        size_t cut = (size_t)n - 1 - (size_t)i * 12;
        flow_send(&f->a.peer, room, cut);
        FLOW_UNTIL(&f->flow, f->a.answered >= 1);
        flow_send(&f->a.peer, room + cut, (size_t)n - cut);
        FLOW_UNTIL(&f->flow, f->a.answered >= 3);
        bc_writer_finish(&bytes);
        rtc_close(&f->a);
    }
}

static void
on_nothing(struct flow_peer *peer, const uint8_t *data, size_t len)
{
    (void)peer;
    (void)data;
    (void)len;
}

static void
test_a_session_has_room_for_many_connections(void **state)
{
    struct fixture *f = *state;
    connect_viewer(f, &f->a, 0, false, -1);
    for (int i = 0; i < MANY; i++) {
        rtc_open_socket(&f->a, true, -1);
        unsigned before = f->a.answered;
        rtc_send_check(&f->a, false);
        FLOW_UNTIL(&f->flow, f->a.answered > before);
        f->extra[i] = f->a.peer; // kept open, and forgotten by the client
        bc_list_remove(&f->a.peer.node);
        bc_list_init(&f->extra[i].node);
        bc_list_append(&f->flow.peers, &f->extra[i].node);
        f->extra[i].on_bytes = on_nothing;
        f->a.peer.fd = -1;
    }
    assert_int_equal(rtc_request(&f->a, -1, "DELETE", "", NULL), 200);
    for (int i = 0; i < MANY; i++) {
        static const uint8_t FRAME[] = { 0, 4, 0x80, 96, 0, 1 };
        flow_send(&f->extra[i], FRAME, sizeof(FRAME));
    }
    connect_viewer(f, &f->b, 0, false, -1);
    expect_media(f, &f->b);
}

static void
test_a_client_that_moves_keeps_its_session(void **state)
{
    struct fixture *f = *state;
    connect_viewer(f, &f->a, 0, false, 0);
    // Another port; by another worker; by TCP; and back.
    for (int i = 0; i < 4; i++) {
        rtc_open_socket(&f->a, i == 2, i == 2 ? -1 : i % 2);
        rtc_check(&f->a);
        expect_media(f, &f->a);
        expect_heard(f, &f->a);
    }
    assert_int_equal(rtc_count_video_gaps(&f->a), 0);
    assert_int_equal(sessions(f), 1);
}

static void
test_only_nomination_moves_media(void **state)
{
    struct fixture *f = *state;
    connect_viewer(f, &f->a, 0, false, -1);
    int old = f->a.peer.fd;
    bc_list_remove(&f->a.peer.node);
    f->a.peer.fd = -1;
    rtc_open_socket(&f->a, false, -1);
    unsigned before = f->a.answered;
    rtc_send_check(&f->a, false);
    FLOW_UNTIL(&f->flow, f->a.answered > before);
    unsigned count = f->a.count;
    flow_source_run(&f->source, 200);
    // Media still goes to the old one.
    uint8_t bytes[2048];
    assert_true(recv(old, bytes, sizeof(bytes), 0) > 0);
    assert_int_equal(f->a.count, count);
    close(old);
    rtc_check(&f->a);
    expect_media(f, &f->a);
}

static void
test_an_address_may_belong_to_another_session_for_a_while(void **state)
{
    struct fixture *f = *state;
    connect_viewer(f, &f->a, 0, false, 1);
    rtc_offer_view(&f->flow, &f->b, 1);
    // b checks from a's socket, and is gone again.
    f->b.peer = f->a.peer;
    rtc_send_check(&f->b, true);
    f->b.peer.fd = -1;
    assert_int_equal(rtc_request(&f->b, -1, "DELETE", "", NULL), 200);
    rtc_check(&f->a);
    expect_media(f, &f->a);
    expect_heard(f, &f->a);
}

// --- ICE restart ---

static void
restart(struct fixture *f, int worker, const char *ufrag)
{
    char body[300];
    char error[200];
    char etag[256];
    struct bc_sdp_fragment fragment;
    snprintf(body, sizeof(body),
        "a=ice-ufrag:%s\r\na=ice-pwd:pwpwpwpwpwpwpwpwpwpwpwpw\r\n"
        "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n",
        ufrag);
    assert_int_equal(rtc_request(&f->a, worker, "PATCH", NULL, body), 200);
    flow_http_header(&f->a.http, "ETag", etag);
    assert_string_not_equal(etag, f->a.etag);
    snprintf(f->a.etag, sizeof(f->a.etag), "%.60s", etag);
    const char *text = flow_http_body(&f->a.http);
    assert_int_equal(
        bc_sdp_fragment_parse(text, strlen(text), &fragment, error, sizeof(error)), 0);
    assert_string_not_equal(fragment.ufrag, f->a.answer.ufrag);
    assert_true(fragment.candidate_count >= 2);
    snprintf(f->a.answer.ufrag, sizeof(f->a.answer.ufrag), "%s", fragment.ufrag);
    snprintf(f->a.answer.pwd, sizeof(f->a.answer.pwd), "%s", fragment.pwd);
    snprintf(f->a.ufrag, sizeof(f->a.ufrag), "%s", ufrag);
}

// What a check needs to know.
struct names {
    char ufrag[16];
    struct bc_sdp answer;
};

static void
save(const struct fixture *f, struct names *n)
{
    memcpy(n->ufrag, f->a.ufrag, sizeof(n->ufrag));
    n->answer = f->a.answer;
}

static void
load(struct fixture *f, const struct names *n)
{
    memcpy(f->a.ufrag, n->ufrag, sizeof(n->ufrag));
    f->a.answer = n->answer;
}

static void
test_ice_restarts(void **state)
{
    struct fixture *f = *state;
    static struct names before;
    static struct names after;
    connect_viewer(f, &f->a, 1, false, 0);
    for (int worker = 0; worker < 2; worker++) {
        save(f, &before);
        restart(f, worker, worker ? "new2" : "new1");
        save(f, &after);
        // The old names count until the new ones are used.
        load(f, &before);
        rtc_check(&f->a);
        expect_media(f, &f->a);
        load(f, &after);
        rtc_open_socket(&f->a, false, worker);
        rtc_check(&f->a);
        expect_media(f, &f->a);
        expect_heard(f, &f->a);
        load(f, &before);
        unsigned errors = f->a.stun_errors;
        unsigned answered = f->a.answered;
        rtc_send_check(&f->a, true);
        load(f, &after);
        rtc_check(&f->a);
        assert_true(f->a.answered == answered + 2 || f->a.stun_errors > errors);
    }
    assert_int_equal(sessions(f), 1);
}

static void
test_a_restart_that_fails_keeps_the_session(void **state)
{
    struct fixture *f = *state;
    static struct names before;
    connect_viewer(f, &f->a, 0, false, -1);
    save(f, &before);
    restart(f, 0, "new1"); // the answer is lost
    restart(f, 0, "new2"); // and again
    load(f, &before);
    flow_clock_jump(&f->flow, 20000000);
    rtc_check(&f->a);
    flow_clock_jump(&f->flow, 20000000);
    assert_int_equal(sessions(f), 1);
    expect_media(f, &f->a);
}

// --- who is there, and who it is ---

static void
test_consent_that_is_not_renewed_ends_the_session(void **state)
{
    struct fixture *f = *state;
    connect_viewer(f, &f->a, 0, false, 1);
    connect_viewer(f, &f->b, 1, true, -1);
    flow_clock_jump(&f->flow, 30000000);
    rtc_check(&f->b);
    flow_clock_jump(&f->flow, 10000000);
    FLOW_UNTIL(&f->flow, sessions(f) == 1);
    expect_media(f, &f->b);
    struct bc_webrtc_port_stats s;
    bc_webrtc_port_stats(f->flow.server.workers[0].webrtc_port, &s);
    assert_int_equal(s.sessions, 0);
    assert_int_equal(s.never_connected, 0);
}

static void
test_a_connection_without_a_check_is_closed(void **state)
{
    struct fixture *f = *state;
    rtc_offer_view(&f->flow, &f->a, 0);
    rtc_open_socket(&f->a, true, -1);
    flow_clock_jump(&f->flow, 9000000);
    assert_false(f->a.peer.closed);
    flow_clock_jump(&f->flow, 2000000);
    FLOW_UNTIL(&f->flow, f->a.peer.closed);
}

static void
test_a_wrong_certificate_is_not_let_in(void **state)
{
    struct fixture *f = *state;
    struct bc_writer offer = { 0 };
    connect_viewer(f, &f->b, 0, false, -1);
    rtc_init(&f->flow, &f->a);
    char *digit = strchr(f->a.fingerprint, ':') - 1;
    *digit = *digit == '0' ? '1' : '0';
    rtc_write_offer(&f->a, BC_SDP_RECVONLY, BC_CODEC_AVC, true, &offer);
    assert_int_equal(rtc_post(&f->a, 0, "/live/hq/whep", "", (char *)offer.data,
                         BC_SDP_RECVONLY),
        201);
    bc_writer_finish(&offer);
    rtc_connect(&f->a, false, -1);
    FLOW_UNTIL(&f->flow, f->a.closed && sessions(f) == 1);
    assert_int_equal(f->a.count, 0);
    expect_media(f, &f->b);
}

static void
test_strangers_disturb_nobody(void **state)
{
    struct fixture *f = *state;
    struct bc_webrtc_port_stats s;
    connect_viewer(f, &f->a, 0, false, 0);
    rtc_offer_view(&f->flow, &f->b, 0);
    rtc_open_socket(&f->b, false, 0);
    // Nobody's names, a wrong password, no STUN at all.
    f->b.answer.ufrag[4] ^= 1;
    rtc_send_check(&f->b, true);
    f->b.answer.ufrag[4] ^= 1;
    f->b.answer.pwd[4] ^= 1;
    rtc_send_check(&f->b, true);
    f->b.answer.pwd[4] ^= 1;
    for (unsigned kind = 0; kind < 256; kind += 5) {
        uint8_t bytes[40] = { (uint8_t)kind };
        rtc_send(&f->b, bytes, sizeof(bytes));
    }
    FLOW_UNTIL(&f->flow, f->b.stun_errors == 1);
    FLOW_UNTIL(&f->flow,
        (bc_webrtc_port_stats(f->flow.server.workers[0].webrtc_port, &s), s.stray >= 50));
    assert_int_equal(f->b.answered, 0);
    expect_media(f, &f->a);
    rtc_connect(&f->b, false, -1);
    FLOW_UNTIL(&f->flow, has_all(f, &f->b));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_media_comes_by_udp),
        TEST(test_datagrams_that_arrive_elsewhere_are_passed_on),
        TEST(test_datagrams_right_after_the_check_are_not_lost),
        TEST(test_media_comes_by_tcp_from_any_worker),
        TEST(test_a_connection_changes_its_worker_in_the_middle_of_a_frame),
        TEST(test_a_session_has_room_for_many_connections),
        TEST(test_a_client_that_moves_keeps_its_session),
        TEST(test_only_nomination_moves_media),
        TEST(test_an_address_may_belong_to_another_session_for_a_while),
        TEST(test_ice_restarts),
        TEST(test_a_restart_that_fails_keeps_the_session),
        TEST(test_consent_that_is_not_renewed_ends_the_session),
        TEST(test_a_connection_without_a_check_is_closed),
        TEST(test_a_wrong_certificate_is_not_let_in),
        TEST(test_strangers_disturb_nobody),
    };
    return cmocka_run_group_tests_name("rtc_path", tests, NULL, NULL);
}
