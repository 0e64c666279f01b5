// SPDX-License-Identifier: Apache-2.0
// The bodies of requests about a channel: its schedule, its source, its switch.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "control/schedule_body.h"
#include "control/source_body.h"

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
    struct bc_source_wish wish;
    bool open;
    wrong = bc_source_body_read(data, len, &wish);
    if (wrong ? !*wrong : wish.index < 0 || strlen(wish.name) >= sizeof(wish.name)) {
        abort();
    }
    bc_open_body_read(data, len, &open);
    return 0;
}
