// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>

#include "input_read.h"

int
input_rtsp_run(const struct input_source *source)
{
    snprintf(source->net->error, sizeof(source->net->error), "RTSP is not there yet");
    return -ENOTSUP;
}
