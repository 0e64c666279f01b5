// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_RTMP_SESSION_H
#define PROTOCOL_RTMP_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "media/track.h"

// The server's side of one RTMP connection: bytes and the time come in, bytes and events
// leave by callbacks. No socket and no clock inside. Owned by the connection's owner,
// used by that one worker thread only; dies in bc_rtmp_session_destroy(), which must not
// be called from inside a callback: the owner calls bc_rtmp_session_close() there and
// destroys at the end of the loop's turn.
struct bc_rtmp_session;

enum bc_rtmp_state {
    BC_RTMP_NONE,
    BC_RTMP_HANDSHAKE, // waits for C0, C1 and C2
    BC_RTMP_CONNECT, // waits for connect
    BC_RTMP_READY, // connected, neither publishing nor playing
    BC_RTMP_PUBLISH_PENDING, // the owner was asked with on_publish
    BC_RTMP_PUBLISHING,
    BC_RTMP_PLAY_PENDING, // the owner was asked with on_play
    BC_RTMP_PLAYING,
    BC_RTMP_REJECTED, // refused; what still comes in is thrown away until the owner closes
    BC_RTMP_CLOSED, // closed or failed
};

// capsEx of Enhanced RTMP.
enum bc_rtmp_caps_ex {
    BC_RTMP_CAPS_RECONNECT = 1,
    BC_RTMP_CAPS_MULTITRACK = 2,
    BC_RTMP_CAPS_MODEX = 4,
    BC_RTMP_CAPS_TIMESTAMP_NANO = 8,
};

// What a peer said it can, at connect. All zero for who does not know Enhanced RTMP, and
// for OBS, which uses it without a word.
struct bc_rtmp_caps {
    uint32_t codecs;  // 1u << enum bc_codec: those it reads by FourCC
    uint32_t caps_ex; // enum bc_rtmp_caps_ex
    uint32_t video_function;
};

// What a host or viewer asks for. The strings live until the callback returns.
struct bc_rtmp_request {
    const char *app;    // without query, "live"; several levels are joined by '/'
    const char *stream; // without query, "hq"; path of the channel = app/stream
    // The union of the queries of app, tcUrl and stream name (later wins), as sent,
    // without '?': "key=K&guide=7", or "". Holds secrets: never for the log.
    const char *query;
    const char *type;          // publish: "live", "record" or "append"; play: ""
    double play_start;         // play: -2 when absent
    bool reset;                // play: the viewer wants NetStream.Play.Reset
    struct bc_rtmp_caps caps;
    const char *flash_ver;     // for the log; "" when absent
    const char *tc_url;        // for the log, without its query; "" when absent
};

// One audio, video or script message of a publisher. Never empty (len > 0).
struct bc_rtmp_media {
    enum bc_kind kind;
    uint32_t
        timestamp; // ms as on the wire, modulo 2^32; bc_unwrap_rtmp() takes it from here
    struct bc_buf *buf; // holds the payload; who needs it longer takes a reference
    // Audio and video: an FLV tag's body. Script: AMF0 values beginning with the
    // handler's name ("onMetaData"), whatever AMF version and "@setDataFrame" the host
    // used.
    const uint8_t *data;
    size_t len;
};

enum bc_rtmp_reject {
    BC_RTMP_REJECT_NONE,
    BC_RTMP_REJECT_BAD_NAME,         // publish: somebody else publishes here
    BC_RTMP_REJECT_DENIED,           // wrong or missing key
    BC_RTMP_REJECT_REJECTED,         // not now (limits, draining)
    BC_RTMP_REJECT_FAILED,           // the server failed
    BC_RTMP_REJECT_INVALID_APP,      // no such app
    BC_RTMP_REJECT_STREAM_NOT_FOUND, // play: no such channel
};

