// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_CODEC_DECODER_H
#define TRANSMUX_CODEC_DECODER_H

#include "ffmpeg.h"
#include "media/packet.h"

// Opens a decoder for the track. NULL, and then `*why` is a static text.
AVCodecContext *
decoder_open(const struct bc_track *track, const char **why);

// 0 or FFmpeg's error. The bytes are copied if the decoder keeps them.
int
decoder_send(AVCodecContext *decoder, AVPacket *shell, const struct bc_packet *packet);

#endif
