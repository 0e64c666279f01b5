// SPDX-License-Identifier: Apache-2.0
// What one process says to the other.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "handover/handover.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bc_handover_message m;
    if (bc_handover_parse((const char *)data, len, &m)
        && (m.kind >= BC_HANDOVER_KINDS || strlen(m.text) >= sizeof(m.text) || m.fd != -1)) {
        abort();
    }
    return 0;
}
