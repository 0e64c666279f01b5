// SPDX-License-Identifier: Apache-2.0
#include "config/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "channels.h"
#include "schema.h"
#include "value.h"

struct bc_config *
bc_config_ref(struct bc_config *cfg)
{
    atomic_fetch_add_explicit(&cfg->refs, 1, memory_order_relaxed);
    return cfg;
}

void
bc_config_unref(struct bc_config **holder)
{
    struct bc_config *cfg = *holder;
    *holder = NULL;
    if (!cfg || atomic_fetch_sub_explicit(&cfg->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    for (size_t i = 0; i < BC_CONFIG_N_KEYS; i++) {
        bc_value_clear(&BC_CONFIG_KEYS[i], cfg);
    }
    bc_channels_clear(cfg);
    free(cfg);
}

static bool
channels_equal(const struct bc_config_channel *a, const struct bc_config_channel *b)
{
    for (size_t i = 0; i < BC_CHANNEL_N_KEYS; i++) {
        if (!bc_value_equal(&BC_CHANNEL_KEYS[i], a, b)) {
            return false;
        }
    }
    return true;
}

// Both lists are sorted, so one walk over both finds added, removed and changed channels.
static size_t
diff_channels(const struct bc_config *from, const struct bc_config *to,
    void (*on_change)(void *userdata, const char *key, bool needs_restart),
    void *userdata)
{
    size_t n = 0;
    size_t i = 0;
    size_t j = 0;
    while (i < from->n_channels || j < to->n_channels) {
        const struct bc_config_channel *a = i < from->n_channels ? &from->channels[i]
                                                                 : NULL;
        const struct bc_config_channel *b = j < to->n_channels ? &to->channels[j] : NULL;
        int order = !a ? 1 : !b ? -1 : strcmp(a->name, b->name);
        i += order <= 0;
        j += order >= 0;
        if (order == 0 && channels_equal(a, b)) {
            continue;
        }
        char key[BC_CHANNEL_NAME_MAX + sizeof("channels.")];
        snprintf(key, sizeof(key), "channels.%s", order <= 0 ? a->name : b->name);
        on_change(userdata, key, false);
        n++;
    }
    return n;
}

size_t
bc_config_diff(const struct bc_config *from, const struct bc_config *to,
    void (*on_change)(void *userdata, const char *key, bool needs_restart),
    void *userdata)
{
    size_t n = 0;
    for (size_t i = 0; i < BC_CONFIG_N_KEYS; i++) {
        const struct bc_key *key = &BC_CONFIG_KEYS[i];
        if (!bc_value_equal(key, from, to)) {
            on_change(userdata, key->name, key->scope == BC_SCOPE_RESTART);
            n++;
        }
    }
    return n + diff_channels(from, to, on_change, userdata);
}

int
bc_config_keep_restart(struct bc_config *cfg, const struct bc_config *running)
{
    for (size_t i = 0; i < BC_CONFIG_N_KEYS; i++) {
        const struct bc_key *key = &BC_CONFIG_KEYS[i];
        if (key->scope == BC_SCOPE_RESTART && !bc_value_copy(key, cfg, running)) {
            return -ENOMEM;
        }
    }
    return 0;
}
