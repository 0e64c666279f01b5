// SPDX-License-Identifier: Apache-2.0
// Files over HTTP/2, on a wire without a socket; the client is nghttp2's.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cmocka.h>
#include <nghttp2/nghttp2.h>

#include "fake_wire.h"
#include "net/disk.h"
#include "protocol/http/extents.h"

#define STREAMS 16
#define HEAD_BYTES 1000
#define BIG_BYTES (2500 * 1000)
#define ASKED_MAX 8

struct reply {
    char status[4];
    size_t from; // of the body's first byte
    size_t bytes;
    bool wrong;
    bool closed;
    uint32_t error;
};

static struct {
    struct fake_wire wire;
    nghttp2_session *client;
    struct reply replies[STREAMS];
    struct bc_file *big;
    struct bc_buf *head;
    bool cold;
    struct bc_task *asked[ASKED_MAX];
    size_t asks;
} g;

ssize_t
__real_preadv64v2(int fd, const struct iovec *iov, int count, off_t offset, int flags);

ssize_t
__wrap_preadv64v2(int fd, const struct iovec *iov, int count, off_t offset, int flags);

ssize_t
__wrap_preadv64v2(int fd, const struct iovec *iov, int count, off_t offset, int flags)
{
    if (flags & RWF_NOWAIT && g.cold) {
        errno = EAGAIN;
        return -1;
    }
    return __real_preadv64v2(fd, iov, count, offset, 0);
}

void
__wrap_bc_disk_post(struct bc_disk *disk, struct bc_task *task);

void
__wrap_bc_disk_post(struct bc_disk *disk, struct bc_task *task)
{
    (void)disk;
    assert_true(g.asks < ASKED_MAX);
    g.asked[g.asks++] = task;
}

static void
run_disk(void)
{
    size_t count = g.asks;
    g.asks = 0;
    for (size_t i = 0; i < count; i++) {
        g.asked[i]->run(g.asked[i], g.wire.server.worker);
    }
    bc_worker_run_leftovers(g.wire.server.worker);
}

// The body: HEAD_BYTES from memory and the big file, as one pattern.
static uint8_t
pattern(size_t i)
{
    return (uint8_t)(i * 7 + i / 251);
}

static void
handle(void *user, struct bc_http_exchange *x)
{
    (void)user;
    struct bc_http_extent items[] = {
        { bc_buf_ref(g.head), NULL, 0, HEAD_BYTES },
        { NULL, bc_file_ref(g.big), HEAD_BYTES, BIG_BYTES - HEAD_BYTES },
    };
    items[1].len += strcmp(bc_http_path(x), "/torn") == 0 ? 5 : 0;
    struct bc_http_extents body = { .content_type = "video/mp4", .etag = "\"v1\"",
        .items = items, .count = 2 };
    bc_http_respond_extents(x, &body);
}

// --- the client ---

static struct reply *
reply_of(int32_t id)
{
    return &g.replies[(id / 2) % STREAMS];
}

static int
on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
    size_t name_len, const uint8_t *value, size_t len, uint8_t flags, void *user)
{
    (void)session;
    (void)name_len;
    (void)flags;
    (void)user;
    struct reply *r = reply_of(frame->hd.stream_id);
    if (strcmp((const char *)name, ":status") == 0) {
        snprintf(r->status, sizeof(r->status), "%.*s", (int)len, (const char *)value);
    }
    return 0;
}

static int
on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data,
    size_t len, void *user)
{
    (void)session;
    (void)flags;
    (void)user;
    struct reply *r = reply_of(id);
    for (size_t i = 0; i < len; i++) {
        r->wrong |= data[i] != pattern(r->from + r->bytes + i);
    }
    r->bytes += len;
    return 0;
}

static int
on_close(nghttp2_session *session, int32_t id, uint32_t error, void *user)
{
    (void)session;
    (void)user;
    reply_of(id)->closed = true;
    reply_of(id)->error = error;
    return 0;
}

