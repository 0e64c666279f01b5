// SPDX-License-Identifier: Apache-2.0
#include "clip_source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "clip/ffmpeg.h"
#include "clip/samples.h"
#include "clip/sets.h"
#include "container/cmaf.h"
#include "media/nalu.h"
#include "media/track_build.h"
#include "record/writer.h"

#define WIDTH 192
#define HEIGHT 64
#define BITS 12
#define BLOCK 16
#define PART_FRAMES 5
#define AAC_SAMPLES 1024
#define WALL_US 1700000000000000
#define AWAY_US 30000000

void
source_root(char out[SOURCE_PATH])
{
    snprintf(out, SOURCE_PATH, "/tmp/clip-test-XXXXXX");
    assert_non_null(mkdtemp(out));
    av_log_set_level(AV_LOG_QUIET);
}

void
source_root_remove(const char *root)
{
    char command[SOURCE_PATH + 16];
    assert_memory_equal(root, "/tmp/clip-test-", 15);
    snprintf(command, sizeof(command), "rm -rf %s", root);
    assert_int_equal(system(command), 0);
}

// --- pictures with numbers ---

static void
draw(AVFrame *f, unsigned number)
{
    for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
            bool bit = number >> (x / BLOCK) & 1;
            // Something moves, so that encoders have work.
            int light = (x + y * 2 + (int)number * 5) % 24;
            f->data[0][y * f->linesize[0] + x] =
                (uint8_t)(y < 32 ? (bit ? 200 : 40) : 100 + light);
        }
    }
    for (int y = 0; y < HEIGHT / 2; y++) {
        memset(f->data[1] + y * f->linesize[1], 128, WIDTH / 2);
        memset(f->data[2] + y * f->linesize[2], 128, WIDTH / 2);
    }
}

static unsigned
number_of(const AVFrame *f)
{
    unsigned number = 0;
    for (unsigned i = 0; i < BITS; i++) {
        const uint8_t *at = f->data[0] + 16 * f->linesize[0] + i * BLOCK + BLOCK / 2;
        number |= (unsigned)(*at > 120) << i;
    }
    return number;
}

// One encoded frame.
struct unit {
    struct bc_buf *data;
    int64_t dts; // frames
    int64_t pts;
    bool sync;
    bool disposable;
};

struct encoded {
    struct bc_track *track;
    struct unit *units;
    size_t count;
    int64_t delay; // frames
};

static struct bc_track *
track_from(const uint8_t *data, size_t len)
{
    struct bc_param_set sets[2] = { 0 };
    size_t at = 0;
    while (at + 4 < len) {
        size_t next = at + 4;
        while (next + 4 <= len && memcmp(data + next, "\0\0\0\1", 4) != 0) {
            next++;
        }
        next = next + 4 <= len ? next : len;
        unsigned type = data[at + 4] & 0x1f;
        if (type == 7 || type == 8) {
            sets[type - 7] = (struct bc_param_set){ data + at + 4, next - at - 4 };
        }
        at = next;
    }
    struct bc_param_sets all = {
        .sps = &sets[0], .sps_count = 1, .pps = &sets[1], .pps_count = 1
    };
    return bc_avc_track_from_sets(&all);
}

static AVCodecContext *
open_x264(const struct source_params *p)
{
    AVCodecContext *c = avcodec_alloc_context3(avcodec_find_encoder_by_name("libx264"));
    char params[128];
    c->width = WIDTH;
    c->height = HEIGHT;
    c->pix_fmt = AV_PIX_FMT_YUV420P;
    c->time_base = (AVRational){ 1, SOURCE_FPS };
    c->framerate = (AVRational){ SOURCE_FPS, 1 };
    c->gop_size = (int)p->gop;
    c->max_b_frames = (int)p->b_frames;
    c->thread_count = 1;
    c->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    snprintf(params, sizeof(params), "b-adapt=0:scenecut=0:b-pyramid=%s:open-gop=%d:sps-id=%u",
        p->pyramid ? "normal" : "none", p->open_gop, p->sps_id);
    av_opt_set(c->priv_data, "preset", "veryfast", 0);
    av_opt_set(c->priv_data, "profile", p->profile ? p->profile : "high", 0);
    av_opt_set(c->priv_data, "x264-params", params, 0);
    assert_int_equal(avcodec_open2(c, NULL, NULL), 0);
    return c;
}

