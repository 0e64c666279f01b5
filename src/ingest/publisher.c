// SPDX-License-Identifier: Apache-2.0
#include "publisher.h"

#include <errno.h>
#include <string.h>

#include "container/flv.h"
#include "media/nalu.h"
#include "protocol/rtmp/metadata.h"

#define PROBE_US 1000000
#define MP3_FRAME_SAMPLES 1152
#define MP3_LOW_RATE_FRAME_SAMPLES 576 // MPEG-2 and 2.5: below 32 kHz

void
bc_publisher_init(
    struct bc_publisher *p, struct bc_take *take, const struct bc_logger *log)
{
    memset(p, 0, sizeof(*p));
    p->take = take;
    p->log = log;
    p->probing = true;
    p->expects_video = true;
    p->expects_audio = true;
}

void
bc_publisher_finish(struct bc_publisher *p, bool clean, const char *reason)
{
    if (!p->take) {
        return;
    }
    for (unsigned i = 0; i < p->held_count; i++) {
        bc_packet_unref(&p->held[i]);
    }
    p->held_count = 0;
    bc_take_close(p->take, clean, reason);
    p->take = NULL;
    bc_track_unref(&p->video);
    bc_track_unref(&p->next_video);
    bc_track_unref(&p->audio);
}

static void
complain(struct bc_publisher *p, const char *what, int64_t now_us)
{
    unsigned suppressed;
    p->bad_messages++;
    if (bc_log_limit_pass(&p->bad_log, now_us, &suppressed)) {
        bc_warn(p->log, "%s; message dropped (%llu so far)", what,
            (unsigned long long)p->bad_messages);
    }
}

// --- the start: all tracks at once ---

static bool
probe_is_over(const struct bc_publisher *p, int64_t now_us)
{
    bool has_video = p->video || p->next_video;
    return (has_video || !p->expects_video) && (p->audio || !p->expects_audio)
        ? true
        : p->probe_since_us > 0 && now_us - p->probe_since_us > PROBE_US;
}

static void
end_probe(struct bc_publisher *p)
{
    p->probing = false;
    for (unsigned i = 0; i < p->held_count; i++) {
        bc_take_push(p->take, p->held[i]);
    }
    p->held_count = 0;
}

static void
push(struct bc_publisher *p, struct bc_packet *packet)
{
    if (!p->probing) {
        bc_take_push(p->take, packet);
        return;
    }
    if (p->probe_since_us == 0) {
        p->probe_since_us = packet->arrived_us;
    }
    p->held[p->held_count++] = packet;
    if (p->held_count == BC_PUBLISHER_HELD || probe_is_over(p, packet->arrived_us)) {
        end_probe(p);
    }
}

// --- packets ---

struct stamp {
    int64_t dts_us;
    int64_t now_us;
};

static void
emit(struct bc_publisher *p, enum bc_kind kind, struct bc_track *track,
    struct bc_buf *buf, const uint8_t *data, size_t len, const struct stamp *t,
    int64_t cts_us, uint32_t flags)
{
    struct bc_packet *packet = bc_packet_create(kind, track, buf, data, len);
    if (!packet) {
        bc_buf_unref(&buf);
        return;
    }
    packet->dts_us = t->dts_us;
    packet->pts_us = t->dts_us + cts_us;
    packet->arrived_us = t->now_us;
    packet->flags = flags;
    push(p, packet);
}

static void
set_video(struct bc_publisher *p, struct bc_track *track)
{
    bc_track_unref(&p->video);
    p->video = track;
    p->nalu_length_size
        = track->config ? bc_nalu_length_size(track->codec, track->config->data,
              track->config->len)
                        : 4;
}

