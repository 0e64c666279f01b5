// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_RTMP_COLOUR_H
#define PROTOCOL_RTMP_COLOUR_H

#include <stddef.h>
#include <stdint.h>

#include "media/colour.h"

// Reads the body of a video message of the packet type Metadata (E-RTMP v2, "Metadata
// Frame"): pairs of a name and a value, of which "colorInfo" is known. What is out of range
// counts as not told, an empty colorInfo takes back what was said. Returns 0; -ENOENT
// without colorInfo; -EINVAL, -ENOMEM.
int
bc_rtmp_colour_parse(struct bc_colour *out, const uint8_t *data, size_t len);

#endif
