// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_SRT_LIBRARY_H
#define PROTOCOL_SRT_LIBRARY_H

#include <stdbool.h>
#include <stdint.h>

#include "srt_glue.h"

// The library's own threads and log. Each start needs an end; it counts.
bool
srt_library_start(void);

void
srt_library_end(void);

// What both ends of a connection have in common; before bind or connect.
bool
srt_library_configure(SRTSOCKET socket, int64_t latency_ms);

// The peer of this socket only receives: no room is kept for what it sends. In the listen
// callback.
void
srt_library_expect_nothing(SRTSOCKET socket);

// Why a call was refused, in words: "refused: 1404 not found", "wrong passphrase".
const char *
srt_library_refusal(int reason);

#endif
