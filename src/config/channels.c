// SPDX-License-Identifier: Apache-2.0
#include "channels.h"

#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "report.h"
#include "schema.h"
#include "tree.h"
#include "value.h"

#define MAX_CHANNELS 10000 // configured by name; others exist without being named
#define LEVEL_MAX 64
#define APP_LEVELS_MAX 4
#define PATH_LABEL_BYTES (BC_CHANNEL_NAME_MAX + 64) // "channels.live/hq.publish_key"

bool
bc_channel_name_is_valid(const char *name)
{
    static const char ALLOWED[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789_.-";
    size_t levels = 0;
    for (;;) {
        size_t len = strspn(name, ALLOWED);
        if (len == 0 || len > LEVEL_MAX || name[0] == '.') {
            return false;
        }
        levels++;
        name += len;
        if (*name != '/') {
            return *name == '\0' && levels >= 2 && levels <= APP_LEVELS_MAX + 1;
        }
        name++;
    }
}

static int
compare_channels(const void *a, const void *b)
{
    const struct bc_config_channel *x = a;
    const struct bc_config_channel *y = b;
    return strcmp(x->name, y->name);
}

const struct bc_config_channel *
bc_config_channel(const struct bc_config *cfg, const char *name)
{
    if (cfg->n_channels == 0) {
        return NULL;
    }
    size_t low = 0;
    size_t high = cfg->n_channels;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(cfg->channels[middle].name, name);
        if (order == 0) {
            return &cfg->channels[middle];
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

enum bc_record_mode
bc_config_record_mode(const struct bc_config *cfg, const char *name)
{
    const struct bc_config_channel *channel = bc_config_channel(cfg, name);
    bool own = channel && channel->record != BC_RECORD_DEFAULT;
    return own ? channel->record : cfg->record.mode;
}

static void
finish_channel(struct bc_config_channel *channel)
{
    for (size_t i = 0; i < BC_CHANNEL_N_KEYS; i++) {
        bc_value_clear(&BC_CHANNEL_KEYS[i], channel);
    }
    free(channel->name);
}

void
bc_channels_clear(struct bc_config *cfg)
{
    for (size_t i = 0; i < cfg->n_channels; i++) {
        finish_channel(&cfg->channels[i]);
    }
    free(cfg->channels);
    cfg->channels = NULL;
    cfg->n_channels = 0;
}

// Appends a channel with the defaults; there must be room.
static struct bc_config_channel *
append_channel(struct bc_config *cfg, const char *name, struct bc_report *r)
{
    struct bc_config_channel channel = { .name = strdup(name) };
    bool ok = channel.name != NULL;
    for (size_t i = 0; ok && i < BC_CHANNEL_N_KEYS; i++) {
        const struct bc_key *key = &BC_CHANNEL_KEYS[i];
        ok = bc_value_set_text(key, &channel, key->def, key->name, r);
    }
    if (!ok) {
        finish_channel(&channel);
        bc_report_no_memory(r);
        return NULL;
    }
    cfg->channels[cfg->n_channels] = channel;
    return &cfg->channels[cfg->n_channels++];
}

static bool
check_name(const char *name, unsigned line, struct bc_report *r)
{
    if (bc_channel_name_is_valid(name)) {
        return true;
    }
    char shown[BC_SHOWN_BYTES];
    bc_report_error(r, line,
        "channels: '%s' is not a channel's name; write app/stream, each "
        "1 to 64 letters, digits, _ . - and not starting with a dot",
        bc_report_shown(name, shown));
    return false;
}

static const struct bc_key *
find_key(const char *channel, const char *name, unsigned line, struct bc_report *r)
{
    const struct bc_key *key = bc_schema_channel_key(name);
    if (!key) {
        char shown[BC_SHOWN_BYTES];
        const char *near = bc_schema_nearest_channel_key(name);
        bc_report_error(r, line, "channels.%s.%s: unknown key%s%s%s", channel,
            bc_report_shown(name, shown), near ? "; did you mean " : "", near ? near : "",
            near ? "?" : "");
    }
    return key;
}

static void
check_own_name(
    const struct bc_config_channel *channel, unsigned line, struct bc_report *r)
{
    for (size_t i = 0; i < channel->sources.n; i++) {
        if (channel->sources.items[i].kind == BC_SOURCE_CHANNEL
            && strcmp(channel->sources.items[i].value, channel->name) == 0) {
            bc_report_error(r, line, "channels.%s.sources: a channel cannot feed itself",
                channel->name);
        }
    }
}

static void
set_channel(struct bc_config *cfg, const struct bc_node *node, struct bc_report *r)
{
    if (!check_name(node->key, node->line, r)) {
        return;
    }
    if (node->kind != BC_NODE_MAP && !bc_node_is_null(node)) {
        bc_report_error(r, node->line, "channels.%s: expected keys under it, found %s",
            node->key, bc_node_kind_name(node));
        return;
    }
    struct bc_config_channel *channel = append_channel(cfg, node->key, r);
    if (!channel) {
        return;
    }
    for (const struct bc_node *c = node->first; c; c = c->next) {
        const struct bc_key *key = find_key(channel->name, c->key, c->line, r);
        if (key) {
            char path[PATH_LABEL_BYTES];
            snprintf(path, sizeof(path), "channels.%s.%s", channel->name, key->name);
            bc_value_set(key, channel, c, path, r);
        }
    }
    check_own_name(channel, node->line, r);
}

void
bc_channels_set(struct bc_config *cfg, const struct bc_node *map, struct bc_report *r)
{
    size_t n = 0;
    for (const struct bc_node *c = map->first; c; c = c->next) {
        n++;
    }
    if (n == 0) {
        return;
    }
    if (n > MAX_CHANNELS) {
        bc_report_error(r, map->line, "channels: more than %d", MAX_CHANNELS);
        return;
    }
    bc_channels_clear(cfg);
    cfg->channels = calloc(n, sizeof(*cfg->channels));
    if (!cfg->channels) {
        bc_report_no_memory(r);
        return;
    }
    for (const struct bc_node *c = map->first; c; c = c->next) {
        set_channel(cfg, c, r);
    }
    // The valid ones may be none.
    if (cfg->n_channels > 1) {
        qsort(cfg->channels, cfg->n_channels, sizeof(*cfg->channels), compare_channels);
    }
}

static struct bc_config_channel *
find_or_add(struct bc_config *cfg, const char *name, struct bc_report *r)
{
    struct bc_config_channel *found = (struct bc_config_channel *)bc_config_channel(
        cfg, name);
    if (found) {
        return found;
    }
    struct bc_config_channel *grown = realloc(
        cfg->channels, (cfg->n_channels + 1) * sizeof(*grown));
    if (!grown) {
        bc_report_no_memory(r);
        return NULL;
    }
    cfg->channels = grown;
    if (!append_channel(cfg, name, r)) {
        return NULL;
    }
    qsort(cfg->channels, cfg->n_channels, sizeof(*cfg->channels), compare_channels);
    return (struct bc_config_channel *)bc_config_channel(cfg, name);
}

void
bc_channels_override(
    struct bc_config *cfg, const char *rest, const char *value, struct bc_report *r)
{
    // A name may contain dots, a key does not.
    const char *dot = strrchr(rest, '.');
    char name[BC_CHANNEL_NAME_MAX + 1];
    size_t len = dot ? (size_t)(dot - rest) : 0;
    if (!dot || len >= sizeof(name)) {
        bc_report_error(r, 0, "write channels.APP/STREAM.KEY=VALUE");
        return;
    }
    memcpy(name, rest, len);
    name[len] = '\0';
    if (!check_name(name, 0, r)) {
        return;
    }
    const struct bc_key *key = find_key(name, dot + 1, 0, r);
    struct bc_config_channel *channel = key ? find_or_add(cfg, name, r) : NULL;
    if (channel) {
        char path[PATH_LABEL_BYTES];
        snprintf(path, sizeof(path), "channels.%s.%s", name, key->name);
        bc_value_set_text(key, channel, value, path, r);
        check_own_name(channel, 0, r);
    }
}
