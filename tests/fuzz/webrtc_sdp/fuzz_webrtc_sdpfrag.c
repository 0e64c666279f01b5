// SPDX-License-Identifier: Apache-2.0
#include "protocol/webrtc/sdp.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char error[200];
    struct bc_sdp_fragment fragment;
    (void)bc_sdp_fragment_parse((const char *)data, len, &fragment, error, sizeof(error));
    return 0;
}
