// SPDX-License-Identifier: Apache-2.0
// /live/hq/cues/ID.svg: a cue as a card.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "card/cards.h"
#include "cue/cue.h"
#include "media_internal.h"

#define SUFFIX ".svg"
// The address names the revision; the server's templates may change.
#define HEADERS                                                                          \
    "Cache-Control: public, max-age=60\r\n"                                              \
    "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; img-src data:\r\n" \
    "X-Content-Type-Options: nosniff\r\n"

// A request that waits for its card. Frees itself; one worker's.
struct card_request {
    struct bc_card_order *order;
    struct bc_http_exchange *x;
};

static void
respond(struct bc_http_exchange *x, struct bc_buf *svg)
{
    if (!svg) {
        bc_http_respond_error(x, 404, "no_card", "this cue has no card");
        return;
    }
    struct bc_http_response r = { .status = 200, .content_type = "image/svg+xml",
        .headers = HEADERS, .bufs = &svg, .count = 1 };
    bc_http_respond(x, &r);
}

static void
on_done(void *user, struct bc_buf *svg, const char *why)
{
    struct card_request *q = user;
    (void)why;
    bc_http_on_gone(q->x, NULL, NULL);
    respond(q->x, svg);
    free(q);
}

static void
on_gone(void *user)
{
    struct card_request *q = user;
    bc_card_order_cancel(q->order);
    free(q);
}

static void
order(struct bc_media *media, struct bc_http_exchange *x, const struct bc_cue *cue)
{
    struct card_request *q = calloc(1, sizeof(*q));
    if (q) {
        q->x = x;
        q->order = bc_cards_ask(media->cards, bc_cue_kind_name(cue->kind), cue->data,
            cue->data_len, bc_http_worker(x), on_done, q);
    }
    if (!q || !q->order) {
        free(q);
        bc_http_respond_error(x, 503, "no_memory", "the server is out of memory");
        return;
    }
    bc_http_on_gone(x, on_gone, q);
}

// NULL: there is none.
static struct bc_cue *
find(struct bc_media *media, const struct bc_media_url *url)
{
    char id[BC_CUE_ID_MAX + 1];
    size_t len = strlen(url->file) - strlen(SUFFIX);
    if (!media->cues || !media->cards || len > BC_CUE_ID_MAX) {
        return NULL;
    }
    memcpy(id, url->file, len);
    id[len] = '\0';
    return bc_cues_find(media->cues, url->channel, id);
}

void
bc_cue_card_handle(
    struct bc_media *media, struct bc_http_exchange *x, const struct bc_media_url *url)
{
    struct bc_cue *cue = find(media, url);
    if (!cue || cue->kind == BC_CUE_CUSTOM) {
        bc_cue_unref(&cue);
        respond(x, NULL);
        return;
    }
    struct bc_buf *svg = bc_cards_peek(
        media->cards, bc_cue_kind_name(cue->kind), cue->data, cue->data_len);
    if (svg) {
        respond(x, svg);
    } else {
        order(media, x, cue);
    }
    bc_buf_unref(&svg);
    bc_cue_unref(&cue);
}
