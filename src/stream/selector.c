// SPDX-License-Identifier: Apache-2.0
// Which source should be on air: a better one once it is stable, the next one when what is on
// air was lost and waited for, a slate when there is none.
#include "selector.h"

// Not yet, but at this time.
static bool
is_due(int64_t at_us, int64_t now_us, int64_t *look_us)
{
    if (now_us >= at_us) {
        return true;
    }
    *look_us = at_us < *look_us ? at_us : *look_us;
    return false;
}

static bool
is_real(const struct bc_selector_source *source)
{
    return !source->slate && source->ready;
}

static int
first_slate(const struct bc_selector *s)
{
    for (unsigned i = 0; i < s->count; i++) {
        if (s->list[i].slate) {
            return (int)i;
        }
    }
    return BC_SELECTOR_NONE;
}

static int
first_mirror(const struct bc_selector *s)
{
    for (unsigned i = 0; i < s->count; i++) {
        if (s->list[i].mirrors) {
            return (int)i;
        }
    }
    return BC_SELECTOR_NONE;
}

// The best one of those that have proved stable, or else the best of all.
static int
best_real(const struct bc_selector *s, int64_t now_us)
{
    int any = BC_SELECTOR_NONE;
    for (unsigned i = 0; i < s->count; i++) {
        const struct bc_selector_source *source = &s->list[i];
        if (is_real(source) && now_us - source->since_us >= s->stable_us) {
            return (int)i;
        }
        any = any == BC_SELECTOR_NONE && is_real(source) ? (int)i : any;
    }
    return any;
}

// What is on air is all right; a better one that is stable takes over.
static int
keep_or_better(const struct bc_selector *s, int64_t now_us, int64_t *look_us)
{
    for (int i = 0; i < s->on_air && s->manual != s->on_air; i++) {
        const struct bc_selector_source *better = &s->list[i];
        if (is_real(better) && is_due(better->since_us + s->stable_us, now_us, look_us)) {
            return i;
        }
    }
    return s->on_air;
}

// What is on air was lost.
static int
replace(const struct bc_selector *s, int64_t now_us, int64_t *look_us)
{
    const struct bc_selector_source *lost = &s->list[s->on_air];
    if (!lost->left && !is_due(lost->last_us + s->wait_us, now_us, look_us)) {
        return s->on_air;
    }
    int next = best_real(s, now_us);
    if (next != BC_SELECTOR_NONE) {
        return next;
    }
    int slate = first_slate(s);
    bool at_once = lost->left && !s->in_broadcast;
    if (slate != BC_SELECTOR_NONE
        && (at_once || is_due(lost->last_us + s->slate_wait_us, now_us, look_us))) {
        return slate;
    }
    int mirror = lost->mirrors ? s->on_air : first_mirror(s);
    return slate == BC_SELECTOR_NONE && mirror != BC_SELECTOR_NONE ? mirror : s->on_air;
}

// A slate is on air: what comes takes over at once, unless it came and went before.
static int
leave_slate(const struct bc_selector *s, int64_t now_us, int64_t *look_us)
{
    for (unsigned i = 0; i < s->count; i++) {
        const struct bc_selector_source *source = &s->list[i];
        int64_t from_us = source->since_us + (source->flaps ? s->stable_us : 0);
        if (is_real(source) && is_due(from_us, now_us, look_us)) {
            return (int)i;
        }
    }
    return s->manual == s->on_air ? s->on_air : first_slate(s);
}

// Nothing is on air.
static int
begin(const struct bc_selector *s, int64_t now_us)
{
    int real = best_real(s, now_us);
    for (unsigned i = 0; real == BC_SELECTOR_NONE && i < s->count; i++) {
        real = !s->list[i].slate && s->list[i].there ? (int)i : real;
    }
    if (real != BC_SELECTOR_NONE) {
        return real;
    }
    int slate = first_slate(s);
    return slate != BC_SELECTOR_NONE ? slate : first_mirror(s);
}

int
bc_selector_choose(const struct bc_selector *s, int64_t now_us, int64_t *look_us)
{
    *look_us = INT64_MAX;
    if (s->lobby) {
        return first_slate(s);
    }
    if (s->manual >= 0 && s->list[s->manual].ready) {
        return s->manual;
    }
    if (s->on_air == BC_SELECTOR_NONE) {
        return begin(s, now_us);
    }
    const struct bc_selector_source *now = &s->list[s->on_air];
    if (now->slate) {
        return leave_slate(s, now_us, look_us);
    }
    if (now->ready) {
        // Its silence is noticed when it has lasted for the wait.
        is_due(now->last_us + s->wait_us, now_us, look_us);
        return keep_or_better(s, now_us, look_us);
    }
    return replace(s, now_us, look_us);
}
