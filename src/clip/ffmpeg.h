// SPDX-License-Identifier: Apache-2.0
#ifndef CLIP_FFMPEG_H
#define CLIP_FFMPEG_H

// The one place here that names FFmpeg's headers (5.1 and later).
#include <libavcodec/avcodec.h>
#include <libavutil/frame.h>
#include <libavutil/log.h>
#include <libavutil/mem.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>

#endif
