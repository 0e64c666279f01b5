// SPDX-License-Identifier: Apache-2.0
#ifndef CONTAINER_FLV_IDS_H
#define CONTAINER_FLV_IDS_H

// The numbers of Adobe FLV 10.1 annex E.4 and of enhanced RTMP v2.

#define FLV_FRAME_KEY 1
#define FLV_FRAME_INTER 2
#define FLV_FRAME_DISPOSABLE 3
#define FLV_FRAME_GENERATED_KEY 4
#define FLV_FRAME_COMMAND 5

#define FLV_VIDEO_AVC 7
#define FLV_VIDEO_HEVC 12 // in no standard, but what Chinese encoders and players use

#define FLV_AVC_SEQUENCE_HEADER 0
#define FLV_AVC_NALU 1
#define FLV_AVC_END 2

#define FLV_AUDIO_MP3 2
#define FLV_AUDIO_PCMA 7
#define FLV_AUDIO_PCMU 8
#define FLV_AUDIO_ENHANCED 9
#define FLV_AUDIO_AAC 10
#define FLV_AUDIO_MP3_8K 14

#define FLV_AAC_SEQUENCE_HEADER 0
#define FLV_AAC_RAW 1

// Enhanced packet types. 0, 1, 2 and 7 mean the same for video and audio.
#define FLV_EX_SEQUENCE_START 0
#define FLV_EX_CODED_FRAMES 1
#define FLV_EX_SEQUENCE_END 2
#define FLV_EX_MOD_EX 7
#define FLV_EX_VIDEO_CODED_FRAMES_X 3
#define FLV_EX_VIDEO_METADATA 4
#define FLV_EX_VIDEO_MULTITRACK 6
#define FLV_EX_AUDIO_CHANNELS 4
#define FLV_EX_AUDIO_MULTITRACK 5

#define FLV_MULTITRACK_ONE 0
#define FLV_MULTITRACK_MANY 1
#define FLV_MULTITRACK_MANY_CODECS 2

#define FLV_MODEX_TIMESTAMP_NANO 0
#define FLV_MODEX_MAX 8 // in one message; more is somebody's attack

#define FLV_FOURCC(a, b, c, d) \
    ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

#endif
