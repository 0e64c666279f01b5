// SPDX-License-Identifier: Apache-2.0
#include "http_fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    http_fuzz_run("", data, len);
    return 0;
}
