// SPDX-License-Identifier: Apache-2.0
#ifndef SLATE_FFMPEG_H
#define SLATE_FFMPEG_H

// The one place here that names FFmpeg's headers (5.1 and later). Its demuxers get what we
// read for them: it opens no file and no connection.
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/channel_layout.h>
#include <libavutil/frame.h>
#include <libavutil/imgutils.h>
#include <libavutil/log.h>
#include <libavutil/mathematics.h>
#include <libavutil/mem.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>

#endif
