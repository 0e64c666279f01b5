// SPDX-License-Identifier: Apache-2.0
#ifndef RELAY_ORIGIN_H
#define RELAY_ORIGIN_H

#include <stddef.h>
#include <stdint.h>

// What a channel is told of where a pull has its media from.

// The same URL is the same owner (bc_take_params.credential).
uint64_t
relay_origin_credential(const char *url);

// The URL without user, password and query, which may hold a key; for logs and the API.
void
relay_origin_text(const char *url, char *out, size_t size);

// Where an origin ("http://h:8080?token=T") has a channel: its HTTP-FLV, or what RTMP plays.
void
relay_origin_url(const char *origin, const char *channel, char *out, size_t size);

#endif
