// SPDX-License-Identifier: Apache-2.0
// The commands of a server, RTMP 7.2: one handler each, found by name in the table at the
// end.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capabilities.h"
#include "reply.h"
#include "session_state.h"
#include "url.h"

// Encoders create one or two streams, some players a few.
#define MAX_STREAMS 16

struct handler {
    const char *name;
    int (*handle)(struct bc_rtmp_session *s, const struct rtmp_command *cmd);
};

static const struct bc_amf_value *
argument(const struct rtmp_command *cmd, size_t n)
{
    return bc_amf_at(&cmd->amf, n);
}

static void
send_body(struct bc_rtmp_session *s, struct bc_writer *body, uint32_t stream_id)
{
    bc_rtmp_send_amf(&s->out, body, BC_RTMP_TYPE_COMMAND_AMF0, stream_id,
        s->control.out_chunk_size);
    bc_writer_finish(body);
}

static void
send_status(
    struct bc_rtmp_session *s, uint32_t stream_id, const struct rtmp_status *status)
{
    struct bc_writer body = { 0 };
    bc_rtmp_write_status(&body, status);
    send_body(s, &body, stream_id);
}

// _result without a value, for who counts its calls. Transaction 0 wants no answer.
static int
answer_undefined(struct bc_rtmp_session *s, const struct rtmp_command *cmd)
{
    if (cmd->transaction != 0) {
        struct bc_writer body = { 0 };
        bc_rtmp_write_command(&body, "_result", cmd->transaction);
        bc_amf_write_undefined(&body);
        send_body(s, &body, 0);
    }
    return 0;
}

// A connect argument as a string of its own, without the quotes that some put around it
// (RTMP-32). "" when it is missing or unusable; NULL without memory.
static char *
copy_argument(const struct bc_amf_value *v, size_t max)
{
    char *text = malloc(max);
    if (!text) {
        return NULL;
    }
    size_t n = bc_amf_copy_text(v, text, max) ? strlen(text) : 0;
    if (n >= 2 && text[0] == '\'' && text[n - 1] == '\'') {
        n -= 2;
        memmove(text, text + 1, n);
        text[n] = '\0';
    }
    char *exact = realloc(text, n + 1);
    return exact ? exact : text;
}

// connect(transaction, {app, tcUrl, flashVer, objectEncoding, fourCcList ...}), RTMP
// 7.2.1.1.
static int
handle_connect(struct bc_rtmp_session *s, const struct rtmp_command *cmd)
{
    if (s->state != BC_RTMP_CONNECT) {
        return bc_rtmp_session_fail(s, -EPROTO, "second connect");
    }
    const struct bc_amf_value *object = argument(cmd, 2);
    s->app = copy_argument(bc_amf_get(&cmd->amf, object, "app"), RTMP_MAX_APP);
    s->tc_url = copy_argument(bc_amf_get(&cmd->amf, object, "tcUrl"), RTMP_MAX_TC_URL);
    if (!s->app || !s->tc_url) {
        return bc_rtmp_session_fail(s, -ENOMEM, "out of memory at connect");
    }
    (void)bc_amf_copy_text(bc_amf_get(&cmd->amf, object, "flashVer"), s->flash_ver,
        sizeof(s->flash_ver));
    bc_rtmp_caps_parse(&s->caps, &cmd->amf, object);

    bc_rtmp_control_set_window(&s->control, s->params.window_ack_size, true, &s->out);
    bc_rtmp_control_set_chunk_size(&s->control, s->params.out_chunk_size, &s->out);
    struct bc_writer body = { 0 };
    bc_rtmp_write_connect_result(&body, cmd->transaction, &cmd->amf);
    send_body(s, &body, 0);
    bc_rtmp_session_set_state(s, BC_RTMP_READY);
    return 0;
}

// createStream: ids count up from 1, never 0 (RTMP-34).
static int
handle_create_stream(struct bc_rtmp_session *s, const struct rtmp_command *cmd)
{
    bool ok = s->streams_created < MAX_STREAMS;
    struct bc_writer body = { 0 };
    bc_rtmp_write_command(&body, ok ? "_result" : "_error", cmd->transaction);
    if (ok) {
        bc_amf_write_number(&body, ++s->streams_created);
    } else {
        bc_amf_write_undefined(&body);
    }
    send_body(s, &body, 0);
    return 0;
}

// A publish or play that the owner need not be asked about.
static int
refuse(struct bc_rtmp_session *s, const struct rtmp_command *cmd, const char *code,
    const char *description)
{
    struct rtmp_status status = { true, code, description };
    send_status(s, cmd->stream_id, &status);
    return 0;
}

