// SPDX-License-Identifier: Apache-2.0
// The first byte chooses whose header the rest is.
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "media/track_build.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct bc_track *(*const BUILD[])(const uint8_t *, size_t) = {
        bc_av1_track_from_config,
        bc_vp9_track_from_config,
        bc_opus_track,
        bc_flac_track,
        bc_ac3_track,
        bc_mpeg_audio_track,
        bc_vp8_track,
        bc_vp9_track,
    };
    if (size == 0) {
        return 0;
    }
    struct bc_track *t = BUILD[data[0] % (sizeof(BUILD) / sizeof(BUILD[0]))](
        data + 1, size - 1);
    if (t) {
        assert(t->codec_string[0] && strlen(t->codec_string) < BC_CODEC_STRING);
        assert(t->kind == BC_KIND_VIDEO || (t->sample_rate > 0 && t->channels > 0));
        assert(bc_track_equal(t, t));
    }
    bc_track_unref(&t);
    return 0;
}
