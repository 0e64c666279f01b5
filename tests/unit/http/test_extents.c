// SPDX-License-Identifier: Apache-2.0
// Answers made of files and memory, over a wire without a socket.
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

#include "fake_wire.h"
#include "net/disk.h"
#include "protocol/http/extents.h"

#define MEGA (1u << 20)
#define BIG_BYTES (3 * MEGA + 123)

// The body: "0123456789" from memory, "cdefgh" and "ijkl" which are neighbours in a file,
// "CDE" from a second file: 23 bytes.
#define WHOLE "0123456789cdefghijklCDE"

static struct {
    struct fake_wire wire;
    char folder[64];
    struct bc_file *small;
    struct bc_file *other;
    struct bc_file *big;
    struct bc_buf *memory;
    bool cold;             // nothing is in the page cache
    struct bc_task *asked; // what the disk was asked
    unsigned asks;
} g;

// What preadv2() is called where offsets have 64 bits.
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
    assert_null(g.asked);
    g.asked = task;
    g.asks++;
}

// The disk thread does what it was asked, and its answer arrives.
static void
run_disk(void)
{
    struct bc_task *task = g.asked;
    assert_non_null(task);
    g.asked = NULL;
    task->run(task, g.wire.server.worker);
    bc_worker_run_leftovers(g.wire.server.worker);
}

static struct bc_file *
make_file(const char *name, const void *data, size_t len)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", g.folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, len, f), len);
    fclose(f);
    struct bc_file *file = bc_file_open(path);
    assert_non_null(file);
    unlink(path);
    return file;
}

static struct bc_file *
make_big(void)
{
    uint8_t *data = malloc(BIG_BYTES);
    assert_non_null(data);
    for (size_t i = 0; i < BIG_BYTES; i++) {
        data[i] = (uint8_t)(i * 7 + i / 251);
    }
    struct bc_file *file = make_file("big", data, BIG_BYTES);
    free(data);
    return file;
}

static void
handle(void *user, struct bc_http_exchange *x)
{
    (void)user;
    struct bc_http_extent items[] = {
        { bc_buf_ref(g.memory), NULL, 2, 10 },
        { NULL, bc_file_ref(g.small), 2, 6 },
        { NULL, bc_file_ref(g.small), 8, 4 },
        { NULL, bc_file_ref(g.other), 2, 3 },
    };
    struct bc_http_extents body = {
        .content_type = "video/mp4",
        .headers = "X-A: b\r\n",
        .etag = "\"v1\"",
        .modified_s = 784111777, // Sun, 06 Nov 1994 08:49:37 GMT
        .items = items,
        .count = 4,
    };
    struct bc_http_extent big = { NULL, g.big, 0, BIG_BYTES };
    if (strcmp(bc_http_path(x), "/big") == 0 || strcmp(bc_http_path(x), "/torn") == 0) {
        for (int i = 0; i < 4; i++) {
            bc_buf_unref(&items[i].buf);
            bc_file_unref(&items[i].file);
        }
        bc_file_ref(big.file);
        big.len += strcmp(bc_http_path(x), "/torn") == 0 ? 1000 : 0;
        body.items = &big;
        body.count = 1;
    }
    bc_http_respond_extents(x, &body);
}

static int
setup(void **state)
{
    (void)state;
    memset(&g, 0, sizeof(g));
    strcpy(g.folder, "/tmp/branchcast-http-XXXXXX");
    assert_non_null(mkdtemp(g.folder));
    g.small = make_file("small", "abcdefghijklmnop", 16);
    g.other = make_file("other", "ABCDEF", 6);
    g.big = make_big();
    g.memory = bc_buf_copy("xx0123456789xx", 14);
    fake_wire_init(&g.wire, handle, NULL);
    g.wire.server.worker = bc_worker_create(0);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    fake_wire_finish(&g.wire);
    bc_worker_destroy(g.wire.server.worker);
    // Whatever happened, no answer kept a reference.
    assert_int_equal(g.memory->refs, 1);
    assert_int_equal(g.small->refs, 1);
    assert_int_equal(g.other->refs, 1);
    assert_int_equal(g.big->refs, 1);
    bc_buf_unref(&g.memory);
    bc_file_unref(&g.small);
    bc_file_unref(&g.other);
    bc_file_unref(&g.big);
    return rmdir(g.folder);
}

