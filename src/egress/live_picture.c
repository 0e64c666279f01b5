// SPDX-License-Identifier: Apache-2.0
// /live/hq.jpg: what a live shows now.
#include <stdlib.h>
#include <string.h>

#include "base/query.h"
#include "media_internal.h"
#include "picture/picture.h"
#include "stream/program.h"

#define WIDTH_MIN 160
#define WIDTH_MAX 1280
#define WIDTH_DEFAULT 640

// A request that waits for its picture. Owned by itself, one worker's.
struct request {
    struct bc_picture_waiter waiter;
    struct bc_pictures *pictures; // borrowed
    struct bc_http_exchange *x;
};

static void
refuse(struct bc_http_exchange *x)
{
    bc_http_respond_text(x, 404, "application/json", "Cache-Control: max-age=1\r\n",
        "{\"error\":{\"code\":\"no_picture\",\"message\":\"this channel has no picture that "
        "can be shown\"}}\n");
}

static void
on_picture(struct bc_picture_waiter *waiter, struct bc_buf *jpeg)
{
    struct request *q = bc_container_of(waiter, struct request, waiter);
    if (jpeg) {
        struct bc_http_response r = {
            .status = 200,
            .content_type = "image/jpeg",
            .headers = "Cache-Control: max-age=1\r\n",
            .bufs = &jpeg,
            .count = 1,
        };
        bc_http_respond(q->x, &r);
    } else {
        refuse(q->x);
    }
    free(q);
}

static void
on_gone(void *user)
{
    struct request *q = user;
    bc_pictures_cancel(q->pictures, &q->waiter);
    free(q);
}

static unsigned
width_of(const struct bc_http_exchange *x)
{
    char value[8];
    int len = bc_query_get(bc_http_query(x), "width", value, sizeof(value));
    if (len <= 0 || strspn(value, "0123456789") != (size_t)len) {
        return WIDTH_DEFAULT;
    }
    unsigned long width = strtoul(value, NULL, 10);
    return width < WIDTH_MIN ? WIDTH_MIN : width > WIDTH_MAX ? WIDTH_MAX : (unsigned)width;
}

// All channels that show the same have the same picture.
static void
ask(struct bc_media *media, struct bc_http_exchange *x, struct bc_channel *program)
{
    struct request *q = calloc(1, sizeof(*q));
    if (!q) {
        bc_http_respond_error(x, 503, "no_memory", "the server is out of memory");
        return;
    }
    q->pictures = media->pictures;
    q->x = x;
    q->waiter.ready = on_picture;
    bc_list_init(&q->waiter.node);
    bc_http_on_gone(x, on_gone, q);
    if (!bc_pictures_live(media->pictures, bc_channel_outputs(program),
            bc_channel_name(program), width_of(x), bc_http_worker(x), &q->waiter)) {
        bc_http_on_gone(x, NULL, NULL);
        refuse(x);
        free(q);
    }
}

void
bc_live_picture_handle(
    struct bc_media *media, struct bc_http_exchange *x, struct bc_channel *channel)
{
    if (!media->pictures) {
        refuse(x);
        return;
    }
    struct bc_channel *program = bc_channel_program(channel);
    struct bc_outputs *outputs = program ? bc_channel_outputs(program) : NULL;
    if (!outputs || bc_channel_state(channel) == BC_CHANNEL_ENDED) {
        bc_channel_unref(&program);
        bc_media_refuse_not_live(x);
        return;
    }
    ask(media, x, program);
    bc_channel_unref(&program);
}
