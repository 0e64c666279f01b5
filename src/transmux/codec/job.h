// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_CODEC_JOB_H
#define TRANSMUX_CODEC_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "media/packet.h"

// Who gets what a job makes.
struct codec_sink {
    // The reference is the callee's.
    void (*on_packet)(void *user, struct bc_packet *packet);
    void *user;
};

struct codec_job;

struct codec_input {
    struct bc_packet *packet; // borrowed
    uint32_t flags; // the packet's; NEW_EPOCH also when the one that had it was dropped
    unsigned behind; // packets that wait after it
};

struct codec_job_ops {
    // One packet in; any number of packets out.
    void (*push)(struct codec_job *job, const struct codec_input *in);
    // Picture: see bc_recoder_begin_output(). NULL where there is no history.
    void (*begin_output)(struct codec_job *job);
    void (*request_key)(struct codec_job *job);
    // Sound, whose packets may cease for a while (DTX): nothing came for `idle_us`. NULL
    // for pictures.
    void (*idle)(struct codec_job *job, int64_t idle_us);
    void (*destroy)(struct codec_job *job);
};

// One decoder and encoder without threads and queues: what a recoder runs on its codec
// thread. Embedded in the kind of job; owned by the recoder; that thread only.
struct codec_job {
    const struct codec_job_ops *ops;
    struct codec_sink sink;
    const char *failed; // why nothing more will come (static text), or NULL
    uint64_t dropped; // pictures that were left out to keep up, packets without sense
};

// Sound into Opus or AAC at 48 kHz with 1 or 2 channels; 0: as many as the source has, at
// most 2. NULL without memory.
struct codec_job *
codec_audio_job_create(
    enum bc_codec to, unsigned channels, const struct codec_sink *sink);

// Pictures into AVC without B-frames. NULL without memory.
struct codec_job *
codec_video_job_create(const struct codec_sink *sink);

#endif