// Sends a request with these header lines; what came back as text.
static const char *
ask(const char *method, const char *path, const char *lines)
{
    char text[512];
    snprintf(text, sizeof(text), "%s %s HTTP/1.1\r\nHost: x\r\n%s\r\n", method, path, lines);
    fake_wire_clear(&g.wire);
    fake_wire_input_text(&g.wire, text);
    return fake_wire_text(&g.wire);
}

static bool
has(const char *text, const char *line)
{
    return strstr(text, line) != NULL;
}

static void
expect(const char *lines, const char *status, const char *length, const char *range,
    const char *body)
{
    const char *got = ask("GET", "/mixed", lines);
    char head[64];
    snprintf(head, sizeof(head), "HTTP/1.1 %s\r\n", status);
    assert_memory_equal(got, head, strlen(head));
    snprintf(head, sizeof(head), "\r\nContent-Length: %s\r\n", length);
    assert_true(has(got, head));
    if (range) {
        snprintf(head, sizeof(head), "\r\nContent-Range: bytes %s\r\n", range);
        assert_true(has(got, head));
    } else {
        assert_false(has(got, "\r\nContent-Range:"));
    }
    const char *end = strstr(got, "\r\n\r\n");
    assert_non_null(end);
    assert_string_equal(end + 4, body);
    assert_false(g.wire.closed);
}

