// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_SRT_SRT_GLUE_H
#define PROTOCOL_SRT_SRT_GLUE_H

// libsrt's header, and what its symbols need around them.
#include <srt/srt.h>

#include <stdbool.h>

// For flags, which the library takes as int or bool alike.
static inline bool
srt_glue_set_int(SRTSOCKET socket, SRT_SOCKOPT option, int value)
{
    return srt_setsockflag(socket, option, &value, sizeof(value)) != SRT_ERROR;
}

// 0 when the library does not tell.
static inline int
srt_glue_get_int(SRTSOCKET socket, SRT_SOCKOPT option)
{
    int value = 0;
    int len = sizeof(value);
    return srt_getsockflag(socket, option, &value, &len) == SRT_ERROR ? 0 : value;
}

#endif
