// SPDX-License-Identifier: Apache-2.0
#ifndef CARD_FFMPEG_H
#define CARD_FFMPEG_H

// The one place here that names FFmpeg's headers (5.1 and later). Decoders of pictures and the
// JPEG encoder are used; it opens nothing.
#include <libavcodec/avcodec.h>
#include <libavutil/frame.h>
#include <libavutil/log.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>

#endif
