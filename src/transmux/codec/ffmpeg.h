// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_CODEC_FFMPEG_H
#define TRANSMUX_CODEC_FFMPEG_H

// The one place that names FFmpeg's headers (5.1 and later).
#include <libavcodec/avcodec.h>
#include <libavutil/channel_layout.h>
#include <libavutil/frame.h>
#include <libavutil/log.h>
#include <libavutil/mathematics.h>
#include <libavutil/mem.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>

#endif
