// SPDX-License-Identifier: Apache-2.0
// The channel's side of RTP: packets become frames, once.
#include "rtp_feed.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "media/nalu.h"
#include "stream/hub.h"
#include "rtp_window.h"

#define LINGER_US 5000000
// A source is asked for a keyframe at most so often, whoever wants one.
#define ASK_US 500000
#define BASE_SMOOTHING 256 // packets

static struct bc_rtp_feed *
from_sink(struct bc_packet_sink *sink)
{
    return bc_container_of(sink, struct bc_rtp_feed, sink);
}

// --- other codecs ---

static void
on_recoded_audio(void *user, struct bc_packet *packet)
{
    struct bc_rtp_feed *f = user;
    unsigned before = f->batch_count;
    bc_rtp_feed_emit(f, BC_LANE_AUDIO, packet);
    f->riding += f->batch_count > before;
    bc_rtp_feed_flush_unless_riding(f);
    bc_packet_unref(&packet);
}

static void
on_recoded_video(void *user, struct bc_packet *packet)
{
    struct bc_rtp_feed *f = user;
    bc_rtp_feed_emit(f, BC_LANE_VIDEO, packet);
    bc_rtp_feed_flush(f);
    bc_packet_unref(&packet);
}

static void
on_audio_failed(void *user, const char *reason)
{
    struct bc_rtp_feed *f = user;
    bc_warn(bc_channel_logger(f->channel), "no sound for WebRTC viewers: %s", reason);
}

static void
on_video_failed(void *user, const char *reason)
{
    struct bc_rtp_feed *f = user;
    bc_warn(bc_channel_logger(f->channel), "no picture for WebRTC viewers: %s", reason);
    f->mode = BC_RTP_VIDEO_REFUSED;
    f->generation++;
    bc_rtp_feed_tell(f, BC_RTP_NOTE_TRACKS);
}

static struct bc_recoder *
open_recoder(struct bc_rtp_feed *f, enum bc_codec to)
{
    bool audio = to == BC_CODEC_OPUS;
    struct bc_recoder_params params = { .threads = f->threads,
        .home = bc_channel_home(f->channel), .to = to,
        .log = bc_channel_logger(f->channel),
        .on_packet = audio ? on_recoded_audio : on_recoded_video,
        .on_failed = audio ? on_audio_failed : on_video_failed, .user = f };
    return f->threads ? bc_recoder_create(&params) : NULL;
}

static void
push_audio(struct bc_rtp_feed *f, struct bc_packet *packet)
{
    // Of more channels RFC 7587 knows nothing.
    if (packet->track->codec == BC_CODEC_OPUS && packet->track->channels <= 2) {
        bc_rtp_feed_emit(f, BC_LANE_AUDIO, packet);
        return;
    }
    if (!f->audio_recoder) {
        f->audio_recoder = open_recoder(f, BC_CODEC_OPUS);
    }
    if (f->audio_recoder) {
        bc_recoder_push(f->audio_recoder, packet);
    }
}

// --- B-frames ---

static bool
is_reordered(struct bc_rtp_lane *lane, const struct bc_packet *p)
{
    if (p->flags & (BC_PACKET_KEY | BC_PACKET_NEW_EPOCH)) {
        lane->max_pts_us = p->pts_us;
        return false;
    }
    if (p->pts_us < lane->max_pts_us) {
        return true;
    }
    lane->max_pts_us = p->pts_us;
    return false;
}

static void
replay_into_recoder(void *user, struct bc_packet *packet)
{
    if (packet->kind == BC_KIND_VIDEO) {
        bc_recoder_push(user, packet);
    }
}

