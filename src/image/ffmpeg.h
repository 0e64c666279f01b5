// SPDX-License-Identifier: Apache-2.0
#ifndef IMAGE_FFMPEG_H
#define IMAGE_FFMPEG_H

// The one place here that names FFmpeg's headers (5.1 and later). Decoders of pictures are
// used; it opens nothing.
#include <libavcodec/avcodec.h>
#include <libavutil/frame.h>
#include <libswscale/swscale.h>

#endif
