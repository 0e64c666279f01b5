// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_WEBRTC_OFFER_H
#define PROTOCOL_WEBRTC_OFFER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/writer.h"
#include "protocol/http/exchange.h"
#include "protocol/webrtc/peer.h"
#include "protocol/webrtc/sdp.h"

// The HTTP side of WHIP and WHEP that both share (RFC 9725 4.2, draft-ietf-wish-whep).

// Handles everything but POST on an endpoint: OPTIONS, GET, HEAD get their answers, other
// methods 405. True when the request is a POST, which is the caller's.
bool
bc_webrtc_is_post(struct bc_http_exchange *x);

// Reads the offer in a POST. False after answering 415 or 400.
bool
bc_webrtc_read_offer(struct bc_http_exchange *x, struct bc_sdp *out);

// 201 with Location below `path` ("/live/hq/whep"), ETag, and a Link header for each of
// the configured ICE servers.
void
bc_webrtc_respond_answer(struct bc_http_exchange *x, const char *path,
    const struct bc_peer *peer, const struct bc_config *config, struct bc_writer *answer);

// 400, 406 or 422 with the sentence.
void
bc_webrtc_respond_refusal(
    struct bc_http_exchange *x, enum bc_sdp_refusal why, const char *text);

// 409 or 503 with Retry-After.
void
bc_webrtc_respond_later(struct bc_http_exchange *x, int status, const char *code,
    const char *message);

// May another session begin? False after answering 503.
bool
bc_webrtc_has_room(struct bc_http_exchange *x, struct bc_webrtc *webrtc,
    const struct bc_config *config);

#endif