// Carries bytes both ways until neither side has any.
static void
pump(void)
{
    for (int quiet = 0; quiet < 2;) {
        const uint8_t *data;
        ssize_t n;
        quiet++;
        fake_wire_input(&g.wire, "", 0); // the end of a turn
        while ((n = nghttp2_session_mem_send(g.client, &data)) > 0) {
            fake_wire_input(&g.wire, data, (size_t)n);
            quiet = 0;
        }
        if (g.wire.out.len > 0) {
            struct bc_writer out = g.wire.out;
            g.wire.out = (struct bc_writer){ 0 };
            assert_int_equal(
                nghttp2_session_mem_recv(g.client, out.data, out.len), out.len);
            bc_writer_finish(&out);
            quiet = 0;
        }
    }
}

#define NV(name, value) \
    { (uint8_t *)(name), (uint8_t *)(value), strlen(name), strlen(value), \
        NGHTTP2_NV_FLAG_NONE }

static int32_t
get(const char *path, const char *range, size_t from)
{
    nghttp2_nv nv[] = { NV(":method", "GET"), NV(":scheme", "http"), NV(":path", path),
        NV(":authority", "example.com"), NV("range", range) };
    int32_t id = nghttp2_submit_request(g.client, NULL, nv, 5, NULL, NULL);
    *reply_of(id) = (struct reply){ .from = from };
    return id;
}

