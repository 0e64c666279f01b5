// SPDX-License-Identifier: Apache-2.0
// Channels that show channels: no circles, and not too many one behind the other.
#include <stdlib.h>
#include <string.h>

#include "base/writer.h"
#include "channels.h"
#include "config/config.h"
#include "report.h"

#define DEPTH_MAX 8

#define OPEN 255

// One walk through all channels.
struct walk {
    const struct bc_config *cfg;
    struct bc_report *report;
    unsigned char *marks; // by the channel's index: 0, OPEN, or how deep it is
    size_t path[DEPTH_MAX + 1];
    size_t depth;
    bool failed;
};

// "a -> b -> a", from where the circle begins.
static void
tell_circle(struct walk *w, size_t again)
{
    struct bc_writer text = { 0 };
    size_t i = 0;
    while (i < w->depth && w->path[i] != again) {
        i++;
    }
    for (; i < w->depth; i++) {
        bc_write_fmt(&text, "%s -> ", w->cfg->channels[w->path[i]].name);
    }
    const char *name = w->cfg->channels[again].name;
    bc_report_error(w->report, 0, "channels.%s.sources: channels show each other in a circle: %.*s%s",
        name, (int)text.len, text.data ? (const char *)text.data : "", name);
    bc_writer_finish(&text);
    w->failed = true;
}

static void
visit(struct walk *w, size_t at)
{
    const struct bc_config_channel *channel = &w->cfg->channels[at];
    if (w->marks[at] == OPEN) {
        tell_circle(w, at);
    }
    if (w->failed) {
        return;
    }
    if (w->depth + (w->marks[at] ? w->marks[at] : 1) > DEPTH_MAX) {
        bc_report_error(w->report, 0,
            "channels.%s.sources: more than %d channels show each other one behind the other",
            w->cfg->channels[w->path[0]].name, DEPTH_MAX);
        w->failed = true;
        return;
    }
    if (w->marks[at] > 0) {
        return;
    }
    unsigned char deepest = 0;
    w->marks[at] = OPEN;
    w->path[w->depth++] = at;
    for (size_t i = 0; i < channel->sources.n; i++) {
        const struct bc_config_source *source = &channel->sources.items[i];
        const struct bc_config_channel *to = source->kind == BC_SOURCE_CHANNEL
            ? bc_config_channel(w->cfg, source->value)
            : NULL;
        if (to && to != channel) { // that one is told of elsewhere
            size_t next = (size_t)(to - w->cfg->channels);
            visit(w, next);
            unsigned char below = w->failed ? 0 : w->marks[next];
            deepest = below > deepest ? below : deepest;
        }
    }
    w->depth--;
    w->marks[at] = (unsigned char)(deepest + 1);
}

void
bc_channels_check_circles(const struct bc_config *cfg, struct bc_report *r)
{
    struct walk w = { .cfg = cfg, .report = r };
    if (cfg->n_channels == 0) {
        return;
    }
    w.marks = calloc(cfg->n_channels, 1);
    if (!w.marks) {
        bc_report_no_memory(r);
        return;
    }
    for (size_t i = 0; i < cfg->n_channels && !w.failed; i++) {
        w.depth = 0;
        visit(&w, i);
    }
    free(w.marks);
}
