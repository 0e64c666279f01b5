// SPDX-License-Identifier: Apache-2.0
#ifndef STREAM_INFO_H
#define STREAM_INFO_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "media/packet.h"
#include "media/track.h"

enum bc_channel_state {
    BC_CHANNEL_NONE,
    BC_CHANNEL_LIVE,    // a take is running
    BC_CHANNEL_WAITING, // the take dropped, the grace period runs
    BC_CHANNEL_ENDED,   // the broadcast is over; its last playlist is still served
    BC_CHANNEL_LOBBY,   // a slate is shown and no broadcast runs
};

// What viewers come by.
enum bc_protocol {
    BC_PROTOCOL_FLV,
    BC_PROTOCOL_WS_FLV,
    BC_PROTOCOL_RTMP,
    BC_PROTOCOL_HLS,
    BC_PROTOCOL_WHEP,
    BC_PROTOCOL_SRT,
    BC_PROTOCOL_COUNT,
};

const char *
bc_channel_state_name(enum bc_channel_state state);

const char *
bc_protocol_name(enum bc_protocol protocol);

// What a host should be told; bits of bc_channel_info.advice.
enum bc_advice {
    BC_ADVICE_GOP_LONG = 1 << 0,
    BC_ADVICE_B_FRAMES = 1 << 1,
    BC_ADVICE_NO_AUDIO = 1 << 2,
    BC_ADVICE_NO_VIDEO = 1 << 3,
    BC_ADVICE_BITRATE_LOW = 1 << 4,
    BC_ADVICE_TIMESTAMPS_REPAIRED = 1 << 5,
    BC_ADVICE_END = 1 << 6,
};

// What SRT counted on one line since it was connected, or on several together.
struct bc_line_stats {
    bool present;
    bool encrypted;
    uint64_t packets; // received of a host, sent to viewers
    uint64_t lost;
    uint64_t retransmitted;
    uint64_t dropped; // too late
    uint64_t undecrypted;
    // Of one line only.
    uint32_t rtt_us;
    uint32_t latency_ms; // as agreed
    uint64_t bandwidth_bps;
};

#define BC_TAKE_HISTORY 16

// One publishing attempt, as the API and the log show it.
struct bc_take_info {
    uint64_t number; // counts up within the channel, from 1
    char protocol[8];
    char peer[64];
    char encoder[64];
    int64_t began_wall_us;
    int64_t ended_wall_us; // 0: running
    char end_reason[96];
    uint64_t bytes;
    uint64_t video_frames;
    uint64_t audio_frames;
    struct bc_line_stats line; // of hosts by SRT
};

struct bc_track_info {
    bool present;
    enum bc_codec codec;
    char codec_string[BC_CODEC_STRING];
    uint32_t width;
    uint32_t height;
    uint32_t sample_rate;
    uint32_t channels;
    uint32_t kbps;     // over the last second
    double fps;        // measured
};

// A channel's state at one moment: a plain copy without references.
struct bc_channel_info {
    char name[BC_CHANNEL_NAME_MAX + 1];
    enum bc_channel_state state;
    int64_t began_wall_us; // of the broadcast
    uint32_t epoch;
    uint64_t broadcast;    // counts up within the channel, from 1
    int64_t media_us;      // length of the broadcast so far
    int64_t clock_us;      // where it is on the server's media clock
    struct bc_track_info video;
    struct bc_track_info audio;
    uint32_t heights[BC_RENDITION_MAX]; // of the picture by rendition; 0: not sent
    int64_t gop_us;        // the last complete GOP
    int64_t gop_max_us;    // the longest of this take
    bool has_b_frames;
    uint64_t timestamp_repairs;
    uint64_t timestamp_jumps;
    uint32_t advice;       // enum bc_advice
    uint32_t usual_kbps;   // what the bitrate was over the last minute
    uint64_t takes;        // how many there were
    // The one on air first, then the newest.
    struct bc_take_info history[BC_TAKE_HISTORY];
    unsigned history_count;
    unsigned viewers[BC_PROTOCOL_COUNT];
    struct bc_line_stats viewer_lines; // of all viewers by SRT there were; counts only
};

// The sentence for a host, in English, with the numbers of `info`. `advice` is one bit.
void
bc_advice_text(const struct bc_channel_info *info, enum bc_advice advice, char *out,
    unsigned long out_len);

// "gop_long" ...: stable, for programs and translations.
const char *
bc_advice_code(enum bc_advice advice);

#endif
