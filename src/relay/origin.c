// SPDX-License-Identifier: Apache-2.0
#include "origin.h"

#include <stdio.h>
#include <string.h>

// FNV-1a.
uint64_t
relay_origin_credential(const char *url)
{
    uint64_t hash = 14695981039346656037u;
    for (; *url; url++) {
        hash = (hash ^ (uint8_t)*url) * 1099511628211u;
    }
    return hash;
}

void
relay_origin_text(const char *url, char *out, size_t size)
{
    const char *start = strstr(url, "://");
    size_t scheme = start ? (size_t)(start - url) + 3 : 0;
    size_t len = strcspn(url, "?");
    size_t host = scheme + strcspn(url + scheme, "/?");
    const char *at = memrchr(url + scheme, '@', host - scheme);
    size_t from = at ? (size_t)(at - url) + 1 : scheme;
    snprintf(out, size, "%.*s%.*s", (int)scheme, url, (int)(len - from), url + from);
}