static void
test_the_whole_is_sent(void **state)
{
    (void)state;
    expect("", "200 OK", "23", NULL, WHOLE);
    const char *got = ask("GET", "/mixed", "");
    assert_true(has(got, "\r\nContent-Type: video/mp4\r\n"));
    assert_true(has(got, "\r\nAccept-Ranges: bytes\r\n"));
    assert_true(has(got, "\r\nETag: \"v1\"\r\n"));
    assert_true(has(got, "\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
    assert_true(has(got, "\r\nX-A: b\r\n"));
}

// Two small requests are cheaper for the file that has neighbours than for two files.
static void
test_neighbours_in_a_file_are_one_stretch(void **state)
{
    (void)state;
    ask("GET", "/mixed", "");
    assert_int_equal(g.wire.sendfiles, 2);
}

static void
test_ranges_cross_the_seams(void **state)
{
    (void)state;
    expect("Range: bytes=0-0\r\n", "206 Partial Content", "1", "0-0/23", "0");
    expect("Range: bytes=3-6\r\n", "206 Partial Content", "4", "3-6/23", "3456");
    expect("Range: bytes=8-11\r\n", "206 Partial Content", "4", "8-11/23", "89cd");
    expect("Range: bytes=14-21\r\n", "206 Partial Content", "8", "14-21/23", "ghijklCD");
    expect("Range: bytes=20-\r\n", "206 Partial Content", "3", "20-22/23", "CDE");
    expect("Range: bytes=-5\r\n", "206 Partial Content", "5", "18-22/23", "klCDE");
    expect("Range: bytes=-100\r\n", "206 Partial Content", "23", "0-22/23", WHOLE);
    expect("Range: bytes=21-100\r\n", "206 Partial Content", "2", "21-22/23", "DE");
}

// Every range of this body, byte by byte.
static void
test_every_range_is_right(void **state)
{
    (void)state;
    for (unsigned first = 0; first < 23; first++) {
        for (unsigned last = first; last < 23; last++) {
            char lines[64];
            char range[64];
            char length[8];
            char body[32];
            snprintf(lines, sizeof(lines), "Range: bytes=%u-%u\r\n", first, last);
            snprintf(range, sizeof(range), "%u-%u/23", first, last);
            snprintf(length, sizeof(length), "%u", last - first + 1);
            snprintf(body, sizeof(body), "%.*s", (int)(last - first + 1), WHOLE + first);
            expect(lines, "206 Partial Content", length, range, body);
        }
    }
}

static void
test_ranges_outside_get_416(void **state)
{
    (void)state;
    expect("Range: bytes=23-\r\n", "416 Range Not Satisfiable", "0", "*/23", "");
    expect("Range: bytes=-0\r\n", "416 Range Not Satisfiable", "0", "*/23", "");
    expect("Range: bytes=99999999999999999999-\r\n", "416 Range Not Satisfiable", "0",
        "*/23", "");
}

static void
test_several_ranges_and_rubbish_get_the_whole(void **state)
{
    (void)state;
    expect("Range: bytes=0-1,5-6\r\n", "200 OK", "23", NULL, WHOLE);
    expect("Range: bytes=5-2\r\n", "200 OK", "23", NULL, WHOLE);
    expect("Range: lines=1-2\r\n", "200 OK", "23", NULL, WHOLE);
    expect("Range: bytes=\r\n", "200 OK", "23", NULL, WHOLE);
}

static void
test_if_range_needs_the_same_file(void **state)
{
    (void)state;
    expect("Range: bytes=0-1\r\nIf-Range: \"v1\"\r\n", "206 Partial Content", "2",
        "0-1/23", "01");
    expect("Range: bytes=0-1\r\nIf-Range: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
        "206 Partial Content", "2", "0-1/23", "01");
    expect("Range: bytes=0-1\r\nIf-Range: \"v0\"\r\n", "200 OK", "23", NULL, WHOLE);
    expect("Range: bytes=0-1\r\nIf-Range: W/\"v1\"\r\n", "200 OK", "23", NULL, WHOLE);
    expect("Range: bytes=0-1\r\nIf-Range: Sun, 06 Nov 1994 08:49:38 GMT\r\n", "200 OK",
        "23", NULL, WHOLE);
}

static void
expect_304(const char *lines, bool unchanged)
{
    const char *got = ask("GET", "/mixed", lines);
    assert_memory_equal(got, unchanged ? "HTTP/1.1 304 " : "HTTP/1.1 200 ", 13);
    assert_true(has(got, "\r\nETag: \"v1\"\r\n"));
    if (unchanged) {
        assert_false(has(got, "\r\nContent-Length:"));
        assert_string_equal(got + strlen(got) - 4, "\r\n\r\n");
    }
}

static void
test_unchanged_files_get_304(void **state)
{
    (void)state;
    expect_304("If-None-Match: \"v1\"\r\n", true);
    expect_304("If-None-Match: *\r\n", true);
    expect_304("If-None-Match: \"a,b\", W/\"v1\"\r\n", true);
    expect_304("If-None-Match: \"v2\"\r\n", false);
    expect_304("If-None-Match: v1\r\n", false);
    expect_304("If-None-Match: \"v1\r\n", false);
    expect_304("If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n", true);
    expect_304("If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT\r\n", true);
    expect_304("If-Modified-Since: Sun Nov  6 08:49:38 1994\r\n", true);
    expect_304("If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n", false);
    expect_304("If-Modified-Since: yesterday\r\n", false);
    // The tag decides when there is one (RFC 9110 13.2.2).
    expect_304("If-None-Match: \"v2\"\r\n"
               "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n", false);
}

static void
test_head_tells_the_length_alone(void **state)
{
    (void)state;
    const char *got = ask("HEAD", "/mixed", "Range: bytes=0-1\r\n");
    assert_memory_equal(got, "HTTP/1.1 200 OK\r\n", 17);
    assert_true(has(got, "\r\nContent-Length: 23\r\n"));
    assert_string_equal(got + strlen(got) - 4, "\r\n\r\n");
    got = ask("POST", "/mixed", "Content-Length: 0\r\n");
    assert_memory_equal(got, "HTTP/1.1 405 ", 13);
    assert_true(has(got, "\r\nAllow: GET, HEAD\r\n"));
}

static void
test_pipelined_requests_wait_for_the_file(void **state)
{
    (void)state;
    g.wire.room = 5; // of the first file's stretch
    fake_wire_input_text(&g.wire, "GET /mixed HTTP/1.1\r\nHost: x\r\n\r\n"
                                  "GET /mixed HTTP/1.1\r\nHost: x\r\nRange: bytes=1-2\r\n\r\n");
    assert_false(has(fake_wire_text(&g.wire), "206 Partial"));
    assert_false(g.wire.reading);
    g.wire.room = SIZE_MAX;
    bc_http_conn_writable(&g.wire.conn, 0);
    fake_wire_input(&g.wire, "", 0);
    const char *got = fake_wire_text(&g.wire);
    assert_true(has(got, "\r\n\r\n" WHOLE "HTTP/1.1 206 Partial"));
    assert_string_equal(got + strlen(got) - 6, "\r\n\r\n12");
}

// --- large files ---

// The body that came so far is the beginning of the big file.
static size_t
check_big(size_t from)
{
    const uint8_t *data = g.wire.out.data;
    const uint8_t *end = memmem(data, g.wire.out.len, "\r\n\r\n", 4);
    assert_non_null(end);
    size_t len = (size_t)(data + g.wire.out.len - end) - 4;
    for (size_t i = 0; i < len; i++) {
        size_t at = from + i;
        if (end[4 + i] != (uint8_t)(at * 7 + at / 251)) {
            fail_msg("byte %zu is wrong", at);
        }
    }
    return len;
}

static void
test_a_turn_takes_a_megabyte_at_most(void **state)
{
    (void)state;
    ask("GET", "/big", "");
    for (size_t turn = 1; turn <= 3; turn++) {
        assert_true(g.wire.wants_write);
        assert_int_equal(check_big(0), turn * MEGA);
        g.wire.wants_write = false;
        bc_http_conn_writable(&g.wire.conn, 0);
    }
    assert_false(g.wire.wants_write);
    assert_int_equal(check_big(0), BIG_BYTES);
    expect("", "200 OK", "23", NULL, WHOLE); // the connection goes on
}

static void
test_a_slow_reader_gets_all(void **state)
{
    (void)state;
    g.wire.room = 0;
    ask("GET", "/big", "Range: bytes=1000-2000000\r\n");
    for (size_t i = 0; i < 10 && !has(fake_wire_text(&g.wire), "\r\n\r\n"); i++) {
        bc_http_conn_writable(&g.wire.conn, 0);
    }
    while (check_big(1000) < 1999001) {
        g.wire.room = 77777;
        bc_http_conn_writable(&g.wire.conn, 0);
    }
    assert_int_equal(check_big(1000), 1999001);
    assert_int_equal(g.wire.conn.state, BC_HTTP_CONN_HEAD);
}

// As over TLS: bytes in memory, of which there are never more than a chunk.
static void
test_chunks_where_sendfile_cannot_be(void **state)
{
    (void)state;
    g.wire.conn.tls = true;
    ask("GET", "/big", "Range: bytes=5-\r\n");
    assert_int_equal(check_big(5), MEGA); // a turn
    g.wire.queued = 1; // the peer reads slowly
    bc_http_conn_writable(&g.wire.conn, 0);
    assert_int_equal(check_big(5), MEGA);
    g.wire.queued = 0;
    for (int i = 0; i < 3; i++) {
        bc_http_conn_writable(&g.wire.conn, 0);
    }
    assert_int_equal(check_big(5), BIG_BYTES - 5);
    assert_int_equal(g.wire.sendfiles, 0);
    expect("Range: bytes=8-11\r\n", "206 Partial Content", "4", "8-11/23", "89cd");
}

static void
test_a_shorter_file_ends_the_connection(void **state)
{
    (void)state;
    const char *const lines[] = { "", "Range: bytes=3145000-\r\n" };
    for (int i = 0; i < 4; i++) {
        fake_wire_finish(&g.wire);
        struct bc_worker *worker = g.wire.server.worker;
        fake_wire_init(&g.wire, handle, NULL);
        g.wire.server.worker = worker;
        g.wire.conn.tls = i >= 2;
        ask("GET", "/torn", lines[i % 2]);
        for (int turn = 0; turn < 4 && !g.wire.closed; turn++) {
            bc_http_conn_writable(&g.wire.conn, 0);
        }
        assert_true(g.wire.closed);
        assert_int_equal(g.wire.how, BC_HTTP_CLOSE_NOW);
        check_big(i % 2 == 0 ? 0 : 3145000);
    }
}

// --- the disk ---

static void
begin_cold(bool tls)
{
    g.cold = true;
    g.wire.server.disk = (struct bc_disk *)&g; // never looked into
    g.wire.conn.tls = tls;
}

static void
test_what_is_not_cached_is_read_elsewhere(void **state)
{
    (void)state;
    begin_cold(false);
    ask("GET", "/big", "");
    assert_int_equal(check_big(0), 0);
    for (unsigned asks = 1; asks <= 4; asks++) {
        assert_int_equal(g.asks, asks);
        size_t before = check_big(0);
        bc_http_conn_writable(&g.wire.conn, 0); // does not help
        assert_int_equal(check_big(0), before);
        run_disk();
        bc_http_conn_writable(&g.wire.conn, 0);
    }
    assert_int_equal(check_big(0), BIG_BYTES);
    assert_null(g.asked);
    expect("Range: bytes=1-2\r\n", "206 Partial Content", "2", "1-2/23", "12");
}

static void
test_chunks_are_read_elsewhere(void **state)
{
    (void)state;
    begin_cold(true);
    ask("GET", "/big", "");
    for (int i = 0; i < 40 && g.asked; i++) {
        run_disk();
        if (!g.asked) {
            bc_http_conn_writable(&g.wire.conn, 0);
        }
    }
    assert_int_equal(check_big(0), BIG_BYTES);
    assert_int_equal(g.asks, 13); // 256 KiB each
}

static void
test_a_client_that_leaves_while_the_disk_reads(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        begin_cold(i == 1);
        ask("GET", "/big", "");
        assert_non_null(g.asked);
        bc_http_conn_closed(&g.wire.conn, "the peer closed the connection");
        bc_http_conn_finish(&g.wire.conn);
        run_disk();
        struct bc_worker *worker = g.wire.server.worker;
        bc_writer_finish(&g.wire.out);
        fake_wire_init(&g.wire, handle, NULL);
        g.wire.server.worker = worker;
    }
}

// Closed by us, with the connection's memory still there when the answer comes.
static void
test_an_abort_while_the_disk_reads(void **state)
{
    (void)state;
    begin_cold(false);
    ask("GET", "/big", "");
    size_t before = g.wire.out.len;
    bc_http_conn_abort(&g.wire.conn, "the server stops");
    run_disk();
    assert_int_equal(g.wire.out.len, before);
}

static void
test_a_file_that_shrank_on_the_disk(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        begin_cold(i == 1);
        ask("GET", "/torn", "Range: bytes=3145851-\r\n"); // from its end on
        assert_non_null(g.asked);
        run_disk();
        assert_true(g.wire.closed);
        struct bc_worker *worker = g.wire.server.worker;
        fake_wire_finish(&g.wire);
        fake_wire_init(&g.wire, handle, NULL);
        g.wire.server.worker = worker;
    }
}

