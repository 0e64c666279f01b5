// SPDX-License-Identifier: Apache-2.0
#include "egress/rtmp.h"

#include <stdlib.h>

#include "base/query.h"
#include "options.h"

// Video that RTMP carries by FourCC alone.
#define FOURCC_VIDEO (1u << BC_CODEC_AV1 | 1u << BC_CODEC_VP9 | 1u << BC_CODEC_VP8)

// Between the connection's session and the shared bytes. Owned by the connection.
struct bc_rtmp_player {
    struct bc_viewer *viewer;        // owned
    struct bc_rtmp_session *session; // borrowed
    struct bc_sink *sink;            // borrowed
    struct bc_channel *channel;      // owned reference
};

static void
on_end(void *user)
{
    struct bc_rtmp_player *p = user;
    bc_rtmp_session_play_stopped(p->session, true);
    bc_sink_finish(p->sink);
}

static void
on_closed(void *user, const char *reason)
{
    // The connection notices by itself and stops us.
    (void)user;
    (void)reason;
}

static const struct bc_viewer_ops VIEWER_OPS = { on_end, on_closed };

struct bc_rtmp_player *
bc_rtmp_player_start(struct bc_windows *windows, struct bc_rtmp_session *session,
    struct bc_sink *sink, struct bc_channel *channel, const struct bc_rtmp_request *req)
{
    struct bc_rtmp_player *p = calloc(1, sizeof(*p));
    if (!p) {
        return NULL;
    }
    p->session = session;
    p->sink = sink;
    p->channel = bc_channel_ref(channel);
    struct bc_viewer_params params = {
        .windows = windows,
        .channel = channel,
        .key = { .format = BC_FEED_RTMP,
            .rendition = bc_rendition_choice(req->query),
            .hevc = bc_hevc_choice(req->query, (req->caps.codecs & 1u << BC_CODEC_HEVC) != 0),
            .fourccs = req->caps.codecs & FOURCC_VIDEO },
        .sink = sink,
        .from_gop = bc_wants_gop(req->query),
        .ops = &VIEWER_OPS,
        .user = p,
    };
    p->viewer = bc_viewer_create(&params);
    if (!p->viewer) {
        bc_channel_unref(&p->channel);
        free(p);
        return NULL;
    }
    bc_channel_count_viewer(channel, BC_PROTOCOL_RTMP, 1);
    return p;
}

void
bc_rtmp_player_stop(struct bc_rtmp_player *player)
{
    if (player) {
        bc_channel_count_viewer(player->channel, BC_PROTOCOL_RTMP, -1);
        bc_viewer_destroy(player->viewer);
        bc_channel_unref(&player->channel);
        free(player);
    }
}

void
bc_rtmp_player_pause(struct bc_rtmp_player *player, bool paused)
{
    bc_viewer_set_paused(player->viewer, paused);
}

void
bc_rtmp_player_receive(struct bc_rtmp_player *player, enum bc_kind kind, bool on)
{
    bc_viewer_set_receive(player->viewer, kind, on);
}
