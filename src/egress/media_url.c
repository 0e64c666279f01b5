// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "media_internal.h"

static bool
has_suffix(const char *text, const char *suffix)
{
    size_t n = strlen(text);
    size_t m = strlen(suffix);
    return n > m && strcmp(text + n - m, suffix) == 0;
}

static bool
set_channel(struct bc_media_url *out, const char *begin, size_t len)
{
    if (len >= sizeof(out->channel)) {
        return false;
    }
    memcpy(out->channel, begin, len);
    out->channel[len] = '\0';
    return bc_channel_name_is_valid(out->channel);
}

// Names that playlists use; everything else in this place is a channel of its own.
static bool
is_hls_file(const char *name)
{
    static const char *const LISTS[] = { "main", "audio", "v1", "v2", "v3" };
    bool is_media = has_suffix(name, ".m4s") || has_suffix(name, ".mp4");
    for (size_t i = 0; i < sizeof(LISTS) / sizeof(LISTS[0]); i++) {
        size_t len = strlen(LISTS[i]);
        if (strncmp(name, LISTS[i], len) == 0
            && (is_media ? name[len] == '_' : strcmp(name + len, ".m3u8") == 0)) {
            return true;
        }
    }
    return false;
}

// Takes "/s/SID" off the end of [begin, end).
static const char *
take_sid(struct bc_media_url *out, const char *begin, const char *end)
{
    size_t want = 3 + BC_HLS_SID_TEXT - 1;
    if ((size_t)(end - begin) <= want || strncmp(end - want, "/s/", 3) != 0) {
        return end;
    }
    const char *sid = end - (BC_HLS_SID_TEXT - 1);
    for (const char *c = sid; c < end; c++) {
        if (!strchr("0123456789abcdef", *c)) {
            return end;
        }
    }
    memcpy(out->sid, sid, BC_HLS_SID_TEXT - 1);
    out->sid[BC_HLS_SID_TEXT - 1] = '\0';
    return end - want;
}

static bool
parse_in_folder(const char *path, const char *slash, struct bc_media_url *out)
{
    out->file = slash + 1;
    const char *end = take_sid(out, path + 1, slash);
    out->kind = strcmp(out->file, "index.m3u8") == 0 ? BC_MEDIA_MULTIVARIANT
                                                     : BC_MEDIA_HLS_FILE;
    return set_channel(out, path + 1, (size_t)(end - path - 1));
}

// "/app/stream/whep" and "/app/stream/whep/ID".
static bool
parse_whep(const char *path, const char *slash, struct bc_media_url *out)
{
    static const char FOLDER[] = "/whep";
    size_t len = strlen(FOLDER);
    out->file = slash + 1;
    if (strcmp(slash, FOLDER) == 0) {
        out->kind = BC_MEDIA_WHEP;
        return set_channel(out, path + 1, (size_t)(slash - path) - 1);
    }
    if ((size_t)(slash - path) <= len + 1 || strncmp(slash - len, FOLDER, len) != 0) {
        return false;
    }
    out->kind = BC_MEDIA_WHEP_SESSION;
    return set_channel(out, path + 1, (size_t)(slash - path) - len - 1);
}

// "/app/stream/cues", "/app/stream/cues.json" and "/app/stream/cues/ID.svg".
static bool
parse_cues(const char *path, const char *slash, struct bc_media_url *out)
{
    static const char FOLDER[] = "/cues";
    size_t len = strlen(FOLDER);
    out->file = slash + 1;
    if (strncmp(path, "/api/", strlen("/api/")) == 0) {
        return false; // the API has things of these names too
    }
    if (strcmp(slash, FOLDER) == 0 || strcmp(slash, "/cues.json") == 0) {
        out->kind = strcmp(slash, FOLDER) == 0 ? BC_MEDIA_CUES : BC_MEDIA_CUES_LIST;
        return set_channel(out, path + 1, (size_t)(slash - path) - 1);
    }
    if ((size_t)(slash - path) <= len + 1 || strncmp(slash - len, FOLDER, len) != 0
        || !has_suffix(slash, ".svg")) {
        return false;
    }
    out->kind = BC_MEDIA_CUE_CARD;
    return set_channel(out, path + 1, (size_t)(slash - path) - len - 1);
}

bool
bc_media_url_parse(const char *path, struct bc_media_url *out)
{
    memset(out, 0, sizeof(*out));
    const char *slash = strrchr(path, '/');
    if (path[0] != '/' || !slash || slash == path) {
        return false;
    }
    const char *name = slash + 1;
    if (strcmp(name, "index.m3u8") == 0 || is_hls_file(name)) {
        bool found = parse_in_folder(path, slash, out);
        if (found || name[0] != 'v') {
            return found;
        }
        memset(out, 0, sizeof(*out)); // "/live/v1.m3u8" is the channel "live/v1"
    }
    if (parse_whep(path, slash, out)) {
        return true;
    }
    memset(out, 0, sizeof(*out));
    if (parse_cues(path, slash, out)) {
        return true;
    }
    memset(out, 0, sizeof(*out));
    out->file = name;
    out->flat = true;
    if (has_suffix(name, ".flv")) {
        out->kind = BC_MEDIA_FLV;
        return set_channel(out, path + 1, strlen(path) - 1 - strlen(".flv"));
    }
    // The API has pictures of its own.
    if (has_suffix(name, ".jpg") && strncmp(path, "/api/v1/", strlen("/api/v1/")) != 0) {
        out->kind = BC_MEDIA_PICTURE;
        return set_channel(out, path + 1, strlen(path) - 1 - strlen(".jpg"));
    }
    if (has_suffix(name, ".m3u8")) {
        out->kind = BC_MEDIA_MULTIVARIANT;
        return set_channel(out, path + 1, strlen(path) - 1 - strlen(".m3u8"));
    }
    return false;
}
