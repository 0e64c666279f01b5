// SPDX-License-Identifier: Apache-2.0
#include "handshake.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/reader.h"
#include "base/writer.h"

#define RTMP_VERSION 3

// What S1 calls itself in a digest handshake; FFmpeg checks the digest from version 3 on,
// and a simple S1 must carry zeros here (RTMP-4).
static const uint8_t digest_version[4] = { 4, 5, 0, 1 };

static size_t
take(struct bc_reader *r, uint8_t *out, size_t have, size_t want)
{
    size_t n = bc_reader_left(r) < want - have ? bc_reader_left(r) : want - have;
    if (out) {
        bc_read_copy(r, out + have, n);
    } else {
        bc_read_skip(r, n);
    }
    return have + n;
}

// Why a first byte is no C0, or NULL when it may be one. Versions 4 to 31 are answered
// with 3 (RTMP 5.2.2), but a TLS record starts with 22 and no RTMP client does.
static const char *
refuse_version(uint8_t version)
{
    if (version == 0x16) {
        return "TLS ClientHello on the plain RTMP port";
    }
    if (version != 0 && strchr("GPHODCT", version)) {
        return "HTTP request on the RTMP port";
    }
    return version < RTMP_VERSION || version >= 32 ? "not RTMP: unknown version" : NULL;
}

// S0 S1 S2. S2 repeats C1 byte by byte (RTMP-3) unless C1 carries a digest (RTMP-5).
static int
answer_c1(const uint8_t *c1, struct bc_writer *out, uint32_t now_ms)
{
    uint8_t digest[RTMP_DIGEST_BYTES];
    bool versioned = memcmp(c1 + 4, "\0\0\0", 4) != 0;
    enum rtmp_schema schema =
        versioned ? bc_rtmp_digest_find(c1, RTMP_ROLE_CLIENT, digest) : RTMP_SCHEMA_NONE;

    bc_write_u8(out, RTMP_VERSION);
    uint8_t *s1 = bc_write_reserve(out, 2 * RTMP_HANDSHAKE_BYTES);
    if (!s1) {
        return -ENOMEM;
    }
    uint8_t *s2 = s1 + RTMP_HANDSHAKE_BYTES;
    for (int i = 0; i < 4; i++) {
        s1[i] = (uint8_t)(now_ms >> (24 - 8 * i));
    }
    memset(s1 + 4, 0, 4);
    if (!bc_rtmp_random(s1 + 8, RTMP_HANDSHAKE_BYTES - 8)) {
        return -EIO;
    }
    if (schema == RTMP_SCHEMA_NONE) {
        memcpy(s2, c1, RTMP_HANDSHAKE_BYTES);
        return 0;
    }
    memcpy(s1 + 4, digest_version, sizeof(digest_version));
    bool ok = bc_rtmp_digest_sign(s1, RTMP_ROLE_SERVER, schema)
        && bc_rtmp_random(s2, RTMP_HANDSHAKE_BYTES)
        && bc_rtmp_digest_answer(s2, RTMP_ROLE_SERVER, digest);
    return ok ? 0 : -EIO;
}

int
bc_rtmp_handshake_server(struct bc_rtmp_handshake *h, struct bc_reader *r,
    struct bc_writer *out, uint32_t now_ms)
{
    if (h->have < sizeof(h->in)) {
        h->have = take(r, h->in, h->have, sizeof(h->in));
        if (h->have > 0 && (h->reason = refuse_version(h->in[0])) != NULL) {
            return -EPROTO;
        }
        if (h->have < sizeof(h->in)) {
            return 0;
        }
        int ret = answer_c1(h->in + 1, out, now_ms);
        if (ret < 0) {
            h->reason = "no random bytes for the handshake";
            return ret;
        }
    }
    // C2 is not compared with S1: many encoders send something else (RTMP-3).
    h->tail = take(r, NULL, h->tail, RTMP_HANDSHAKE_BYTES);
    return h->tail == RTMP_HANDSHAKE_BYTES;
}

int
bc_rtmp_handshake_client_start(struct bc_writer *out)
{
    bc_write_u8(out, RTMP_VERSION);
    uint8_t *c1 = bc_write_reserve(out, RTMP_HANDSHAKE_BYTES);
    if (!c1) {
        return -ENOMEM;
    }
    memset(c1, 0, 8);
    return bc_rtmp_random(c1 + 8, RTMP_HANDSHAKE_BYTES - 8) ? 0 : -EIO;
}

int
bc_rtmp_handshake_client(struct bc_rtmp_handshake *h, struct bc_reader *r,
    struct bc_writer *out)
{
    if (h->have < sizeof(h->in)) {
        h->have = take(r, h->in, h->have, sizeof(h->in));
        if (h->have > 0 && h->in[0] != RTMP_VERSION) {
            h->reason = "not RTMP: the server's version is not 3";
            return -EPROTO;
        }
        if (h->have < sizeof(h->in)) {
            return 0;
        }
        bc_write_bytes(out, h->in + 1, RTMP_HANDSHAKE_BYTES);
    }
    h->tail = take(r, NULL, h->tail, RTMP_HANDSHAKE_BYTES);
    return h->tail == RTMP_HANDSHAKE_BYTES;
}
