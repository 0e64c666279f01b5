// SPDX-License-Identifier: Apache-2.0
// What a channel has for WebRTC, as viewers are answered by it.
#include <string.h>

#include "rtp_feed.h"

void
bc_rtp_feed_describe(const struct bc_rtp_feed *f, struct bc_rtp_description *d)
{
    memset(d, 0, sizeof(*d));
    const struct bc_track *video = f->lanes[BC_LANE_VIDEO].track;
    const struct bc_track *audio = f->lanes[BC_LANE_AUDIO].track;
    d->live = !f->ended && (video || audio);
    d->generation = f->generation;
    if (audio) {
        d->audio = BC_CODEC_OPUS;
        d->audio_channels = audio->channels == 1 ? 1 : 2;
    }
    if (!video) {
        return;
    }
    d->video = video->codec;
    d->can_ask = bc_channel_can_ask_key(f->channel);
    for (unsigned i = BC_LANE_VIDEO; i < BC_LANES; i++) {
        d->renditions += f->lanes[i].track != NULL;
    }
    if (video->codec == BC_CODEC_AVC && video->config && video->config->len >= 4) {
        memcpy(d->avc_profile, video->config->data + 1, 3);
    }
    if (f->mode == BC_RTP_VIDEO_RECODED) {
        static const uint8_t MAIN[3] = { 0x4d, 0x40, 0x1f };
        memcpy(d->avc_profile, MAIN, sizeof(MAIN));
        d->video = BC_CODEC_AVC;
        d->recoded = true;
        d->can_ask = true;
        d->renditions = 1;
    }
    d->b_frames_refused = f->mode == BC_RTP_VIDEO_REFUSED;
}
