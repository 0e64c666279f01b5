// SPDX-License-Identifier: Apache-2.0
// Which way of pulling or pushing a URL asks for.
#include "kind.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct relay_kind *const PULLS[] = { &RELAY_WHEP_PULL, &RELAY_SRT_PULL };
static const struct relay_kind *const PUSHES[] = { &RELAY_WHIP_PUSH, &RELAY_SRT_PUSH,
    &RELAY_RTMP_PUSH };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

// What was started, by whom.
struct bc_relay_pull {
    const struct relay_kind *kind;
    void *relay; // owned by its kind
};

struct bc_relay_push {
    const struct relay_kind *kind;
    void *relay;
};

static bool
has_scheme(const struct relay_kind *kind, const char *url, size_t len)
{
    for (size_t i = 0; kind->schemes[i]; i++) {
        if (strlen(kind->schemes[i]) == len
            && strncasecmp(kind->schemes[i], url, len) == 0) {
            return true;
        }
    }
    return false;
}

static const struct relay_kind *
find(const struct relay_kind *const *kinds, size_t count, const char *url)
{
    const char *end = strstr(url, "://");
    for (size_t i = 0; end && i < count; i++) {
        if (has_scheme(kinds[i], url, (size_t)(end - url))) {
            return kinds[i];
        }
    }
    return NULL;
}

static const struct relay_kind *
find_pull(const char *url)
{
    return relay_media_claims(url) ? &RELAY_MEDIA_PULL
                                   : find(PULLS, COUNT(PULLS), url);
}

static const struct relay_kind *
find_push(const char *url)
{
    return find(PUSHES, COUNT(PUSHES), url);
}

bool
bc_relay_knows(const char *url, bool push)
{
    return (push ? find_push(url) : find_pull(url)) != NULL;
}

struct bc_relay_pull *
bc_relay_pull_start(const struct bc_relay_params *params)
{
    const struct relay_kind *kind
        = params->origins ? &RELAY_EDGE_PULL : find_pull(params->url);
    struct bc_relay_pull *pull = kind ? calloc(1, sizeof(*pull)) : NULL;
    if (!pull) {
        return NULL;
    }
    pull->kind = kind;
    pull->relay = kind->start(params);
    if (!pull->relay) {
        free(pull);
        return NULL;
    }
    return pull;
}

void
bc_relay_pull_stop(struct bc_relay_pull *pull)
{
    if (pull) {
        pull->kind->stop(pull->relay);
        free(pull);
    }
}

void
bc_relay_pull_status(const struct bc_relay_pull *pull, struct bc_relay_status *out)
{
    pull->kind->status(pull->relay, out);
}

struct bc_relay_push *
bc_relay_push_start(const struct bc_relay_params *params)
{
    const struct relay_kind *kind = find_push(params->url);
    struct bc_relay_push *push = kind ? calloc(1, sizeof(*push)) : NULL;
    if (!push) {
        return NULL;
    }
    push->kind = kind;
    push->relay = kind->start(params);
    if (!push->relay) {
        free(push);
        return NULL;
    }
    return push;
}

void
bc_relay_push_stop(struct bc_relay_push *push)
{
    if (push) {
        push->kind->stop(push->relay);
        free(push);
    }
}

void
bc_relay_push_status(const struct bc_relay_push *push, struct bc_relay_status *out)
{
    push->kind->status(push->relay, out);
}