static void
take_units(AVCodecContext *c, struct encoded *e)
{
    AVPacket *packet = av_packet_alloc();
    while (avcodec_receive_packet(c, packet) == 0) {
        struct bc_nalu_info info = { 0 };
        struct unit *u = &e->units[e->count++];
        u->data = clip_sets_sample(packet->data, (size_t)packet->size);
        u->dts = packet->dts;
        u->pts = packet->pts;
        bc_nalu_scan(BC_CODEC_AVC, u->data->data, u->data->len, &info);
        u->sync = info.is_idr;
        u->disposable = info.disposable;
        av_packet_unref(packet);
    }
    av_packet_free(&packet);
}

static struct encoded
encode(const struct source_params *p, unsigned from, unsigned to)
{
    struct encoded e = { .units = calloc(to - from, sizeof(e.units[0])) };
    AVCodecContext *c = open_x264(p);
    AVFrame *f = av_frame_alloc();
    f->width = WIDTH;
    f->height = HEIGHT;
    f->format = AV_PIX_FMT_YUV420P;
    assert_int_equal(av_frame_get_buffer(f, 0), 0);
    for (unsigned i = from; i < to; i++) {
        assert_int_equal(av_frame_make_writable(f), 0);
        draw(f, i);
        f->pts = i - from;
        assert_int_equal(avcodec_send_frame(c, f), 0);
        take_units(c, &e);
    }
    avcodec_send_frame(c, NULL);
    take_units(c, &e);
    assert_int_equal(e.count, to - from);
    e.track = track_from(c->extradata, (size_t)c->extradata_size);
    assert_non_null(e.track);
    e.delay = -e.units[0].dts;
    av_frame_free(&f);
    avcodec_free_context(&c);
    return e;
}

static void
encoded_finish(struct encoded *e)
{
    for (size_t i = 0; i < e->count; i++) {
        bc_buf_unref(&e->units[i].data);
    }
    free(e->units);
    bc_track_unref(&e->track);
}

// --- recordings ---

struct making {
    struct bc_recording_writer *writer;
    const struct source_params *params;
    struct bc_track *aac;
    struct bc_buf *init;
    int64_t sound;    // the next frame's number
    int64_t clock;    // video ticks that the source's clock is ahead
    int64_t wall_us;
    unsigned parts;
};

// Sound whose bytes are its number, so far as it begins before `end` (video ticks).
static size_t
add_sound(struct making *m, int64_t end, bool all, struct bc_cmaf_sample *out,
    uint32_t (*numbers)[1], int64_t limit)
{
    size_t n = 0;
    while (!m->params->no_sound && n < 64
        && (m->sound * AAC_SAMPLES * 90000 < end * SOURCE_AUDIO_RATE || all)
        && m->sound * AAC_SAMPLES * 90000 < limit * SOURCE_AUDIO_RATE) {
        numbers[n][0] = (uint32_t)m->sound++;
        out[n] = (struct bc_cmaf_sample){
            .data = (uint8_t *)numbers[n], .len = 4, .duration = AAC_SAMPLES, .sync = true
        };
        n++;
    }
    return n;
}

static void
append(struct making *m, const struct bc_cmaf_run *runs, size_t count, int64_t start_us,
    int64_t duration_us, bool sync, bool discontinuity)
{
    struct bc_buf *data = bc_cmaf_chunk(++m->parts, runs, count);
    assert_non_null(data);
    struct bc_recording_append part = {
        .init = m->init,
        .data = data,
        .start_us = start_us,
        .duration_us = duration_us,
        .wall_us = m->wall_us + start_us,
        .independent = sync,
        .segment = sync,
        .discontinuity = discontinuity,
    };
    assert_int_equal(bc_recording_append(m->writer, &part), 0);
    bc_buf_unref(&data);
}

