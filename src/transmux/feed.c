// SPDX-License-Identifier: Apache-2.0
#include "feed.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "fanout.h"
#include "window.h"

// Sound without a picture to ride along with is sent this often.
#define AUDIO_FLUSH_US 60000
// Without pictures a viewer can start about this often.
#define AUDIO_START_US 1000000

static void
on_flush_timer(struct bc_timer *timer)
{
    bc_feed_flush(bc_container_of(timer, struct bc_feed, flush_timer));
}

struct bc_feed *
bc_feed_create(struct bc_fanout *fanout, const struct bc_feed_key *key,
    struct bc_worker *worker)
{
    struct bc_feed *feed = calloc(1, sizeof(*feed));
    if (!feed) {
        return NULL;
    }
    feed->fanout = fanout;
    feed->key = *key;
    feed->shown = bc_fanout_choose(fanout, key->rendition);
    bc_list_init(&feed->node);
    bc_timer_init(&feed->flush_timer, worker, on_flush_timer);
    if (key->format == BC_FEED_TS) {
        struct bc_feed_tracks tracks = bc_feed_tracks(feed);
        bc_feed_ts_open(&feed->ts, &tracks);
    }
    return feed;
}

static void
drop_batch(struct bc_feed *feed)
{
    for (unsigned i = 0; i < feed->batch_count; i++) {
        bc_item_unref(&feed->batch[i]);
    }
    feed->batch_count = 0;
    feed->batch_has_video = false;
}

void
bc_feed_destroy(struct bc_feed *feed)
{
    bc_timer_cancel(&feed->flush_timer);
    drop_batch(feed);
    bc_writer_finish(&feed->scratch);
    bc_feed_ts_close(&feed->ts);
    free(feed);
}

static void
add(struct bc_feed *feed, struct bc_item *item)
{
    if (feed->batch_count == BC_FEED_BATCH) {
        bc_feed_flush(feed);
    }
    if (feed->batch_count == 0) {
        feed->batch_since_us = bc_clock_us();
    }
    item->generation = feed->generation;
    if (item->flags & BC_ITEM_END) {
        item->dts_us = feed->last_dts_us; // nobody lags because of it
    }
    feed->last_dts_us = item->dts_us;
    feed->batch[feed->batch_count++] = item;
    if (item->flags & (BC_ITEM_VIDEO | BC_ITEM_END)) {
        feed->batch_has_video = true;
    }
}

static bool
has_codec(const struct bc_feed *feed, enum bc_codec codec)
{
    return feed->key.format == BC_FEED_TS ? bc_ts_has_codec(codec)
                                          : bc_flv_has_codec(codec);
}

bool
bc_feed_is_readable(const struct bc_feed *feed)
{
    const struct bc_track *video = feed->shown > 0
        ? feed->fanout->renditions[feed->shown].track
        : feed->fanout->tracks.video;
    if (!video || feed->key.audio_only || feed->key.format != BC_FEED_RTMP) {
        return true;
    }
    return video->codec == BC_CODEC_AVC || video->codec == BC_CODEC_HEVC
        || (feed->key.fourccs & 1u << video->codec) != 0;
}

struct bc_feed_tracks
bc_feed_tracks(const struct bc_feed *feed)
{
    struct bc_feed_tracks t = feed->fanout->tracks;
    if (feed->shown > 0) {
        t.video = feed->fanout->renditions[feed->shown].track;
    }
    if (feed->key.audio_only || (t.video && !has_codec(feed, t.video->codec))) {
        t.video = NULL;
    }
    if (t.audio && !has_codec(feed, t.audio->codec)) {
        t.audio = NULL;
    }
    return t;
}

static struct bc_buf *
make_headers(struct bc_feed *feed, int64_t dts_us, bool join)
{
    struct bc_feed_tracks tracks = bc_feed_tracks(feed);
    bc_writer_reset(&feed->scratch);
    if (feed->key.format == BC_FEED_TS) {
        bc_feed_ts_write_tables(&feed->ts, &feed->scratch);
    } else {
        bc_framing_headers(&feed->scratch, &feed->key, &tracks, dts_us, join);
    }
    return bc_buf_from_writer(&feed->scratch);
}

// Can a viewer begin with this packet?
static bool
is_start(const struct bc_feed *feed, const struct bc_packet *p)
{
    if (feed->has_video) {
        return p->kind == BC_KIND_VIDEO && p->flags & BC_PACKET_KEY;
    }
    return p->kind == BC_KIND_AUDIO
        && (!feed->started
            || (!feed->starts_once && p->dts_us - feed->last_start_us >= AUDIO_START_US));
}

// In a replay the counters are put where those of the others are.
static void
shift_counters(struct bc_feed *feed, struct bc_writer *w)
{
    if (feed->end) {
        bc_feed_ts_shift(w->data, w->len, feed->end, feed->wanted_end);
    }
}

// What a viewer of another channel's transport stream gets before this one's next packet.
static struct bc_buf *
make_break(struct bc_feed *feed, enum bc_kind kind)
{
    bc_writer_reset(&feed->scratch);
    bc_feed_ts_write_break(&feed->ts, &feed->scratch, kind);
    shift_counters(feed, &feed->scratch);
    return bc_buf_from_writer(&feed->scratch);
}

static bool
make_start(struct bc_feed *feed, struct bc_item *item, int64_t dts_us)
{
    // Tables of a transport stream have counters, so all get the same: in the item.
    if (feed->key.format != BC_FEED_TS) {
        item->config = make_headers(feed, dts_us, false);
        item->join = feed->key.format == BC_FEED_RTMP && item->config
            ? bc_buf_ref(item->config)
            : make_headers(feed, dts_us, true);
        if (!item->config || !item->join) {
            return false;
        }
    }
    item->flags |= BC_ITEM_START | (feed->has_video ? BC_ITEM_TELLS_VIDEO : 0)
        | (feed->has_audio ? BC_ITEM_TELLS_AUDIO : 0);
    feed->started = true;
    feed->last_start_us = dts_us;
    return true;
}

