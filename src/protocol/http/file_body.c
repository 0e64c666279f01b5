// SPDX-License-Identifier: Apache-2.0
#include "file_body.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/disk.h"
#include "protocol/http/server.h"

// Where the page cache is probed: the kernel reads ahead by at least that much.
#define PROBE_BYTES (64u << 10)
// What the kernel is asked to read meanwhile behind what a disk thread waits for.
#define AHEAD_BYTES (2u << 20)

// What a disk thread reads for a body. Owned by itself: it travels to the disk thread and
// back, and finds out there whether anybody still waits for it.
struct read_job {
    struct bc_task task;
    struct bc_worker *worker;       // borrowed; the body's
    struct bc_http_file_body *body; // NULL once it is gone; the worker's thread only
    atomic_bool cancelled;
    struct bc_file *file; // owned
    uint64_t offset;
    size_t len;
    struct bc_buf *into; // owned; NULL: into the page cache alone
    ssize_t result;
};

struct bc_http_file_body {
    struct bc_http_server *server; // borrowed
    struct bc_http_extent *items;  // owned, with their references
    size_t count;
    size_t index;    // of the extent that is being sent; it shrinks from the front
    uint64_t left;
    uint64_t cached; // bytes from here on that are in the page cache
    struct bc_buf *chunk; // owned; what was read of a file
    size_t chunk_at;
    size_t chunk_len;
    struct read_job *job; // under way
    bool failed;
    void (*ready)(void *user);
    void *user;
};

static void
drop_extent(struct bc_http_extent *e)
{
    bc_buf_unref(&e->buf);
    bc_file_unref(&e->file);
}

// Moves what the slice needs of one extent to the end of `body`; neighbours in one file
// become one.
static void
take_extent(struct bc_http_file_body *body, struct bc_http_extent *e, uint64_t skip,
    uint64_t len)
{
    struct bc_http_extent *last = body->count > 0 ? &body->items[body->count - 1] : NULL;
    uint64_t from = e->offset + skip;
    if (last && e->file && last->file == e->file && last->offset + last->len == from) {
        last->len += len;
        bc_file_unref(&e->file);
        return;
    }
    body->items[body->count++] = (struct bc_http_extent){ e->buf, e->file, from, len };
    e->buf = NULL;
    e->file = NULL;
}

struct bc_http_file_body *
bc_http_file_body_create(struct bc_http_server *server, struct bc_http_extent *items,
    size_t count, uint64_t offset, uint64_t len)
{
    struct bc_http_file_body *body = calloc(1, sizeof(*body));
    struct bc_http_extent *copy = calloc(count + 1, sizeof(*copy));
    if (!body || !copy) {
        free(body);
        free(copy);
        return NULL;
    }
    body->server = server;
    body->items = copy;
    body->left = len;
    uint64_t skip = offset;
    uint64_t left = len;
    for (size_t i = 0; i < count && left > 0; i++) {
        if (skip >= items[i].len) {
            skip -= items[i].len;
            continue;
        }
        uint64_t n = items[i].len - skip;
        n = n < left ? n : left;
        take_extent(body, &items[i], skip, n);
        left -= n;
        skip = 0;
    }
    return body;
}

void
bc_http_file_body_destroy(struct bc_http_file_body *body)
{
    if (!body) {
        return;
    }
    if (body->job) {
        body->job->body = NULL;
        atomic_store(&body->job->cancelled, true);
    }
    for (size_t i = body->index; i < body->count; i++) {
        drop_extent(&body->items[i]);
    }
    bc_buf_unref(&body->chunk);
    free(body->items);
    free(body);
}

void
bc_http_file_body_on_ready(
    struct bc_http_file_body *body, void (*ready)(void *user), void *user)
{
    body->ready = ready;
    body->user = user;
}

// --- reading ---

static enum bc_http_body_step
fail(struct bc_http_file_body *body, ssize_t err)
{
    struct bc_http_server *server = body->server;
    unsigned suppressed = 0;
    body->failed = true;
    if (bc_log_limit_pass(&server->file_limit, bc_clock_us(), &suppressed)) {
        bc_warn(NULL, "http: an answer breaks off: %s; %u others since the last such line",
            err == 0 ? "a file is shorter than it was" : strerror((int)-err), suppressed);
    }
    return BC_HTTP_STEP_FAILED;
}

