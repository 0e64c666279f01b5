// SPDX-License-Identifier: Apache-2.0
// What is kept of a channel for its cues: rules by product, and prepared cues.
#include <stdlib.h>

#include "base/log.h"
#include "control_internal.h"
#include "cue/rules.h"

// Takes the text over; NULL: there was no memory.
static void
respond(struct bc_http_exchange *x, char *text)
{
    if (text) {
        bc_http_respond_text(x, 200, "application/json", BC_CONTROL_NO_STORE, text);
    } else {
        bc_control_respond_json(x, 200, NULL);
    }
    free(text);
}

void
bc_control_cue_rules(
    struct bc_control *control, struct bc_http_exchange *x, const char *channel)
{
    struct bc_cues *cues = bc_control_cues_of(control, x);
    if (cues) {
        respond(x, bc_cues_rules(cues, channel));
    }
}

void
bc_control_cue_rules_set(
    struct bc_control *control, struct bc_http_exchange *x, const char *channel)
{
    struct bc_cues *cues = bc_control_cues_of(control, x);
    struct bc_http_body sent = bc_http_request_body(x);
    if (!cues) {
        return;
    }
    const char *wrong
        = bc_cues_set_rules(cues, channel, (const char *)sent.data, sent.len);
    if (wrong) {
        bc_control_respond_error(x, 400, "bad_rules", wrong, NULL);
        return;
    }
    bc_info(NULL, "cue rules of %s set by %s", channel, bc_http_peer(x));
    respond(x, bc_cues_rules(cues, channel));
}

void
bc_control_products(
    struct bc_control *control, struct bc_http_exchange *x, const char *channel)
{
    struct bc_cues *cues = bc_control_cues_of(control, x);
    if (cues) {
        respond(x, bc_cues_products(cues, channel));
    }
}

void
bc_control_products_set(
    struct bc_control *control, struct bc_http_exchange *x, const char *channel)
{
    struct bc_cues *cues = bc_control_cues_of(control, x);
    struct bc_http_body sent = bc_http_request_body(x);
    if (!cues) {
        return;
    }
    const char *wrong
        = bc_cues_set_products(cues, channel, (const char *)sent.data, sent.len);
    if (wrong) {
        bc_control_respond_error(x, 400, "bad_products", wrong, NULL);
        return;
    }
    bc_info(NULL, "products of %s set by %s", channel, bc_http_peer(x));
    respond(x, bc_cues_products(cues, channel));
}