static void
start_client(void)
{
    nghttp2_session_callbacks *cbs;
    nghttp2_session_callbacks_new(&cbs);
    nghttp2_session_callbacks_set_on_header_callback(cbs, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cbs, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(cbs, on_close);
    nghttp2_session_client_new(&g.client, cbs, NULL);
    nghttp2_session_callbacks_del(cbs);
    // As browsers do: windows that a whole turn fits into.
    nghttp2_settings_entry entry = { NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 6 << 20 };
    nghttp2_submit_settings(g.client, NGHTTP2_FLAG_NONE, &entry, 1);
    nghttp2_session_set_local_window_size(g.client, NGHTTP2_FLAG_NONE, 0, 15 << 20);
}

static void
make_big(void)
{
    char path[] = "/tmp/branchcast-h2-XXXXXX";
    uint8_t *data = malloc(BIG_BYTES);
    int fd = mkstemp(path);
    assert_non_null(data);
    assert_true(fd >= 0);
    for (size_t i = 0; i < BIG_BYTES; i++) {
        data[i] = pattern(i);
    }
    assert_int_equal(write(fd, data, BIG_BYTES), BIG_BYTES);
    close(fd);
    g.head = bc_buf_copy(data, HEAD_BYTES);
    free(data);
    g.big = bc_file_open(path);
    assert_non_null(g.big);
    unlink(path);
}

static int
setup(void **state)
{
    (void)state;
    memset(&g, 0, sizeof(g));
    make_big();
    fake_wire_init(&g.wire, handle, NULL);
    g.wire.server.worker = bc_worker_create(0);
    start_client();
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    nghttp2_session_del(g.client);
    fake_wire_finish(&g.wire);
    run_disk();
    bc_worker_destroy(g.wire.server.worker);
    assert_int_equal(g.big->refs, 1);
    assert_int_equal(g.head->refs, 1);
    bc_file_unref(&g.big);
    bc_buf_unref(&g.head);
    return 0;
}

static void
expect(int32_t id, const char *status, size_t bytes)
{
    struct reply *r = reply_of(id);
    assert_string_equal(r->status, status);
    assert_int_equal(r->bytes, bytes);
    assert_false(r->wrong);
    assert_true(r->closed);
    assert_int_equal(r->error, NGHTTP2_NO_ERROR);
}

// Lets turns of the loop pass until nothing is left to do.
static void
pass_turns(void)
{
    pump();
    while (g.wire.wants_write) {
        g.wire.wants_write = false;
        bc_http_conn_writable(&g.wire.conn, g.wire.now_us);
        pump();
    }
}

static void
test_files_and_ranges(void **state)
{
    (void)state;
    int32_t a = get("/", "bytes=0-", 0);
    int32_t b = get("/", "bytes=990-1009", 990);
    int32_t c = get("/", "bytes=-7", BIG_BYTES - 7);
    int32_t d = get("/", "bytes=2500000-", 0);
    pass_turns();
    expect(a, "206", BIG_BYTES);
    expect(b, "206", 20);
    expect(c, "206", 7);
    expect(d, "416", 0);
}

static void
test_a_turn_takes_a_megabyte_of_all_streams(void **state)
{
    (void)state;
    int32_t a = get("/", "bytes=0-", 0);
    int32_t b = get("/", "bytes=0-", 0);
    pump();
    size_t got = reply_of(a)->bytes + reply_of(b)->bytes;
    assert_in_range(got, 1 << 20, (1 << 20) + BC_HTTP_OUT_HIGH);
    assert_true(g.wire.wants_write);
    pass_turns();
    expect(a, "206", BIG_BYTES);
    expect(b, "206", BIG_BYTES);
}

static void
test_a_slow_disk_holds_up_no_other_stream(void **state)
{
    (void)state;
    g.cold = true;
    g.wire.server.disk = (struct bc_disk *)&g; // never looked into
    int32_t a = get("/", "bytes=0-", 0);
    int32_t b = get("/", "bytes=5000-5099", 5000);
    int32_t c = get("/", "bytes=0-99", 0); // from memory
    pump();
    assert_int_equal(g.asks, 2);
    assert_int_equal(reply_of(a)->bytes, HEAD_BYTES);
    assert_int_equal(reply_of(b)->bytes, 0);
    expect(c, "206", 100);
    bc_http_conn_timeout(&g.wire.conn, 0);
    bc_http_conn_timeout(&g.wire.conn, 0);
    assert_false(g.wire.closed);
    while (g.asks > 0) {
        run_disk();
        pass_turns();
    }
    expect(a, "206", BIG_BYTES);
    expect(b, "206", 100);
}

static void
test_streams_end_while_the_disk_reads(void **state)
{
    (void)state;
    g.cold = true;
    g.wire.server.disk = (struct bc_disk *)&g;
    int32_t a = get("/", "bytes=0-", 0);
    int32_t b = get("/", "bytes=2000-", 2000);
    pump();
    assert_int_equal(g.asks, 2);
    nghttp2_submit_rst_stream(g.client, NGHTTP2_FLAG_NONE, a, NGHTTP2_CANCEL);
    pump();
    int32_t c = get("/", "bytes=0-9", 0); // takes the ended stream's memory
    pump();
    run_disk();
    pump();
    expect(c, "206", 10);
    assert_true(reply_of(b)->bytes > 0);
    bc_http_conn_closed(&g.wire.conn, "the peer closed the connection");
}

static void
test_a_shorter_file_resets_its_stream_alone(void **state)
{
    (void)state;
    int32_t a = get("/torn", "bytes=0-", 0);
    int32_t b = get("/", "bytes=0-99", 0);
    pass_turns();
    assert_true(reply_of(a)->closed);
    assert_int_equal(reply_of(a)->error, NGHTTP2_INTERNAL_ERROR);
    assert_int_equal(reply_of(a)->bytes, BIG_BYTES);
    expect(b, "206", 100);
    int32_t c = get("/", "bytes=1-9", 1);
    pass_turns();
    expect(c, "206", 9);
}

static void
test_readers_that_stop_are_closed(void **state)
{
    (void)state;
    get("/", "bytes=0-", 0);
    g.wire.queued = BC_HTTP_OUT_HIGH + 1;
    pump();
    bc_http_conn_timeout(&g.wire.conn, 0);
    bc_http_conn_timeout(&g.wire.conn, 0);
    assert_true(g.wire.closed);
}

#define unit(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        unit(test_files_and_ranges),
        unit(test_a_turn_takes_a_megabyte_of_all_streams),
        unit(test_a_slow_disk_holds_up_no_other_stream),
        unit(test_streams_end_while_the_disk_reads),
        unit(test_a_shorter_file_resets_its_stream_alone),
        unit(test_readers_that_stop_are_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
