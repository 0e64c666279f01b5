// SPDX-License-Identifier: Apache-2.0
#ifndef RELAY_INPUT_READ_H
#define RELAY_INPUT_READ_H

#include "input_net.h"
#include "input_sink.h"

// What a source is by its URL.
enum input_kind {
    INPUT_NONE,
    INPUT_FILE, // file:PATH
    INPUT_HTTP, // FLV, HLS or any other container
    INPUT_RTMP, // and RTMPS
    INPUT_RTSP,
};

enum input_kind
input_kind_of(const char *url);

// What a live source sends at once when one joins: its cached GOP.
#define INPUT_LIVE_LEAD_US 10000000

// One source to read. Strings are borrowed.
struct input_source {
    struct input_net *net;
    const struct input_sink *sink;
    const char *url;
    const char *media_dir;
    int64_t start_at_us;
    int64_t *lead_us; // how far ahead of real time packets may be; 0 until it is set
    bool *began; // cleared before each file of a list: its stamps begin anew
};

// Each blocks until the source ends, fails, or the sink wants no more. 0 at its end;
// a negative errno with net->error telling why.

// The file or all files of the playlist, once; start_at_us counts in the first.
int
input_file_run(const struct input_source *source);

int
input_http_run(const struct input_source *source);

int
input_rtmp_run(const struct input_source *source);

int
input_rtsp_run(const struct input_source *source);

#endif
