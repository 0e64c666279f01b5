// SPDX-License-Identifier: Apache-2.0
#ifndef PICTURE_FFMPEG_H
#define PICTURE_FFMPEG_H

// The one place here that names FFmpeg's headers (5.1 and later). Decoders of pictures and the
// JPEG encoder are used; it opens nothing.
#include <libavcodec/avcodec.h>
#include <libavutil/frame.h>
#include <libavutil/imgutils.h>
#include <libavutil/log.h>
#include <libavutil/mathematics.h>
#include <libavutil/mem.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>

#endif