// The source turned out to have B-frames: by policy.
static void
leave_native(struct bc_rtp_feed *f)
{
    const struct bc_logger *log = bc_channel_logger(f->channel);
    f->mode = f->policy == BC_B_FRAMES_DROP ? BC_RTP_VIDEO_WITHOUT_B
        : f->policy == BC_B_FRAMES_REFUSE   ? BC_RTP_VIDEO_REFUSED
                                            : BC_RTP_VIDEO_RECODED;
    if (f->mode == BC_RTP_VIDEO_RECODED) {
        f->video_recoder = open_recoder(f, BC_CODEC_AVC);
        if (!f->video_recoder) {
            f->mode = BC_RTP_VIDEO_REFUSED;
        }
    }
    bc_info(log, "the video has B-frames, which WebRTC players cannot show: %s",
        f->mode == BC_RTP_VIDEO_RECODED     ? "encoding it again for them"
            : f->mode == BC_RTP_VIDEO_REFUSED ? "refusing these viewers"
                                              : "leaving out what can be left out");
    bc_rtp_lane_clear(&f->lanes[BC_LANE_VIDEO]);
    if (f->video_recoder) {
        bc_channel_replay_gop(f->channel, replay_into_recoder, f->video_recoder);
        bc_recoder_begin_output(f->video_recoder);
    }
    f->generation++;
    bc_rtp_feed_tell(f, BC_RTP_NOTE_TRACKS);
}

static void
push_video(struct bc_rtp_feed *f, struct bc_packet *packet)
{
    unsigned index = BC_LANE_VIDEO + packet->rendition;
    struct bc_rtp_lane *lane = &f->lanes[index];
    if (f->mode == BC_RTP_VIDEO_RECODED || f->mode == BC_RTP_VIDEO_REFUSED) {
        if (f->video_recoder && packet->rendition == 0) {
            bc_recoder_push(f->video_recoder, packet);
        }
        return;
    }
    if (f->mode == BC_RTP_VIDEO_WITHOUT_B && packet->flags & BC_PACKET_DISPOSABLE) {
        return;
    }
    if (is_reordered(lane, packet)) {
        if (f->mode == BC_RTP_VIDEO_NATIVE && packet->rendition == 0) {
            leave_native(f); // the packet is in the cached GOP already
        } else if (f->mode == BC_RTP_VIDEO_WITHOUT_B) {
            f->mode = BC_RTP_VIDEO_REFUSED; // B-frames that others refer to
            f->generation++;
            bc_rtp_feed_tell(f, BC_RTP_NOTE_TRACKS);
        }
        return;
    }
    bc_rtp_feed_emit(f, index, packet);
}

static void
push(struct bc_rtp_feed *f, struct bc_packet *packet)
{
    if (packet->kind == BC_KIND_AUDIO) {
        push_audio(f, packet);
    } else if (packet->kind == BC_KIND_VIDEO && packet->rendition < BC_RENDITION_MAX) {
        push_video(f, packet);
    }
}

// --- working or not ---

static void
stop_codecs(struct bc_rtp_feed *f)
{
    bc_recoder_destroy(f->audio_recoder);
    bc_recoder_destroy(f->video_recoder);
    f->audio_recoder = NULL;
    f->video_recoder = NULL;
    f->mode = BC_RTP_VIDEO_NATIVE;
}

static void
clear_lanes(struct bc_rtp_feed *f)
{
    bc_rtp_feed_flush(f);
    for (unsigned i = 0; i < BC_LANES; i++) {
        bc_rtp_lane_clear(&f->lanes[i]);
        f->lanes[i].max_pts_us = INT64_MIN;
    }
}

static void
deactivate(struct bc_rtp_feed *f)
{
    f->active = false;
    clear_lanes(f);
    stop_codecs(f);
}

// The cached GOP, looked at once before it is used.
struct gop_look {
    struct bc_rtp_lane lane;
    bool reordered;
};

static void
look_for_b_frames(void *user, struct bc_packet *packet)
{
    struct gop_look *look = user;
    if (packet->kind == BC_KIND_VIDEO && is_reordered(&look->lane, packet)) {
        look->reordered = true;
    }
}

// No sound of the past: it would come out of the encoder when the first viewer has begun,
// and a player that got it at once stays that much behind with its sound.
static void
replay(void *user, struct bc_packet *packet)
{
    struct bc_rtp_feed *f = user;
    if (packet->kind != BC_KIND_AUDIO && !f->video_recoder) {
        push(f, packet);
    }
}

static void
activate(struct bc_rtp_feed *f)
{
    struct bc_config *config = bc_hub_config(bc_channel_hub(f->channel));
    f->policy = config->webrtc.b_frames;
    f->gop_max_us = config->stream.gop_max_ms * 1000;
    bc_config_unref(&config);
    f->active = true;
    struct gop_look look = { .lane.max_pts_us = INT64_MIN };
    bc_channel_replay_gop(f->channel, look_for_b_frames, &look);
    if (look.reordered) {
        leave_native(f);
    }
    bc_channel_replay_gop(f->channel, replay, f);
    bc_rtp_feed_flush(f);
}