// Brings app, tcUrl and the command's name to one form, fills in what connect told, then
// asks the owner.
static int
ask_owner(struct bc_rtmp_session *s, const struct rtmp_command *cmd,
    struct bc_rtmp_request *req, bool publish)
{
    char text[RTMP_MAX_NAME + RTMP_MAX_QUERY];
    char tc_url[RTMP_MAX_NAME];
    struct bc_rtmp_name name;
    if (!bc_amf_copy_text(argument(cmd, 3), text, sizeof(text))
            || bc_rtmp_name_parse(&name, s->app, s->tc_url, text) < 0) {
        return refuse(s, cmd,
            publish ? "NetStream.Publish.BadName" : "NetStream.Play.Failed",
            "The stream's name cannot be used.");
    }
    bc_rtmp_url_for_log(s->tc_url, tc_url, sizeof(tc_url));
    req->app = name.app;
    req->stream = name.stream;
    req->query = name.query;
    req->caps = s->caps;
    req->flash_ver = s->flash_ver;
    req->tc_url = tc_url;

    s->role_stream = cmd->stream_id ? cmd->stream_id : BC_RTMP_PLAY_STREAM_ID;
    bc_rtmp_session_set_state(s,
        publish ? BC_RTMP_PUBLISH_PENDING : BC_RTMP_PLAY_PENDING);
    bc_rtmp_session_flush(s);
    void (*ask)(void *, const struct bc_rtmp_request *) =
        publish ? s->callbacks->on_publish : s->callbacks->on_play;
    if (!ask) {
        bc_rtmp_session_reject(s, BC_RTMP_REJECT_FAILED, "Not served here.");
    } else if (s->state != BC_RTMP_CLOSED) {
        ask(s->user, req);
    }
    return 0;
}

// Ends what the connection does; it may publish or play again.
static void
end_role(struct bc_rtmp_session *s)
{
    enum bc_rtmp_state was = s->state;
    bool publishing = was == BC_RTMP_PUBLISHING;
    if (!publishing && was != BC_RTMP_PLAYING && was != BC_RTMP_PLAY_PENDING) {
        return;
    }
    bc_rtmp_session_set_state(s, BC_RTMP_READY);
    bc_rtmp_session_flush(s);
    void (*tell)(void *) =
        publishing ? s->callbacks->on_unpublish : s->callbacks->on_stop;
    if (tell && s->state != BC_RTMP_CLOSED) {
        tell(s->user);
    }
}

// publish(transaction, null, name, type), RTMP 7.2.2.6.
static int
handle_publish(struct bc_rtmp_session *s, const struct rtmp_command *cmd)
{
    const struct bc_amf_value *name = argument(cmd, 3);
    if (name && name->type == BC_AMF_BOOLEAN && name->number == 0) {
        end_role(s); // Flash's publish(false)
        return 0;
    }
    if (s->state != BC_RTMP_READY) {
        return refuse(s, cmd, "NetStream.Publish.BadName",
            "This connection publishes or plays already.");
    }
    char type[16];
    if (!bc_amf_copy_text(argument(cmd, 4), type, sizeof(type)) || type[0] == '\0') {
        memcpy(type, "live", sizeof("live"));
    }
    struct bc_rtmp_request req = { .type = type, .play_start = -2 };
    return ask_owner(s, cmd, &req, true);
}

// play(transaction, null, name, start, duration, reset), RTMP 7.2.2.1. The bytes of media
// are shared by all viewers, so every viewer plays on the same message stream.
static int
handle_play(struct bc_rtmp_session *s, const struct rtmp_command *cmd)
{
    if (s->state != BC_RTMP_READY) {
        return refuse(s, cmd, "NetStream.Play.Failed",
            "This connection publishes or plays already.");
    }
    if (cmd->stream_id > BC_RTMP_PLAY_STREAM_ID) {
        return refuse(s, cmd, "NetStream.Play.Failed",
            "Only the first stream of a connection can play.");
    }
    const struct bc_amf_value *reset = argument(cmd, 6);
    s->play_reset = bc_amf_number(reset, 0) != 0;
    struct bc_rtmp_request req = { .type = "", .reset = s->play_reset,
        .play_start = bc_amf_number(argument(cmd, 4), -2) };
    return ask_owner(s, cmd, &req, false);
}

static int
handle_fc_unpublish(struct bc_rtmp_session *s, const struct rtmp_command *cmd)
{
    (void)cmd;
    if (s->state == BC_RTMP_PUBLISHING) {
        end_role(s);
    }
    return 0;
}

// deleteStream(transaction, null, stream id): of the stream in use, or of none in
// particular.
static int
handle_delete_stream(struct bc_rtmp_session *s, const struct rtmp_command *cmd)
{
    double id = bc_amf_number(argument(cmd, 3), 0);
    if (id == 0 || id == s->role_stream) {
        end_role(s);
    }
    return 0;
}

static int
handle_close_stream(struct bc_rtmp_session *s, const struct rtmp_command *cmd)
{
    if (cmd->stream_id == 0 || cmd->stream_id == s->role_stream) {
        end_role(s);
    }
    return 0;
}

