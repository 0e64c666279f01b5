// SPDX-License-Identifier: Apache-2.0
#ifndef RELAY_KIND_H
#define RELAY_KIND_H

#include "relay/relay.h"

#define RELAY_SCHEMES_MAX 4

// One way of pulling, or of pushing, that URLs of some schemes ask for. Constant; the
// functions are as those of relay.h.
struct relay_kind {
    const char *schemes[RELAY_SCHEMES_MAX + 1]; // "http"; NULL-ended
    void *(*start)(const struct bc_relay_params *params);
    void (*stop)(void *relay);
    void (*status)(const void *relay, struct bc_relay_status *out);
};

extern const struct relay_kind RELAY_EDGE_PULL;
extern const struct relay_kind RELAY_MEDIA_PULL;
extern const struct relay_kind RELAY_RTMP_PUSH;
extern const struct relay_kind RELAY_SRT_PULL;
extern const struct relay_kind RELAY_SRT_PUSH;
extern const struct relay_kind RELAY_WHEP_PULL;
extern const struct relay_kind RELAY_WHIP_PUSH;

// Whether the URL is one of media that an input reads; asked before the schemes, as http is
// WHEP's too.
bool
relay_media_claims(const char *url);

#endif
