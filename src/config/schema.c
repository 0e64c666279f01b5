// SPDX-License-Identifier: Apache-2.0
#include "schema.h"

#include <assert.h>

#include "check.h"
#include "config/settings.h"

static_assert(sizeof(enum bc_access) == sizeof(int), "enum fields are written as int");

#define AT(field) offsetof(struct bc_config, field)
#define CHANNEL_AT(field) offsetof(struct bc_config_channel, field)
#define LIVE BC_SCOPE_LIVE
#define RESTART BC_SCOPE_RESTART

#define SECRET_MAX 200
#define PATH_BYTES_MAX 4095
#define DISK_BYTES_MAX ((int64_t)1 << 50)

static const struct bc_key_choice LEVELS[] = {
    { "error", BC_LOG_ERROR },
    { "warn", BC_LOG_WARN },
    { "info", BC_LOG_INFO },
    { "debug", BC_LOG_DEBUG },
    { "trace", BC_LOG_TRACE },
    { NULL, 0 },
};

static const struct bc_key_choice FORMATS[] = {
    { "text", BC_LOG_FORMAT_TEXT },
    { "json", BC_LOG_FORMAT_JSON },
    { NULL, 0 },
};

static const struct bc_key_choice KEY_OR_OPEN[] = {
    { "key", BC_ACCESS_KEY },
    { "open", BC_ACCESS_OPEN },
    { NULL, 0 },
};

static const struct bc_key_choice TOKEN_OR_OPEN[] = {
    { "token", BC_ACCESS_TOKEN },
    { "open", BC_ACCESS_OPEN },
    { NULL, 0 },
};

static const struct bc_key_choice RECORD_MODES[] = {
    { "always", BC_RECORD_ALWAYS },
    { "request", BC_RECORD_REQUEST },
    { "never", BC_RECORD_NEVER },
    { NULL, 0 },
};

static const struct bc_key_choice CHANNEL_RECORD_MODES[] = {
    { "default", BC_RECORD_DEFAULT },
    { "always", BC_RECORD_ALWAYS },
    { "request", BC_RECORD_REQUEST },
    { "never", BC_RECORD_NEVER },
    { NULL, 0 },
};

static const struct bc_key_choice B_FRAMES[] = {
    { "transcode", BC_B_FRAMES_TRANSCODE },
    { "drop", BC_B_FRAMES_DROP },
    { "refuse", BC_B_FRAMES_REFUSE },
    { NULL, 0 },
};

const struct bc_section BC_CONFIG_SECTIONS[] = {
    { "", "The process as a whole." },
    { "data", "Where the server keeps its files." },
    { "log", "One line an event, on stderr." },
    { "rtmp", "RTMP for publishers and viewers." },
    { "rtmps", "RTMP over TLS only. Listens only when tls.cert is set." },
    { "http", "HTTP/1.1 and HTTP/2 without TLS: FLV, HLS, pages, API, metrics." },
    { "https", "The same as http over TLS. Listens only when tls.cert is set." },
    { "tls", "The certificate for https, rtmps and TLS on the RTMP port." },
    { "access", "Who may publish, play and use the API." },
    { "limits", "What one server or one client may take." },
    { "stream", "Channels, takes and viewers." },
    { "hls", "HLS and low-latency HLS. Changes apply to later broadcasts." },
    { "webrtc", "WebRTC: WHIP for hosts, WHEP for viewers. One port for all media." },
    { "relay", "Files and streams elsewhere that feed channels." },
    { "srt", "SRT for hosts and viewers, as MPEG transport streams." },
    { "record", "Recordings of broadcasts, in the data directory." },
    { "clip", "Clips that are cut out of recordings." },
    { "cards", "Product cards, coupons and the like that cues show." },
    { "compose", "Composite channels: scenes drawn from other channels." },
};
const size_t BC_CONFIG_N_SECTIONS = sizeof(BC_CONFIG_SECTIONS)
    / sizeof(BC_CONFIG_SECTIONS[0]);