static void
on_linger(struct bc_timer *timer)
{
    struct bc_rtp_feed *f = bc_container_of(timer, struct bc_rtp_feed, linger);
    if (f->window_count == 0) {
        deactivate(f);
    }
}

// --- the channel's packets ---

// Viewers put epochs, and channels, one behind the other by this: a take's clock, which
// drifts, and how far it is from the last one's.
static void
track_base(struct bc_rtp_feed *f, const struct bc_packet *packet)
{
    int64_t base_us = packet->dts_us - packet->arrived_us;
    if (packet->kind == BC_KIND_SCRIPT) {
        return;
    }
    if (f->epoch == 0) {
        f->base_us = base_us;
    } else if (packet->epoch != f->epoch) {
        f->base_us += base_us - f->last_base_us;
    } else {
        f->base_us += (base_us - f->base_us) / BASE_SMOOTHING;
    }
    f->epoch = packet->epoch;
    f->last_base_us = base_us;
}

static void
on_packet(struct bc_packet_sink *sink, struct bc_packet *packet, int64_t wall_us)
{
    struct bc_rtp_feed *f = from_sink(sink);
    if (packet->kind == BC_KIND_CUE) {
        return;
    }
    f->wall_offset_us = wall_us - packet->pts_us;
    track_base(f, packet);
    f->ended = false;
    if (packet->rendition > 0 && packet->rendition < BC_RENDITION_MAX) {
        struct bc_rtp_lane *lane = &f->lanes[BC_LANE_VIDEO + packet->rendition];
        if (lane->track != packet->track) {
            bool fresh = lane->track == NULL;
            bc_track_unref(&lane->track);
            lane->track = bc_track_ref(packet->track);
            if (fresh) {
                bc_rtp_feed_tell(f, BC_RTP_NOTE_TRACKS);
            }
        }
    }
    if (f->active) {
        push(f, packet);
    }
}

static void
on_batch_end(struct bc_packet_sink *sink)
{
    bc_rtp_feed_flush_unless_riding(from_sink(sink));
}

static void
set_track(struct bc_rtp_lane *lane, struct bc_track *track)
{
    struct bc_track *old = lane->track;
    lane->track = track ? bc_track_ref(track) : NULL;
    bc_track_unref(&old);
}

// Sound that came, went or changed beside the same picture, which goes on: nobody has to
// wait for a keyframe.
static void
change_sound(struct bc_rtp_feed *f, struct bc_track *audio)
{
    bc_rtp_feed_flush(f);
    set_track(&f->lanes[BC_LANE_AUDIO], audio);
    bc_recoder_destroy(f->audio_recoder);
    f->audio_recoder = NULL;
    bc_rtp_feed_tell(f, BC_RTP_NOTE_TRACKS);
}

static void
on_tracks(struct bc_packet_sink *sink, struct bc_track *video, struct bc_track *audio)
{
    struct bc_rtp_feed *f = from_sink(sink);
    bool same_video = bc_track_equal(f->lanes[BC_LANE_VIDEO].track, video);
    bool same = same_video && bc_track_equal(f->lanes[BC_LANE_AUDIO].track, audio);
    if (video && same_video && !same && !f->ended) {
        change_sound(f, audio);
        return;
    }
    set_track(&f->lanes[BC_LANE_VIDEO], video);
    set_track(&f->lanes[BC_LANE_AUDIO], audio);
    for (unsigned i = BC_LANE_VIDEO + 1; i < BC_LANES; i++) {
        set_track(&f->lanes[i], NULL);
    }
    f->ended = false;
    // Another take may have B-frames or not, and nobody starts in the last one's
    // pictures.
    clear_lanes(f);
    stop_codecs(f);
    f->generation += !same;
    bc_rtp_feed_tell(f, BC_RTP_NOTE_TRACKS);
}

static void
on_end(struct bc_packet_sink *sink)
{
    struct bc_rtp_feed *f = from_sink(sink);
    f->ended = true;
    clear_lanes(f);
    stop_codecs(f);
    bc_rtp_feed_tell(f, BC_RTP_NOTE_OVER);
}

