// SPDX-License-Identifier: Apache-2.0
// TS packets become tables and PES packets, these become elementary streams (ISO/IEC
// 13818-1 2.4.3.2):
//
//   47 | error(1) begins(1) priority(1) PID(13) | scrambling(2) adaptation(1) payload(1)
//   continuity(4) | [length(8) | discontinuity(1) ...] | payload
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "es.h"
#include "media/timeline.h"
#include "pes.h"
#include "ts.h"

#define RUBBISH_MAX_BYTES (1u << 20)
#define PES_HEAD_MAX (TS_PES_HEAD_BYTES + 255)
#define PID_RESERVED 0x20 // below: tables of the standard and of DVB
#define TAIL_BYTES 8
#define CC_UNKNOWN (-1)

// What is known of one PID's packets.
struct port {
    uint16_t pid;
    int8_t cc; // of the last packet with a payload
    uint8_t tail[TAIL_BYTES]; // its last bytes: a repeated packet has the same
};

enum pes_state { PES_NONE, PES_HEAD, PES_BODY };

// The PES packets of one PID.
struct pes_port {
    struct port port;
    struct bc_ts_stream stream; // form BC_TS_NONE: nothing is expected
    enum pes_state state;
    uint8_t head[PES_HEAD_MAX]; // while it is not whole
    size_t head_len;
};

// Owned by a connection, used by its thread.
struct bc_ts_demux {
    struct bc_ts_sink sink;
    // Bytes that are no whole packet yet, or, out of step, not known to be one.
    uint8_t carry[2 * BC_TS_PACKET_BYTES];
    size_t carry_len;
    bool in_step;
    size_t rubbish; // bytes skipped since the last packet

    struct port pat_port;
    struct port pmt_port;
    struct bc_ts_section pat;
    struct bc_ts_section pmt;
    uint32_t pat_crc; // of the table in force: it is repeated all the time
    uint32_t pmt_crc;
    uint16_t program; // 0: none yet
    uint16_t pcr_pid;
    bool has_pmt;

    // One clock for all PIDs: they wrap at different moments, and a clock of one's own
    // would then be off by 26 hours (SRT-9). As a step is read as the nearest one, a new
    // time base is a jump of the same size for all, whether it was announced or not.
    struct bc_unwrap clock;
    struct pes_port video_port;
    struct pes_port audio_port;
    struct bc_ts_video video;
    struct bc_ts_audio audio;
};

// --- tables ---

static void
open_port(struct port *port, uint16_t pid)
{
    port->pid = pid;
    port->cc = CC_UNKNOWN;
}

static void
set_video(struct bc_ts_demux *d, const struct bc_ts_stream *s)
{
    struct pes_port *port = &d->video_port;
    if (port->stream.form == s->form && port->stream.pid == s->pid) {
        return;
    }
    if (port->stream.form != BC_TS_NONE) {
        bc_ts_video_flush(&d->video);
    }
    if (port->stream.form != s->form) {
        bc_ts_video_finish(&d->video);
        bc_ts_video_init(
            &d->video, &d->sink, s->form == BC_TS_HEVC ? BC_CODEC_HEVC : BC_CODEC_AVC);
    }
    port->stream = *s;
    port->state = PES_NONE;
    open_port(&port->port, s->pid);
}

static void
set_audio(struct bc_ts_demux *d, const struct bc_ts_stream *s)
{
    struct pes_port *port = &d->audio_port;
    bool same = port->stream.form == s->form && port->stream.channels == s->channels;
    if (same && port->stream.pid == s->pid) {
        return;
    }
    if (same) {
        bc_ts_audio_lost(&d->audio);
    } else {
        bc_ts_audio_finish(&d->audio);
        bc_ts_audio_init(&d->audio, &d->sink, s);
    }
    port->stream = *s;
    port->state = PES_NONE;
    open_port(&port->port, s->pid);
}

