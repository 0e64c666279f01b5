// SPDX-License-Identifier: Apache-2.0
#include "digest.h"

#include <stddef.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

// The name of the product, then 32 bytes that both sides share. S1 and C1 are signed with the
// name alone, the answers with the whole key.
#define SHARED_KEY_BYTES 32

static const uint8_t server_key[] = {
    'G', 'e', 'n', 'u', 'i', 'n', 'e', ' ', 'A', 'd', 'o', 'b', 'e', ' ', 'F', 'l', 'a', 's',
    'h', ' ', 'M', 'e', 'd', 'i', 'a', ' ', 'S', 'e', 'r', 'v', 'e', 'r', ' ', '0', '0', '1',
    0xf0, 0xee, 0xc2, 0x4a, 0x80, 0x68, 0xbe, 0xe8, 0x2e, 0x00, 0xd0, 0xd1, 0x02, 0x9e, 0x7e,
    0x57, 0x6e, 0xec, 0x5d, 0x2d, 0x29, 0x80, 0x6f, 0xab, 0x93, 0xb8, 0xe6, 0x36, 0xcf, 0xeb,
    0x31, 0xae,
};

static const uint8_t client_key[] = {
    'G', 'e', 'n', 'u', 'i', 'n', 'e', ' ', 'A', 'd', 'o', 'b', 'e', ' ', 'F', 'l', 'a', 's',
    'h', ' ', 'P', 'l', 'a', 'y', 'e', 'r', ' ', '0', '0', '1',
    0xf0, 0xee, 0xc2, 0x4a, 0x80, 0x68, 0xbe, 0xe8, 0x2e, 0x00, 0xd0, 0xd1, 0x02, 0x9e, 0x7e,
    0x57, 0x6e, 0xec, 0x5d, 0x2d, 0x29, 0x80, 0x6f, 0xab, 0x93, 0xb8, 0xe6, 0x36, 0xcf, 0xeb,
    0x31, 0xae,
};

static bool
hmac(const uint8_t *key, size_t key_len, const uint8_t *data, size_t len,
    uint8_t out[RTMP_DIGEST_BYTES])
{
    unsigned out_len = 0;
    return HMAC(EVP_sha256(), key, (int)key_len, data, len, out, &out_len)
        && out_len == RTMP_DIGEST_BYTES;
}

// Where the digest of a schema lies: the four bytes at `base`, summed, choose one of 728 places
// behind them. Always inside the packet: 772 + 4 + 727 + 32 < 1536.
static size_t
digest_offset(const uint8_t *packet, enum rtmp_schema schema)
{
    size_t base = schema == RTMP_SCHEMA_0 ? 8 : 772;
    unsigned sum = packet[base] + packet[base + 1] + packet[base + 2] + packet[base + 3];
    return sum % 728 + base + 4;
}

// The HMAC of all bytes but the digest's own 32.
static bool
packet_digest(const uint8_t *packet, size_t offset, enum rtmp_role role,
    uint8_t out[RTMP_DIGEST_BYTES])
{
    uint8_t rest[RTMP_HANDSHAKE_BYTES - RTMP_DIGEST_BYTES];
    memcpy(rest, packet, offset);
    memcpy(rest + offset, packet + offset + RTMP_DIGEST_BYTES, sizeof(rest) - offset);
    const uint8_t *key = role == RTMP_ROLE_SERVER ? server_key : client_key;
    size_t key_len = role == RTMP_ROLE_SERVER ? sizeof(server_key) : sizeof(client_key);
    return hmac(key, key_len - SHARED_KEY_BYTES, rest, sizeof(rest), out);
}

bool
bc_rtmp_random(uint8_t *out, int len)
{
    return RAND_bytes(out, len) == 1;
}

enum rtmp_schema
bc_rtmp_digest_find(const uint8_t packet[RTMP_HANDSHAKE_BYTES], enum rtmp_role role,
    uint8_t digest[RTMP_DIGEST_BYTES])
{
    for (int i = RTMP_SCHEMA_0; i <= RTMP_SCHEMA_1; i++) {
        enum rtmp_schema schema = (enum rtmp_schema)i;
        size_t offset = digest_offset(packet, schema);
        if (packet_digest(packet, offset, role, digest)
                && CRYPTO_memcmp(digest, packet + offset, RTMP_DIGEST_BYTES) == 0) {
            return schema;
        }
    }
    return RTMP_SCHEMA_NONE;
}

bool
bc_rtmp_digest_sign(uint8_t packet[RTMP_HANDSHAKE_BYTES], enum rtmp_role role,
    enum rtmp_schema schema)
{
    size_t offset = digest_offset(packet, schema);
    uint8_t digest[RTMP_DIGEST_BYTES];
    if (!packet_digest(packet, offset, role, digest)) {
        return false;
    }
    memcpy(packet + offset, digest, sizeof(digest));
    return true;
}

bool
bc_rtmp_digest_answer(uint8_t packet[RTMP_HANDSHAKE_BYTES], enum rtmp_role role,
    const uint8_t peer_digest[RTMP_DIGEST_BYTES])
{
    const uint8_t *key = role == RTMP_ROLE_SERVER ? server_key : client_key;
    size_t key_len = role == RTMP_ROLE_SERVER ? sizeof(server_key) : sizeof(client_key);
    uint8_t answer_key[RTMP_DIGEST_BYTES];
    size_t signed_len = RTMP_HANDSHAKE_BYTES - RTMP_DIGEST_BYTES;
    return hmac(key, key_len, peer_digest, RTMP_DIGEST_BYTES, answer_key)
        && hmac(answer_key, sizeof(answer_key), packet, signed_len, packet + signed_len);
}
