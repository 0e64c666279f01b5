// SPDX-License-Identifier: Apache-2.0
#ifndef STREAM_SOURCES_H
#define STREAM_SOURCES_H

#include "channel_internal.h"

// What a channel may show, as configured. Made at its first look, home worker only.
struct bc_sources {
    unsigned generation; // of the configuration that it was made from
    unsigned count;
    struct bc_source {
        enum bc_source_kind kind;
        char name[BC_CHANNEL_NAME_MAX + 1];
        struct bc_follow follow;
    } list[];
};

#endif
