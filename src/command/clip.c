// SPDX-License-Identifier: Apache-2.0
// The command "clip": a piece of a recording as an MP4, without a server.
#include "command/clip.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/recording.h"
#include "replay/mp4.h"

#define PATH_BYTES 1024
#define US_PER_S 1000000
#define MAX_S 1e9

const char BC_CLIP_HELP[] =
    "usage: branchcast clip [-c FILE] [--set KEY=VALUE]... ID FROM TO OUT.mp4\n"
    "\n"
    "Writes a piece of a replay or of a clip as a classic MP4, by copying: nothing is encoded.\n"
    "The file holds the pictures from the keyframe before FROM on; an edit list tells players\n"
    "to begin at FROM exactly. A server may run, also one that is recording this.\n"
    "\n"
    "  ID        as `branchcast catalogue list` prints it\n"
    "  FROM, TO  recording time: seconds or [H:]MM:SS, with decimals if need be; \"end\", or\n"
    "            \"end-\" and such a time\n"
    "\n"
    "  -c, --config FILE       the server's file, for data.dir\n"
    "  -s, --set KEY=VALUE     overrides one key, e.g. --set data.dir=/srv/branchcast\n"
    "  -h, --help\n"
    "\n"
    "Exit code 0: done, 1: failed, and then there is no file.\n";

static atomic_bool cancelled;

static void
cancel(int signal)
{
    (void)signal;
    atomic_store(&cancelled, true);
}

// "83.5", "1:23.5", "1:02:03". False: no time.
static bool
parse_time(const char *text, int64_t *us)
{
    double s = 0;
    for (int part = 0; part < 3; part++) {
        char *end;
        if (*text < '0' || *text > '9') {
            return false;
        }
        s = s * 60 + strtod(text, &end);
        if (*end == '\0' && s < MAX_S) {
            *us = llround(s * US_PER_S);
            return true;
        }
        if (*end != ':') {
            return false;
        }
        text = end + 1;
    }
    return false;
}

// A moment of the recording, or -1 when the text is none.
static int64_t
moment(const char *text, int64_t duration_us)
{
    int64_t us = 0;
    if (strncmp(text, "end", 3) != 0) {
        return parse_time(text, &us) ? us : -1;
    }
    if (text[3] != '\0' && (text[3] != '-' || !parse_time(text + 4, &us))) {
        return -1;
    }
    return us < duration_us ? duration_us - us : 0;
}

static struct bc_recording *
open_recording(const char *data_dir, const char *id)
{
    static const char *const FOLDERS[] = { "recordings", "clips" };
    struct bc_recording *r = NULL;
    errno = ENOENT;
    for (size_t i = 0; i < 2 && !r && bc_recording_id_is_valid(id); i++) {
        char path[PATH_BYTES];
        int n = snprintf(path, sizeof(path), "%s/%s/%s", data_dir, FOLDERS[i], id);
        r = n > 0 && (size_t)n < sizeof(path) ? bc_recording_open(path) : NULL;
    }
    return r;
}

static int
export_piece(struct bc_recording *r, char *const words[BC_CLIP_WORDS])
{
    struct bc_recording_info info;
    bc_recording_info(r, &info);
    struct bc_replay_export_params params = {
        .recording = r,
        .path = words[3],
        .from_us = moment(words[1], info.duration_us),
        .to_us = moment(words[2], info.duration_us),
        .cancel = &cancelled,
    };
    if (params.from_us < 0 || params.to_us < 0) {
        fprintf(stderr, "branchcast: '%s' is no time\n",
            params.from_us < 0 ? words[1] : words[2]);
        return EXIT_FAILURE;
    }
    signal(SIGINT, cancel);
    signal(SIGTERM, cancel);
    int rc = bc_replay_export(&params);
    if (rc == -ENOENT) {
        fprintf(stderr, "branchcast: %s lasts %.3f s; nothing of it lies in that range, or "
                        "the folder of %s does not exist\n",
            words[0], (double)info.duration_us / US_PER_S, words[3]);
    } else if (rc < 0) {
        fprintf(stderr, "branchcast: %s: %s\n", words[3], strerror(-rc));
    }
    return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int
bc_clip_command(char *const words[BC_CLIP_WORDS], const struct bc_config *config)
{
    struct bc_recording *r = open_recording(config->data.dir, words[0]);
    if (!r) {
        fprintf(stderr, "branchcast: %s: no recording '%s' (%s)\n", config->data.dir,
            words[0], strerror(errno));
        return EXIT_FAILURE;
    }
    int code = export_piece(r, words);
    bc_recording_unref(&r);
    return code;
}
