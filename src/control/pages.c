// SPDX-License-Identifier: Apache-2.0
// The web pages. Their names, types, ETags and caching are the file store's business;
// here is only which path shows which file.
#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "control_internal.h"
#include "protocol/http/files.h"

#define NO_PAGES \
    "Branchcast runs, but its web pages were not built.\n" \
    "Build them with: cd src/web && npm ci && npm run build\n" \
    "Everything else works: RTMP, FLV, HLS and the API (/api/v1/openapi.json).\n"

// The HTML file that a path shows; NULL: none. An address such as "/watch/live.flv" is no
// page, since it names no channel, and stays free for the stream "live" of an app
// "watch".
static const char *
page_of(const char *path)
{
    static const struct {
        const char *prefix;
        const char *file;
    } PAGES[] = {
        { "/watch/", "watch.html" },
        { "/embed/", "embed.html" },
        { "/go-live/", "golive.html" },
    };

    if (strcmp(path, "/") == 0 || strcmp(path, "/index.html") == 0) {
        return "index.html";
    }
    for (size_t i = 0; i < sizeof(PAGES) / sizeof(PAGES[0]); i++) {
        size_t len = strlen(PAGES[i].prefix);
        char channel[BC_CHANNEL_NAME_MAX + 2];
        if (strncmp(path, PAGES[i].prefix, len) == 0
            && strlen(path + len) < sizeof(channel)) {
            strcpy(channel, path + len);
            size_t last = strlen(channel);
            if (last > 0 && channel[last - 1] == '/') {
                channel[last - 1] = '\0';
            }
            return bc_channel_name_is_valid(channel) ? PAGES[i].file : NULL;
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
