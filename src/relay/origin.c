// SPDX-License-Identifier: Apache-2.0
#include "origin.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "relay/relay.h"

#define KEY_SHOWN 4

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

void
relay_origin_url(const char *origin, const char *channel, char *out, size_t size)
{
    size_t len = strcspn(origin, "?");
    const char *query = origin + len;
    bool flv = strncasecmp(origin, "http", 4) == 0;
    while (len > 0 && origin[len - 1] == '/') {
        len--;
    }
    snprintf(out, size, "%.*s/%s%s%s", (int)len, origin, channel, flv ? ".flv" : "", query);
}

// "rtmp://h/app/ab12-cd34" -> "rtmp://h/app/ab12***": enough to tell targets apart.
static void
mask_key(char *url)
{
    char *host = strstr(url, "://");
    char *slash = host ? strrchr(host + 3, '/') : NULL;
    if (slash && strlen(slash + 1) > KEY_SHOWN + strlen("***")) {
        strcpy(slash + 1 + KEY_SHOWN, "***");
    }
}

void
bc_relay_show_url(const char *url, bool push, char *out, size_t size)
{
    relay_origin_text(url, out, size);
    if (push && strncasecmp(url, "rtmp", 4) == 0) {
        mask_key(out);
    }
}
