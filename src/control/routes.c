// SPDX-License-Identifier: Apache-2.0
#include "routes.h"

#include <stdio.h>
#include <string.h>

#include "card/pictures.h"
#include "cue/cue.h"
#include "record/recording.h"

#define CHANNEL "{app}/{stream}"
#define ID "{id}"
#define ID_DIGITS_MAX 18
#define RECORDING "{recording}"
#define CUE "/{cue}"
#define PICTURE "{picture}"
#define JSON "application/json"
#define TEXT "text/plain"
#define CLIP_BODY                                                                        \
    "{\"from\": ..., \"to\": ..., \"title\": \"...\", \"precision\": \"frame\" or "          \
    "\"keyframe\"}; times are RFC 3339, or milliseconds of recording time, below 0 before " \
    "the end; all but from may be left out."

#define SCHEDULE_BODY                                                                    \
    "{\"starts_at\": TIME, \"ends_at\": TIME, \"keys_from\": TIME, \"record\": true or "       \
    "false, \"title\": \"...\"}; times are RFC 3339; what is left out or null is open."

#define CUE_BODY                                                                         \
    "{\"kind\": \"product\", \"coupon\", \"draw\", \"text\" or \"custom\", \"data\": {...}} or "      \
    "{\"product\": \"...\"}, with \"id\", \"at\", \"at_ms\" or \"delay_ms\", \"duration_ms\" as "    \
    "wanted."

#define SCENE_BODY                                                                       \
    "A scene (docs/compose.md), or {\"scene\": {...}, \"transition\": {\"effect\": \"cut\" or " \
    "\"fade\", \"ms\": 500}}"

// What stands for the hole of a pattern; false: the path has another form.
static bool
cut_hole(const char *pattern, const char *hole, size_t hole_len, const char *path,
    char out[BC_CHANNEL_NAME_MAX + 1])
{
    size_t before = (size_t)(hole - pattern);
    const char *suffix = hole + hole_len;
    size_t after = strlen(suffix);
    size_t len = strlen(path);
    if (len <= before + after || len - before - after > BC_CHANNEL_NAME_MAX
        || strncmp(path, pattern, before) != 0
        || strcmp(path + len - after, suffix) != 0) {
        return false;
    }
    memcpy(out, path + before, len - before - after);
    out[len - before - after] = '\0';
    return true;
}

// A number above 0, without zeros before it.
static bool
is_id(const char *text)
{
    size_t len = strlen(text);
    return len <= ID_DIGITS_MAX && text[0] != '0' && strspn(text, "0123456789") == len;
}

// False: nothing that belongs there.
static bool
match_hole(const char *pattern, const char *path, char out[BC_CHANNEL_NAME_MAX + 1])
{
    const char *hole = strstr(pattern, CHANNEL);
    if (hole) {
        return cut_hole(pattern, hole, strlen(CHANNEL), path, out)
            && bc_channel_name_is_valid(out);
    }
    hole = strstr(pattern, RECORDING);
    if (hole) {
        return cut_hole(pattern, hole, strlen(RECORDING), path, out)
            && bc_recording_id_is_valid(out);
    }
    hole = strstr(pattern, PICTURE);
    if (hole) {
        return cut_hole(pattern, hole, strlen(PICTURE), path, out)
            && bc_picture_id_is_valid(out);
    }
    hole = strstr(pattern, ID);
    return hole && cut_hole(pattern, hole, strlen(ID), path, out) && is_id(out);
}

// Patterns that end with a cue's id: the same without that.
static bool
match_cue(const char *pattern, const char *path, char channel[BC_CHANNEL_NAME_MAX + 1])
{
    char rest[128];
    char shorter[BC_CHANNEL_NAME_MAX + sizeof(rest)];
    const char *slash = strrchr(path, '/');
    size_t len = strlen(pattern) - strlen(CUE);
    if (!slash || !bc_cue_id_is_valid(slash + 1) || len >= sizeof(rest)
        || (size_t)(slash - path) >= sizeof(shorter)) {
        return false;
    }
    memcpy(rest, pattern, len);
    rest[len] = '\0';
    memcpy(shorter, path, (size_t)(slash - path));
    shorter[slash - path] = '\0';
    return match_hole(rest, shorter, channel);
}