// Each may be NULL. Called on the worker's thread, from inside bc_rtmp_session_input()
// or, for on_send and what a publisher sent before its answer, from inside the call that
// answers.
struct bc_rtmp_session_callbacks {
    // The bytes are the session's; copy or send them before returning.
    void (*on_send)(void *user, const void *data, size_t len);
    // The owner answers with accept_publish() or reject(), at once or later. Until then
    // what the host sends is held back (bounded), so that no header of an impatient
    // encoder is lost.
    void (*on_publish)(void *user, const struct bc_rtmp_request *req);
    // The owner answers with accept_play() or reject(), at once or later.
    void (*on_play)(void *user, const struct bc_rtmp_request *req);
    void (*on_media)(void *user, const struct bc_rtmp_media *media); // while publishing
    // The host said goodbye (FCUnpublish, deleteStream, closeStream); it may publish
    // again.
    void (*on_unpublish)(void *user);
    // The viewer closed its stream, also when play was not answered yet.
    void (*on_stop)(void *user);
    void (*on_pause)(void *user, bool paused);
    // receiveAudio, receiveVideo of a viewer.
    void (*on_receive)(void *user, enum bc_kind kind, bool on);
};

// 0 in a field means its default.
struct bc_rtmp_session_params {
    uint32_t max_message_bytes;    // one message of a publisher; 8 MiB
    uint32_t max_chunk_streams;    // chunk stream ids in use by the peer; 64
    uint32_t max_reassembly_bytes; // memory for half-received messages together; 16 MiB
    uint32_t max_held_bytes; // what a host may send before on_publish is answered; 1 MiB
    uint32_t out_chunk_size;       // BC_RTMP_OUT_CHUNK_SIZE
    uint32_t window_ack_size;      // 2500000
};

// `params` may be NULL; `callbacks` stays the caller's and outlives the session. NULL
// without memory.
struct bc_rtmp_session *
bc_rtmp_session_create(const struct bc_rtmp_session_params *params,
    const struct bc_rtmp_session_callbacks *callbacks, void *user);

// Calls no callback. NULL is fine.
void
bc_rtmp_session_destroy(struct bc_rtmp_session *s);

// Takes all of `data`. Returns 0, or a negative errno when the connection must be closed;
// bc_rtmp_session_reason() then says why.
int
bc_rtmp_session_input(struct bc_rtmp_session *s, const uint8_t *data, size_t len,
    int64_t now_us);

// Why the last call failed, one line for the log; "" when nothing did.
const char *
bc_rtmp_session_reason(const struct bc_rtmp_session *s);

// Answers on_publish with NetStream.Publish.Start and takes what was held back. Returns 0
// or a negative errno as bc_rtmp_session_input() does (always 0 from inside on_publish);
// -EALREADY when nothing was asked.
int
bc_rtmp_session_accept_publish(struct bc_rtmp_session *s);

// Answers on_play: StreamBegin, Play.Reset where asked, Play.Start, |RtmpSampleAccess.
// The bytes of onMetaData, headers and media are the owner's to send from now on, with
// message stream id BC_RTMP_PLAY_STREAM_ID and the chunk size of params. 0; -EALREADY
// when nothing was asked.
int
bc_rtmp_session_accept_play(struct bc_rtmp_session *s);

// Refuses a publish or play with an error that encoders act on, or cuts off a running
// one. The owner closes the connection about a second later; until then all input is
// thrown away.
void
bc_rtmp_session_reject(struct bc_rtmp_session *s, enum bc_rtmp_reject code,
    const char *description);

// Tells a viewer that its broadcast is over: StreamEOF, then Play.UnpublishNotify when
// the channel is gone for good, else Play.Stop. The viewer may play again.
void
bc_rtmp_session_play_stopped(struct bc_rtmp_session *s, bool gone);

// Asks a peer that can (BC_RTMP_CAPS_RECONNECT) to connect anew, as this server goes down
// (RTMP-86). What it does here goes on until somebody closes.
void
bc_rtmp_session_ask_reconnect(struct bc_rtmp_session *s, const char *description);

// No callback and no event after this; input is refused with -ECANCELED. Allowed in
// callbacks.
void
bc_rtmp_session_close(struct bc_rtmp_session *s);

// For the owner's timeouts (handshake, connect, first media).
enum bc_rtmp_state
bc_rtmp_session_state(const struct bc_rtmp_session *s);

// "handshake", "publishing" ...
const char *
bc_rtmp_state_name(enum bc_rtmp_state state);

#endif