const struct bc_key BC_CONFIG_KEYS[] = {
    { .name = "workers", .type = BC_KEY_INT, .scope = RESTART, .offset = AT(workers),
        .def = "0", .max = 64, .text = "Worker threads; 0 is one per core." },

    { .name = "data.dir", .type = BC_KEY_PATH, .scope = RESTART, .offset = AT(data.dir),
        .def = "./data", .min = 1, .max = PATH_BYTES_MAX,
        .text = "The data directory: keys, recordings, clips. Created when it is "
                "missing." },

    { .name = "log.level", .type = BC_KEY_ENUM, .scope = LIVE, .offset = AT(log.level),
        .def = "info", .choices = LEVELS,
        .text = "The least important lines still written." },
    { .name = "log.format", .type = BC_KEY_ENUM, .scope = LIVE, .offset = AT(log.format),
        .def = "text", .choices = FORMATS,
        .text = "Lines for people, or JSON for machines." },

    { .name = "rtmp.listen", .type = BC_KEY_LISTEN, .scope = RESTART,
        .offset = AT(rtmp.listen), .def = ":1935",
        .text = "Addresses for RTMP; an empty list turns it off." },
    { .name = "rtmp.max_message_bytes", .type = BC_KEY_SIZE, .scope = LIVE,
        .offset = AT(rtmp.max_message_bytes), .def = "4194304", .min = 65536,
        .max = 0xffffff, .unit = "bytes",
        .text = "A publisher that sends a larger message (a frame) is closed." },
    { .name = "rtmp.handshake_timeout_s", .type = BC_KEY_INT, .scope = LIVE,
        .offset = AT(rtmp.handshake_timeout_s), .def = "10", .min = 1, .max = 300,
        .unit = "s", .text = "Who has not asked to publish or play by then is closed." },

    { .name = "rtmps.listen", .type = BC_KEY_LISTEN, .scope = RESTART,
        .offset = AT(rtmps.listen), .def = ":1936",
        .text = "Addresses for RTMPS; an empty list turns it off. The addresses of "
                "rtmp.listen take TLS too." },

    { .name = "http.listen", .type = BC_KEY_LISTEN, .scope = RESTART,
        .offset = AT(http.listen), .def = ":8080",
        .text = "Addresses for HTTP; an empty list turns it off." },
    { .name = "http.max_header_bytes", .type = BC_KEY_SIZE, .scope = LIVE,
        .offset = AT(http.max_header_bytes), .def = "16384", .min = 1024, .max = 1048576,
        .unit = "bytes", .text = "Largest request line and header together." },
    { .name = "http.header_timeout_s", .type = BC_KEY_INT, .scope = LIVE,
        .offset = AT(http.header_timeout_s), .def = "10", .min = 1, .max = 300,
        .unit = "s",
        .text = "A request whose header is not complete by then is closed." },
    { .name = "http.idle_timeout_s", .type = BC_KEY_INT, .scope = LIVE,
        .offset = AT(http.idle_timeout_s), .def = "60", .min = 1, .max = 3600,
        .unit = "s", .text = "A connection without a request for so long is closed." },
    { .name = "http.cors_origin", .type = BC_KEY_STRING, .scope = LIVE,
        .offset = AT(http.cors_origin), .def = "*", .max = 512, .check = bc_check_origin,
        .text = "Web origin whose pages may play; * is any, \"\" only this server's "
                "own pages." },

    { .name = "https.listen", .type = BC_KEY_LISTEN, .scope = RESTART,
        .offset = AT(https.listen), .def = ":8443",
        .text = "Addresses for HTTPS; an empty list turns it off." },

    { .name = "tls.cert", .type = BC_KEY_PATH, .scope = LIVE, .offset = AT(tls.cert),
        .def = "", .max = PATH_BYTES_MAX,
        .text = "PEM file with the certificate and its chain." },
    { .name = "tls.key", .type = BC_KEY_PATH, .scope = LIVE, .offset = AT(tls.key),
        .def = "", .max = PATH_BYTES_MAX,
        .text = "PEM file with the certificate's private key." },

    { .name = "access.publish", .type = BC_KEY_ENUM, .scope = LIVE,
        .offset = AT(access.publish), .def = "key", .choices = KEY_OR_OPEN,
        .text = "Who may publish: who knows the key, or everybody." },
    { .name = "access.play", .type = BC_KEY_ENUM, .scope = LIVE,
        .offset = AT(access.play), .def = "open", .choices = TOKEN_OR_OPEN,
        .text = "Who may play: everybody, or who has access.play_key." },
    { .name = "access.api", .type = BC_KEY_ENUM, .scope = LIVE, .offset = AT(access.api),
        .def = "token", .choices = TOKEN_OR_OPEN,
        .text = "Who may use the API: who has the administrator's token, or everybody." },
    { .name = "access.publish_key", .type = BC_KEY_STRING, .scope = LIVE,
        .offset = AT(access.publish_key), .def = "", .max = SECRET_MAX, .secret = true,
        .check = bc_check_secret,
        .text = "Publish key of all channels, plain or as sha256:<hex>; \"\" is the "
                "one in the data directory." },
    { .name = "access.play_key", .type = BC_KEY_STRING, .scope = LIVE,
        .offset = AT(access.play_key), .def = "", .max = SECRET_MAX, .secret = true,
        .check = bc_check_secret,
        .text = "What viewers give as ?key= when access.play is token, plain or as "
                "sha256:<hex>." },

    { .name = "limits.connections", .type = BC_KEY_INT, .scope = LIVE,
        .offset = AT(limits.connections), .def = "20000", .min = 10, .max = 1000000,
        .text = "Connections of the whole server; more are closed at once." },
    { .name = "limits.half_open_per_ip", .type = BC_KEY_INT, .scope = LIVE,
        .offset = AT(limits.half_open_per_ip), .def = "256", .max = 1000000,
        .text = "Connections of one address that have not asked for anything yet; 0 is "
                "no limit." },

    { .name = "stream.grace_s", .type = BC_KEY_INT, .scope = LIVE,
        .offset = AT(stream.grace_s), .def = "30", .max = 3600, .unit = "s",
        .text = "How long a channel stays live for its publisher to come back after a "
                "drop." },
    { .name = "stream.gop_cache", .type = BC_KEY_BOOL, .scope = LIVE,
        .offset = AT(stream.gop_cache), .def = "true",
        .text = "Start viewers at once from the last keyframe." },
    { .name = "stream.gop_max_ms", .type = BC_KEY_INT, .scope = LIVE,
        .offset = AT(stream.gop_max_ms), .def = "20000", .min = 500, .max = 120000,
        .unit = "ms",
        .text = "Most that is kept from the last keyframe; a longer GOP is cut." },
    { .name = "stream.viewer_queue_ms", .type = BC_KEY_INT, .scope = LIVE,
        .offset = AT(stream.viewer_queue_ms), .def = "4000", .min = 200, .max = 60000,
        .unit = "ms",
        .text = "A viewer further behind than this skips to the next keyframe." },
    { .name = "stream.idle_timeout_s", .type = BC_KEY_INT, .scope = LIVE,
        .offset = AT(stream.idle_timeout_s), .def = "10", .min = 1, .max = 3600,
        .unit = "s", .text = "A publisher that is silent for so long is closed." },
    { .name = "stream.first_packet_timeout_s", .type = BC_KEY_INT, .scope = LIVE,
        .offset = AT(stream.first_packet_timeout_s), .def = "20", .min = 1, .max = 3600,
        .unit = "s", .text = "The same, before its first audio or video." },
    { .name = "stream.max_channels", .type = BC_KEY_INT, .scope = LIVE,
        .offset = AT(stream.max_channels), .def = "10000", .min = 1, .max = 1000000,
        .text = "Channels that may exist at one time." },

    { .name = "hls.part_ms", .type = BC_KEY_INT, .scope = LIVE, .offset = AT(hls.part_ms),
        .def = "200", .min = 100, .max = 2000, .unit = "ms",
        .text = "Length of a part; viewers are about three parts behind." },
    { .name = "hls.segment_s", .type = BC_KEY_INT, .scope = LIVE,
        .offset = AT(hls.segment_s), .def = "2", .min = 1, .max = 20, .unit = "s",
        .text = "Length of a segment, which ends at the next keyframe after it." },
    { .name = "hls.target_s", .type = BC_KEY_INT, .scope = LIVE,
        .offset = AT(hls.target_s), .def = "4", .min = 1, .max = 20, .unit = "s",
        .text = "TARGETDURATION, which no segment exceeds: with a longer GOP a segment "
                "is cut between keyframes." },
    { .name = "hls.window_s", .type = BC_KEY_INT, .scope = LIVE,
        .offset = AT(hls.window_s), .def = "60", .min = 6, .max = 3600, .unit = "s",
        .text = "How far back the playlist reaches, in memory." },

    { .name = "webrtc.listen", .type = BC_KEY_LISTEN, .scope = RESTART,
        .offset = AT(webrtc.listen), .def = ":8189",
        .text = "Addresses for media, UDP and TCP; an empty list turns WebRTC off." },
    { .name = "webrtc.public_addresses", .type = BC_KEY_ADDRESSES, .scope = LIVE,
        .offset = AT(webrtc.public_addresses), .def = "",
        .text = "Where clients reach webrtc.listen from outside, behind NAT: addresses "
                "with or without a port. Empty: the machine's own." },
    { .name = "webrtc.ice_servers", .type = BC_KEY_STRING, .scope = LIVE,
        .offset = AT(webrtc.ice_servers), .def = "", .max = 1000, .secret = true,
        .check = bc_check_ice_servers,
        .text = "STUN and TURN servers that clients are told, separated by spaces: "
                "stun:HOST:PORT, turn:USER:PASSWORD@HOST:PORT?transport=udp." },
    { .name = "webrtc.b_frames", .type = BC_KEY_ENUM, .scope = LIVE,
        .offset = AT(webrtc.b_frames), .def = "transcode", .choices = B_FRAMES,
        .text = "WebRTC players cannot show B-frames: encode such video once more, drop "
                "them, or refuse these viewers." },
    { .name = "webrtc.data_channels", .type = BC_KEY_BOOL, .scope = LIVE,
        .offset = AT(webrtc.data_channels), .def = "true",
        .text = "Accept data channels, by which messages reach the page." },
    { .name = "webrtc.max_sessions", .type = BC_KEY_INT, .scope = LIVE,
        .offset = AT(webrtc.max_sessions), .def = "5000", .min = 1, .max = 1000000,
        .text = "WebRTC sessions of the whole server." },

    { .name = "srt.listen", .type = BC_KEY_LISTEN, .scope = RESTART,
        .offset = AT(srt.listen), .def = ":8890",
        .text = "Addresses for SRT, UDP; an empty list turns it off." },
    { .name = "srt.latency_ms", .type = BC_KEY_INT, .scope = RESTART,
        .offset = AT(srt.latency_ms), .def = "200", .min = 20, .max = 8000, .unit = "ms",
        .text = "How long a lost packet may take to be sent again, both ways. The larger "
                "one of both sides counts." },
    { .name = "srt.passphrase", .type = BC_KEY_STRING, .scope = LIVE,
        .offset = AT(srt.passphrase), .def = "", .max = 79, .secret = true,
        .check = bc_check_passphrase,
        .text = "Hosts and viewers by SRT must encrypt with this passphrase of 10 to 79 "
                "characters; \"\" is no encryption." },

    { .name = "relay.media_dir", .type = BC_KEY_PATH, .scope = RESTART,
        .offset = AT(relay.media_dir), .def = "", .max = PATH_BYTES_MAX,
        .text = "Where files and playlists lie that feed channels; empty: media in the "
                "data directory." },
    { .name = "relay.allow_private", .type = BC_KEY_BOOL, .scope = RESTART,
        .offset = AT(relay.allow_private), .def = "false",
        .text = "Whether channels may be fed from addresses of private networks and of this "
                "machine, and pushed there by the API; targets and origins of this "
                "configuration may be there anyway." },
    { .name = "relay.max_inputs", .type = BC_KEY_INT, .scope = RESTART,
        .offset = AT(relay.max_inputs), .def = "32", .max = 256,
        .text = "Files and streams elsewhere that are read at one time, each by a thread "
                "of its own." },
    { .name = "relay.origins", .type = BC_KEY_URLS, .scope = LIVE,
        .offset = AT(relay.origins), .def = "",
        .text = "Makes the server an edge: a channel that nobody publishes here, and that "
                "has no entry below, is pulled from the first of these servers that has "
                "it, while somebody watches. http://HOST:PORT (its HTTP-FLV), https://, "
                "rtmp:// or rtmps://; a token may stand behind a question mark." },
    { .name = "relay.edge_grace_s", .type = BC_KEY_INT, .scope = LIVE,
        .offset = AT(relay.edge_grace_s), .def = "10", .max = 3600, .unit = "s",
        .text = "How long an edge goes on pulling after the last viewer left." },

    { .name = "record.mode", .type = BC_KEY_ENUM, .scope = LIVE,
        .offset = AT(record.mode), .def = "request", .choices = RECORD_MODES,
        .text = "Which broadcasts are recorded: all, those for which the API or the "
                "console asks, or none. channels.*.record says otherwise for one channel." },
    { .name = "record.max_age_days", .type = BC_KEY_INT, .scope = LIVE,
        .offset = AT(record.max_age_days), .def = "0", .max = 36500, .unit = "days",
        .text = "Recordings older than this are deleted; 0 is no limit. Clips stay." },
    { .name = "record.max_bytes", .type = BC_KEY_SIZE, .scope = LIVE,
        .offset = AT(record.max_bytes), .def = "0", .max = DISK_BYTES_MAX,
        .unit = "bytes",
        .text = "Above this the oldest recordings are deleted; 0 is 90 % of the disk." },
    { .name = "record.min_free_bytes", .type = BC_KEY_SIZE, .scope = LIVE,
        .offset = AT(record.min_free_bytes), .def = "2GiB", .max = DISK_BYTES_MAX,
        .unit = "bytes",
        .text = "With less free on the disk the oldest recordings are deleted, and "
                "while that is not enough nothing is recorded, with an alarm." },
    { .name = "record.resume_s", .type = BC_KEY_INT, .scope = LIVE,
        .offset = AT(record.resume_s), .def = "300", .max = 86400, .unit = "s",
        .text = "A host that comes back so soon after a crash or a restart of the "
                "server goes on in the same recording." },
    { .name = "record.dvr_window_s", .type = BC_KEY_INT, .scope = LIVE,
        .offset = AT(record.dvr_window_s), .def = "14400", .min = 60, .max = 86400,
        .unit = "s",
        .text = "How far viewers may rewind a running broadcast that is recorded." },

    { .name = "clip.threads", .type = BC_KEY_INT, .scope = RESTART,
        .offset = AT(clip.threads), .def = "1", .min = 1, .max = 8,
        .text = "Clips that are cut at one time." },
    { .name = "clip.queue", .type = BC_KEY_INT, .scope = RESTART,
        .offset = AT(clip.queue), .def = "64", .min = 1, .max = 1000,
        .text = "Clips that may wait; more are refused." },

    { .name = "cards.dir", .type = BC_KEY_PATH, .scope = LIVE, .offset = AT(cards.dir),
        .def = "", .max = PATH_BYTES_MAX,
        .text = "More card templates: a folder of SVG files, as docs/cards.md has them. One "
                "named as a template of the program (product.svg) replaces it. Read anew "
                "with each reload." },

    { .name = "compose.max", .type = BC_KEY_INT, .scope = LIVE,
        .offset = AT(compose.max), .def = "8", .max = 64,
        .text = "Different scenes that are composed at one time, each by a process of its "
                "own; channels with equal scenes share one." },
    { .name = "compose.local", .type = BC_KEY_BOOL, .scope = LIVE,
        .offset = AT(compose.local), .def = "true",
        .text = "Start these processes here; otherwise branchcast compose has to be "
                "started on other machines." },
};
const size_t BC_CONFIG_N_KEYS = sizeof(BC_CONFIG_KEYS) / sizeof(BC_CONFIG_KEYS[0]);
static_assert(sizeof(BC_CONFIG_KEYS) / sizeof(BC_CONFIG_KEYS[0]) <= BC_CONFIG_MAX_KEYS,
    "raise BC_CONFIG_MAX_KEYS");

