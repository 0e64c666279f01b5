// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_CODEC_THREADS_H
#define TRANSMUX_CODEC_THREADS_H

#include "media/track.h"
#include "transmux/recoder.h"

// The worker that a new job is to run on. Any thread.
struct bc_worker *
codec_threads_pick(struct bc_codec_threads *threads, enum bc_kind kind);

#endif
