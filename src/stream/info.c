// SPDX-License-Identifier: Apache-2.0
#include "stream/info.h"

#include <stdio.h>

const char *
bc_channel_state_name(enum bc_channel_state state)
{
    static const char *const NAMES[] = { "offline", "live", "waiting", "ended",
        "lobby" };
    return NAMES[state];
}

const char *
bc_protocol_name(enum bc_protocol protocol)
{
    static const char *const NAMES[BC_PROTOCOL_COUNT] = { "flv", "ws_flv", "rtmp",
        "hls", "whep", "srt" };
    return NAMES[protocol];
}

const char *
bc_advice_code(enum bc_advice advice)
{
    switch (advice) {
    case BC_ADVICE_GOP_LONG:
        return "gop_long";
    case BC_ADVICE_B_FRAMES:
        return "b_frames";
    case BC_ADVICE_NO_AUDIO:
        return "no_audio";
    case BC_ADVICE_NO_VIDEO:
        return "no_video";
    case BC_ADVICE_BITRATE_LOW:
        return "bitrate_low";
    case BC_ADVICE_TIMESTAMPS_REPAIRED:
        return "timestamps_repaired";
    case BC_ADVICE_END:
        break;
    }
    return "none";
}

void
bc_advice_text(const struct bc_channel_info *info, enum bc_advice advice, char *out,
    unsigned long out_len)
{
    switch (advice) {
    case BC_ADVICE_GOP_LONG:
        snprintf(out, out_len,
            "keyframes are %.1f s apart; set the keyframe interval to 2 s in "
            "the encoder, or viewers start late",
            (double)info->gop_max_us / 1e6);
        break;
    case BC_ADVICE_B_FRAMES:
        snprintf(out, out_len,
            "the encoder uses B-frames; set them to 0 for the lowest delay "
            "(WebRTC viewers cannot play them)");
        break;
    case BC_ADVICE_NO_AUDIO:
        snprintf(out, out_len,
            "there is no sound; add an audio source, or check that it is not "
            "muted in the encoder");
        break;
    case BC_ADVICE_NO_VIDEO:
        snprintf(out, out_len, "there is no picture, only sound");
        break;
    case BC_ADVICE_BITRATE_LOW:
        snprintf(out, out_len,
            "the bitrate fell to %u kbit/s (usually %u): the host's upload line "
            "is too slow, lower the bitrate",
            info->video.kbps + info->audio.kbps, info->usual_kbps);
        break;
    case BC_ADVICE_TIMESTAMPS_REPAIRED:
        snprintf(out, out_len,
            "the encoder's timestamps had to be repaired %llu times (%llu jumps);"
            " restart the encoder if sound and picture drift apart",
            (unsigned long long)info->timestamp_repairs,
            (unsigned long long)info->timestamp_jumps);
        break;
    case BC_ADVICE_END:
        snprintf(out, out_len, "nothing");
        break;
    }
}
