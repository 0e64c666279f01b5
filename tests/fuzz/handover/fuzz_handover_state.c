// SPDX-License-Identifier: Apache-2.0
// The state file: what is read of it is within reason, and comes out the same again.
#include <stdint.h>
#include <stdlib.h>

#include "handover/state.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bc_state state;
    struct bc_state again;
    if (!bc_state_parse(data, len, &state)) {
        return 0;
    }
    struct bc_writer text = { 0 };
    state.clean = true; // without a margin each time
    if (!bc_state_format(&state, &text) || !bc_state_parse(text.data, text.len, &again)
        || again.count != state.count) {
        abort();
    }
    bc_writer_finish(&text);
    bc_state_finish(&again);
    bc_state_finish(&state);
    return 0;
}
