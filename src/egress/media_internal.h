// SPDX-License-Identifier: Apache-2.0
#ifndef EGRESS_MEDIA_INTERNAL_H
#define EGRESS_MEDIA_INTERNAL_H

#include "config/config.h"
#include "egress/media.h"
#include "stream/channel.h"

#define BC_HLS_SID_TEXT 25 // 16 hex digits of the id, 8 of its proof, zero

enum bc_media_kind {
    BC_MEDIA_NONE,
    BC_MEDIA_FLV,          // /live/hq.flv
    BC_MEDIA_MULTIVARIANT, // /live/hq/index.m3u8, /live/hq.m3u8
    BC_MEDIA_HLS_FILE,     // /live/hq[/s/SID]/NAME
    BC_MEDIA_PICTURE,      // /live/hq.jpg
    BC_MEDIA_WHEP,         // /live/hq/whep
    BC_MEDIA_WHEP_SESSION, // /live/hq/whep/ID
    BC_MEDIA_CUES,         // /live/hq/cues
    BC_MEDIA_CUES_LIST,    // /live/hq/cues.json
    BC_MEDIA_CUE_CARD,     // /live/hq/cues/ID.svg
};

// A media URL taken apart.
struct bc_media_url {
    enum bc_media_kind kind;
    char channel[BC_CHANNEL_NAME_MAX + 1];
    char sid[BC_HLS_SID_TEXT]; // "" when there is none
    const char *file;          // the last component, inside the path
    bool flat;                 // /live/hq.m3u8: children are one level deeper
};

// False when the path is no media URL.
bool
bc_media_url_parse(const char *path, struct bc_media_url *out);

// May this request play? Answers 401/403, or 503 when there are viewers enough, and returns
// false if not.
bool
bc_media_authorise(struct bc_media *media, struct bc_http_exchange *x,
    const struct bc_media_url *url);

// The same without an answer: by the id in the path if there is one ("" else), which was
// given out for that name, or by the request's token.
bool
bc_media_allows(struct bc_media *media, struct bc_http_exchange *x, const char *channel,
    const char *sid);

// 405 for what is no GET and no HEAD.
void
bc_media_refuse_method(struct bc_http_exchange *x);

// 404 with a hint to come again.
void
bc_media_refuse_not_live(struct bc_http_exchange *x);

// The codec of the picture that a live channel shows, as of a second ago at most; BC_CODEC_NONE when it
// is not live or has no picture.
enum bc_codec
bc_media_picture(struct bc_channel *channel);

// 406: `form` ("HLS") cannot carry such a picture.
void
bc_media_refuse_picture(
    struct bc_http_exchange *x, const char *form, enum bc_codec codec);

// --- await.c ---

// Answers a request; `channel` is NULL where there is none.
typedef void bc_media_serve(struct bc_media *media, struct bc_http_exchange *x,
    const struct bc_media_url *url, struct bc_channel *channel);

// Has the request answered by `serve`: at once when there is something to play, or later
// when that must be pulled first, at the latest after BC_HUB_WAIT_US.
void
bc_media_await(struct bc_media *media, struct bc_http_exchange *x,
    const struct bc_media_url *url, bc_media_serve *serve);

// --- flv.c ---

void
bc_flv_handle(
    struct bc_media *media, struct bc_http_exchange *x, struct bc_channel *channel);

// --- hls.c ---

void
bc_hls_handle(struct bc_media *media, struct bc_http_exchange *x,
    struct bc_channel *channel, const struct bc_media_url *url);

#define BC_HLS_PREFIX_TEXT (BC_CHANNEL_NAME_MAX + 32)

// What stands before the names of a multivariant playlist's children: a new id for this
// viewer, unless its path has one.
void
bc_hls_child_prefix(struct bc_media *media, const struct bc_media_url *url,
    char out[BC_HLS_PREFIX_TEXT]);

// --- live_picture.c ---

void
bc_live_picture_handle(
    struct bc_media *media, struct bc_http_exchange *x, struct bc_channel *channel);

// --- whep.c ---

void
bc_whep_handle(
    struct bc_media *media, struct bc_http_exchange *x, const struct bc_media_url *url);

// --- cues.c ---

void
bc_cues_handle(
    struct bc_media *media, struct bc_http_exchange *x, const struct bc_media_url *url);

// --- cue_card.c ---

// For everybody who knows the cue's id: it is an image in pages.
void
bc_cue_card_handle(
    struct bc_media *media, struct bc_http_exchange *x, const struct bc_media_url *url);

// --- hls_sessions.c ---

// A new id for a viewer of this channel, unguessable and with a proof that it is ours.
void
bc_hls_sessions_issue(struct bc_hls_sessions *s, const char *channel,
    char out[BC_HLS_SID_TEXT]);

// Was it issued by us for this channel?
bool
bc_hls_sessions_is_ours(struct bc_hls_sessions *s, const char *channel, const char *sid);

// A viewer asked for a playlist: counts it in, or keeps it counted. `sid` "": told apart
// by `fallback` (its address).
void
bc_hls_sessions_touch(struct bc_hls_sessions *s, struct bc_channel *channel,
    const char *sid, const char *fallback, int64_t now_us);

#endif
