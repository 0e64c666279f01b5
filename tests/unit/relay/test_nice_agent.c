// SPDX-License-Identifier: Apache-2.0
// Two agents that talk to each other, directly and through a TURN server on this machine
// (coturn; skipped where it is not installed).
#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "free_port.h"
#include "relay/nice_agent.h"
#include "relay/nice_thread.h"
#include "waiting.h"

#define TURN_DB "/tmp/branchcast-turn-test.db"
#define TURN_DEADLINE_US 10000000
#define RELAY_FIRST "47060"
#define RELAY_LAST "47099"
#define AGENT_FIRST 47040
#define AGENT_LAST 47059

struct end {
    struct end *other;
    struct relay_agent *agent; // the worker's
    bool gathered;
    bool ready;
    bool failed;
    bool destroy_when_ready;
    unsigned received;
    unsigned batches;
    unsigned writable;
    char last[64];
    char ufrag[RELAY_CREDENTIAL_MAX];
    char pwd[RELAY_CREDENTIAL_MAX];
    char texts[RELAY_CANDIDATES_MAX][192];
    unsigned count;
};

static struct relay_nice *nice_thread;
static struct end a;
static struct end b;

static void
connect_end(struct end *end)
{
    const char *texts[RELAY_CANDIDATES_MAX];
    for (unsigned i = 0; i < end->other->count; i++) {
        texts[i] = end->other->texts[i];
    }
    struct relay_agent_remote remote = { end->other->ufrag, end->other->pwd, texts,
        end->other->count };
    assert_int_equal(relay_agent_set_remote(end->agent, &remote), 0);
}

static void
on_gathered(void *user, const struct relay_agent_local *local)
{
    struct end *end = user;
    pthread_mutex_lock(&waiting_lock);
    snprintf(end->ufrag, sizeof(end->ufrag), "%s", local->ufrag);
    snprintf(end->pwd, sizeof(end->pwd), "%s", local->pwd);
    end->count = local->candidate_count;
    for (unsigned i = 0; i < local->candidate_count; i++) {
        snprintf(end->texts[i], sizeof(end->texts[i]), "%s", local->candidates[i]);
    }
    end->gathered = true;
    bool both = end->other->gathered;
    waiting_wake();
    pthread_mutex_unlock(&waiting_lock);
    if (both && a.agent && b.agent) {
        connect_end(&a);
        connect_end(&b);
    }
}

static void
on_ready(void *user)
{
    struct end *end = user;
    if (end->destroy_when_ready) {
        relay_agent_destroy(end->agent);
        end->agent = NULL;
    }
    pthread_mutex_lock(&waiting_lock);
    end->ready = true;
    waiting_wake();
    pthread_mutex_unlock(&waiting_lock);
}

static void
on_data(void *user, uint8_t *data, size_t len)
{
    struct end *end = user;
    pthread_mutex_lock(&waiting_lock);
    end->received++;
    snprintf(end->last, sizeof(end->last), "%.*s", (int)len, (const char *)data);
    data[0] = 0; // it is ours
    waiting_wake();
    pthread_mutex_unlock(&waiting_lock);
}

static void
on_batch_end(void *user)
{
    ((struct end *)user)->batches++;
}

static void
on_writable(void *user)
{
    struct end *end = user;
    pthread_mutex_lock(&waiting_lock);
    end->writable++;
    waiting_wake();
    pthread_mutex_unlock(&waiting_lock);
}

static void
on_failed(void *user, const char *reason)
{
    struct end *end = user;
    pthread_mutex_lock(&waiting_lock);
    end->failed = reason[0] != 0;
    waiting_wake();
    pthread_mutex_unlock(&waiting_lock);
}

static const struct relay_agent_ops OPS
    = { on_gathered, on_ready, on_data, on_batch_end, on_writable, on_failed };

static struct relay_agent_params params;

static void
create_both(void *arg)
{
    (void)arg;
    struct end *ends[] = { &a, &b };
    for (int i = 0; i < 2; i++) {
        struct relay_agent_params p = params;
        p.nice = nice_thread;
        p.worker = waiting_worker;
        p.controlling = i == 0;
        p.local_address = "127.0.0.1";
        p.port_min = AGENT_FIRST;
        p.port_max = AGENT_LAST;
        p.ops = &OPS;
        p.user = ends[i];
        ends[i]->agent = relay_agent_create(&p);
        assert_non_null(ends[i]->agent);
    }
}

static void
send_text(struct end *end, const char *text)
{
    uint8_t *room = relay_agent_reserve(end->agent, 1200);
    if (room) {
        memcpy(room, text, strlen(text));
        relay_agent_commit(end->agent, strlen(text));
    }
}

static void
talk(void *arg)
{
    (void)arg;
    send_text(&a, "from a");
    send_text(&b, "from b");
}

static void
destroy(void *end)
{
    relay_agent_destroy(((struct end *)end)->agent);
    ((struct end *)end)->agent = NULL;
}

static int
set_up(void **state)
{
    (void)state;
    memset(&a, 0, sizeof(a));
    memset(&b, 0, sizeof(b));
    memset(&params, 0, sizeof(params));
    a.other = &b;
    b.other = &a;
    waiting_open();
    nice_thread = relay_nice_create();
    assert_non_null(nice_thread);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    waiting_call(destroy, &a);
    waiting_call(destroy, &b);
    relay_nice_destroy(nice_thread);
    waiting_close();
    return 0;
}

