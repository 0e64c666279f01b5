// SPDX-License-Identifier: Apache-2.0
// The bodies of requests about a channel: its schedule.
#include <stdint.h>
#include <stdlib.h>

#include "control/schedule_body.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bc_config_schedule s;
    const char *wrong = bc_schedule_body_read(data, len, &s);
    if (wrong ? !*wrong
              : !bc_config_schedule_is_set(&s) || bc_config_schedule_problem(&s) != NULL) {
        abort();
    }
    return 0;
}
