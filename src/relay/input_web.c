// SPDX-License-Identifier: Apache-2.0
// What comes by HTTP: FLV by our own reader, anything else by FFmpeg's.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "input_demux.h"
#include "input_flv.h"
#include "input_read.h"

#define READ_BYTES (32 * 1024)

static ssize_t
read_http(void *user, uint8_t *out, size_t size)
{
    return input_http_read(user, out, size);
}

static int
seek_http(void *user, int64_t to)
{
    return input_http_seek(user, to);
}

static int
run_flv(const struct input_source *source, struct input_http *http)
{
    uint8_t data[READ_BYTES];
    struct input_flv flv;
    input_flv_init(&flv, source->sink);
    ssize_t ret;
    *source->lead_us = INPUT_LIVE_LEAD_US;
    while ((ret = input_http_read(http, data, sizeof(data))) > 0) {
        int fed = input_flv_bytes(&flv, data, (size_t)ret);
        if (fed != 0) {
            snprintf(source->net->error, sizeof(source->net->error), "the FLV is broken");
            ret = fed;
            break;
        }
    }
    input_flv_finish(&flv);
    return (int)ret;
}

static int
run_container(const struct input_source *source, struct input_http *http)
{
    int64_t size = input_http_size(http);
    // Something endless cannot be sought in.
    struct input_bytes bytes = { .read = read_http, .seek = size > 0 ? seek_http : NULL,
        .size = size, .user = http };
    struct input_demux_params params = { .net = source->net, .sink = source->sink,
        .bytes = &bytes, .url = input_http_url(http), .start_at_us = source->start_at_us };
    return input_demux_run(&params);
}

int
input_http_run(const struct input_source *source)
{
    uint8_t start[4] = { 0 };
    struct input_http *http = input_http_open(source->net, source->url, 0, 0);
    if (!http) {
        return -EIO;
    }
    input_http_peek(http, start, sizeof(start));
    int ret = memcmp(start, "FLV\1", 4) == 0 ? run_flv(source, http)
                                             : run_container(source, http);
    input_http_close(http);
    return ret;
}
