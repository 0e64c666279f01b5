// SPDX-License-Identifier: Apache-2.0
// Access units become PES packets (ISO/IEC 13818-1 2.4.3.6, drawn in pes.c), one each,
// between tables and clock references.
#include "mux.h"

#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "media/nal_types.h"
#include "ts.h"

#define TABLES_EVERY_US 300000 // <= 400 ms with a frame in between
#define PCR_EVERY_US 30000 // <= 40 ms
// How far the clock is behind the stamps: the decoder's buffer.
#define PCR_LEAD_US 100000
#define JUMP_US 5000000
#define PES_HEAD_MAX (TS_PES_HEAD_BYTES + 10)
#define PES_VIDEO 0xe0
#define PES_AUDIO 0xc0
#define PES_PRIVATE 0xbd
#define LENGTH_BYTES 4
#define ADTS_FRAME_MAX 0x1fff
#define OPUS_FRAME_MAX 65000
#define OPUS_HEAD_MAX (2 + OPUS_FRAME_MAX / 255 + 1)

struct bc_ts_mux *
bc_ts_mux_create(void)
{
    struct bc_ts_mux *m = calloc(1, sizeof(*m));
    if (m) {
        m->tables_us = BC_TS_NO_TIME;
        m->pcr_us = BC_TS_NO_TIME;
    }
    return m;
}

void
bc_ts_mux_destroy(struct bc_ts_mux *m)
{
    if (m) {
        bc_track_unref(&m->video);
        bc_track_unref(&m->audio);
        bc_writer_finish(&m->head);
        free(m);
    }
}

bool
bc_ts_has_codec(enum bc_codec codec)
{
    switch (codec) {
    case BC_CODEC_AVC:
    case BC_CODEC_HEVC:
    case BC_CODEC_AAC:
    case BC_CODEC_MP3:
    case BC_CODEC_AC3:
    case BC_CODEC_EAC3:
    case BC_CODEC_OPUS:
        return true;
    default:
        return false;
    }
}

// --- tracks ---

static bool
can_write_audio(struct bc_ts_mux *m, const struct bc_track *t)
{
    if (t->codec == BC_CODEC_AAC) {
        return bc_ts_adts_of(t, m->adts);
    }
    return t->codec != BC_CODEC_OPUS || (t->channels > 0 && t->channels <= 8);
}

// Takes over what `track` says; true when something changed.
static bool
replace(struct bc_track **holder, const struct bc_track *track)
{
    if (*holder == track || (*holder && bc_track_equal(*holder, track))) {
        return false;
    }
    bc_track_unref(holder);
    *holder = track ? bc_track_ref((struct bc_track *)track) : NULL;
    return true;
}

void
bc_ts_mux_set_tracks(
    struct bc_ts_mux *m, const struct bc_track *video, const struct bc_track *audio)
{
    if (video
        && (video->kind != BC_KIND_VIDEO || !bc_ts_has_codec(video->codec)
            || !bc_ts_head_of(video, &m->head))) {
        video = NULL;
    }
    if (audio
        && (audio->kind != BC_KIND_AUDIO || !bc_ts_has_codec(audio->codec)
            || !can_write_audio(m, audio))) {
        audio = NULL;
    }
    bool changed = replace(&m->video, video);
    changed |= replace(&m->audio, audio);
    if (changed) {
        m->version = (m->version + 1) & 31;
        m->tables_us = BC_TS_NO_TIME;
    }
}

// --- tables and clock ---

void
bc_ts_mux_write_tables(struct bc_ts_mux *m, struct bc_writer *w)
{
    // The shared tables' last ones once more: who begins here finds the counters of those
    // that follow in order.
    bc_ts_write_psi(m, w, (m->cc_pat + 15) & 15, (m->cc_pmt + 15) & 15);
}

void
bc_ts_mux_write_break(struct bc_ts_mux *m, struct bc_writer *w, bool repeats_tables)
{
    uint8_t step = repeats_tables ? 15 : 0;
    uint8_t pat = (m->cc_pat + step) & 15;
    uint8_t pmt = (m->cc_pmt + step) & 15;
    const struct bc_ts_start pids[] = {
        { .pid = TS_PID_PAT, .cc = &pat, .discontinuity = true },
        { .pid = MUX_PID_PMT, .cc = &pmt, .discontinuity = true },
        { .pid = MUX_PID_VIDEO, .cc = &m->cc_video, .discontinuity = true },
        { .pid = MUX_PID_AUDIO, .cc = &m->cc_audio, .discontinuity = true },
    };
    for (size_t i = 0; i < sizeof(pids) / sizeof(pids[0]); i++) {
        bc_ts_write_empty(w, &pids[i]);
    }
}