// Whether a section is sound and says something new.
static bool
is_news(struct bc_ts_demux *d, const uint8_t *data, size_t len, uint32_t *crc)
{
    if (len < 4 || bc_ts_crc32(data, len) != 0) {
        d->sink.stats.damaged++;
        return false;
    }
    uint32_t now = (uint32_t)data[len - 4] << 24 | (uint32_t)data[len - 3] << 16
        | (uint32_t)data[len - 2] << 8 | data[len - 1];
    bool news = now != *crc;
    *crc = now;
    return news;
}

static void
on_pat(void *user, const uint8_t *data, size_t len)
{
    struct bc_ts_demux *d = user;
    struct bc_ts_pat pat;
    if (!is_news(d, data, len, &d->pat_crc)
        || !bc_ts_parse_pat(data, len, d->program, &pat)) {
        return;
    }
    if (d->program != pat.program) {
        d->program = pat.program;
        d->pmt_crc = 0;
    } else if (d->pmt_port.pid == pat.pmt_pid) {
        return;
    }
    bc_ts_section_reset(&d->pmt);
    open_port(&d->pmt_port, pat.pmt_pid);
}

static void
on_pmt(void *user, const uint8_t *data, size_t len)
{
    struct bc_ts_demux *d = user;
    struct bc_ts_pmt pmt;
    // Other tables, and other programs' ones, may share the PID.
    uint32_t crc = d->pmt_crc;
    if (!is_news(d, data, len, &crc) || !bc_ts_parse_pmt(data, len, &pmt)
        || pmt.program != d->program) {
        return;
    }
    d->pmt_crc = crc;
    d->pcr_pid = pmt.pcr_pid;
    d->has_pmt = true;
    set_video(d, &pmt.video);
    set_audio(d, &pmt.audio);
    if (d->sink.ops->on_program) {
        d->sink.ops->on_program(
            d->sink.user, pmt.video.form != BC_TS_NONE, pmt.audio.form != BC_TS_NONE);
    }
}

// --- PES packets ---

static void
lose_stream(struct bc_ts_demux *d, struct pes_port *port)
{
    port->state = PES_NONE;
    if (port == &d->video_port) {
        bc_ts_video_lost(&d->video);
    } else {
        bc_ts_audio_lost(&d->audio);
    }
}

static void
push_body(struct bc_ts_demux *d, struct pes_port *port, const uint8_t *p, size_t len)
{
    if (len > 0 && port == &d->video_port) {
        bc_ts_video_push(&d->video, p, len);
    } else if (len > 0) {
        bc_ts_audio_push(&d->audio, p, len);
    }
}

static void
begin_body(struct bc_ts_demux *d, struct pes_port *port, const struct bc_ts_pes *pes)
{
    struct bc_ts_stamp stamp = { .has = pes->has_pts };
    if (pes->has_pts) {
        stamp.dts = bc_unwrap_bits(&d->clock, pes->dts, TS_TICK_BITS);
        // The picture's time counts from the decoder's, on either side of the wrap.
        int64_t span = (int64_t)1 << TS_TICK_BITS;
        int64_t offset = (int64_t)((pes->pts - pes->dts) & (uint64_t)(span - 1));
        stamp.pts = stamp.dts + (offset < span / 2 ? offset : offset - span);
    }
    port->state = PES_BODY;
    if (port == &d->video_port) {
        bc_ts_video_begin(&d->video, &stamp);
    } else {
        bc_ts_audio_begin(&d->audio, &stamp);
    }
}

// The head, which may be longer than the packet.
static int
push_head(struct bc_ts_demux *d, struct pes_port *port, const uint8_t *p, size_t len)
{
    struct bc_ts_pes pes;
    size_t before = port->head_len;
    size_t take = PES_HEAD_MAX - before < len ? PES_HEAD_MAX - before : len;
    memcpy(port->head + before, p, take);
    port->head_len += take;
    int ret = bc_ts_pes_parse(port->head, port->head_len, &pes);
    if (ret == -EINVAL) {
        d->sink.stats.damaged++;
        lose_stream(d, port);
        return 0;
    }
    if (ret > 0) {
        begin_body(d, port, &pes);
        size_t used = pes.head_bytes - before;
        push_body(d, port, p + used, len - used);
    }
    return ret < 0 ? ret : 0;
}

