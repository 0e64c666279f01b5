// SPDX-License-Identifier: Apache-2.0
#include "input_io.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define IO_BUFFER_BYTES (32 * 1024)
#define RTP_BUFFER_BYTES (128 * 1024) // a packet is read in one piece
// What is opened before the first packet comes: playlists of all qualities, keys, first
// segments.
#define OPENS_MAX 64
#define PLAYLIST_MAX_BYTES (4 * 1024 * 1024)
#define PLAYLIST_MARK "#EXTM3U"

// What stands behind one AVIOContext; owned by it.
struct wrapped {
    struct input_bytes bytes;
    int64_t at;
    int64_t limit;           // < 0: none
    struct input_http *http; // owned; NULL for what the caller opened
};

static int
to_averror(ssize_t ret)
{
    return ret == -ECANCELED ? AVERROR_EXIT : (int)ret;
}

static int
read_bytes(void *opaque, uint8_t *out, int size)
{
    struct wrapped *w = opaque;
    if (w->limit >= 0 && w->at >= w->limit) {
        return AVERROR_EOF;
    }
    ssize_t n = w->bytes.read(w->bytes.user, out, (size_t)size);
    if (n <= 0) {
        return n == 0 ? AVERROR_EOF : to_averror(n);
    }
    w->at += n;
    return (int)n;
}

static int64_t
seek_bytes(void *opaque, int64_t offset, int whence)
{
    struct wrapped *w = opaque;
    if (whence == AVSEEK_SIZE) {
        return w->bytes.size >= 0 ? w->bytes.size : AVERROR(ENOSYS);
    }
    whence &= ~AVSEEK_FORCE;
    int64_t to = whence == SEEK_SET ? offset
        : whence == SEEK_CUR        ? w->at + offset
        : w->bytes.size >= 0        ? w->bytes.size + offset
                                    : -1;
    if (to < 0) {
        return AVERROR(EINVAL);
    }
    int ret = w->bytes.seek(w->bytes.user, to);
    if (ret != 0) {
        return to_averror(ret);
    }
    w->at = to;
    return to;
}

static int
drop_report(void *opaque, uint8_t *data, int size)
{
    (void)opaque;
    (void)data;
    return size; // receiver reports; the sender watches its TCP connection
}

static AVIOContext *
wrap(const struct input_bytes *bytes, struct input_http *http, bool packets)
{
    int size = packets ? RTP_BUFFER_BYTES : IO_BUFFER_BYTES;
    struct wrapped *w = calloc(1, sizeof(*w));
    uint8_t *buffer = av_malloc((size_t)size);
    AVIOContext *pb = NULL;
    if (w && buffer) {
        w->bytes = *bytes;
        w->limit = -1;
        w->http = http;
        // For RTP the context counts as one for writing, which reads without buffering.
        pb = avio_alloc_context(buffer, size, packets, w, read_bytes,
            packets ? drop_report : NULL, bytes->seek ? seek_bytes : NULL);
    }
    if (!pb) {
        av_free(buffer);
        free(w);
    }
    return pb;
}

AVIOContext *
input_io_wrap(const struct input_bytes *bytes)
{
    return wrap(bytes, NULL, false);
}

AVIOContext *
input_io_wrap_packets(const struct input_bytes *bytes)
{
    return wrap(bytes, NULL, true);
}

void
input_io_unwrap(AVIOContext **pb)
{
    if (*pb) {
        struct wrapped *w = (*pb)->opaque;
        input_http_close(w->http);
        free(w);
        av_freep(&(*pb)->buffer);
        avio_context_free(pb);
    }
}

// --- what a playlist names ---

static ssize_t
read_http(void *user, uint8_t *out, size_t size)
{
    return input_http_read(user, out, size);
}

static int64_t
number_of(AVDictionary *options, const char *key)
{
    const AVDictionaryEntry *e = options ? av_dict_get(options, key, NULL, 0) : NULL;
    return e ? strtoll(e->value, NULL, 10) : 0;
}

static int
open_url(AVFormatContext *context, AVIOContext **pb, const char *url, int flags,
    AVDictionary **options)
{
    struct input_io *io = context->opaque;
    *pb = NULL;
    // Neither files nor anything else but HTTP, whoever asks.
    bool http = strncasecmp(url, "http://", 7) == 0 || strncasecmp(url, "https://", 8) == 0;
    if (!io->may_open || !http || flags != AVIO_FLAG_READ
        || (!io->got_packet && ++io->opens > OPENS_MAX)) {
        return AVERROR(EACCES);
    }
    AVDictionary *given = options ? *options : NULL;
    struct input_http *h = input_http_open(
        io->net, url, number_of(given, "offset"), number_of(given, "end_offset"));
    if (!h) {
        return input_net_is_stopped(io->net) ? AVERROR_EXIT : AVERROR(EIO);
    }
    struct input_bytes bytes = { .read = read_http, .size = -1, .user = h };
    *pb = wrap(&bytes, h, false);
    if (!*pb) {
        input_http_close(h);
        return AVERROR(ENOMEM);
    }
    char start[sizeof(PLAYLIST_MARK)] = "";
    input_http_peek(h, (uint8_t *)start, sizeof(start) - 1);
    if (strcmp(start, PLAYLIST_MARK) == 0) {
        ((struct wrapped *)(*pb)->opaque)->limit = PLAYLIST_MAX_BYTES;
    }
    return 0;
}

static int
close_url(AVFormatContext *context, AVIOContext *pb)
{
    (void)context;
    input_io_unwrap(&pb);
    return 0;
}

static int
is_interrupted(void *opaque)
{
    const struct input_io *io = opaque;
    return input_net_is_stopped(io->net);
}

void
input_io_attach(struct input_io *io, AVFormatContext *context)
{
    context->opaque = io;
    context->io_open = open_url;
    context->io_close2 = close_url;
    context->interrupt_callback = (AVIOInterruptCB){ is_interrupted, io };
}
