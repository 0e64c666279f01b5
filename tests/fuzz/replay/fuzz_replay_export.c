// SPDX-License-Identifier: Apache-2.0
// A media file of any content, opened without an index, as both kinds of MP4.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "replay/mp4.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char root[] = "/dev/shm/bc-fuzz-XXXXXX";
    char folder[64];
    char path[80];
    char out[80];
    bc_log_set_level(BC_LOG_ERROR);
    bool made = mkdtemp(root) != NULL;
    snprintf(folder, sizeof(folder), "%s/20261122-153111-4f2a9c1b", root);
    snprintf(path, sizeof(path), "%s/000001.mp4", folder);
    snprintf(out, sizeof(out), "%s/out", root);
    int fd = made && mkdir(folder, 0700) == 0 ? open(path, O_WRONLY | O_CREAT, 0600) : -1;
    if (fd < 0 || write(fd, data, len) != (ssize_t)len || close(fd) < 0) {
        abort();
    }
    struct bc_recording *r = bc_recording_open(folder);
    struct bc_replay_mp4 mp4;
    for (int64_t from_us = 0; r && from_us < 2000000; from_us += 900000) {
        struct bc_replay_export_params params = { r, out, from_us, 1800000, NULL, NULL };
        (void)bc_replay_export(&params);
    }
    if (r && bc_replay_mp4_make(r, bc_replay_mp4_main_format(r), &mp4) == 0) {
        bc_replay_mp4_finish(&mp4);
    }
    bc_recording_unref(&r);
    (void)unlink(out);
    (void)unlink(path);
    (void)rmdir(folder);
    (void)rmdir(root);
    return 0;
}