static ssize_t
read_at(int fd, void *out, size_t len, uint64_t offset, int flags)
{
    struct iovec iov = { out, len };
    ssize_t n;
    do {
        n = preadv2(fd, &iov, 1, (off_t)offset, flags);
    } while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

// File systems that cannot tell what is cached are read by a disk thread.
static bool
must_wait(ssize_t n)
{
    return n == -EAGAIN || n == -EOPNOTSUPP;
}

// How many bytes can be sent without waiting for the disk, by looking at one byte every
// PROBE_BYTES. The end of the file counts as cached: sendfile() will find out.
static uint64_t
probe(int fd, uint64_t offset, uint64_t len)
{
    uint8_t byte;
    for (uint64_t at = 0; at < len; at += PROBE_BYTES) {
        if (must_wait(read_at(fd, &byte, 1, offset + at, RWF_NOWAIT))) {
            return at;
        }
    }
    bool last = must_wait(read_at(fd, &byte, 1, offset + len - 1, RWF_NOWAIT));
    return last ? (len - 1) / PROBE_BYTES * PROBE_BYTES : len;
}

// Bytes that are there afterwards, 0 at the end of the file, -errno.
static ssize_t
read_whole(struct read_job *job, uint8_t *scratch, size_t scratch_len)
{
    size_t done = 0;
    while (done < job->len && !atomic_load(&job->cancelled)) {
        size_t n = job->len - done;
        uint8_t *to = job->into ? job->into->data + done : scratch;
        n = job->into || n < scratch_len ? n : scratch_len;
        ssize_t got = read_at(job->file->fd, to, n, job->offset + done, 0);
        if (got < 0) {
            return done > 0 ? (ssize_t)done : got;
        }
        if (got == 0) {
            break;
        }
        done += (size_t)got;
    }
    return (ssize_t)done;
}

static void
free_job(struct read_job *job)
{
    bc_file_unref(&job->file);
    bc_buf_unref(&job->into);
    free(job);
}

static void
on_read(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct read_job *job = bc_container_of(task, struct read_job, task);
    struct bc_http_file_body *body = job->body;
    if (!body) {
        free_job(job);
        return;
    }
    body->job = NULL;
    if (job->result <= 0) {
        fail(body, job->result);
    } else if (job->into) {
        body->chunk = job->into;
        body->chunk_at = 0;
        body->chunk_len = (size_t)job->result;
        job->into = NULL;
    } else {
        body->cached = (uint64_t)job->result;
    }
    free_job(job);
    body->ready(body->user);
}

static void
run_on_disk(struct bc_task *task, struct bc_worker *thread)
{
    struct read_job *job = bc_container_of(task, struct read_job, task);
    if (!atomic_load(&job->cancelled)) {
        posix_fadvise(job->file->fd, (off_t)job->offset,
            (off_t)(job->len + AHEAD_BYTES), POSIX_FADV_WILLNEED);
        job->result = read_whole(job, thread->scratch, sizeof(thread->scratch));
    }
    job->task.run = on_read;
    bc_worker_post(job->worker, &job->task);
}

// Takes over `into`.
static enum bc_http_body_step
ask_disk(struct bc_http_file_body *body, size_t len, struct bc_buf *into)
{
    const struct bc_http_extent *e = &body->items[body->index];
    struct read_job *job = calloc(1, sizeof(*job));
    if (!job) {
        bc_buf_unref(&into);
        return fail(body, -ENOMEM);
    }
    bc_list_init(&job->task.node);
    job->task.run = run_on_disk;
    job->worker = body->server->worker;
    job->body = body;
    job->file = bc_file_ref(e->file);
    job->offset = e->offset;
    job->len = len;
    job->into = into;
    body->job = job;
    bc_disk_post(body->server->disk, &job->task);
    return BC_HTTP_STEP_WAIT;
}

// --- the pieces ---

static enum bc_http_body_step
give_chunk(struct bc_http_file_body *body, size_t max, struct bc_http_piece *piece)
{
    size_t n = body->chunk_len - body->chunk_at;
    piece->buf = body->chunk;
    piece->offset = body->chunk_at;
    piece->len = n < max ? n : max;
    return BC_HTTP_STEP_BYTES;
}

static enum bc_http_body_step
next_chunk(struct bc_http_file_body *body, size_t max, struct bc_http_piece *piece)
{
    const struct bc_http_extent *e = &body->items[body->index];
    if (body->chunk && body->chunk_at < body->chunk_len) {
        return give_chunk(body, max, piece);
    }
    bc_buf_unref(&body->chunk);
    size_t len = max < BC_HTTP_CHUNK_BYTES ? max : BC_HTTP_CHUNK_BYTES;
    len = e->len < len ? (size_t)e->len : len;
    struct bc_buf *buf = bc_buf_create(len);
    if (!buf) {
        return fail(body, -ENOMEM);
    }
    int flags = body->server->disk ? RWF_NOWAIT : 0;
    ssize_t n = read_at(e->file->fd, buf->data, len, e->offset, flags);
    if (body->server->disk && must_wait(n)) {
        return ask_disk(body, len, buf);
    }
    if (n <= 0) {
        bc_buf_unref(&buf);
        return fail(body, n);
    }
    body->chunk = buf;
    body->chunk_at = 0;
    body->chunk_len = (size_t)n;
    return give_chunk(body, max, piece);
}

static enum bc_http_body_step
next_stretch(struct bc_http_file_body *body, size_t max, struct bc_http_piece *piece)
{
    const struct bc_http_extent *e = &body->items[body->index];
    size_t len = e->len < max ? (size_t)e->len : max;
    if (body->cached == 0) {
        body->cached = body->server->disk ? probe(e->file->fd, e->offset, len) : len;
    }
    if (body->cached == 0) {
        return ask_disk(
            body, e->len < BC_HTTP_TURN_BYTES ? (size_t)e->len : BC_HTTP_TURN_BYTES, NULL);
    }
    piece->fd = e->file->fd;
    piece->offset = e->offset;
    piece->len = body->cached < len ? (size_t)body->cached : len;
    return BC_HTTP_STEP_FILE;
}

// Lets go of what was sent; the pieces that were given point into it until now.
static struct bc_http_extent *
current(struct bc_http_file_body *body)
{
    while (body->items[body->index].len == 0) {
        drop_extent(&body->items[body->index++]);
        body->cached = 0;
    }
    return &body->items[body->index];
}

enum bc_http_body_step
bc_http_file_body_next(
    struct bc_http_file_body *body, bool copy, size_t max, struct bc_http_piece *piece)
{
    *piece = (struct bc_http_piece){ .fd = -1 };
    if (body->failed) {
        return BC_HTTP_STEP_FAILED;
    }
    if (body->left == 0) {
        return BC_HTTP_STEP_END;
    }
    if (body->job) {
        return BC_HTTP_STEP_WAIT;
    }
    struct bc_http_extent *e = current(body);
    if (e->file) {
        return copy ? next_chunk(body, max, piece) : next_stretch(body, max, piece);
    }
    piece->buf = e->buf;
    piece->offset = e->offset;
    piece->len = e->len < max ? (size_t)e->len : max;
    return BC_HTTP_STEP_BYTES;
}

void
bc_http_file_body_advance(struct bc_http_file_body *body, size_t n)
{
    struct bc_http_extent *e = &body->items[body->index];
    e->offset += n;
    e->len -= n;
    body->left -= n;
    if (e->file) {
        body->cached -= n < body->cached ? n : body->cached;
        body->chunk_at += body->chunk ? n : 0;
    }
}

uint64_t
bc_http_file_body_left(const struct bc_http_file_body *body)
{
    return body->left;
}

bool
bc_http_file_body_waits(const struct bc_http_file_body *body)
{
    return body->job != NULL;
}
