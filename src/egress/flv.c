// SPDX-License-Identifier: Apache-2.0
// HTTP-FLV and WS-FLV: a response without end that takes the channel's shared bytes.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/query.h"
#include "base/clock.h"
#include "base/log.h"
#include "container/flv.h"
#include "media_internal.h"
#include "options.h"
#include "stream/via.h"
#include "stream/wait.h"

// One viewer. Frees itself when the broadcast ends or the peer goes.
struct flv_viewer {
    struct bc_viewer *viewer;   // owned
    struct bc_sink *sink;       // borrowed from the HTTP connection
    struct bc_channel *channel; // owned reference
    enum bc_protocol protocol;
    int64_t began_us;
    struct bc_logger log;
};

static void
destroy(struct flv_viewer *v, const char *reason)
{
    struct bc_viewer_stats stats;
    bc_viewer_stats(v->viewer, &stats);
    bc_info(&v->log, "viewer left after %.1f s: %s (%llu bytes, %u skips)",
        (double)(bc_clock_us() - v->began_us) / 1e6, reason,
        (unsigned long long)stats.bytes, stats.skips);
    bc_viewer_destroy(v->viewer);
    bc_channel_count_viewer(v->channel, v->protocol, -1);
    bc_channel_unref(&v->channel);
    free(v);
}

static void
on_end(void *user)
{
    struct flv_viewer *v = user;
    struct bc_sink *sink = v->sink;
    destroy(v, "the broadcast ended");
    bc_sink_finish(sink);
}

static void
on_closed(void *user, const char *reason)
{
    destroy(user, reason);
}

static const struct bc_viewer_ops VIEWER_OPS = { on_end, on_closed };

static enum bc_feed_format
format_of(enum bc_http_framing framing)
{
    switch (framing) {
    case BC_HTTP_FRAMING_CHUNKED:
        return BC_FEED_FLV_CHUNKED;
    case BC_HTTP_FRAMING_WEBSOCKET:
        return BC_FEED_FLV_WEBSOCKET;
    case BC_HTTP_FRAMING_RAW:
        break;
    }
    return BC_FEED_FLV;
}

static void
read_options(const char *query, struct bc_viewer_params *params)
{
    char only[16];
    params->from_gop = bc_wants_gop(query);
    params->key.rendition = bc_rendition_choice(query);
    params->key.hevc = bc_hevc_choice(query, false);
    params->key.audio_only = bc_query_get(query, "only", only, sizeof(only)) > 0
        && strcmp(only, "audio") == 0;
}

#define STREAM_HEADERS "Cache-Control: no-store\r\nX-Accel-Buffering: no\r\n"

// Other servers are told by which ones their pull comes.
static void
write_headers(
    struct bc_http_exchange *x, struct bc_channel *channel, char *out, size_t size)
{
    char via[BC_VIA_TEXT] = "";
    bool pulls = bc_http_header(x, BC_VIA_HEADER) != NULL;
    if (pulls) {
        bc_via_downstream(channel, via);
    }
    snprintf(out, size, STREAM_HEADERS "%s%s%s", pulls ? BC_VIA_HEADER ": " : "", via,
        pulls ? "\r\n" : "");
}

void
bc_flv_handle(
    struct bc_media *media, struct bc_http_exchange *x, struct bc_channel *channel)
{
    if (!bc_channel_is_playable(channel)) {
        bc_media_refuse_not_live(x);
        return;
    }
    char only[16];
    bool sound = bc_query_get(bc_http_query(x), "only", only, sizeof(only)) > 0
        && strcmp(only, "audio") == 0;
    enum bc_codec picture = bc_media_picture(channel);
    if (!sound && picture != BC_CODEC_NONE && !bc_flv_has_codec(picture)) {
        bc_media_refuse_picture(x, "FLV", picture);
        return;
    }
    struct flv_viewer *v = calloc(1, sizeof(*v));
    if (!v) {
        bc_http_respond_error(x, 503, "no_memory", "the server is out of memory");
        return;
    }
    // What is read of the exchange must be read before it turns into a stream.
    struct bc_viewer_params params = { .windows = media->windows, .channel = channel,
        .ops = &VIEWER_OPS, .user = v };
    read_options(bc_http_query(x), &params);
    v->protocol = bc_http_wants_websocket(x) ? BC_PROTOCOL_WS_FLV : BC_PROTOCOL_FLV;
    v->began_us = bc_clock_us();
    bc_logger_init(&v->log, bc_channel_logger(channel), "%s %s",
        bc_protocol_name(v->protocol), bc_http_peer(x));
    char headers[sizeof(STREAM_HEADERS) + sizeof(BC_VIA_HEADER) + BC_VIA_TEXT + 8];
    write_headers(x, channel, headers, sizeof(headers));
    enum bc_http_framing framing = BC_HTTP_FRAMING_WEBSOCKET;
    v->sink = v->protocol == BC_PROTOCOL_WS_FLV
        ? bc_http_websocket(x)
        : bc_http_stream(x, 200, "video/x-flv", headers, &framing);
    if (!v->sink) {
        free(v);
        return;
    }
    params.sink = v->sink;
    params.key.format = format_of(framing);
    v->viewer = bc_viewer_create(&params);
    if (!v->viewer) {
        bc_sink_close(v->sink, "no memory");
        free(v);
        return;
    }
    v->channel = bc_channel_ref(channel);
    bc_channel_count_viewer(channel, v->protocol, 1);
    bc_debug(&v->log, "viewer came");
}