static void
video_header(struct bc_publisher *p, const struct bc_flv_video *v, int64_t now_us)
{
    struct bc_track *track = v->codec == BC_CODEC_AVC ? bc_avc_track(v->payload, v->len)
        : v->codec == BC_CODEC_HEVC                   ? bc_hevc_track(v->payload, v->len)
                                                      : NULL;
    if (!track) {
        complain(p, v->codec == BC_CODEC_AVC || v->codec == BC_CODEC_HEVC
                ? "the video's sequence header is broken"
                : "this video codec is not supported yet",
            now_us);
        return;
    }
    struct bc_track *known = p->next_video ? p->next_video : p->video;
    if (bc_track_equal(known, track)) {
        bc_track_unref(&track);
        return;
    }
    bc_track_unref(&p->next_video);
    if (bc_track_equal(p->video, track)) {
        bc_track_unref(&track); // it was announced, and taken back before a keyframe
        return;
    }
    p->next_video = track;
    if (!p->video) {
        bc_take_set_track(p->take, track);
    }
}

static void
video_frame(struct bc_publisher *p, const struct bc_rtmp_media *m,
    const struct bc_flv_video *v, const struct stamp *t)
{
    struct bc_track *track = p->next_video ? p->next_video : p->video;
    if (!track || track->codec != v->codec) {
        complain(p, "video frames without a sequence header", t->now_us);
        return;
    }
    unsigned length_size = p->next_video
        ? bc_nalu_length_size(track->codec, track->config->data, track->config->len)
        : p->nalu_length_size;
    struct bc_buf *rewritten = NULL;
    if (bc_nalu_normalise(v->payload, v->len, length_size, &rewritten) != 0) {
        complain(p, "a video frame without usable NAL units", t->now_us);
        return;
    }
    const uint8_t *data = rewritten ? rewritten->data : v->payload;
    size_t len = rewritten ? rewritten->len : v->len;
    struct bc_nalu_info info;
    bc_nalu_scan(track->codec, data, len, &info);
    if (!info.has_slice) {
        bc_buf_unref(&rewritten); // SEI or parameter sets alone are no picture
        return;
    }
    if (info.is_idr && p->next_video) {
        set_video(p, p->next_video);
        p->next_video = NULL;
    }
    if (!p->video) {
        bc_buf_unref(&rewritten); // nothing can be decoded before the first keyframe
        return;
    }
    uint32_t flags = (info.is_idr ? BC_PACKET_KEY : 0u)
        | (info.disposable ? BC_PACKET_DISPOSABLE : 0u);
    emit(p, BC_KIND_VIDEO, p->video, rewritten ? rewritten : bc_buf_ref(m->buf), data,
        len, t, (int64_t)v->cts_ms * 1000 + v->pts_offset_ns / 1000, flags);
}

static void
video_message(
    struct bc_publisher *p, const struct bc_rtmp_media *m, const struct stamp *t)
{
    struct bc_flv_video v;
    int ret = bc_flv_parse_video(m->data, m->len, &v);
    while (ret >= 0) {
        // Further tracks of one push (several qualities) are not taken yet.
        if (v.track_id == 0 && v.type == BC_FLV_SEQUENCE_HEADER) {
            video_header(p, &v, t->now_us);
        } else if (v.track_id == 0 && v.type == BC_FLV_FRAMES) {
            video_frame(p, m, &v, t);
        }
        ret = bc_flv_next_video(&v);
        if (ret == 0) {
            return;
        }
    }
    complain(
        p, ret == -ENOTSUP ? "unknown video codec" : "broken video message", t->now_us);
}

static void
set_audio(struct bc_publisher *p, struct bc_track *track)
{
    if (bc_track_equal(p->audio, track)) {
        bc_track_unref(&track);
        return;
    }
    bc_track_unref(&p->audio);
    p->audio = track;
    bc_take_set_track(p->take, track);
}

// Codecs without a sequence header say what they are in every tag.
static void
headerless_audio(struct bc_publisher *p, const struct bc_flv_audio *a)
{
    struct bc_track *track = bc_track_create(BC_KIND_AUDIO, a->codec);
    if (track) {
        track->sample_rate = a->sample_rate;
        track->channels = a->channels;
        if (a->codec == BC_CODEC_MP3) {
            track->frame_samples = a->sample_rate >= 32000 ? MP3_FRAME_SAMPLES
                                                           : MP3_LOW_RATE_FRAME_SAMPLES;
            memcpy(track->codec_string, "mp4a.40.34", sizeof("mp4a.40.34"));
        }
        set_audio(p, track);
    }
}

