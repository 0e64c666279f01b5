// SPDX-License-Identifier: Apache-2.0
#ifndef BENCH_RTMP_CLIENT_H
#define BENCH_RTMP_CLIENT_H

#include "loop.h"
#include "rtmp_chunk.h"
#include "url.h"

enum bc_rtmp_state {
    BC_RTMP_CONNECTING,
    BC_RTMP_HANDSHAKE,
    BC_RTMP_CONNECT, // named after the command whose answer is awaited
    BC_RTMP_CREATE_STREAM,
    BC_RTMP_START,
    BC_RTMP_RUNNING,
};

struct bc_rtmp_client_callbacks {
    void (*on_running)(void *userdata);
    void (*on_read)(void *userdata, size_t bytes); // or NULL
    void (*on_payload)(void *userdata, uint8_t type, const uint8_t *p,
                       size_t n); // or NULL
    void (*on_media)(void *userdata, uint8_t type, uint32_t ts_ms, const uint8_t *head,
                     size_t head_len);
    void (*on_failed)(void *userdata, const char *what); // must close the client
};

// A client's connection, to play or to publish. Embedded in its user's struct.
struct bc_rtmp_client {
    struct bc_io io;
    enum bc_rtmp_state state;
    bool publish;
    char app[512];
    char name[1024]; // with the query: servers want the key there
    char tc_url[1024];
    uint32_t stream_id;
    uint32_t out_chunk_size;
    uint64_t read_bytes;
    uint64_t acked_bytes;
    uint32_t ack_window;
    struct bc_buf handshake;
    struct bc_rtmp_reader reader;
    const struct bc_rtmp_client_callbacks *cbs;
    void *userdata; // borrowed
};

// 0, or -errno. publish: out_chunk_size is announced and used.
int bc_rtmp_client_open(struct bc_rtmp_client *c, const struct bc_url *url,
                        const struct bc_rtmp_client_callbacks *cbs, void *userdata);
void bc_rtmp_client_close(struct bc_rtmp_client *c);

#endif
