// SPDX-License-Identifier: Apache-2.0
#include "http_fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    http_fuzz_run("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", data, len);
    return 0;
}
