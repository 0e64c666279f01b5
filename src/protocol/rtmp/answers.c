// SPDX-License-Identifier: Apache-2.0
// What the owner decides about a publish or play, told to the peer.
#include <errno.h>

#include "reply.h"
#include "session_state.h"

static void
send_status(
    struct bc_rtmp_session *s, bool error, const char *code, const char *description)
{
    struct bc_writer body = { 0 };
    struct rtmp_status status = { error, code, description };
    bc_rtmp_write_status(&body, &status);
    bc_rtmp_send_amf(&s->out, &body, BC_RTMP_TYPE_COMMAND_AMF0, s->role_stream,
        s->control.out_chunk_size);
    bc_writer_finish(&body);
}

int
bc_rtmp_session_accept_publish(struct bc_rtmp_session *s)
{
    if (s->state != BC_RTMP_PUBLISH_PENDING) {
        return -EALREADY;
    }
    s->control.chunks.limits.max_message_bytes = s->params.max_message_bytes;
    bc_rtmp_session_set_state(s, BC_RTMP_PUBLISHING);
    send_status(s, false, "NetStream.Publish.Start", "Publishing.");
    bc_rtmp_session_flush(s);
    return bc_rtmp_session_release_held(s);
}

int
bc_rtmp_session_accept_play(struct bc_rtmp_session *s)
{
    if (s->state != BC_RTMP_PLAY_PENDING) {
        return -EALREADY;
    }
    bc_rtmp_session_set_state(s, BC_RTMP_PLAYING);
    bc_rtmp_control_event(&s->control, RTMP_EVENT_STREAM_BEGIN, s->role_stream, &s->out);
    if (s->play_reset) {
        send_status(s, false, "NetStream.Play.Reset", "Playing and resetting.");
    }
    send_status(s, false, "NetStream.Play.Start", "Playing.");

    struct bc_writer body = { 0 };
    bc_amf_write_string(&body, "|RtmpSampleAccess");
    bc_amf_write_boolean(&body, true);
    bc_amf_write_boolean(&body, true);
    bc_rtmp_send_amf(&s->out, &body, BC_RTMP_TYPE_DATA_AMF0, s->role_stream,
        s->control.out_chunk_size);
    bc_writer_finish(&body);
    bc_rtmp_session_flush(s);
    return 0;
}

// Codes that OBS acts on (RTMP-37); for viewers those that librtmp closes at.
static const char *
reject_code(enum bc_rtmp_reject code, bool play)
{
    switch (code) {
    case BC_RTMP_REJECT_BAD_NAME:
        return play ? "NetStream.Play.Failed" : "NetStream.Publish.BadName";
    case BC_RTMP_REJECT_DENIED:
        return play ? "NetStream.Play.Failed" : "NetStream.Publish.Denied";
    case BC_RTMP_REJECT_REJECTED:
        return play ? "NetStream.Play.Failed" : "NetStream.Publish.Rejected";
    case BC_RTMP_REJECT_INVALID_APP:
        return "NetConnection.Connect.InvalidApp";
    case BC_RTMP_REJECT_STREAM_NOT_FOUND:
        return play ? "NetStream.Play.StreamNotFound" : "NetStream.Publish.BadName";
    case BC_RTMP_REJECT_NONE:
    case BC_RTMP_REJECT_FAILED:
        break;
    }
    return play ? "NetStream.Play.Failed" : "NetStream.Failed";
}

void
bc_rtmp_session_reject(struct bc_rtmp_session *s, enum bc_rtmp_reject code,
    const char *description)
{
    if (s->state == BC_RTMP_CLOSED || s->state == BC_RTMP_REJECTED) {
        return;
    }
    bool play = s->state == BC_RTMP_PLAY_PENDING || s->state == BC_RTMP_PLAYING;
    if (s->state >= BC_RTMP_READY) {
        send_status(s, true, reject_code(code, play), description);
        bc_rtmp_session_flush(s);
    }
    bc_writer_finish(&s->held);
    bc_rtmp_session_set_state(s, BC_RTMP_REJECTED);
}

void
bc_rtmp_session_play_stopped(struct bc_rtmp_session *s, bool gone)
{
    if (s->state != BC_RTMP_PLAYING) {
        return;
    }
    bc_rtmp_control_event(&s->control, RTMP_EVENT_STREAM_EOF, s->role_stream, &s->out);
    if (gone) {
        send_status(
            s, false, "NetStream.Play.UnpublishNotify", "The broadcast has ended.");
    } else {
        send_status(s, false, "NetStream.Play.Stop", "Stopped.");
    }
    bc_rtmp_session_set_state(s, BC_RTMP_READY);
    bc_rtmp_session_flush(s);
}

void
bc_rtmp_session_ask_reconnect(struct bc_rtmp_session *s, const char *description)
{
    if (s->state < BC_RTMP_READY || s->state >= BC_RTMP_REJECTED
        || !(s->caps.caps_ex & BC_RTMP_CAPS_RECONNECT)) {
        return;
    }
    struct bc_writer body = { 0 };
    struct rtmp_status status
        = { false, "NetConnection.Connect.ReconnectRequest", description };
    bc_rtmp_write_status(&body, &status);
    bc_rtmp_send_amf(
        &s->out, &body, BC_RTMP_TYPE_COMMAND_AMF0, 0, s->control.out_chunk_size);
    bc_writer_finish(&body);
    bc_rtmp_session_flush(s);
}

void
bc_rtmp_session_close(struct bc_rtmp_session *s)
{
    s->state = BC_RTMP_CLOSED;
}
