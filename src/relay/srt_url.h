// SPDX-License-Identifier: Apache-2.0
#ifndef RELAY_SRT_URL_H
#define RELAY_SRT_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/srt/srt.h"

#define RELAY_SRT_HOST_MAX 255
#define RELAY_SRT_LATENCY_MS 200

// srt://HOST:PORT?streamid=…&passphrase=…&latency=MS, percent-encoded as URLs are. Latency
// is in milliseconds, as everywhere but in FFmpeg.
struct relay_srt_url {
    char host[RELAY_SRT_HOST_MAX + 1]; // without brackets
    uint16_t port;
    char streamid[BC_SRT_STREAMID_MAX + 1];
    char passphrase[BC_SRT_PASSPHRASE_MAX + 1];
    int64_t latency_ms;
};

// NULL, or what is wrong with it.
const char *
relay_srt_url_parse(const char *url, struct relay_srt_url *out);

// For logs: without what is secret.
void
relay_srt_url_show(const struct relay_srt_url *url, char *out, size_t len);

#endif
