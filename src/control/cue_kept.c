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

// What is kept, and how.
struct kept {
    const char *what; // for the log
    const char *code; // of an error in what is sent
    char *(*get)(struct bc_cues *cues, const char *channel);
    const char *(*set)(
        struct bc_cues *cues, const char *channel, const char *text, size_t len);
};

static const struct kept RULES
    = { "cue rules", "bad_rules", bc_cues_rules, bc_cues_set_rules };
static const struct kept PRODUCTS
    = { "products", "bad_products", bc_cues_products, bc_cues_set_products };

static void
get(struct bc_control *control, struct bc_http_exchange *x, const char *channel,
    const struct kept *kept)
{
    struct bc_cues *cues = bc_control_cues_of(control, x);
    if (cues) {
        respond(x, kept->get(cues, channel));
    }
}

static void
set(struct bc_control *control, struct bc_http_exchange *x, const char *channel,
    const struct kept *kept)
{
    struct bc_cues *cues = bc_control_cues_of(control, x);
    if (!cues) {
        return;
    }
    struct bc_http_body sent = bc_http_request_body(x);
    const char *wrong = kept->set(cues, channel, (const char *)sent.data, sent.len);
    if (wrong) {
        bc_control_respond_error(x, 400, kept->code, wrong, NULL);
        return;
    }
    bc_info(NULL, "%s of %s set by %s", kept->what, channel, bc_http_peer(x));
    respond(x, kept->get(cues, channel));
}

void
bc_control_cue_rules(
    struct bc_control *control, struct bc_http_exchange *x, const char *channel)
{
    get(control, x, channel, &RULES);
}

void
bc_control_cue_rules_set(
    struct bc_control *control, struct bc_http_exchange *x, const char *channel)
{
    set(control, x, channel, &RULES);
}

void
bc_control_products(
    struct bc_control *control, struct bc_http_exchange *x, const char *channel)
{
    get(control, x, channel, &PRODUCTS);
}

void
bc_control_products_set(
    struct bc_control *control, struct bc_http_exchange *x, const char *channel)
{
    set(control, x, channel, &PRODUCTS);
}