// Headers for who is watching already; who starts later gets them with the start.
static void
push_config(struct bc_feed *feed, int64_t dts_us)
{
    struct bc_buf *headers = make_headers(feed, dts_us, false);
    struct bc_item *item = headers ? bc_item_create(headers->data, headers->len) : NULL;
    bc_buf_unref(&headers);
    if (item) {
        item->flags = BC_ITEM_CONFIG;
        item->dts_us = dts_us;
        add(feed, item);
    }
}

// Brings the feed to the channel's current tracks before a packet that needs them.
static void
follow_tracks(struct bc_feed *feed, int64_t dts_us)
{
    unsigned generation = feed->fanout->renditions[feed->shown].generation;
    if (feed->generation == generation) {
        return;
    }
    bool first = feed->generation == 0;
    struct bc_feed_tracks tracks = bc_feed_tracks(feed);
    feed->generation = generation;
    feed->has_video = tracks.video != NULL;
    feed->has_audio = tracks.audio != NULL;
    feed->started = false;
    bc_feed_ts_set_tracks(&feed->ts, &tracks);
    if (!first) {
        push_config(feed, dts_us);
    }
}

// Whether the feed carries this packet. It goes over to another rendition at a keyframe.
static bool
carries(struct bc_feed *feed, const struct bc_packet *packet)
{
    if (packet->kind != BC_KIND_VIDEO) {
        return true;
    }
    if (packet->flags & BC_PACKET_KEY && packet->rendition != feed->shown
        && packet->rendition == bc_fanout_choose(feed->fanout, feed->key.rendition)) {
        feed->shown = packet->rendition;
    }
    return packet->rendition == feed->shown && !feed->key.audio_only;
}

// Into the scratch. False when the format cannot carry it.
static bool
write_packet(struct bc_feed *feed, const struct bc_packet *packet, bool start)
{
    bc_writer_reset(&feed->scratch);
    if (feed->key.format != BC_FEED_TS) {
        return bc_framing_packet(&feed->scratch, &feed->key, packet);
    }
    if (!bc_feed_ts_write(
            &feed->ts, &feed->scratch, packet, feed->key.base_ms * 1000, start)) {
        return false;
    }
    shift_counters(feed, &feed->scratch);
    return true;
}

// With what a viewer needs who comes from elsewhere. NULL when there is nothing to send.
static struct bc_item *
make_item(struct bc_feed *feed, const struct bc_packet *packet, bool start)
{
    struct bc_buf *before
        = start && feed->key.format == BC_FEED_TS ? make_break(feed, packet->kind) : NULL;
    struct bc_item *item = write_packet(feed, packet, start)
        ? bc_item_create(feed->scratch.data, feed->scratch.len)
        : NULL;
    if (!item) {
        bc_buf_unref(&before);
        return NULL;
    }
    item->config = before;
    return item;
}

void
bc_feed_push(struct bc_feed *feed, const struct bc_packet *packet)
{
    if (!carries(feed, packet)) {
        return;
    }
    follow_tracks(feed, packet->dts_us);
    bool start = is_start(feed, packet);
    struct bc_item *item = make_item(feed, packet, start);
    if (!item) {
        return;
    }
    item->dts_us = packet->dts_us;
    item->flags = packet->kind == BC_KIND_VIDEO ? BC_ITEM_VIDEO
        : packet->kind == BC_KIND_AUDIO         ? BC_ITEM_AUDIO
                                                : 0;
    if (start && !make_start(feed, item, packet->dts_us)) {
        bc_item_unref(&item);
        return;
    }
    add(feed, item);
}

void
bc_feed_push_note(struct bc_feed *feed, uint32_t flags)
{
    struct bc_item *item = bc_item_create(NULL, 0);
    if (item) {
        item->flags = flags;
        add(feed, item);
    }
}

void
bc_feed_tracks_changed(struct bc_feed *feed)
{
    if (feed->generation == 0 || feed->key.format == BC_FEED_TS) {
        return;
    }
    if (feed->key.format == BC_FEED_RTMP) {
        if (!bc_feed_is_readable(feed)) {
            bc_feed_push_note(feed, BC_ITEM_END);
        }
        return;
    }
    // An FLV header cannot be taken back: players that were told of other tracks wait for
    // them for ever, so they have to open anew (FLV-2).
    struct bc_feed_tracks tracks = bc_feed_tracks(feed);
    if ((tracks.video != NULL) != feed->has_video
        || (tracks.audio != NULL) != feed->has_audio) {
        bc_feed_push_note(feed, BC_ITEM_END);
    }
}

void
bc_feed_flush(struct bc_feed *feed)
{
    bc_timer_cancel(&feed->flush_timer);
    if (feed->batch_count == 0) {
        return;
    }
    for (unsigned i = 0; i < feed->subscriber_count; i++) {
        bc_window_send(feed->subscribers[i], feed->batch, feed->batch_count);
    }
    drop_batch(feed);
}

void
bc_feed_batch_end(struct bc_feed *feed)
{
    if (feed->batch_count == 0) {
        return;
    }
    int64_t waited = bc_clock_us() - feed->batch_since_us;
    if (feed->batch_has_video || waited >= AUDIO_FLUSH_US) {
        bc_feed_flush(feed);
    } else if (!bc_timer_is_set(&feed->flush_timer)) {
        bc_timer_set(&feed->flush_timer, AUDIO_FLUSH_US - waited);
    }
}
