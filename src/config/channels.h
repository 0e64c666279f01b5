// SPDX-License-Identifier: Apache-2.0
#ifndef CONFIG_CHANNELS_H
#define CONFIG_CHANNELS_H

#include <stdbool.h>

struct bc_config;
struct bc_node;
struct bc_report;

// The `channels:` map of a snapshot that is being loaded.

// Takes the channels of the file, then sorts. Before any override; called again when a
// file has the map twice, which is an error but read on to find the others.
void
bc_channels_set(struct bc_config *cfg, const struct bc_node *map, struct bc_report *r);

// `--set channels.<rest>=value`, where `rest` is "live/hq.publish_key"; adds the channel
// when the file does not have it.
void
bc_channels_override(
    struct bc_config *cfg, const char *rest, const char *value, struct bc_report *r);

// One error for the first circle of channels that show channels.
void
bc_channels_check_circles(const struct bc_config *cfg, struct bc_report *r);

void
bc_channels_clear(struct bc_config *cfg);

#endif
