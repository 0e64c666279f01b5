// SPDX-License-Identifier: Apache-2.0
#ifndef RELAY_NICE_GLUE_H
#define RELAY_NICE_GLUE_H

// The one place that names the agent's header of libnice, and with it GLib's.
#include <nice/agent.h>

#endif
