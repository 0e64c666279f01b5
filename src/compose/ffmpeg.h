// SPDX-License-Identifier: Apache-2.0
#ifndef COMPOSE_FFMPEG_H
#define COMPOSE_FFMPEG_H

// The one place here that names FFmpeg's headers (5.1 and later).
#include <libavcodec/avcodec.h>
#include <libavutil/channel_layout.h>
#include <libavutil/display.h>
#include <libavutil/frame.h>
#include <libavutil/log.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>

#endif
