// SPDX-License-Identifier: Apache-2.0
// The web pages. Their names, types, ETags and caching are the file store's business;
// here is only which path shows which file.
#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "control_internal.h"
#include "protocol/http/files.h"
#include "record/recording.h"

#define NO_PAGES \
    "Branchcast runs, but its web pages were not built.\n" \
    "Build them with: cd src/web && npm ci && npm run build\n" \
    "Everything else works: RTMP, FLV, HLS and the API (/api/v1/openapi.json).\n"

// The page behind a prefix and what has to follow it.
struct page {
    const char *prefix;
    const char *file;
    bool (*fits)(const char *rest);
};

// A recording's id is one word; whether there is such a recording is the page's business.
static bool
is_id(const char *rest)
{
    static const char LETTERS[] =
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
    size_t len = strlen(rest);
    return len > 0 && len <= BC_RECORDING_ID_MAX && strspn(rest, LETTERS) == len;
}

static bool
is_console(const char *rest)
{
    static const char *const NAMES[] = { "", "channels", "clips", "cues", "switcher" };
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        if (strcmp(rest, NAMES[i]) == 0) {
            return true;
        }
    }
    return false;
}

// The HTML file that a path shows; NULL: none. An address such as "/watch/live.flv" is no
// page, since it names no channel, and stays free for the stream "live" of an app
// "watch". Replays and clips come before channels whose app is called so.
static const char *
page_of(const char *path)
{
    static const struct page PAGES[] = {
        { "/watch/replay/", "replay.html", is_id },
        { "/watch/clip/", "replay.html", is_id },
        { "/watch/", "watch.html", bc_channel_name_is_valid },
        { "/embed/", "embed.html", bc_channel_name_is_valid },
        { "/go-live/", "golive.html", bc_channel_name_is_valid },
        { "/console/", "console.html", is_console },
    };

    if (strcmp(path, "/") == 0 || strcmp(path, "/index.html") == 0) {
        return "index.html";
    }
    if (strcmp(path, "/console") == 0) {
        return "console.html";
    }
    for (size_t i = 0; i < sizeof(PAGES) / sizeof(PAGES[0]); i++) {
        size_t len = strlen(PAGES[i].prefix);
        char rest[BC_CHANNEL_NAME_MAX + 2];
        if (strncmp(path, PAGES[i].prefix, len) != 0 || strlen(path + len) >= sizeof(rest)) {
            continue;
        }
        strcpy(rest, path + len);
        size_t last = strlen(rest);
        if (last > 1 && rest[last - 1] == '/') {
            rest[last - 1] = '\0';
        }
        if (PAGES[i].fits(rest)) {
            return PAGES[i].file;
        }
    }
    return NULL;
}

static bool
is_file(const char *path)
{
    return strncmp(path, "/assets/", 8) == 0 || strncmp(path, "/favicon.", 9) == 0;
}

bool
bc_control_page(struct bc_control *control, struct bc_http_exchange *x)
{
    const char *path = bc_http_path(x);
    const struct bc_http_files *files = control->params.files;
    const char *page = page_of(path);
    if (!page) {
        return files && is_file(path) && bc_http_files_respond(files, x, path + 1);
    }
    enum bc_http_method method = bc_http_method(x);
    if (method != BC_HTTP_GET && method != BC_HTTP_HEAD) {
        bc_control_respond_error(x, 405, "method_not_allowed", "not with this method",
            "Allow: GET, HEAD\r\n" BC_CONTROL_NO_STORE);
    } else if (!files || !bc_http_files_respond(files, x, page)) {
        bc_http_respond_text(x, strcmp(page, "index.html") == 0 ? 200 : 503, NULL,
            "Cache-Control: no-cache\r\n", NO_PAGES);
    }
    return true;
}
