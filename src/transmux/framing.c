// SPDX-License-Identifier: Apache-2.0
#include "framing.h"

#include <stdio.h>
#include <string.h>

#include "protocol/http/websocket.h"
#include "protocol/rtmp/chunk_writer.h"
#include "protocol/rtmp/metadata.h"

#define PREVIOUS_TAG_SIZE_BYTES 4

// One message before it is framed: FLV tag and RTMP message share type, time and body.
struct message {
    enum bc_flv_tag type;
    int64_t ms;
    uint8_t head[BC_FLV_HEAD_MAX];
    size_t head_len;
    const uint8_t *body;
    size_t body_len;
};

static void
write_rtmp(struct bc_writer *w, const struct message *m)
{
    struct bc_rtmp_out out = {
        .csid = m->type == BC_FLV_TAG_AUDIO ? BC_RTMP_CSID_AUDIO
            : m->type == BC_FLV_TAG_VIDEO   ? BC_RTMP_CSID_VIDEO
                                            : BC_RTMP_CSID_DATA,
        .type = (uint8_t)m->type,
        .stream_id = BC_RTMP_PLAY_STREAM_ID,
        .timestamp = (uint32_t)m->ms,
        .head = m->head,
        .head_len = m->head_len,
        .body = m->body,
        .body_len = m->body_len,
    };
    if (bc_rtmp_chunk_write(w, &out, BC_RTMP_OUT_CHUNK_SIZE) != 0) {
        w->failed = true;
    }
}

// Whatever stands around `len` bytes of FLV: before them, and after.
static void
open_frame(struct bc_writer *w, enum bc_feed_format format, size_t len)
{
    if (format == BC_FEED_FLV_CHUNKED) {
        bc_write_fmt(w, "%zx\r\n", len);
    } else if (format == BC_FEED_FLV_WEBSOCKET) {
        uint8_t head[BC_WEBSOCKET_HEAD_MAX];
        size_t n = bc_websocket_frame_head(head, BC_WEBSOCKET_BINARY, len);
        bc_write_bytes(w, head, n);
    }
}

static void
close_frame(struct bc_writer *w, enum bc_feed_format format)
{
    if (format == BC_FEED_FLV_CHUNKED) {
        bc_write_str(w, "\r\n");
    }
}

static void
write_message(struct bc_writer *w, const struct bc_feed_key *key, const struct message *m)
{
    if (key->format == BC_FEED_RTMP) {
        write_rtmp(w, m);
        return;
    }
    struct iovec pieces[2] = {
        { (void *)m->head, m->head_len },
        { (void *)m->body, m->body_len },
    };
    open_frame(w, key->format,
        BC_FLV_TAG_HEAD_BYTES + m->head_len + m->body_len + PREVIOUS_TAG_SIZE_BYTES);
    bc_flv_write_tag(w, m->type, (uint32_t)m->ms, pieces, 2);
    close_frame(w, key->format);
}

static int64_t
to_ms(const struct bc_feed_key *key, int64_t us)
{
    // Rounded, as the source's stamps were milliseconds; never before the viewer's own
    // zero.
    int64_t ms = (us + 500) / 1000 - key->base_ms;
    return ms > 0 ? ms : 0;
}

bool
bc_framing_packet(struct bc_writer *w, const struct bc_feed_key *key,
    const struct bc_packet *packet)
{
    struct message m = { .ms = to_ms(key, packet->dts_us), .body = packet->data,
        .body_len = packet->len };
    if (packet->kind == BC_KIND_SCRIPT) {
        m.type = BC_FLV_TAG_SCRIPT;
    } else {
        m.type = packet->kind == BC_KIND_VIDEO ? BC_FLV_TAG_VIDEO : BC_FLV_TAG_AUDIO;
        m.head_len = bc_flv_packet_head(packet, key->hevc, m.head);
        if (m.head_len == 0) {
            return false;
        }
    }
    size_t before = w->len;
    write_message(w, key, &m);
    return !w->failed && w->len > before;
}

static void
write_sequence_header(struct bc_writer *w, const struct bc_feed_key *key,
    const struct bc_track *track, int64_t ms)
{
    struct bc_writer body = { 0 };
    if (track && bc_flv_write_config(&body, track, key->hevc)) {
        struct message m = {
            .type = track->kind == BC_KIND_VIDEO ? BC_FLV_TAG_VIDEO : BC_FLV_TAG_AUDIO,
            .ms = ms,
            .body = body.data,
            .body_len = body.len,
        };
        write_message(w, key, &m);
    }
    bc_writer_finish(&body);
}

static void
write_metadata(struct bc_writer *w, const struct bc_feed_key *key,
    const struct bc_feed_tracks *tracks, int64_t ms)
{
    struct bc_rtmp_metadata md = { 0 };
    snprintf(md.encoder, sizeof(md.encoder), "Branchcast %s", BC_VERSION);
    if (tracks->video) {
        md.has_video = true;
        md.width = tracks->video->width;
        md.height = tracks->video->height;
        md.video_codec = bc_flv_codec_id(tracks->video, key->hevc);
        if (tracks->video->fps_den > 0) {
            md.framerate = (double)tracks->video->fps_num / tracks->video->fps_den;
        }
    }
    if (tracks->audio) {
        md.has_audio = true;
        md.audio_sample_rate = tracks->audio->sample_rate;
        md.stereo = tracks->audio->channels > 1;
        md.audio_codec = bc_flv_codec_id(tracks->audio, key->hevc);
    }
    struct bc_writer body = { 0 };
    bc_rtmp_metadata_write(&body, &md);
    struct message m = { .type = BC_FLV_TAG_SCRIPT, .ms = ms, .body = body.data,
        .body_len = body.len };
    if (!body.failed) {
        write_message(w, key, &m);
    }
    bc_writer_finish(&body);
}

void
bc_framing_headers(struct bc_writer *w, const struct bc_feed_key *key,
    const struct bc_feed_tracks *tracks, int64_t dts_us, bool join)
{
    int64_t ms = to_ms(key, dts_us);
    if (join && key->format != BC_FEED_RTMP) {
        open_frame(w, key->format, BC_FLV_HEADER_BYTES);
        bc_flv_write_header(w, tracks->audio != NULL, tracks->video != NULL);
        close_frame(w, key->format);
    }
    write_metadata(w, key, tracks, ms);
    write_sequence_header(w, key, tracks->video, ms);
    write_sequence_header(w, key, tracks->audio, ms);
}
