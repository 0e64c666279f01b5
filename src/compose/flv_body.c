// SPDX-License-Identifier: Apache-2.0
#include "flv_body.h"

#include <stdio.h>
#include <string.h>

#include "container/flv.h"
#include "protocol/rtmp/amf.h"
#include "protocol/rtmp/metadata.h"

#define EX_HEADER 0x80
#define EX_KEY 1
#define EX_INTER 2
#define EX_MULTITRACK 6
#define EX_SEQUENCE_START 0
#define EX_CODED_FRAMES_X 3
#define ONE_TRACK 0
#define FLV_AVC 7
#define FLV_AAC 10
#define FOURCC_AVC BC_RTMP_FOURCC('a', 'v', 'c', '1')

//   ExVideoTagHeader with Multitrack, OneTrack: frame type and 6 | layout and packet type
// |   FourCC (32) | track id (8) | the track's bytes
static void
track_head(struct bc_writer *w, bool key, unsigned type, unsigned rendition)
{
    bc_write_u8(w, (uint8_t)(EX_HEADER | (key ? EX_KEY : EX_INTER) << 4 | EX_MULTITRACK));
    bc_write_u8(w, (uint8_t)(ONE_TRACK << 4 | type));
    bc_write_u32(w, FOURCC_AVC);
    bc_write_u8(w, (uint8_t)rendition);
}

bool
compose_body_config(struct bc_writer *w, const struct bc_track *track, unsigned rendition)
{
    if (track->kind == BC_KIND_AUDIO || rendition == 0) {
        return bc_flv_write_config(w, track, BC_FLV_HEVC_ENHANCED);
    }
    if (!track->config) {
        return false;
    }
    track_head(w, true, EX_SEQUENCE_START, rendition);
    bc_write_bytes(w, track->config->data, track->config->len);
    return !w->failed;
}

bool
compose_body_frame(struct bc_writer *w, const struct bc_packet *packet)
{
    uint8_t head[BC_FLV_HEAD_MAX];
    if (packet->kind == BC_KIND_VIDEO && packet->rendition > 0) {
        bool key = (packet->flags & BC_PACKET_KEY) != 0;
        track_head(w, key, EX_CODED_FRAMES_X, packet->rendition);
    } else {
        size_t len = bc_flv_packet_head(packet, BC_FLV_HEVC_ENHANCED, head);
        bc_write_bytes(w, head, len);
    }
    bc_write_bytes(w, packet->data, packet->len);
    return !w->failed;
}

bool
compose_body_metadata(
    struct bc_writer *w, const struct bc_track *video, const struct bc_track *audio)
{
    struct bc_rtmp_metadata md = { .has_video = video, .has_audio = audio };
    if (video) {
        md.width = video->width;
        md.height = video->height;
        md.framerate = video->fps_den > 0 ? (double)video->fps_num / video->fps_den : 0;
        md.video_codec = FLV_AVC;
    }
    if (audio) {
        md.audio_codec = FLV_AAC;
        md.audio_sample_rate = audio->sample_rate;
        md.stereo = true;
    }
    snprintf(md.encoder, sizeof(md.encoder), "branchcast compose");
    bc_amf_write_string(w, "@setDataFrame");
    bc_rtmp_metadata_write(w, &md);
    return !w->failed;
}
