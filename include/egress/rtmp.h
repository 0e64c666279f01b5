// SPDX-License-Identifier: Apache-2.0
#ifndef EGRESS_RTMP_H
#define EGRESS_RTMP_H

#include <stdbool.h>

#include "protocol/rtmp/session.h"
#include "transmux/viewer.h"

struct bc_rtmp_player;

// A viewer that came by RTMP and was let in. `sink` takes whole messages; both it and the
// session outlive the player. NULL without memory.
struct bc_rtmp_player *
bc_rtmp_player_start(struct bc_windows *windows, struct bc_rtmp_session *session,
    struct bc_sink *sink, struct bc_channel *channel, const struct bc_rtmp_request *req);

// Logs nothing: the connection does. NULL is fine.
void
bc_rtmp_player_stop(struct bc_rtmp_player *player);

void
bc_rtmp_player_pause(struct bc_rtmp_player *player, bool paused);

void
bc_rtmp_player_receive(struct bc_rtmp_player *player, enum bc_kind kind, bool on);

#endif