static void
test_the_idle_timeout_is_for_readers_that_stop(void **state)
{
    (void)state;
    g.wire.room = 1000;
    ask("GET", "/big", "");
    assert_int_equal(g.wire.timeout_us, 60000000);
    for (int i = 0; i < 5; i++) { // a kilobyte a minute is enough
        g.wire.room = 1000;
        bc_http_conn_writable(&g.wire.conn, 0);
        bc_http_conn_timeout(&g.wire.conn, 0);
        assert_false(g.wire.closed);
    }
    bc_http_conn_timeout(&g.wire.conn, 0);
    assert_true(g.wire.closed);
    assert_int_equal(g.wire.server.bad_requests, 0); // a paused player does that
}

static void
test_a_slow_disk_is_not_the_readers_fault(void **state)
{
    (void)state;
    begin_cold(false);
    ask("GET", "/big", "Range: bytes=0-99\r\n");
    for (int i = 0; i < 5; i++) {
        bc_http_conn_timeout(&g.wire.conn, 0);
        assert_false(g.wire.closed);
    }
    run_disk();
    assert_int_equal(check_big(0), 100);
}

static void
test_drain_lets_a_download_end(void **state)
{
    (void)state;
    ask("GET", "/big", "");
    bc_http_conn_drain(&g.wire.conn);
    assert_false(g.wire.closed);
    for (int i = 0; i < 3; i++) {
        bc_http_conn_writable(&g.wire.conn, 0);
    }
    assert_int_equal(check_big(0), BIG_BYTES);
    assert_true(g.wire.closed);
    assert_int_equal(g.wire.how, BC_HTTP_CLOSE_FLUSH);
}

#define unit(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        unit(test_the_whole_is_sent),
        unit(test_neighbours_in_a_file_are_one_stretch),
        unit(test_ranges_cross_the_seams),
        unit(test_every_range_is_right),
        unit(test_ranges_outside_get_416),
        unit(test_several_ranges_and_rubbish_get_the_whole),
        unit(test_if_range_needs_the_same_file),
        unit(test_unchanged_files_get_304),
        unit(test_head_tells_the_length_alone),
        unit(test_pipelined_requests_wait_for_the_file),
        unit(test_a_turn_takes_a_megabyte_at_most),
        unit(test_a_slow_reader_gets_all),
        unit(test_chunks_where_sendfile_cannot_be),
        unit(test_a_shorter_file_ends_the_connection),
        unit(test_what_is_not_cached_is_read_elsewhere),
        unit(test_chunks_are_read_elsewhere),
        unit(test_a_client_that_leaves_while_the_disk_reads),
        unit(test_an_abort_while_the_disk_reads),
        unit(test_a_file_that_shrank_on_the_disk),
        unit(test_the_idle_timeout_is_for_readers_that_stop),
        unit(test_a_slow_disk_is_not_the_readers_fault),
        unit(test_drain_lets_a_download_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
