// SPDX-License-Identifier: Apache-2.0
// Finding channels for an answer, one or many.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/query.h"
#include "control_internal.h"
#include "json.h"
#include "stream/channel.h"
#include "stream/hub.h"

#define LIMIT_DEFAULT 100
#define LIMIT_MAX 1000
// Channels that may come while we count them; more wait for the next page.
#define LATECOMERS 16

bool
bc_control_find(struct bc_control *control, struct bc_http_exchange *x,
    const char *channel, struct bc_channel_info *out)
{
    struct bc_channel *found = bc_hub_find(control->params.hub, channel);
    if (!found) {
        bc_control_respond_error(x, 404, "no_such_channel",
            "nothing is or was just live there", NULL);
        return false;
    }
    bc_channel_info(found, out);
    bc_channel_unref(&found);
    return true;
}

struct page_request {
    size_t limit;
    char cursor[BC_CHANNEL_NAME_MAX + 1]; // names up to this one were given before
};

static bool
parse_limit(const char *text, size_t *out)
{
    size_t value = 0;
    for (const char *p = text; *p; p++) {
        if (*p < '0' || *p > '9' || value > LIMIT_MAX) {
            return false;
        }
        value = value * 10 + (size_t)(*p - '0');
    }
    *out = value;
    return value >= 1 && value <= LIMIT_MAX;
}

bool
bc_control_read_limit(struct bc_http_exchange *x, size_t *limit)
{
    char text[8];
    *limit = LIMIT_DEFAULT;
    int ret = bc_query_get(bc_http_query(x), "limit", text, sizeof(text));
    if (ret != -ENOENT && (ret < 0 || !parse_limit(text, limit))) {
        bc_control_respond_error(x, 400, "bad_limit", "limit is a number from 1 to 1000",
            NULL);
        return false;
    }
    return true;
}

// False: the query is wrong, which was answered.
static bool
parse_request(struct bc_http_exchange *x, struct page_request *req)
{
    if (!bc_control_read_limit(x, &req->limit)) {
        return false;
    }
    int ret = bc_query_get(bc_http_query(x), "cursor", req->cursor, sizeof(req->cursor));
    if (ret < 0 && ret != -ENOENT) {
        bc_control_respond_error(x, 400, "bad_cursor",
            "cursor is what the answer before gave", NULL);
        return false;
    }
    return true;
}

// References to all channels, sorted by name; NULL without memory.
static struct bc_channel **
take_all(struct bc_hub *hub, size_t *count)
{
    size_t max = bc_hub_count(hub) + LATECOMERS;
    struct bc_channel **list = calloc(max, sizeof(*list));
    if (list) {
        size_t n = bc_hub_list(hub, list, max);
        *count = n < max ? n : max;
    }
    return list;
}

bool
bc_control_each(struct bc_hub *hub,
    bool (*visit)(void *user, const struct bc_channel_info *info), void *user)
{
    size_t count = 0;
    struct bc_channel **list = take_all(hub, &count);
    if (!list) {
        return false;
    }
    bool go_on = true;
    for (size_t i = 0; i < count; i++) {
        if (go_on) {
            struct bc_channel_info info;
            bc_channel_info(list[i], &info);
            go_on = visit(user, &info);
        }
        bc_channel_unref(&list[i]);
    }
    free(list);
    return true;
}

struct listing {
    struct bc_control *control;
    const struct page_request *req;
    bool with_ended;
    struct json_t *(*make)(struct bc_control *control, const struct bc_channel_info *info);
    struct bc_json items;
    size_t count;
    char last[BC_CHANNEL_NAME_MAX + 1];
    bool more;
};

static bool
add_to_listing(void *user, const struct bc_channel_info *info)
{
    struct listing *l = user;
    if (strcmp(info->name, l->req->cursor) <= 0
        || (info->state == BC_CHANNEL_ENDED && !l->with_ended)) {
        return true;
    }
    if (l->count == l->req->limit) {
        l->more = true;
        return false;
    }
    bc_json_append(&l->items, l->make(l->control, info));
    memcpy(l->last, info->name, sizeof(l->last));
    l->count++;
    return true;
}

void
bc_control_respond_list(struct bc_control *control, struct bc_http_exchange *x,
    bool with_ended,
    struct json_t *(*make)(struct bc_control *control, const struct bc_channel_info *info))
{
    char all[8];
    struct page_request req;
    if (!parse_request(x, &req)) {
        return;
    }
    struct listing l = { .control = control, .req = &req, .with_ended = with_ended,
        .make = make };
    bool known = with_ended && bc_query_get(bc_http_query(x), "all", all, sizeof(all)) > 0
        && strcmp(all, "true") == 0;
    bc_json_begin_array(&l.items);
    bool ok = known ? bc_control_each_known(control, add_to_listing, &l)
                    : bc_control_each(control->params.hub, add_to_listing, &l);
    l.items.failed = l.items.failed || !ok;
    struct bc_json root;
    bc_json_begin(&root);
    bc_json_put(&root, "channels", bc_json_end(&l.items));
    bc_json_text(&root, "cursor", l.more ? l.last : NULL);
    bc_control_respond_json(x, 200, bc_json_end(&root));
}
