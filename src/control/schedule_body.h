// SPDX-License-Identifier: Apache-2.0
#ifndef SCHEDULE_BODY_H
#define SCHEDULE_BODY_H

#include <stddef.h>

#include "config/config.h"

// Reads a request's body. Why it is refused; NULL: it is not.
const char *
bc_schedule_body_read(const void *body, size_t len, struct bc_config_schedule *out);

#endif