// Frames [first, first + count) of the recording, whose clock goes on.
static void
write_pictures(struct making *m, struct encoded *e, unsigned first)
{
    for (size_t i = 0; i < e->count;) {
        struct bc_cmaf_sample video[PART_FRAMES];
        struct bc_cmaf_sample audio[64];
        uint32_t numbers[64][1];
        size_t n = 0;
        // A keyframe begins a part.
        while (n < PART_FRAMES && i + n < e->count
            && (n == 0 || m->params->hidden_keys || !e->units[i + n].sync)) {
            const struct unit *u = &e->units[i + n];
            video[n++] = (struct bc_cmaf_sample){
                .data = u->data->data,
                .len = u->data->len,
                .duration = SOURCE_TICKS,
                .cts = (int32_t)((u->pts - u->dts) * SOURCE_TICKS),
                .sync = u->sync,
                .disposable = u->disposable,
            };
        }
        int64_t start = (int64_t)(first + i) * SOURCE_TICKS;
        int64_t sound = m->sound * AAC_SAMPLES;
        int64_t end = start + (int64_t)n * SOURCE_TICKS;
        bool last = i + n == e->count;
        size_t sounds = add_sound(m, end + e->delay * SOURCE_TICKS, last, audio, numbers,
            ((int64_t)first + (int64_t)e->count + e->delay) * SOURCE_TICKS);
        int64_t clock = m->clock;
        struct bc_cmaf_run runs[2] = {
            { .track_id = 1, .dts = (uint64_t)(start + clock), .samples = video, .count = n },
            { .track_id = 2,
                .dts = (uint64_t)(sound + clock * SOURCE_AUDIO_RATE / 90000),
                .samples = audio, .count = sounds },
        };
        append(m, runs, sounds > 0 ? 2 : 1, bc_cmaf_us(start + clock, 90000),
            (int64_t)n * SOURCE_FRAME_US, e->units[i].sync, first > 0 && i == 0);
        i += n;
    }
}

static void
write_sound_alone(struct making *m)
{
    int64_t total = (int64_t)m->params->frames * SOURCE_TICKS;
    for (int64_t end = 18000; m->sound * AAC_SAMPLES * 90000 < total * SOURCE_AUDIO_RATE;
         end += 18000) {
        struct bc_cmaf_sample audio[64];
        uint32_t numbers[64][1];
        int64_t start = m->sound * AAC_SAMPLES;
        size_t n = add_sound(m, end, false, audio, numbers, total);
        struct bc_cmaf_run run = { .track_id = 1, .dts = (uint64_t)start,
            .samples = audio, .count = n };
        append(m, &run, 1, bc_cmaf_us(start, SOURCE_AUDIO_RATE),
            bc_cmaf_us((int64_t)n * AAC_SAMPLES, SOURCE_AUDIO_RATE), true, false);
    }
}

static void
set_init(struct making *m, struct bc_track *video)
{
    const struct bc_track *tracks[2];
    size_t count = 0;
    if (video) {
        tracks[count++] = video;
    }
    if (!m->params->no_sound) {
        tracks[count++] = m->aac;
    }
    bc_buf_unref(&m->init);
    m->init = bc_cmaf_init(tracks, count);
    assert_non_null(m->init);
}

struct bc_recording *
source_make(const char *root, const struct source_params *p)
{
    static const uint8_t ASC[] = { 0x11, 0x90 }; // AAC LC, 48 kHz, stereo
    struct bc_recording_params params = {
        .root = root, .kind = BC_RECORDING_REPLAY, .channel = "live/a", .title = "",
        .wall_us = WALL_US,
    };
    struct making m = { .params = p, .wall_us = WALL_US - p->clock_us };
    m.clock = bc_cmaf_ticks(p->clock_us, 90000);
    m.writer = bc_recording_create(&params);
    assert_non_null(m.writer);
    m.aac = bc_aac_track(ASC, sizeof(ASC));
    struct bc_recording *r = bc_recording_ref(bc_recording_of(m.writer));
    if (p->no_picture) {
        set_init(&m, NULL);
        write_sound_alone(&m);
    } else {
        unsigned first = p->break_at > 0 ? p->break_at : p->frames;
        struct encoded e = encode(p, 0, first);
        set_init(&m, e.track);
        write_pictures(&m, &e, 0);
        encoded_finish(&e);
        if (p->break_at > 0) {
            m.wall_us += AWAY_US;
            e = encode(p, first, p->frames);
            set_init(&m, e.track);
            write_pictures(&m, &e, first);
            encoded_finish(&e);
        }
    }
    assert_int_equal(bc_recording_finish(&m.writer, true, m.wall_us), 0);
    bc_buf_unref(&m.init);
    bc_track_unref(&m.aac);
    return r;
}