// pause(transaction, null, paused, milliseconds), RTMP 7.2.2.8.
static int
handle_pause(struct bc_rtmp_session *s, const struct rtmp_command *cmd)
{
    if (s->state != BC_RTMP_PLAYING) {
        return 0;
    }
    bool paused = bc_amf_number(argument(cmd, 3), 0) != 0;
    struct rtmp_status status = { false,
        paused ? "NetStream.Pause.Notify" : "NetStream.Unpause.Notify", NULL };
    send_status(s, s->role_stream, &status);
    bc_rtmp_session_flush(s);
    if (s->callbacks->on_pause && s->state == BC_RTMP_PLAYING) {
        s->callbacks->on_pause(s->user, paused);
    }
    return 0;
}

// Live has nowhere to seek to, but FFmpeg drops all media until it is answered.
static int
handle_seek(struct bc_rtmp_session *s, const struct rtmp_command *cmd)
{
    (void)cmd;
    if (s->state == BC_RTMP_PLAYING) {
        struct rtmp_status status = { false, "NetStream.Seek.Notify", NULL };
        send_status(s, s->role_stream, &status);
    }
    return 0;
}

static int
receive(struct bc_rtmp_session *s, const struct rtmp_command *cmd, enum bc_kind kind)
{
    if (s->state == BC_RTMP_PLAYING && s->callbacks->on_receive) {
        bc_rtmp_session_flush(s);
        s->callbacks->on_receive(s->user, kind, bc_amf_number(argument(cmd, 3), 1) != 0);
    }
    return 0;
}

static int
handle_receive_audio(struct bc_rtmp_session *s, const struct rtmp_command *cmd)
{
    return receive(s, cmd, BC_KIND_AUDIO);
}

static int
handle_receive_video(struct bc_rtmp_session *s, const struct rtmp_command *cmd)
{
    return receive(s, cmd, BC_KIND_VIDEO);
}

// A live stream has no length.
static int
handle_get_length(struct bc_rtmp_session *s, const struct rtmp_command *cmd)
{
    struct bc_writer body = { 0 };
    bc_rtmp_write_command(&body, "_result", cmd->transaction);
    bc_amf_write_number(&body, 0);
    send_body(s, &body, 0);
    return 0;
}

// librtmp waits for onFCSubscribe when it was told to subscribe.
static int
handle_fc_subscribe(struct bc_rtmp_session *s, const struct rtmp_command *cmd)
{
    (void)cmd;
    struct bc_writer body = { 0 };
    bc_rtmp_write_command(&body, "onFCSubscribe", 0);
    bc_amf_write_object_begin(&body);
    bc_amf_write_key(&body, "level");
    bc_amf_write_string(&body, "status");
    bc_amf_write_key(&body, "code");
    bc_amf_write_string(&body, "NetStream.Play.Start");
    bc_amf_write_object_end(&body);
    send_body(s, &body, 0);
    return 0;
}

static const struct handler handlers[] = {
    { "connect", handle_connect },
    { "createStream", handle_create_stream },
    { "publish", handle_publish },
    { "play", handle_play },
    { "releaseStream", answer_undefined },
    { "FCPublish", answer_undefined },
    { "_checkbw", answer_undefined },
    { "FCUnpublish", handle_fc_unpublish },
    { "deleteStream", handle_delete_stream },
    { "closeStream", handle_close_stream },
    { "pause", handle_pause },
    { "pauseRaw", handle_pause },
    { "seek", handle_seek },
    { "receiveAudio", handle_receive_audio },
    { "receiveVideo", handle_receive_video },
    { "getStreamLength", handle_get_length },
    { "FCSubscribe", handle_fc_subscribe },
};

static int
dispatch(struct bc_rtmp_session *s, const struct rtmp_command *cmd)
{
    char name[64];
    if (!bc_amf_copy_text(argument(cmd, 0), name, sizeof(name))) {
        return bc_rtmp_session_fail(s, -EPROTO, "malformed command");
    }
    if (s->state == BC_RTMP_CONNECT && strcmp(name, "connect") != 0) {
        return bc_rtmp_session_fail(s, -EPROTO, "command '%s' before connect", name);
    }
    for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++) {
        if (strcmp(name, handlers[i].name) == 0) {
            return handlers[i].handle(s, cmd);
        }
    }
    return 0; // answers to what we sent, and inventions of others
}

int
bc_rtmp_session_command(struct bc_rtmp_session *s, const struct bc_rtmp_message *msg,
    const uint8_t *data, size_t len)
{
    struct rtmp_command cmd = { .stream_id = msg->stream_id };
    // Arguments that are broken or too many are as good as missing.
    int ret = bc_amf_parse(&cmd.amf, data, len);
    if (ret == -ENOMEM) {
        bc_rtmp_session_fail(s, ret, "out of memory for a command");
    } else {
        cmd.transaction = bc_amf_number(argument(&cmd, 1), 0);
        ret = dispatch(s, &cmd);
    }
    bc_amf_finish(&cmd.amf);
    return ret;
}
