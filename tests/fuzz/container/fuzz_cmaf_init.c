// SPDX-License-Identifier: Apache-2.0
// An init section that can be read can be written again, and is then read as the same.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "container/cmaf_read.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bc_cmaf_movie movie;
    if (bc_cmaf_movie_read(data, len, &movie) < 0) {
        return 0;
    }
    const struct bc_track *tracks[BC_CMAF_MAX_TRACKS];
    for (size_t i = 0; i < movie.count; i++) {
        tracks[i] = movie.tracks[i].track;
    }
    struct bc_buf *init = bc_cmaf_init(tracks, movie.count);
    struct bc_cmaf_movie again;
    if (init && bc_cmaf_movie_read(init->data, init->len, &again) == 0) {
        for (size_t i = 0; i < movie.count; i++) {
            if (!bc_track_equal(tracks[i], again.tracks[i].track)) {
                abort();
            }
        }
        bc_cmaf_movie_finish(&again);
    }
    bc_buf_unref(&init);
    bc_cmaf_movie_finish(&movie);
    return 0;
}