static const struct bc_packet_sink_ops SINK_OPS = {
    .all_renditions = true,
    .on_packet = on_packet,
    .on_batch_end = on_batch_end,
    .on_tracks = on_tracks,
    .on_end = on_end,
};

void
bc_rtp_feed_init(struct bc_rtp_feed *feed, struct bc_channel *channel,
    struct bc_codec_threads *threads)
{
    memset(feed, 0, sizeof(*feed));
    bc_list_init(&feed->sink.node);
    feed->sink.ops = &SINK_OPS;
    feed->channel = channel;
    feed->threads = threads;
    for (unsigned i = 0; i < BC_LANES; i++) {
        feed->lanes[i].next = 1; // so that 0 means none
        feed->lanes[i].max_pts_us = INT64_MIN;
    }
    bc_timer_init(&feed->linger, bc_channel_home(channel), on_linger);
    bc_channel_add_sink(channel, &feed->sink);
}

void
bc_rtp_feed_finish(struct bc_rtp_feed *feed)
{
    bc_channel_remove_sink(&feed->sink);
    bc_timer_cancel(&feed->linger);
    // Windows hold the channel, so there are none but at the server's end, when they are
    // gone already: what waits in the batch has nowhere to go.
    feed->window_count = 0;
    deactivate(feed);
    for (unsigned i = 0; i < BC_LANES; i++) {
        bc_track_unref(&feed->lanes[i].track);
        bc_rtp_packetiser_finish(&feed->lanes[i].packetiser);
        free(feed->lanes[i].frames);
    }
}

// --- windows come and go ---

static void
prime(struct bc_rtp_feed *f, struct bc_rtp_window *window)
{
    struct bc_rtp_description d;
    bc_rtp_feed_flush(f);
    for (unsigned i = BC_LANE_VIDEO; i < BC_LANES; i++) {
        if (f->lanes[i].count > 0) {
            bc_rtp_window_send(window, f->lanes[i].frames, f->lanes[i].count,
                BC_RTP_NOTE_NONE, NULL);
        }
    }
    bc_rtp_feed_describe(f, &d);
    bc_rtp_window_send(window, NULL, 0, BC_RTP_NOTE_PRIMED, &d);
}

static void
run_attach(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct bc_rtp_window *window
        = bc_container_of(task, struct bc_rtp_window, attach_task);
    struct bc_rtp_feed *f = window->feed;
    bc_timer_cancel(&f->linger);
    if (!f->active) {
        activate(f);
    }
    prime(f, window);
    if (f->window_count < BC_RTP_FEED_WINDOWS) {
        f->windows[f->window_count++] = window;
    }
}

static void
run_detach(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct bc_rtp_window *window
        = bc_container_of(task, struct bc_rtp_window, detach_task);
    struct bc_rtp_feed *f = window->feed;
    for (unsigned i = 0; i < f->window_count; i++) {
        if (f->windows[i] == window) {
            f->windows[i] = f->windows[--f->window_count];
            break;
        }
    }
    if (f->window_count == 0) {
        bc_timer_set(&f->linger, LINGER_US);
    }
    bc_rtp_window_detached(window);
}

void
bc_rtp_feed_attach(struct bc_rtp_window *window)
{
    bc_list_init(&window->attach_task.node);
    window->attach_task.run = run_attach;
    bc_worker_post(bc_channel_home(window->channel), &window->attach_task);
}

void
bc_rtp_feed_detach(struct bc_rtp_window *window)
{
    bc_list_init(&window->detach_task.node);
    window->detach_task.run = run_detach;
    bc_worker_post(bc_channel_home(window->channel), &window->detach_task);
}

void
bc_rtp_feed_key_wanted(struct bc_rtp_feed *feed, unsigned lane)
{
    int64_t now = bc_clock_us();
    if (now - feed->lanes[lane].asked_us < ASK_US) {
        return;
    }
    feed->lanes[lane].asked_us = now;
    if (feed->video_recoder) {
        bc_recoder_request_key(feed->video_recoder);
    } else {
        bc_channel_ask_key(feed->channel, lane - BC_LANE_VIDEO);
    }
}