// `time_us` is far from where the stream was: stepped back, or a long way on.
static bool
is_due(int64_t last_us, int64_t time_us, int64_t every_us)
{
    return last_us == BC_TS_NO_TIME || time_us - last_us >= every_us
        || last_us - time_us >= JUMP_US;
}

static void
write_tables_if_due(struct bc_ts_mux *m, struct bc_writer *w, int64_t time_us, bool key)
{
    if (key || is_due(m->tables_us, time_us, TABLES_EVERY_US)) {
        bc_ts_write_psi(m, w, m->cc_pat, m->cc_pmt);
        m->cc_pat = (m->cc_pat + 1) & 15;
        m->cc_pmt = (m->cc_pmt + 1) & 15;
        m->tables_us = time_us;
    }
}

static uint64_t
ticks_of(int64_t us)
{
    return (uint64_t)bc_ts_us_to_ticks(us) & (((uint64_t)1 << TS_TICK_BITS) - 1);
}

static void
add_pcr(struct bc_ts_mux *m, struct bc_ts_start *start, int64_t time_us)
{
    if (m->pcr_us != BC_TS_NO_TIME) {
        int64_t step_us = time_us - m->pcr_us;
        start->discontinuity = step_us <= -JUMP_US || step_us >= JUMP_US;
    }
    start->has_pcr = true;
    start->pcr = ticks_of(time_us - PCR_LEAD_US);
    m->pcr_us = time_us;
}

// Video of few pictures leaves gaps in the clock, which sound fills.
static void
write_pcr_if_due(struct bc_ts_mux *m, struct bc_writer *w, int64_t time_us)
{
    struct bc_ts_start start = { .pid = MUX_PID_VIDEO, .cc = &m->cc_video };
    if (m->pcr_us != BC_TS_NO_TIME && is_due(m->pcr_us, time_us, PCR_EVERY_US)) {
        add_pcr(m, &start, time_us);
        bc_ts_write_empty(w, &start);
    }
}

// --- PES ---

static uint8_t *
put_stamp(uint8_t *p, uint8_t mark, uint64_t ticks)
{
    *p++ = (uint8_t)(mark << 4 | (ticks >> 29 & 0x0e) | 1);
    *p++ = (uint8_t)(ticks >> 22);
    *p++ = (uint8_t)(ticks >> 14 | 1);
    *p++ = (uint8_t)(ticks >> 7);
    *p++ = (uint8_t)(ticks << 1 | 1);
    return p;
}

// The head before `body` bytes; its length.
static size_t
put_pes_head(
    uint8_t head[PES_HEAD_MAX], uint8_t stream, size_t body, uint64_t pts, uint64_t dts)
{
    size_t stamps = pts == dts ? 5 : 10;
    size_t length = 3 + stamps + body;
    // Video may leave its length open, and does, as it may be too long to tell.
    length = stream == PES_VIDEO || length > UINT16_MAX ? 0 : length;
    uint8_t *p = head;
    *p++ = 0;
    *p++ = 0;
    *p++ = 1;
    *p++ = stream;
    *p++ = (uint8_t)(length >> 8);
    *p++ = (uint8_t)length;
    *p++ = 0x84; // data_alignment_indicator: an access unit begins here
    *p++ = pts == dts ? 0x80 : 0xc0;
    *p++ = (uint8_t)stamps;
    p = put_stamp(p, pts == dts ? 2 : 3, pts);
    if (pts != dts) {
        p = put_stamp(p, 1, dts);
    }
    return (size_t)(p - head);
}

// --- video ---

// Calls for each NAL unit that is written. Delimiters of the sender's make way for ours.
static bool
next_nal(struct bc_reader *r, enum bc_codec codec, struct bc_reader *nal)
{
    while (bc_reader_left(r) > LENGTH_BYTES) {
        uint32_t size = bc_read_u32(r);
        const uint8_t *p = bc_read_bytes(r, size);
        if (!p) {
            return false;
        }
        if (size > 0 && bc_nal_is_useful(codec, bc_nal_type(codec, p))) {
            *nal = bc_reader_init(p, size);
            return true;
        }
    }
    return false;
}

