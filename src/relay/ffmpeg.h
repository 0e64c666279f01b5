// SPDX-License-Identifier: Apache-2.0
#ifndef RELAY_FFMPEG_H
#define RELAY_FFMPEG_H

// The one place here that names FFmpeg's headers (5.1 and later). Only its demuxers and
// parsers are used: it opens no file and no connection, and decodes nothing.
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/base64.h>
#include <libavutil/dict.h>
#include <libavutil/log.h>
#include <libavutil/mathematics.h>
#include <libavutil/md5.h>
#include <libavutil/mem.h>

#endif