static bool
ends_with_cue(const char *pattern)
{
    size_t len = strlen(pattern);
    return len > strlen(CUE) && strcmp(pattern + len - strlen(CUE), CUE) == 0;
}

bool
bc_control_route_match(const char *pattern, const char *path,
    char channel[BC_CHANNEL_NAME_MAX + 1])
{
    channel[0] = '\0';
    if (!strchr(pattern, '{')) {
        return strcmp(pattern, path) == 0;
    }
    bool matches = ends_with_cue(pattern) ? match_cue(pattern, path, channel)
                                          : match_hole(pattern, path, channel);
    if (!matches) {
        channel[0] = '\0';
    }
    return matches;
}

static void
allow(char *out, size_t cap, enum bc_http_method method)
{
    size_t len = strlen(out);
    const char *name = method == BC_HTTP_GET ? "GET, HEAD" : bc_control_method_name(method);
    if (!strstr(out, name)) {
        snprintf(out + len, cap - len, "%s%s", len > 0 ? ", " : "", name);
    }
}

// A path may have the form of several rows ("…/live/hq/kick" is also a channel's name),
// so the method decides.
void
bc_control_route_find(enum bc_http_method method, const char *path,
    struct bc_control_found *out)
{
    char channel[BC_CHANNEL_NAME_MAX + 1];
    enum bc_http_method wanted = method == BC_HTTP_HEAD ? BC_HTTP_GET : method;
    out->route = NULL;
    out->channel[0] = '\0';
    out->allow[0] = '\0';
    for (size_t i = 0; i < BC_CONTROL_ROUTE_COUNT; i++) {
        const struct bc_control_route *r = &BC_CONTROL_ROUTES[i];
        if (!bc_control_route_match(r->pattern, path, channel)) {
            continue;
        }
        if (r->method == wanted) {
            out->route = r;
            memcpy(out->channel, channel, sizeof(channel));
            return;
        }
        allow(out->allow, sizeof(out->allow), r->method);
    }
}

const char *
bc_control_method_name(enum bc_http_method method)
{
    switch (method) {
    case BC_HTTP_GET:
        return "GET";
    case BC_HTTP_HEAD:
        return "HEAD";
    case BC_HTTP_POST:
        return "POST";
    case BC_HTTP_PUT:
        return "PUT";
    case BC_HTTP_PATCH:
        return "PATCH";
    case BC_HTTP_DELETE:
        return "DELETE";
    case BC_HTTP_OPTIONS:
        return "OPTIONS";
    case BC_HTTP_INVALID:
    case BC_HTTP_OTHER:
        break;
    }
    return "OTHER";
}