static int
push_pes(struct bc_ts_demux *d, struct pes_port *port, const uint8_t *p, size_t len,
    bool begins)
{
    if (begins) {
        port->state = PES_HEAD;
        port->head_len = 0;
    }
    if (port->state == PES_HEAD) {
        return push_head(d, port, p, len);
    }
    if (port->state == PES_BODY) {
        push_body(d, port, p, len);
    }
    return 0;
}

// --- packets ---

// One packet of a PID that matters.
struct packet {
    const uint8_t *data;
    size_t len;
    bool begins;
    bool hole; // something is missing before it
};

static bool
check_continuity(struct bc_ts_demux *d, struct port *port, const uint8_t *p,
    bool announced, struct packet *out)
{
    int8_t cc = p[3] & 15;
    const uint8_t *tail = p + BC_TS_PACKET_BYTES - TAIL_BYTES;
    out->hole = port->cc != CC_UNKNOWN && !announced && cc != ((port->cc + 1) & 15);
    // A packet may be sent twice; 15 lost ones look much the same.
    if (out->hole && cc == port->cc && memcmp(port->tail, tail, TAIL_BYTES) == 0) {
        return false;
    }
    d->sink.stats.lost += out->hole;
    port->cc = cc;
    memcpy(port->tail, tail, TAIL_BYTES);
    return true;
}

// False when there is nothing in it for us.
static bool
open_packet(
    struct bc_ts_demux *d, struct port *port, const uint8_t *p, struct packet *out)
{
    // One with errors is as good as lost; the next one's counter tells.
    if (p[1] & 0x80) {
        return false;
    }
    size_t at = TS_HEAD_BYTES;
    bool announced = false; // discontinuity_indicator
    if (p[3] & 0x20) {
        announced = p[4] > 0 && (p[5] & 0x80);
        at += 1u + p[4];
    }
    if (!(p[3] & 0x10) || at > BC_TS_PACKET_BYTES) {
        port->cc = announced ? CC_UNKNOWN : port->cc;
        return false;
    }
    out->data = p + at;
    out->len = BC_TS_PACKET_BYTES - at;
    out->begins = p[1] & 0x40;
    return check_continuity(d, port, p, announced, out);
}

static int
on_pes_packet(struct bc_ts_demux *d, struct pes_port *port, const uint8_t *p)
{
    struct packet packet;
    if (!open_packet(d, &port->port, p, &packet)) {
        return 0;
    }
    if (p[3] & 0xc0) {
        return -ENOTSUP;
    }
    if (packet.hole) {
        lose_stream(d, port);
    }
    return push_pes(d, port, packet.data, packet.len, packet.begins);
}

static void
on_section_packet(struct bc_ts_demux *d, struct port *port, const uint8_t *p)
{
    struct packet packet;
    bool is_pat = port == &d->pat_port;
    struct bc_ts_section *s = is_pat ? &d->pat : &d->pmt;
    if (!open_packet(d, port, p, &packet)) {
        return;
    }
    if (packet.hole) {
        bc_ts_section_reset(s);
    }
    bc_ts_section_push(
        s, packet.data, packet.len, packet.begins, is_pat ? on_pat : on_pmt, d);
}

static int
on_packet(struct bc_ts_demux *d, const uint8_t *p)
{
    uint16_t pid = (uint16_t)((p[1] & 0x1f) << 8 | p[2]);
    d->sink.stats.packets++;
    d->rubbish = 0;
    if (pid == d->video_port.port.pid && d->video_port.stream.form != BC_TS_NONE) {
        return on_pes_packet(d, &d->video_port, p);
    }
    if (pid == d->audio_port.port.pid && d->audio_port.stream.form != BC_TS_NONE) {
        return on_pes_packet(d, &d->audio_port, p);
    }
    if (pid == TS_PID_PAT) {
        on_section_packet(d, &d->pat_port, p);
    } else if (d->program != 0 && pid == d->pmt_port.pid) {
        on_section_packet(d, &d->pmt_port, p);
    } else if (d->has_pmt && pid >= PID_RESERVED && pid != TS_PID_NULL
        && pid != d->pcr_pid) {
        d->sink.stats.unknown++;
    }
    return 0;
}

