// SPDX-License-Identifier: Apache-2.0
#ifndef RTMP_SESSION_STATE_H
#define RTMP_SESSION_STATE_H

#include "aggregate.h"
#include "base/writer.h"
#include "control.h"
#include "handshake.h"
#include "protocol/rtmp/amf.h"
#include "protocol/rtmp/session.h"

#define RTMP_MAX_APP 512
#define RTMP_MAX_TC_URL 1024

// What session.c, commands.c, delivery.c and answers.c share. See protocol/rtmp/session.h
// for owner and thread.
struct bc_rtmp_session {
    const struct bc_rtmp_session_callbacks *callbacks; // borrowed from the owner
    void *user;
    struct bc_rtmp_session_params params; // defaults filled in
    enum bc_rtmp_state state;
    bool
        busy; // inside input processing: an answer from a callback must not start another
    struct bc_rtmp_handshake *handshake; // owned; NULL once done
    struct bc_rtmp_control control;
    struct bc_writer out;  // what goes to the peer at the next flush
    struct bc_writer held; // input that waits for the answer to on_publish
    char reason[160];

    // From connect. Owned, NULL before.
    char *app;
    char *tc_url;
    char flash_ver[64];
    struct bc_rtmp_caps caps;

    uint32_t streams_created;
    uint32_t role_stream; // the message stream that publishes or plays
    bool play_reset;
};

// A command message taken apart. Lives while it is handled.
struct rtmp_command {
    struct bc_amf amf; // owned
    uint32_t stream_id;
    double transaction;
};

// Sets the reason and the state CLOSED; returns `error`.
int
bc_rtmp_session_fail(struct bc_rtmp_session *s, int error, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

void
bc_rtmp_session_set_state(struct bc_rtmp_session *s, enum bc_rtmp_state state);

// Gives `out` to the owner. Before every callback that may make the owner send by itself.
void
bc_rtmp_session_flush(struct bc_rtmp_session *s);

// Handles a message of type 20 or 17 (`data` without the latter's format byte).
int
bc_rtmp_session_command(struct bc_rtmp_session *s, const struct bc_rtmp_message *msg,
    const uint8_t *data, size_t len);

// Gives a publisher's message to the owner; `m` lies in `buf`. Types that are no media
// are ignored. 0 or a negative errno with the reason set.
int
bc_rtmp_session_give(struct bc_rtmp_session *s, struct bc_buf *buf,
    const struct rtmp_sub_message *m);

int
bc_rtmp_session_give_aggregate(
    struct bc_rtmp_session *s, const struct bc_rtmp_message *msg);

// Takes what was held back while the owner thought; another publish may be in it. Does
// nothing while input is being processed anyway.
int
bc_rtmp_session_release_held(struct bc_rtmp_session *s);

#endif