const struct bc_key BC_CHANNEL_KEYS[] = {
    { .name = "publish_key", .type = BC_KEY_STRING, .scope = LIVE,
        .offset = CHANNEL_AT(publish_key), .def = "", .max = SECRET_MAX, .secret = true,
        .check = bc_check_secret,
        .text = "Publish key of this channel, instead of the global one." },
    { .name = "srt_passphrase", .type = BC_KEY_STRING, .scope = LIVE,
        .offset = CHANNEL_AT(srt_passphrase), .def = "", .max = 79, .secret = true,
        .check = bc_check_passphrase,
        .text = "SRT passphrase of this channel, instead of srt.passphrase." },
    { .name = "record", .type = BC_KEY_ENUM, .scope = LIVE, .offset = CHANNEL_AT(record),
        .def = "default", .choices = CHANNEL_RECORD_MODES,
        .text = "Which of its broadcasts are recorded; default is record.mode." },
    { .name = "title", .type = BC_KEY_STRING, .scope = LIVE, .offset = CHANNEL_AT(title),
        .def = "", .max = 200, .text = "What pages and the API call the channel." },
    { .name = "cover", .type = BC_KEY_STRING, .scope = LIVE, .offset = CHANNEL_AT(cover),
        .def = "", .max = 1000,
        .text = "A picture (path of a PNG or JPEG) that FLV, RTMP and HLS show while a "
                "broadcast has sound alone, for players that want a video; empty: none." },
    { .name = "source_wait_ms", .type = BC_KEY_INT, .scope = LIVE,
        .offset = CHANNEL_AT(source_wait_ms), .def = "800", .max = 30000, .unit = "ms",
        .text = "How long a source that was lost, or fell silent, is waited for before the "
                "next one takes its place." },
    { .name = "slate_wait_ms", .type = BC_KEY_INT, .scope = LIVE,
        .offset = CHANNEL_AT(slate_wait_ms), .def = "3000", .max = 30000, .unit = "ms",
        .text = "The same when the next one is a slate." },
    { .name = "source_stable_ms", .type = BC_KEY_INT, .scope = LIVE,
        .offset = CHANNEL_AT(source_stable_ms), .def = "2000", .max = 60000, .unit = "ms",
        .text = "How long a better source must be there before it takes over by itself." },
    { .name = "open", .type = BC_KEY_BOOL, .scope = LIVE, .offset = CHANNEL_AT(open),
        .def = "true",
        .text = "A channel that is not open has no viewers and accepts no hosts." },
    { .name = "delay_s", .type = BC_KEY_INT, .scope = LIVE, .offset = CHANNEL_AT(delay_s),
        .def = "0", .max = 60, .unit = "s",
        .text = "Broadcast delay: all that the channel shows is held back so long, 10 s at "
                "least, and can be cut out before anybody sees it; 0: none." },
    { .name = "viewers_max", .type = BC_KEY_INT, .scope = LIVE,
        .offset = CHANNEL_AT(viewers_max), .def = "0", .max = 1000000,
        .text = "Viewers of this channel by all protocols; 0 is no limit." },
    { .name = "sources", .type = BC_KEY_SOURCES, .scope = LIVE,
        .offset = CHANNEL_AT(sources), .def = "[publisher]",
        .text = "What the channel shows, best first: publisher, publisher: ROLE (pushed with "
                "?role=ROLE; backup comes behind publisher by itself), channel: NAME, pull: "
                "URL, file: { path: NAME, loop: true, start_at_s: 0 }, slate: { image: PATH } "
                "or slate: { file: PATH }." },
    { .name = "scene", .type = BC_KEY_PATH, .scope = LIVE, .offset = CHANNEL_AT(scene),
        .def = "", .max = PATH_BYTES_MAX,
        .text = "Makes it a composite channel: a file (YAML or JSON) with the scene that is "
                "composed out of other channels and goes before the sources." },
    { .name = "burn_cues", .type = BC_KEY_BOOL, .scope = LIVE,
        .offset = CHANNEL_AT(burn_cues), .def = "false",
        .text = "Draws the cards of cues into the picture, for players that show none: a "
                "scene of its first channel source, when no other is given." },
    { .name = "push", .type = BC_KEY_PUSHES, .scope = LIVE, .offset = CHANNEL_AT(push),
        .def = "[]",
        .text = "Where the channel is sent to whenever it is live: a list of { url: URL, "
                "name: NAME, enabled: true }, with rtmp, rtmps, srt, or http and https for "
                "a WHIP endpoint. Targets may be stopped and started by the API." },
    { .name = "schedule", .type = BC_KEY_SCHEDULE, .scope = LIVE,
        .offset = CHANNEL_AT(schedule), .def = "{}",
        .text = "When its broadcast begins and ends: { starts_at: TIME, ends_at: TIME, "
                "keys_from: TIME, record: true or false, title: TEXT }, each of which may "
                "be left out. TIME is like 2026-03-01T20:00:00+08:00. keys_from is half an "
                "hour before the start unless told. It counts instead of one set by the API." },
};
const size_t BC_CHANNEL_N_KEYS = sizeof(BC_CHANNEL_KEYS) / sizeof(BC_CHANNEL_KEYS[0]);