static void
audio_header(struct bc_publisher *p, const struct bc_flv_audio *a, int64_t now_us)
{
    struct bc_track *track =
        a->codec == BC_CODEC_AAC ? bc_aac_track(a->payload, a->len) : NULL;
    if (track) {
        set_audio(p, track);
    } else {
        complain(p, a->codec == BC_CODEC_AAC ? "the audio's sequence header is broken"
                                             : "this audio codec is not supported yet",
            now_us);
    }
}

static void
audio_frame(struct bc_publisher *p, const struct bc_rtmp_media *m,
    const struct bc_flv_audio *a, const struct stamp *t)
{
    if (a->codec != BC_CODEC_AAC && !a->enhanced) {
        headerless_audio(p, a);
    }
    if (!p->audio || p->audio->codec != a->codec) {
        return; // raw frames before their header cannot be decoded (RTMP-66)
    }
    emit(p, BC_KIND_AUDIO, p->audio, bc_buf_ref(m->buf), a->payload, a->len, t, 0, 0);
}

static void
audio_message(
    struct bc_publisher *p, const struct bc_rtmp_media *m, const struct stamp *t)
{
    struct bc_flv_audio a;
    int ret = bc_flv_parse_audio(m->data, m->len, &a);
    while (ret >= 0) {
        if (a.track_id == 0 && a.type == BC_FLV_SEQUENCE_HEADER) {
            audio_header(p, &a, t->now_us);
        } else if (a.track_id == 0 && a.type == BC_FLV_FRAMES) {
            audio_frame(p, m, &a, t);
        }
        ret = bc_flv_next_audio(&a);
        if (ret == 0) {
            return;
        }
    }
    complain(
        p, ret == -ENOTSUP ? "unknown audio codec" : "broken audio message", t->now_us);
}

static void
script_message(
    struct bc_publisher *p, const struct bc_rtmp_media *m, const struct stamp *t)
{
    struct bc_rtmp_metadata md;
    int ret = bc_rtmp_metadata_parse(&md, m->data, m->len);
    if (ret == 0) {
        // Hints only, and the host's own words are not passed on: viewers get an
        // onMetaData made from what the tracks really are.
        if (md.has_video || md.has_audio) {
            p->expects_video = md.has_video;
            p->expects_audio = md.has_audio;
        }
        bc_debug(p->log, "onMetaData: %ux%u %.2f fps, encoder %s", md.width, md.height,
            md.framerate, md.encoder[0] ? md.encoder : "unknown");
    } else if (ret == -ENOENT) {
        emit(p, BC_KIND_SCRIPT, NULL, bc_buf_ref(m->buf), m->data, m->len, t, 0, 0);
    }
}

void
bc_publisher_media(
    struct bc_publisher *p, const struct bc_rtmp_media *media, int64_t now_us)
{
    if (!p->take) {
        return;
    }
    // Scripts often come with the time 0 (RTMP-81); they read the clock and do not move
    // it.
    struct bc_unwrap copy = p->clock;
    struct bc_unwrap *clock = media->kind == BC_KIND_SCRIPT ? &copy : &p->clock;
    struct stamp t = { bc_unwrap_rtmp(clock, media->timestamp) * 1000, now_us };
    switch (media->kind) {
    case BC_KIND_VIDEO:
        video_message(p, media, &t);
        break;
    case BC_KIND_AUDIO:
        audio_message(p, media, &t);
        break;
    case BC_KIND_SCRIPT:
        script_message(p, media, &t);
        break;
    case BC_KIND_NONE:
        break;
    }
}

void
bc_publisher_flush(struct bc_publisher *p, int64_t now_us)
{
    if (!p->take) {
        return;
    }
    if (p->probing && p->held_count > 0 && probe_is_over(p, now_us)) {
        end_probe(p);
    }
    bc_take_flush(p->take);
}
