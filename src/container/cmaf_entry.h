// SPDX-License-Identifier: Apache-2.0
#ifndef CONTAINER_CMAF_ENTRY_H
#define CONTAINER_CMAF_ENTRY_H

#include <stdbool.h>

#include "base/writer.h"
#include "media/track.h"

// The sample entries of the codecs that CMAF carries (VP8 and G.711 are none of them).
// Only supported tracks are written.

bool
cmaf_has_video(enum bc_codec codec);

bool
cmaf_has_audio(enum bc_codec codec);

bool
cmaf_supports_video(const struct bc_track *t);

bool
cmaf_supports_audio(const struct bc_track *t);

void
cmaf_write_visual_entry(struct bc_writer *w, const struct bc_track *t);

void
cmaf_write_audio_entry(struct bc_writer *w, const struct bc_track *t);

#endif