static void
talk_both_ways(void)
{
    WAIT_UNTIL(a.ready && b.ready);
    for (unsigned i = 1; i <= 20; i++) {
        waiting_call(talk, NULL);
        WAIT_UNTIL(a.received >= i && b.received >= i);
    }
    assert_string_equal(a.last, "from b");
    assert_string_equal(b.last, "from a");
    assert_true(strlen(a.ufrag) >= 4 && strlen(a.pwd) >= 22);
}

static void
test_directly(void **state)
{
    (void)state;
    waiting_call(create_both, NULL);
    talk_both_ways();
    assert_int_equal(a.count, 1);
    assert_memory_equal(a.texts[0], "candidate:", 10);
    assert_non_null(strstr(a.texts[0], " 127.0.0.1 "));
    assert_non_null(strstr(a.texts[0], " typ host"));
}

static void
test_data_both_ways_at_once(void **state)
{
    (void)state;
    waiting_call(create_both, NULL);
    WAIT_UNTIL(a.ready && b.ready);
    for (int i = 0; i < 500; i++) {
        waiting_call(talk, NULL);
    }
    WAIT_UNTIL(a.received > 250 && b.received > 250);
}

static void
test_destroyed_in_callback(void **state)
{
    (void)state;
    a.destroy_when_ready = true;
    waiting_call(create_both, NULL);
    WAIT_UNTIL(a.ready);
}

static void
test_destroyed_at_once(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        waiting_call(create_both, NULL);
        waiting_call(destroy, &a);
        waiting_call(destroy, &b);
    }
}

static void
ask_for_too_much(void *arg)
{
    (void)arg;
    assert_null(relay_agent_reserve(a.agent, 2 * 1024 * 1024));
    send_text(&a, "early"); // is passed over, as nobody is there yet
}

static void
test_room_is_told(void **state)
{
    (void)state;
    waiting_call(create_both, NULL);
    waiting_call(ask_for_too_much, NULL);
    WAIT_UNTIL(a.writable == 1);
    WAIT_UNTIL(a.ready && b.ready);
    waiting_call(talk, NULL);
    WAIT_UNTIL(b.received > 0);
}

// --- TURN ---

static pid_t
start_turn_server(unsigned turn_port)
{
    char port[8];
    snprintf(port, sizeof(port), "%u", turn_port);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM); // does not outlive a test that fails
        freopen("/dev/null", "w", stdout);
        freopen("/dev/null", "w", stderr);
        execlp("turnserver", "turnserver", "-n", "--no-cli", "--no-tls", "--no-dtls",
            "--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1", "--listening-port", port,
            "--min-port=" RELAY_FIRST, "--max-port=" RELAY_LAST, "--lt-cred-mech",
            "--user=relay:secret", "--realm=test", "--allow-loopback-peers",
            "--log-file=/dev/null", "--simple-log", "--pidfile=/dev/null",
            "--userdb=" TURN_DB, (char *)NULL);
        _exit(127);
    }
    return pid;
}

// Asks the server for a binding until it answers. False: it ended.
static bool
wait_for_turn_server(pid_t pid, unsigned port)
{
    // STUN binding request (RFC 8489 5): type, length, cookie, transaction.
    static const uint8_t REQUEST[20] = { 0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3 };
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int64_t end = bc_clock_us() + TURN_DEADLINE_US;
    bool up = false;
    while (!up && waitpid(pid, NULL, WNOHANG) == 0 && bc_clock_us() < end) {
        uint8_t reply[512];
        int fd = socket(AF_INET, SOCK_DGRAM, 0); // unconnected: hears of no refusal
        struct pollfd pfd = { .fd = fd, .events = POLLIN };
        sendto(fd, REQUEST, sizeof(REQUEST), 0, (struct sockaddr *)&to, sizeof(to));
        up = poll(&pfd, 1, 50) == 1 && recv(fd, reply, sizeof(reply), 0) >= 20;
        close(fd);
    }
    return up;
}

static void
through_turn(const char *transport)
{
    char url[96];
    unsigned port = free_port();
    pid_t pid = start_turn_server(port);
    if (!wait_for_turn_server(pid, port)) {
        skip(); // not installed
    }
    struct relay_ice_server server = { 0 };
    snprintf(url, sizeof(url), "turn:relay:secret@127.0.0.1:%u?transport=%s", port,
        transport);
    assert_true(relay_ice_server_parse(url, strlen(url), &server));
    params.servers = &server;
    params.server_count = 1;
    params.relay_only = true;
    waiting_call(create_both, NULL);
    talk_both_ways();
    assert_non_null(strstr(a.texts[0], " typ relay"));
    waiting_call(destroy, &a);
    waiting_call(destroy, &b);
    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
    unlink(TURN_DB);
}

static void
test_through_turn_over_udp(void **state)
{
    (void)state;
    through_turn("udp");
}

static void
test_through_turn_over_tcp(void **state)
{
    (void)state;
    through_turn("tcp");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_directly, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_data_both_ways_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_destroyed_in_callback, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_destroyed_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_room_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_through_turn_over_udp, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_through_turn_over_tcp, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
