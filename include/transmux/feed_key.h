// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_FEED_KEY_H
#define TRANSMUX_FEED_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "container/flv.h"

// The bytes that viewers get. Framing is part of the format, so that it is written once
// per stream and not once per viewer.
enum bc_feed_format {
    BC_FEED_NONE,
    BC_FEED_FLV,           // FLV file, nothing around it
    BC_FEED_FLV_CHUNKED,   // each tag a chunk of HTTP/1.1's chunked coding
    BC_FEED_FLV_WEBSOCKET, // each tag a binary WebSocket frame
    BC_FEED_RTMP,          // chunks of message stream 1
    BC_FEED_TS,            // an MPEG transport stream, whole packets in each item
};

// Which of a channel's byte streams a viewer takes part in; equal keys share all bytes.
struct bc_feed_key {
    enum bc_feed_format format;
    enum bc_flv_hevc hevc;
    // 1u << enum bc_codec: codecs of video that the viewer reads by FourCC, of those that
    // have no other form. Meaningless for AVC and HEVC.
    uint32_t fourccs;
    bool audio_only;
    uint8_t rendition; // of the video; where it does not exist, the next better one
    // Subtracted from all timestamps, so that who joins a broadcast of many hours starts
    // low (RTMP-18, FLV-3). A multiple of BC_FEED_BASE_MS.
    int64_t base_ms;
};

#define BC_FEED_BASE_MS (4 * 3600 * 1000)

#endif