// --- reading back ---

struct decoding {
    AVCodecContext *decoder;
    AVFrame *frame;
    struct seen *seen;
};

static void
take_frames(struct decoding *d)
{
    while (avcodec_receive_frame(d->decoder, d->frame) == 0) {
        struct seen *s = d->seen;
        s->broken += d->frame->decode_error_flags != 0
            || (d->frame->flags & AV_FRAME_FLAG_CORRUPT) != 0;
        s->frames = realloc(s->frames, (s->frame_count + 1) * sizeof(s->frames[0]));
        s->frames[s->frame_count++] =
            (struct seen_frame){ d->frame->pts, number_of(d->frame) };
        av_frame_unref(d->frame);
    }
}

static void
end_decoder(struct decoding *d)
{
    if (d->decoder) {
        avcodec_send_packet(d->decoder, NULL);
        take_frames(d);
        avcodec_free_context(&d->decoder);
    }
}

static void
begin_decoder(struct decoding *d, const struct bc_track *track)
{
    end_decoder(d);
    d->decoder = avcodec_alloc_context3(avcodec_find_decoder_by_name("h264"));
    d->decoder->extradata = av_mallocz(track->config->len + AV_INPUT_BUFFER_PADDING_SIZE);
    memcpy(d->decoder->extradata, track->config->data, track->config->len);
    d->decoder->extradata_size = (int)track->config->len;
    d->decoder->thread_count = 1;
    d->decoder->err_recognition = AV_EF_EXPLODE | AV_EF_CRCCHECK;
    assert_int_equal(avcodec_open2(d->decoder, NULL, NULL), 0);
}

static void
decode(struct decoding *d, const struct clip_sample *s)
{
    AVPacket *packet = av_packet_alloc();
    assert_int_equal(av_new_packet(packet, (int)s->len), 0);
    memcpy(packet->data, s->data, s->len);
    packet->pts = s->dts + s->cts;
    packet->dts = s->dts;
    d->seen->broken += avcodec_send_packet(d->decoder, packet) != 0;
    av_packet_free(&packet);
    take_frames(d);
}

static void
hear(struct seen *seen, const struct clip_sample *s)
{
    uint32_t number = 0;
    assert_int_equal(s->len, sizeof(number));
    memcpy(&number, s->data, sizeof(number));
    seen->sounds = realloc(seen->sounds, (seen->sound_count + 1) * sizeof(seen->sounds[0]));
    seen->sounds[seen->sound_count++] = (struct seen_sound){ s->dts, number };
}

struct seen
seen_read(const struct bc_recording *r)
{
    struct seen seen = { 0 };
    struct decoding d = { .seen = &seen, .frame = av_frame_alloc() };
    struct clip_reader reader;
    struct bc_recording_info info;
    bc_recording_info(r, &info);
    seen.formats = info.formats;
    seen.segments = info.segments;
    seen.duration_us = info.duration_us;
    assert_int_equal(clip_reader_init(&reader, r), 0);
    int64_t ends[2] = { INT64_MIN, INT64_MIN };
    for (size_t i = 0; i < info.parts; i++) {
        struct clip_part part;
        assert_int_equal(clip_part_load(&reader, i, &part), 0);
        const struct clip_format *f = clip_reader_format(&reader, part.format);
        seen.discontinuities += part.place.discontinuity;
        for (size_t t = 0; t < f->movie.count; t++) {
            bool video = f->movie.tracks[t].track->kind == BC_KIND_VIDEO;
            if (video && (i == 0 || part.place.discontinuity)) {
                begin_decoder(&d, f->movie.tracks[t].track);
            }
            for (size_t k = 0; k < part.tracks[t].count; k++) {
                const struct clip_sample *s = &part.tracks[t].list[k];
                assert_true(s->dts > ends[video]); // rising in each track
                assert_true(s->cts >= 0);
                ends[video] = s->dts;
                if (video) {
                    decode(&d, s);
                } else {
                    hear(&seen, s);
                }
            }
        }
        clip_part_finish(&part);
    }
    end_decoder(&d);
    av_frame_free(&d.frame);
    clip_reader_finish(&reader);
    return seen;
}

void
seen_finish(struct seen *seen)
{
    free(seen->frames);
    free(seen->sounds);
    *seen = (struct seen){ 0 };
}