const struct bc_control_route BC_CONTROL_ROUTES[] = {
    { BC_HTTP_GET, "/healthz", BC_CONTROL_OPEN, bc_control_healthz, false, 200, TEXT,
        "getHealth", "Whether the process lives.", NULL },
    { BC_HTTP_GET, "/readyz", BC_CONTROL_OPEN, bc_control_readyz, false, 200, TEXT,
        "getReadiness",
        "Whether the server takes hosts and viewers; 503 while it does not.", NULL },
    { BC_HTTP_GET, "/metrics", BC_CONTROL_OPEN, bc_control_metrics, false, 200, TEXT,
        "getMetrics", "Counters and gauges in Prometheus' text format.", NULL },
    { BC_HTTP_GET, "/api/v1/openapi.json", BC_CONTROL_OPEN, bc_control_openapi, false,
        200, JSON, "getDescription", "This description.", NULL },
    { BC_HTTP_GET, "/api/v1/channels", BC_CONTROL_TOKEN, bc_control_channels, true, 200,
        JSON, "listChannels",
        "The channels that are live, waiting for their host, or just over.", NULL },
    { BC_HTTP_PUT, "/api/v1/channels/" CHANNEL "/schedule", BC_CONTROL_TOKEN,
        bc_control_schedule_set, false, 200, JSON, "setSchedule",
        "Says when the channel's broadcast begins and ends.", SCHEDULE_BODY },
    { BC_HTTP_GET, "/api/v1/channels/" CHANNEL "/schedule", BC_CONTROL_TOKEN,
        bc_control_schedule, false, 200, JSON, "getSchedule",
        "When the channel's broadcast begins and ends; 404 when nobody said so.", NULL },
    { BC_HTTP_DELETE, "/api/v1/channels/" CHANNEL "/schedule", BC_CONTROL_TOKEN,
        bc_control_schedule_delete, false, 204, NULL, "deleteSchedule",
        "The channel has no schedule any more.", NULL },
    { BC_HTTP_POST, "/api/v1/channels/" CHANNEL "/cues", BC_CONTROL_TOKEN,
        bc_control_cue_post, false, 201, JSON, "postCue",
        "Shows a product, coupon, draw or text at a moment of the picture.", CUE_BODY },
    { BC_HTTP_GET, "/api/v1/channels/" CHANNEL "/cues", BC_CONTROL_TOKEN, bc_control_cues,
        false, 200, JSON, "listCues",
        "The channel's cues that run or are still to begin; ?own=1: not its program's.",
        NULL },
    { BC_HTTP_GET, "/api/v1/channels/" CHANNEL "/cues" CUE, BC_CONTROL_TOKEN,
        bc_control_cue, false, 200, JSON, "getCue", "One cue as the channel has it.",
        NULL },
    { BC_HTTP_PATCH, "/api/v1/channels/" CHANNEL "/cues" CUE, BC_CONTROL_TOKEN,
        bc_control_cue_change, false, 200, JSON, "changeCue",
        "Changes a cue, or what the channel makes of one that it inherits.",
        "{\"data\": {...}, \"duration_ms\": 5000, \"hidden\": true}; members of data are "
        "merged in, null takes one away; hidden is for inherited ones." },
    { BC_HTTP_DELETE, "/api/v1/channels/" CHANNEL "/cues" CUE, BC_CONTROL_TOKEN,
        bc_control_cue_end, false, 204, NULL, "endCue", "Ends a cue of the channel now.",
        NULL },
    { BC_HTTP_GET, "/api/v1/channels/" CHANNEL "/cue-rules", BC_CONTROL_TOKEN,
        bc_control_cue_rules, false, 200, JSON, "getCueRules",
        "What the channel makes of inherited cues of some products.", NULL },
    { BC_HTTP_PUT, "/api/v1/channels/" CHANNEL "/cue-rules", BC_CONTROL_TOKEN,
        bc_control_cue_rules_set, false, 200, JSON, "setCueRules",
        "Says what the channel makes of inherited cues of some products.",
        "{\"rules\": [{\"sku\": \"A1\", \"hidden\": true}, {\"sku\": \"B2\", \"data\": {...}}]}; "
        "at most 200." },
    { BC_HTTP_GET, "/api/v1/channels/" CHANNEL "/products", BC_CONTROL_TOKEN,
        bc_control_products, false, 200, JSON, "getProducts",
        "The channel's prepared cues.", NULL },
    { BC_HTTP_PUT, "/api/v1/channels/" CHANNEL "/products", BC_CONTROL_TOKEN,
        bc_control_products_set, false, 200, JSON, "setProducts",
        "Replaces the channel's prepared cues.",
        "{\"products\": [{\"id\": \"...\", \"kind\": \"product\", \"data\": {...}}]}; at most 200." },
    { BC_HTTP_GET, "/api/v1/scenes/presets", BC_CONTROL_TOKEN, bc_control_scene_presets,
        false, 200, JSON, "listScenePresets", "The layouts that a scene can begin with.",
        NULL },
    { BC_HTTP_GET, "/api/v1/channels/" CHANNEL "/scene/preview.jpg", BC_CONTROL_TOKEN,
        bc_control_scene_picture, false, 200, "image/jpeg", "getScenePicture",
        "What the preview looks like now; 204 until there is a picture.", NULL },
    { BC_HTTP_GET, "/api/v1/channels/" CHANNEL "/scene/preview", BC_CONTROL_TOKEN,
        bc_control_scene_preview, false, 200, JSON, "getScenePreview",
        "The scene that a take would show; null: none.", NULL },
    { BC_HTTP_PUT, "/api/v1/channels/" CHANNEL "/scene/preview", BC_CONTROL_TOKEN,
        bc_control_scene_preview_set, false, 200, JSON, "setScenePreview",
        "Prepares a scene for a take.", SCENE_BODY },
    { BC_HTTP_POST, "/api/v1/channels/" CHANNEL "/scene/take", BC_CONTROL_TOKEN,
        bc_control_scene_take, false, 200, JSON, "takeScene",
        "The preview becomes the program, and the program the preview.",
        "{\"effect\": \"cut\" or \"fade\", \"ms\": 500}; without a body a cut" },
    { BC_HTTP_GET, "/api/v1/channels/" CHANNEL "/scene/status", BC_CONTROL_TOKEN,
        bc_control_scene_status, false, 200, JSON, "getSceneStatus",
        "How the composer of the channel does.", NULL },
    { BC_HTTP_GET, "/api/v1/channels/" CHANNEL "/scene", BC_CONTROL_TOKEN,
        bc_control_scene, false, 200, JSON, "getScene",
        "The scene that a composite channel shows.", NULL },
    { BC_HTTP_PUT, "/api/v1/channels/" CHANNEL "/scene", BC_CONTROL_TOKEN,
        bc_control_scene_set, false, 200, JSON, "setScene",
        "Makes the channel a composite, or changes what it shows.", SCENE_BODY },
    { BC_HTTP_DELETE, "/api/v1/channels/" CHANNEL "/scene", BC_CONTROL_TOKEN,
        bc_control_scene_delete, false, 204, NULL, "deleteScene",
        "The channel shows the scene of the configuration again, or none.", NULL },
    { BC_HTTP_POST, "/api/v1/composers", BC_CONTROL_TOKEN, bc_control_composer_find, false,
        201, JSON, "findComposer",
        "For branchcast compose on another machine: which composer it is to be.",
        "{\"channel\": \"app/stream\"}" },
    { BC_HTTP_GET, "/api/v1/composers/" ID, BC_CONTROL_COMPOSER, bc_control_composer, false,
        200, JSON, "getComposer",
        "What a composer is to do; with ?after=VERSION it waits up to 20 s for news.", NULL },
    { BC_HTTP_PUT, "/api/v1/composers/" ID "/status", BC_CONTROL_COMPOSER,
        bc_control_composer_status, false, 204, NULL, "reportComposer",
        "What a composer says about itself, once a second.", "A JSON object." },
    { BC_HTTP_PUT, "/api/v1/composers/" ID "/preview.jpg", BC_CONTROL_COMPOSER,
        bc_control_composer_picture, false, 204, NULL, "setComposerPicture",
        "A picture of the preview, while somebody looks.", "A JPEG." },
    { BC_HTTP_GET, "/api/v1/composers/" ID "/asset", BC_CONTROL_COMPOSER,
        bc_control_composer_asset, false, 200, "application/octet-stream",
        "getComposerAsset", "A picture that the composer's scene names: ?name=.", NULL },
    { BC_HTTP_GET, "/api/v1/channels/" CHANNEL, BC_CONTROL_TOKEN, bc_control_channel,
        false, 200, JSON, "getChannel",
        "State, tracks, viewers, takes and advice of one channel.", NULL },
    { BC_HTTP_PATCH, "/api/v1/channels/" CHANNEL, BC_CONTROL_TOKEN,
        bc_control_channel_change, false, 200, JSON, "changeChannel",
        "Closes a channel for viewers and hosts, or opens it.",
        "{\"open\": true or false}; until the next call or the server's end" },
    { BC_HTTP_POST, "/api/v1/channels/" CHANNEL "/source", BC_CONTROL_TOKEN,
        bc_control_source_choose, false, 200, JSON, "chooseSource",
        "Puts a source on air by hand, or lets the order of the list decide again.",
        "{\"index\": 0} or {\"name\": \"publisher\"}, with \"force\": true for one that is not "
        "there yet; or {\"mode\": \"auto\"}" },
    { BC_HTTP_POST, "/api/v1/channels/" CHANNEL "/kick", BC_CONTROL_TOKEN,
        bc_control_kick, false, 202, JSON, "kickHost",
        "Ends the channel's broadcast and closes the host's connection.", NULL },
    { BC_HTTP_POST, "/api/v1/channels/" CHANNEL "/cut", BC_CONTROL_TOKEN,
        bc_control_cut, false, 202, JSON, "cutChannel",
        "Replaces what the channel's delay holds back by its slate.",
        "{\"seconds\": 5}: the next 5 s; without a body all that is held back" },
    { BC_HTTP_POST, "/api/v1/channels/" CHANNEL "/messages", BC_CONTROL_TOKEN,
        bc_control_message, false, 202, JSON, "sendMessage",
        "Sends a message to the pages that watch the channel by WebRTC.",
        "{\"text\": \"...\"} or {\"data\": {...}}; at most 4 KiB." },
    { BC_HTTP_POST, "/api/v1/channels/" CHANNEL "/record", BC_CONTROL_TOKEN,
        bc_control_record, false, 202, JSON, "recordChannel",
        "Starts or ends recording the channel's broadcast.", "{\"record\": true or false}" },
    { BC_HTTP_POST, "/api/v1/channels/" CHANNEL "/clips", BC_CONTROL_TOKEN,
        bc_control_clip_channel, false, 201, JSON, "clipChannel",
        "Cuts a clip out of the channel's running or newest recording.", CLIP_BODY },
    { BC_HTTP_GET, "/api/v1/replays", BC_CONTROL_TOKEN, bc_control_replays, true, 200,
        JSON, "listReplays", "Recorded broadcasts, newest first; ?channel= of one.",
        NULL },
    { BC_HTTP_GET, "/api/v1/replays/" RECORDING, BC_CONTROL_TOKEN, bc_control_replay,
        false, 200, JSON, "getReplay", "One recorded broadcast, with its gaps.", NULL },
    { BC_HTTP_DELETE, "/api/v1/replays/" RECORDING, BC_CONTROL_TOKEN,
        bc_control_replay_delete, false, 204, NULL, "deleteReplay",
        "Deletes a replay; its files go when the last reader is done.", NULL },
    { BC_HTTP_POST, "/api/v1/replays/" RECORDING "/export", BC_CONTROL_TOKEN,
        bc_control_replay_export, false, 202, JSON, "exportReplay",
        "Makes a classic MP4 of a replay; 200 when it is there or under way.", NULL },
    { BC_HTTP_POST, "/api/v1/replays/" RECORDING "/clips", BC_CONTROL_TOKEN,
        bc_control_clip_replay, false, 201, JSON, "clipReplay",
        "Cuts a clip out of a recording.", CLIP_BODY },
    { BC_HTTP_GET, "/api/v1/replays/" RECORDING "/frames", BC_CONTROL_TOKEN,
        bc_control_replay_frames, false, 200, JSON, "listFrames",
        "Times of the picture's frames around ?at_ms=.", NULL },
    { BC_HTTP_GET, "/api/v1/clips", BC_CONTROL_TOKEN, bc_control_clips, true, 200, JSON,
        "listClips", "Clips, newest first; ?channel= of one.", NULL },
    { BC_HTTP_GET, "/api/v1/clips/" RECORDING, BC_CONTROL_TOKEN, bc_control_clip, false,
        200, JSON, "getClip",
        "One clip; its note tells why it is not quite as it was asked for.", NULL },
    { BC_HTTP_DELETE, "/api/v1/clips/" RECORDING, BC_CONTROL_TOKEN,
        bc_control_clip_delete, false, 204, NULL, "deleteClip",
        "Deletes a clip, also one in the making.", NULL },
    { BC_HTTP_GET, "/api/v1/relays", BC_CONTROL_TOKEN, bc_control_relays, false, 200,
        JSON, "listRelays", "Streams that are pulled from and pushed to other servers.",
        NULL },
    { BC_HTTP_POST, "/api/v1/relays", BC_CONTROL_TOKEN, bc_control_relay_start, false,
        201, JSON, "startRelay", "Pulls a stream or a file, or pushes a stream.",
        "{\"channel\": \"...\", \"kind\": \"pull\" or \"push\", \"url\": \"...\", "
        "\"token\": \"...\", \"name\": \"...\", \"loop\": false, \"start_at_s\": 0}; the "
        "last four may be left out." },
    { BC_HTTP_POST, "/api/v1/relays/" ID "/start", BC_CONTROL_TOKEN,
        bc_control_relay_enable, false, 202, JSON, "enableRelay",
        "Lets a pull or a push that was stopped go on.", NULL },
    { BC_HTTP_POST, "/api/v1/relays/" ID "/stop", BC_CONTROL_TOKEN,
        bc_control_relay_disable, false, 202, JSON, "disableRelay",
        "Hangs up and lets a pull or a push rest until it is started.", NULL },
    { BC_HTTP_DELETE, "/api/v1/relays/" ID, BC_CONTROL_TOKEN, bc_control_relay_stop,
        false, 202, JSON, "stopRelay", "Ends a pull or a push.", NULL },
    { BC_HTTP_GET, "/api/v1/public/channels", BC_CONTROL_OPEN, bc_control_public_channels,
        true, 200, JSON, "listPublicChannels",
        "What is live now, as far as everybody may know.", NULL },
    { BC_HTTP_GET, "/api/v1/public/channels/" CHANNEL, BC_CONTROL_OPEN,
        bc_control_public_channel, false, 200, JSON, "getPublicChannel",
        "One channel, as far as everybody may know.", NULL },
    { BC_HTTP_GET, "/api/v1/public/replays/" RECORDING, BC_CONTROL_OPEN,
        bc_control_public_replay, false, 200, JSON, "getPublicReplay",
        "One replay, as far as everybody may know who may watch it.", NULL },
    { BC_HTTP_GET, "/api/v1/public/clips/" RECORDING, BC_CONTROL_OPEN,
        bc_control_public_clip, false, 200, JSON, "getPublicClip",
        "One clip, as far as everybody may know who may watch it.", NULL },
    { BC_HTTP_POST, BC_CONTROL_PICTURES_PATH, BC_CONTROL_TOKEN, bc_control_picture_add, false,
        201, JSON, "addPicture", "Keeps a picture for cards and scenes.",
        "A PNG, JPEG or WebP as it is, at most 8 MiB and 4096 x 4096 pixels." },
    { BC_HTTP_GET, BC_CONTROL_PICTURES_PATH, BC_CONTROL_TOKEN, bc_control_pictures, false,
        200, JSON, "listPictures", "The pictures that were uploaded, the newest first.",
        NULL },
    { BC_HTTP_DELETE, BC_CONTROL_PICTURES_PATH "/" PICTURE, BC_CONTROL_TOKEN,
        bc_control_picture_delete, false, 204, NULL, "deletePicture",
        "Deletes a picture; cards that show it have none from then on.", NULL },
    { BC_HTTP_GET, BC_CONTROL_PICTURE_URL PICTURE, BC_CONTROL_OPEN, bc_control_picture, false,
        200, "image/png", "getPicture", "A picture as it was uploaded, of whichever type.",
        NULL },
    { BC_HTTP_GET, "/api/v1/public/info", BC_CONTROL_OPEN, bc_control_public_info, false,
        200, JSON, "getInfo", "The server's name, version and ports.", NULL },
    { BC_HTTP_GET, "/" CHANNEL "/about.json", BC_CONTROL_OPEN, bc_control_about, false,
        200, JSON, "getAbout",
        "What a page that shows the channel needs: its state, times and last replay.",
        NULL },
};

const size_t BC_CONTROL_ROUTE_COUNT = sizeof(BC_CONTROL_ROUTES)
    / sizeof(BC_CONTROL_ROUTES[0]);
