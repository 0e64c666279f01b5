// SPDX-License-Identifier: Apache-2.0
#ifndef SDP_CANDIDATE_H
#define SDP_CANDIDATE_H

#include "protocol/webrtc/sdp.h"
#include "text.h"

// Adds what stands after "a=candidate:". Lines that lead nowhere for us (another
// component, an unknown transport, no address) are passed over as RFC 9725 4.3.1 has it,
// and so are those beyond BC_SDP_CANDIDATES_MAX.
void
sdp_candidate_add(struct sdp_span value, struct bc_sdp_candidate *list, unsigned *count);

// RFC 8839 5.4: false when it is too short, too long, or nothing to put into STUN.
bool
sdp_ufrag_parse(struct sdp_span value, char out[BC_SDP_UFRAG_MAX + 1]);

bool
sdp_pwd_parse(struct sdp_span value, char out[BC_SDP_PWD_MAX + 1]);

#endif
