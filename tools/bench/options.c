// SPDX-License-Identifier: Apache-2.0
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bc_options bc_options = {
    .count = 1,
    .probes = 1,
    .streams = 1,
    .cpu = -1,
    .chunk_size = 4096,
    .duration_s = 0,
    .ramp_per_s = 50,
    .warmup_s = 5,
    .baseline_s = 3,
    .join_timeout_s = 10,
    .gap_ns = 500 * BC_NS_PER_MS,
    .tick_ns = 2 * BC_NS_PER_MS,
};

static const char usage[] =
    "bcbench publish rtmp://HOST[:PORT]/APP/STREAM[?key=KEY] --file X.flv\n"
    "        [--secs S] [--streams N] [--chunk BYTES]\n"
    "bcbench publish rtp://HOST:PORT --file X.flv [--secs S]\n"
    "bcbench play URL [--kind rtmp|flv|ws-flv|llhls|whep|janus] [--count N]\n"
    "        [--probes P] [--secs S]\n"
    "        [--ramp VIEWERS_PER_S] [--warmup S] [--baseline S] [--server-pid "
    "PID[,PID]]\n"
    "        [--no-audio] [--streams N] [--fps F] [--gap-ms MS] [--join-timeout S]\n"
    "        [--tick MS]\n"
    "bcbench srtp-floor [--count CONTEXTS] [--secs S]\n"
    "bcbench memory-floor [--count VIEWERS]\n"
    "all:    [--cpu N] [--quiet]\n"
    "With --streams N the streams are STREAM_0 ... STREAM_N-1; {} in a play URL is the\n"
    "viewer's number modulo N. One JSON line goes to stdout, see README.md.\n";

enum option_id {
    OPT_FILE = 1,
    OPT_SECS,
    OPT_STREAMS,
    OPT_CHUNK,
    OPT_KIND,
    OPT_COUNT,
    OPT_PROBES,
    OPT_RAMP,
    OPT_WARMUP,
    OPT_BASELINE,
    OPT_SERVER_PID,
    OPT_FPS,
    OPT_GAP,
    OPT_JOIN_TIMEOUT,
    OPT_TICK,
    OPT_CPU,
    OPT_NO_AUDIO,
    OPT_QUIET,
    OPT_HELP,
};

static const struct option long_options[] = {
    {"file", required_argument, NULL, OPT_FILE},
    {"secs", required_argument, NULL, OPT_SECS},
    {"streams", required_argument, NULL, OPT_STREAMS},
    {"chunk", required_argument, NULL, OPT_CHUNK},
    {"kind", required_argument, NULL, OPT_KIND},
    {"count", required_argument, NULL, OPT_COUNT},
    {"probes", required_argument, NULL, OPT_PROBES},
    {"ramp", required_argument, NULL, OPT_RAMP},
    {"warmup", required_argument, NULL, OPT_WARMUP},
    {"baseline", required_argument, NULL, OPT_BASELINE},
    {"server-pid", required_argument, NULL, OPT_SERVER_PID},
    {"fps", required_argument, NULL, OPT_FPS},
    {"gap-ms", required_argument, NULL, OPT_GAP},
    {"join-timeout", required_argument, NULL, OPT_JOIN_TIMEOUT},
    {"tick", required_argument, NULL, OPT_TICK},
    {"cpu", required_argument, NULL, OPT_CPU},
    {"no-audio", no_argument, NULL, OPT_NO_AUDIO},
    {"quiet", no_argument, NULL, OPT_QUIET},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

static double
number(double min, double max)
{
    char *end;
    double value = strtod(optarg, &end);
    if (end == optarg || *end || !(value >= min && value <= max)) {
        bc_die("bad number: %s", optarg);
    }
    return value;
}

static bool
set_play_option(struct bc_options *o, int id)
{
    switch (id) {
    case OPT_KIND: o->kind = optarg; return true;
    case OPT_COUNT: o->count = (int)number(1, 100000); return true;
    case OPT_PROBES: o->probes = (int)number(0, 100000); return true;
    case OPT_RAMP: o->ramp_per_s = number(0.1, 1e6); return true;
    case OPT_WARMUP: o->warmup_s = number(0, 1e5); return true;
    case OPT_BASELINE: o->baseline_s = number(0, 1e5); return true;
    case OPT_SERVER_PID: o->server_pids = optarg; return true;
    case OPT_NO_AUDIO: o->no_audio = true; return true;
    case OPT_FPS: o->fps = number(0, 1000); return true;
    case OPT_GAP: o->gap_ns = (int64_t)(number(1, 1e6) * BC_NS_PER_MS); return true;
    case OPT_JOIN_TIMEOUT: o->join_timeout_s = number(0.1, 1e5); return true;
    case OPT_TICK: o->tick_ns = (int64_t)(number(0, 1000) * BC_NS_PER_MS); return true;
    default: return false;
    }
}

static bool
set_common_option(struct bc_options *o, int id)
{
    switch (id) {
    case OPT_FILE: o->file = optarg; return true;
    case OPT_SECS: o->duration_s = number(0.1, 1e7); return true;
    case OPT_STREAMS: o->streams = (int)number(1, 10000); return true;
    case OPT_CHUNK: o->chunk_size = (int)number(128, 65536); return true;
    case OPT_CPU: o->cpu = (int)number(0, 1023); return true;
    case OPT_QUIET: o->quiet = true; return true;
    default: return false;
    }
}

void
bc_options_parse(int argc, char **argv)
{
    struct bc_options *o = &bc_options;
    int id;
    while ((id = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (id == OPT_HELP) {
            fputs(usage, stdout);
            exit(0);
        }
        if (!set_common_option(o, id) && !set_play_option(o, id)) {
            fputs(usage, stderr);
            exit(2);
        }
    }
    o->command = optind < argc ? argv[optind++] : "";
    bool has_url
        = strcmp(o->command, "srtp-floor") && strcmp(o->command, "memory-floor");
    if (argc - optind != has_url) {
        fputs(usage, stderr);
        exit(2);
    }
    o->url = has_url ? argv[optind] : NULL;
    o->probes = o->probes > o->count ? o->count : o->probes;
    if (o->duration_s <= 0) {
        o->duration_s = !strcmp(o->command, "publish") ? 1e7 : has_url ? 20 : 3;
    }
}
