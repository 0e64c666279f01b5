// SPDX-License-Identifier: Apache-2.0
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/writer.h"
#include "config/config.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

// Whatever is accepted can be printed, and what was printed is accepted again.
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bc_config *cfg = NULL;
    struct bc_config *again = NULL;
    struct bc_writer errors = { 0 };
    int ret = bc_config_parse("fuzz", data, len, &cfg, &errors);
    if ((ret == 0) != (cfg != NULL) || (ret == 0) != (errors.len == 0)) {
        abort();
    }
    static char text[1024 * 1024];
    FILE *out = cfg ? fmemopen(text, sizeof(text), "w") : NULL;
    if (out) {
        bc_config_print_effective(cfg, out);
        long n = ftell(out);
        fclose(out);
        if (n > 0 && (size_t)n < sizeof(text)) {
            bc_writer_reset(&errors);
            if (bc_config_parse("printed", text, (size_t)n, &again, &errors) != 0) {
                abort();
            }
        }
    }
    bc_config_unref(&again);
    bc_config_unref(&cfg);
    bc_writer_finish(&errors);
    return 0;
}
