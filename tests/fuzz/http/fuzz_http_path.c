// SPDX-License-Identifier: Apache-2.0
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/http/path.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char *text = malloc(len + 1);
    const char *path;
    const char *query;
    memcpy(text, data, len);
    if (bc_http_target_split(text, len, &path, &query)) {
        size_t n = strlen(path);
        bool inside = path[0] == '/' && !strstr(path, "/../") && !strstr(path, "//")
            && !strstr(path, "/./") && !(n >= 3 && strcmp(path + n - 3, "/..") == 0);
        if (!inside || n > len + 1 || strlen(query) > len) {
            abort();
        }
    }
    free(text);
    return 0;
}
