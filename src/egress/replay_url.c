// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "replay.h"
#include "replay/playlist.h"

#define SID_FOLDER_BYTES (3 + BC_HLS_SID_TEXT - 1) // "/s/SID"
#define CARD_NAME_MAX 60 // before ".svg"
#define SHEET_DIGITS_MAX 9

// Takes "/s/SID" off the end of [begin, end).
static const char *
take_sid(struct bc_replay_url *out, const char *begin, const char *end)
{
    if (end - begin < SID_FOLDER_BYTES || strncmp(end - SID_FOLDER_BYTES, "/s/", 3) != 0) {
        return end;
    }
    memcpy(out->sid, end - BC_HLS_SID_TEXT + 1, BC_HLS_SID_TEXT - 1);
    out->sid[BC_HLS_SID_TEXT - 1] = '\0';
    if (strspn(out->sid, "0123456789abcdef") != BC_HLS_SID_TEXT - 1) {
        out->sid[0] = '\0';
        return end;
    }
    return end - SID_FOLDER_BYTES;
}

static bool
take_id(struct bc_replay_url *out, const char *begin, size_t len)
{
    if (len >= sizeof(out->id)) {
        return false;
    }
    memcpy(out->id, begin, len);
    out->id[len] = '\0';
    return bc_recording_id_is_valid(out->id);
}

static bool
is_picture(const char *name)
{
    static const char SHEET[] = "sheet-";
    if (strcmp(name, "poster.jpg") == 0 || strcmp(name, "thumbnails.vtt") == 0) {
        return true;
    }
    if (strncmp(name, SHEET, sizeof(SHEET) - 1) != 0) {
        return false;
    }
    const char *number = name + sizeof(SHEET) - 1;
    size_t digits = strspn(number, "0123456789");
    return digits > 0 && digits <= SHEET_DIGITS_MAX
        && strcmp(number + digits, ".jpg") == 0;
}

// "card-ID-REVISION.svg"
static bool
is_card(const char *name)
{
    static const char CARD[] = "card-";
    size_t len = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
    return strncmp(name, CARD, sizeof(CARD) - 1) == 0 && len < CARD_NAME_MAX
        && strcmp(name + len, ".svg") == 0;
}

static enum bc_replay_what
what_of(enum bc_recording_kind kind, const char *name)
{
    bool init;
    uint64_t number;
    return strcmp(name, "index.m3u8") == 0             ? BC_REPLAY_MULTIVARIANT
        : strcmp(name, "main.m3u8") == 0               ? BC_REPLAY_PLAYLIST
        : strcmp(name, "cues.json") == 0               ? BC_REPLAY_CUES
        : is_card(name)                                ? BC_REPLAY_CARD
        : bc_replay_media_name(name, &init, &number)   ? BC_REPLAY_MEDIA
        : is_picture(name)                             ? BC_REPLAY_PICTURE
        : kind == BC_RECORDING_REPLAY
            && strcmp(name, "classic.mp4") == 0        ? BC_REPLAY_CLASSIC
                                                       : BC_REPLAY_NOTHING;
}

// What follows "/replay/" or "/clip/".
static bool
parse_recording(const char *rest, struct bc_replay_url *out)
{
    const char *slash = strrchr(rest, '/');
    if (!slash) {
        size_t len = strlen(rest);
        out->what = BC_REPLAY_MP4;
        out->file = rest;
        return len > 4 && strcmp(rest + len - 4, ".mp4") == 0
            && take_id(out, rest, len - 4);
    }
    out->file = slash + 1;
    out->what = what_of(out->kind, out->file);
    const char *end = take_sid(out, rest, slash);
    return take_id(out, rest, (size_t)(end - rest));
}

static bool
take_channel(struct bc_replay_url *out, const char *begin, const char *end)
{
    size_t len = (size_t)(end - begin);
    const char *rest = take_sid(out, begin, end);
    if (rest == end || len - SID_FOLDER_BYTES >= sizeof(out->channel)) {
        return false;
    }
    memcpy(out->channel, begin, len - SID_FOLDER_BYTES);
    out->channel[len - SID_FOLDER_BYTES] = '\0';
    return bc_channel_name_is_valid(out->channel);
}

// "/live/hq/s/SID/dvr.m3u8" and "/live/hq/s/SID/dvr/ID/s12.m4s". The id in the path of the
// media keeps what a name stands for the same in the next broadcast.
static bool
parse_dvr(const char *path, struct bc_replay_url *out)
{
    static const char FOLDER[] = "/dvr";
    const char *slash = strrchr(path, '/');
    if (path[0] != '/' || !slash) {
        return false;
    }
    out->dvr = true;
    out->file = slash + 1;
    if (strcmp(out->file, "dvr.m3u8") == 0) {
        out->what = BC_REPLAY_PLAYLIST;
        return slash > path && take_channel(out, path + 1, slash);
    }
    const char *id = slash;
    while (id > path && id[-1] != '/') {
        id--;
    }
    const char *folder = id - sizeof(FOLDER); // "/dvr" before "/ID"
    if (id == path || folder <= path || strncmp(folder, FOLDER, sizeof(FOLDER) - 1) != 0
        || !take_id(out, id, (size_t)(slash - id))) {
        return false;
    }
    out->what = what_of(BC_RECORDING_REPLAY, out->file);
    out->what = out->what == BC_REPLAY_MEDIA ? BC_REPLAY_MEDIA : BC_REPLAY_NOTHING;
    return take_channel(out, path + 1, folder);
}

bool
bc_replay_url_parse(const char *path, struct bc_replay_url *out)
{
    static const char REPLAY[] = "/replay/";
    static const char CLIP[] = "/clip/";
    memset(out, 0, sizeof(*out));
    if (strncmp(path, REPLAY, sizeof(REPLAY) - 1) == 0) {
        out->kind = BC_RECORDING_REPLAY;
        if (parse_recording(path + sizeof(REPLAY) - 1, out)) {
            return true;
        }
    } else if (strncmp(path, CLIP, sizeof(CLIP) - 1) == 0) {
        out->kind = BC_RECORDING_CLIP;
        if (parse_recording(path + sizeof(CLIP) - 1, out)) {
            return true;
        }
    }
    memset(out, 0, sizeof(*out));
    return parse_dvr(path, out);
}