// --- bytes ---

// Drops the first `n` bytes of the carry.
static void
shift_carry(struct bc_ts_demux *d, size_t n)
{
    d->carry_len -= n;
    memmove(d->carry, d->carry + n, d->carry_len);
}

// Moves on to the next byte in the carry that may begin a packet.
static void
search_sync(struct bc_ts_demux *d, size_t from)
{
    const uint8_t *at = from < d->carry_len
        ? memchr(d->carry + from, TS_SYNC, d->carry_len - from)
        : NULL;
    size_t skip = at ? (size_t)(at - d->carry) : d->carry_len;
    d->rubbish += skip;
    shift_carry(d, skip);
}

// Handles what the carry allows: in step one whole packet; out of step one packet with
// another sync byte behind it.
static int
drain_carry(struct bc_ts_demux *d)
{
    if (d->carry_len > 0 && d->carry[0] != TS_SYNC) {
        d->sink.stats.resyncs += d->in_step;
        d->in_step = false;
        search_sync(d, 1);
    }
    while (!d->in_step && d->carry_len > BC_TS_PACKET_BYTES) {
        if (d->carry[BC_TS_PACKET_BYTES] == TS_SYNC) {
            d->in_step = true;
        } else {
            search_sync(d, 1);
        }
    }
    if (!d->in_step || d->carry_len < BC_TS_PACKET_BYTES) {
        return d->rubbish > RUBBISH_MAX_BYTES ? -EINVAL : 0;
    }
    int ret = on_packet(d, d->carry);
    shift_carry(d, BC_TS_PACKET_BYTES);
    return ret;
}

static size_t
fill_carry(struct bc_ts_demux *d, const uint8_t *data, size_t len)
{
    // Out of step one byte more is looked at: the next packet's first.
    size_t want = BC_TS_PACKET_BYTES + (d->in_step ? 0u : 1u);
    size_t take = d->carry_len < want ? want - d->carry_len : 0;
    take = take < len ? take : len;
    memcpy(d->carry + d->carry_len, data, take);
    d->carry_len += take;
    return take;
}

int
bc_ts_demux_input(struct bc_ts_demux *d, const uint8_t *data, size_t len, int64_t now_us)
{
    int ret = 0;
    d->sink.now_us = now_us;
    while (len > 0 && ret == 0) {
        size_t used = BC_TS_PACKET_BYTES;
        if (d->in_step && d->carry_len == 0 && len >= used && data[0] == TS_SYNC) {
            ret = on_packet(d, data);
        } else {
            used = fill_carry(d, data, len);
            ret = drain_carry(d);
        }
        data += used;
        len -= used;
    }
    return ret;
}

void
bc_ts_demux_flush(struct bc_ts_demux *d, int64_t now_us)
{
    d->sink.now_us = now_us;
    if (d->video_port.stream.form != BC_TS_NONE) {
        bc_ts_video_flush(&d->video);
    }
}

struct bc_ts_demux *
bc_ts_demux_create(const struct bc_ts_demux_ops *ops, void *user)
{
    struct bc_ts_demux *d = calloc(1, sizeof(*d));
    if (!d) {
        return NULL;
    }
    d->sink.ops = ops;
    d->sink.user = user;
    d->in_step = true;
    open_port(&d->pat_port, TS_PID_PAT);
    bc_ts_video_init(&d->video, &d->sink, BC_CODEC_AVC);
    return d;
}

void
bc_ts_demux_destroy(struct bc_ts_demux *d)
{
    if (d) {
        bc_ts_video_finish(&d->video);
        bc_ts_audio_finish(&d->audio);
        free(d);
    }
}

void
bc_ts_demux_stats(const struct bc_ts_demux *d, struct bc_ts_demux_stats *out)
{
    *out = d->sink.stats;
}
