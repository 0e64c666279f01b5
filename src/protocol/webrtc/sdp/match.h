// SPDX-License-Identifier: Apache-2.0
#ifndef SDP_MATCH_H
#define SDP_MATCH_H

#include "protocol/webrtc/sdp.h"

// The best of the section's payload types for a stream of this codec; `avc_profile` as in
// struct bc_sdp_source, or NULL for the first usable one. NULL when there is none.
const struct bc_sdp_codec *
sdp_match(const struct bc_sdp_media *m, enum bc_codec codec, const uint8_t *avc_profile);

// The first of our preference that is offered, for a stream that we are to get.
const struct bc_sdp_codec *
sdp_match_preferred(const struct bc_sdp_media *m);

// "H.264" and so on, for sentences.
const char *
sdp_codec_title(enum bc_codec codec);

// "VP8, VP9 and AV1": what is offered, each once; "nothing known" without any.
void
sdp_offered_titles(const struct bc_sdp_media *m, char *out, size_t size);

#endif