static void
write_video(struct bc_ts_mux *m, struct bc_writer *w, const struct bc_packet *packet,
    int64_t time_us, int64_t pts_us)
{
    static const uint8_t CODE[LENGTH_BYTES] = { 0, 0, 0, 1 };
    enum bc_codec codec = m->video->codec;
    bool key = packet->flags & BC_PACKET_KEY;
    struct bc_reader nal;
    size_t units = 0;
    struct bc_reader r = bc_reader_init(packet->data, packet->len);
    while (next_nal(&r, codec, &nal)) {
        units += LENGTH_BYTES + bc_reader_left(&nal);
    }
    if (units == 0) {
        return;
    }
    write_tables_if_due(m, w, time_us, key);
    struct bc_ts_start start = {
        .pid = MUX_PID_VIDEO, .cc = &m->cc_video, .random_access = key
    };
    // Sound may have brought the clock a little further than this picture.
    if (key || is_due(m->pcr_us, time_us, 1)) {
        add_pcr(m, &start,
            time_us > m->pcr_us || m->pcr_us - time_us >= JUMP_US ? time_us : m->pcr_us);
    }
    uint8_t head[PES_HEAD_MAX];
    size_t head_len =
        put_pes_head(head, PES_VIDEO, 0, ticks_of(pts_us), ticks_of(time_us));
    size_t aud = codec == BC_CODEC_HEVC ? 7 : 6;
    size_t before = key ? m->head.len : aud;
    struct bc_ts_cutter c;
    if (!bc_ts_cut_begin(&c, w, &start, head_len + before + units)) {
        return;
    }
    bc_ts_cut(&c, head, head_len);
    bc_ts_cut(&c, m->head.data, before);
    r = bc_reader_init(packet->data, packet->len);
    while (next_nal(&r, codec, &nal)) {
        bc_ts_cut(&c, CODE, LENGTH_BYTES);
        bc_ts_cut(&c, nal.p, bc_reader_left(&nal));
    }
}

// --- sound ---

// What stands before a packet of sound; its length, or 0 for nothing. False when the
// packet is too long for it.
static bool
put_audio_head(const struct bc_ts_mux *m, const struct bc_packet *packet,
    uint8_t head[OPUS_HEAD_MAX], size_t *len)
{
    *len = 0;
    if (m->audio->codec == BC_CODEC_AAC) {
        size_t bytes = BC_TS_ADTS_BYTES + packet->len;
        memcpy(head, m->adts, BC_TS_ADTS_BYTES);
        head[3] |= (uint8_t)(bytes >> 11 & 3);
        head[4] = (uint8_t)(bytes >> 3);
        head[5] |= (uint8_t)(bytes << 5);
        *len = BC_TS_ADTS_BYTES;
        return bytes <= ADTS_FRAME_MAX;
    }
    if (m->audio->codec == BC_CODEC_OPUS && packet->len <= OPUS_FRAME_MAX) {
        head[0] = 0x7f; // drawn in audio_opus.c
        head[1] = 0xe0;
        size_t at = 2;
        for (size_t left = packet->len; left >= 255; left -= 255) {
            head[at++] = 255;
        }
        head[at++] = (uint8_t)(packet->len % 255);
        *len = at;
    }
    return packet->len <= OPUS_FRAME_MAX;
}

static void
write_audio(struct bc_ts_mux *m, struct bc_writer *w, const struct bc_packet *packet,
    int64_t time_us, int64_t pts_us)
{
    uint8_t before[OPUS_HEAD_MAX];
    size_t before_len;
    if (packet->len == 0 || !put_audio_head(m, packet, before, &before_len)) {
        return;
    }
    write_tables_if_due(m, w, time_us, false);
    struct bc_ts_start start = { .pid = MUX_PID_AUDIO, .cc = &m->cc_audio };
    if (m->video) {
        write_pcr_if_due(m, w, time_us);
    } else {
        add_pcr(m, &start, time_us);
    }
    enum bc_codec codec = m->audio->codec;
    uint8_t stream =
        codec == BC_CODEC_AAC || codec == BC_CODEC_MP3 ? PES_AUDIO : PES_PRIVATE;
    uint8_t head[PES_HEAD_MAX];
    size_t body = before_len + packet->len;
    size_t head_len =
        put_pes_head(head, stream, body, ticks_of(pts_us), ticks_of(pts_us));
    struct bc_ts_cutter c;
    if (!bc_ts_cut_begin(&c, w, &start, head_len + body)) {
        return;
    }
    bc_ts_cut(&c, head, head_len);
    bc_ts_cut(&c, before, before_len);
    bc_ts_cut(&c, packet->data, packet->len);
}

void
bc_ts_mux_write_packet(struct bc_ts_mux *m, struct bc_writer *w,
    const struct bc_packet *packet, int64_t base_us)
{
    int64_t time_us = packet->dts_us - base_us + BC_TS_ORIGIN_US;
    int64_t pts_us = packet->pts_us - base_us + BC_TS_ORIGIN_US;
    if (packet->kind == BC_KIND_VIDEO && m->video) {
        write_video(m, w, packet, time_us, pts_us);
    } else if (packet->kind == BC_KIND_AUDIO && m->audio) {
        write_audio(m, w, packet, time_us, pts_us);
    }
}
