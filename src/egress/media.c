// SPDX-License-Identifier: Apache-2.0
#include "egress/media.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access/keys.h"
#include "media_internal.h"
#include "protocol/http/token.h"
#include "replay.h"
#include "stream/program.h"
#include "stream/source.h"
#include "stream/wait.h"

#define TOKEN_MAX 256

bool
bc_media_allows(struct bc_media *media, struct bc_http_exchange *x, const char *channel,
    const char *sid)
{
    struct bc_config *config = bc_hub_config(media->hub);
    bool open = config->access.play == BC_ACCESS_OPEN;
    bool allowed = open;
    if (!open && sid[0]) {
        // The token was checked when the multivariant playlist gave this id out.
        allowed = bc_hls_sessions_is_ours(media->sessions, channel, sid);
    } else if (!open) {
        char token[TOKEN_MAX];
        bc_http_token(x, token, sizeof(token));
        // The console's pages show what operators work on.
        allowed = bc_keys_play_check(media->keys, config, channel, token)
            || bc_keys_api_check(media->keys, token);
        explicit_bzero(token, sizeof(token));
    }
    bc_config_unref(&config);
    return allowed;
}

// Whether the request is one more viewer's, where a channel may have so many and no more.
static bool
finds_room(struct bc_media *media, const struct bc_media_url *url)
{
    bool comes = url->kind == BC_MEDIA_FLV || url->kind == BC_MEDIA_WHEP
        || (url->kind == BC_MEDIA_MULTIVARIANT && !url->sid[0]);
    struct bc_channel *channel = comes ? bc_hub_find(media->hub, url->channel) : NULL;
    bool room = !channel || bc_channel_has_room(channel);
    bc_channel_unref(&channel);
    return room;
}

static bool
admit(struct bc_media *media, struct bc_http_exchange *x, const struct bc_media_url *url)
{
    if (!finds_room(media, url)) {
        bc_http_respond_text(x, 503, "application/json", "Retry-After: 5\r\n",
            "{\"error\":{\"code\":\"full\",\"message\":\"this channel has as many "
            "viewers as it may have\"}}");
        return false;
    }
    return true;
}

bool
bc_media_authorise(struct bc_media *media, struct bc_http_exchange *x,
    const struct bc_media_url *url)
{
    bool allowed = bc_media_allows(media, x, url->channel, url->sid);
    if (!allowed && url->kind == BC_MEDIA_WHEP) {
        bc_http_respond_text(x, 401, "application/json",
            "WWW-Authenticate: Bearer realm=\"branchcast\"\r\n",
            "{\"error\":{\"code\":\"no_token\",\"message\":\"a valid token is needed to "
            "watch this channel\"}}");
    } else if (!allowed) {
        bc_http_respond_error(
            x, 403, "forbidden", "a valid token is needed to watch this channel");
    }
    return allowed && admit(media, x, url);
}

enum bc_codec
bc_media_picture(struct bc_channel *channel)
{
    struct bc_channel_info info;
    bool has = bc_channel_program_info(channel, &info) && info.state == BC_CHANNEL_LIVE
        && info.video.present;
    return has ? info.video.codec : BC_CODEC_NONE;
}

void
bc_media_refuse_picture(
    struct bc_http_exchange *x, const char *form, enum bc_codec codec)
{
    char text[256];
    snprintf(text, sizeof(text),
        "{\"error\":{\"code\":\"codec_not_carried\",\"message\":\"%s cannot carry the "
        "host's picture (%s): watch by WebRTC, or ask for the sound alone\"}}",
        form, bc_codec_name(codec));
    bc_http_respond_text(x, 406, "application/json", "Cache-Control: max-age=1\r\n", text);
}

void
bc_media_refuse_method(struct bc_http_exchange *x)
{
    bc_http_respond_text(x, 405, "application/json", "Allow: GET, HEAD, OPTIONS\r\n",
        "{\"error\":{\"code\":\"method_not_allowed\",\"message\":\"media is read with "
        "GET\"}}");
}

void
bc_media_refuse_not_live(struct bc_http_exchange *x)
{
    bc_http_respond_text(x, 404, "application/json",
        "Cache-Control: max-age=1\r\nRetry-After: 2\r\n",
        "{\"error\":{\"code\":\"not_live\",\"message\":\"this channel is not live\"}}");
}

static bool
method_allowed(struct bc_http_exchange *x)
{
    enum bc_http_method m = bc_http_method(x);
    if (m == BC_HTTP_GET || m == BC_HTTP_HEAD) {
        return true;
    }
    bc_media_refuse_method(x);
    return false;
}

static void
serve(struct bc_media *media, struct bc_http_exchange *x, const struct bc_media_url *url,
    struct bc_channel *channel)
{
    if (!channel) {
        bc_media_refuse_not_live(x);
    } else if (url->kind == BC_MEDIA_FLV) {
        bc_flv_handle(media, x, channel);
    } else if (url->kind == BC_MEDIA_PICTURE) {
        bc_live_picture_handle(media, x, channel);
    } else if (url->kind != BC_MEDIA_MULTIVARIANT
        || !bc_replay_handle_dvr_index(media, x, url)) {
        bc_hls_handle(media, x, channel, url);
    }
}

// Viewers of a closed channel hear that, whatever they ask it for. Who watches by WebRTC has
// been told, and says goodbye.
static bool
refuse_closed(struct bc_media *media, struct bc_http_exchange *x,
    const struct bc_media_url *url)
{
    if (url->kind == BC_MEDIA_WHEP_SESSION || bc_http_method(x) == BC_HTTP_OPTIONS
        || bc_hub_is_open(media->hub, url->channel)) {
        return false;
    }
    bc_http_respond_error(x, 403, "closed", "this channel is closed");
    return true;
}

bool
bc_media_handle(struct bc_media *media, struct bc_http_exchange *x)
{
    struct bc_media_url url;
    struct bc_replay_url replay;
    if (bc_replay_url_parse(bc_http_path(x), &replay)) {
        bc_replay_handle(media, x, &replay);
        return true;
    }
    if (!bc_media_url_parse(bc_http_path(x), &url)) {
        return false;
    }
    if (refuse_closed(media, x, &url)) {
        return true;
    }
    if (url.kind == BC_MEDIA_WHEP || url.kind == BC_MEDIA_WHEP_SESSION) {
        bc_whep_handle(media, x, &url);
        return true;
    }
    if (!method_allowed(x)) {
        return true;
    }
    if (url.kind == BC_MEDIA_CUE_CARD) {
        bc_cue_card_handle(media, x, &url);
        return true;
    }
    if (!bc_media_authorise(media, x, &url)) {
        return true;
    }
    if (url.kind == BC_MEDIA_CUES || url.kind == BC_MEDIA_CUES_LIST) {
        bc_cues_handle(media, x, &url);
        return true;
    }
    if (url.kind == BC_MEDIA_FLV || url.kind == BC_MEDIA_MULTIVARIANT
        || (url.kind == BC_MEDIA_HLS_FILE && strstr(url.file, ".m3u8"))) {
        bc_media_await(media, x, &url, serve);
        return true;
    }
    struct bc_channel *channel = bc_hub_find(media->hub, url.channel);
    serve(media, x, &url, channel);
    bc_channel_unref(&channel);
    return true;
}
