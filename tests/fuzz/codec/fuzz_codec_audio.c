// SPDX-License-Identifier: Apache-2.0
// A sound job fed with anything: a byte with two kinds and the way, then packets as
// { control, length(16), payload }.
#include "transmux/codec/ffmpeg.h"
#include "transmux/codec/job.h"

#include "base/reader.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
take(void *user, struct bc_packet *packet)
{
    int64_t *last_us = user;
    if (packet->pts_us <= *last_us || packet->len == 0) {
        __builtin_trap();
    }
    *last_us = packet->pts_us;
    bc_packet_unref(&packet);
}

static struct bc_track *
make_track(unsigned kind)
{
    static const uint8_t ASC[][2] = { { 0x12, 0x10 }, { 0x11, 0xb0 }, { 0x13, 0x08 } };
    static const enum bc_codec CODECS[] = { BC_CODEC_OPUS, BC_CODEC_MP3, BC_CODEC_FLAC,
        BC_CODEC_AC3, BC_CODEC_PCMA };
    return kind < 3 ? bc_aac_track(ASC[kind], 2)
                    : bc_track_create(BC_KIND_AUDIO, CODECS[kind - 3]);
}

// The packet's time moves by what the control says: mostly a frame, also back and far.
static void
feed(struct codec_job *job, struct bc_track *track, struct bc_reader *r, int64_t *now_us)
{
    static const int64_t STEPS[8] = { 21333, 20000, 23220, 0, -30000, 35000, 400000,
        5000000 };
    unsigned control = bc_read_u8(r);
    size_t len = bc_read_u16(r);
    len = len > bc_reader_left(r) ? bc_reader_left(r) : len;
    struct bc_buf *buf = bc_buf_copy(bc_read_bytes(r, len), len);
    struct bc_packet *p =
        bc_packet_create(BC_KIND_AUDIO, track, buf, buf->data, buf->len);
    *now_us += STEPS[control & 7];
    p->pts_us = p->dts_us = *now_us;
    p->epoch = control >> 5 & 1;
    p->flags = control & 0x40 ? BC_PACKET_NEW_EPOCH : 0;
    struct codec_input in = { p, p->flags, 0 };
    job->ops->push(job, &in);
    if (control & 0x80) {
        job->ops->idle(job, 300000);
    }
    bc_packet_unref(&p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bc_reader r = bc_reader_init(data, size);
    unsigned kind = bc_read_u8(&r);
    int64_t last_us = -1;
    int64_t now_us = 0;
    struct codec_sink sink = { take, &last_us };
    struct bc_track *tracks[2] = { make_track(kind & 7), make_track(kind >> 4 & 7) };
    struct codec_job *job =
        codec_audio_job_create(kind & 8 ? BC_CODEC_AAC : BC_CODEC_OPUS, 0, &sink);
    av_log_set_level(AV_LOG_QUIET);
    for (unsigned n = 0; n < 200 && bc_reader_left(&r) > 0; n++) {
        feed(job, tracks[n / 50 % 2], &r, &now_us);
    }
    job->ops->destroy(job);
    bc_track_unref(&tracks[0]);
    bc_track_unref(&tracks[1]);
    return 0;
}
