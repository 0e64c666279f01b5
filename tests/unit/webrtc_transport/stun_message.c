// SPDX-License-Identifier: Apache-2.0
#include "stun_message.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

static const uint8_t COOKIE_AND_ID[] = { 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01,
    0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae };

static void
put_u16(uint8_t *at, size_t v)
{
    at[0] = (uint8_t)(v >> 8);
    at[1] = (uint8_t)v;
}

static size_t
get_u16(const uint8_t *at)
{
    return (size_t)at[0] << 8 | at[1];
}

void
stun_begin(struct stun_message *m, uint16_t type)
{
    memset(m, 0, sizeof(*m));
    put_u16(m->data, type);
    memcpy(m->data + 4, COOKIE_AND_ID, sizeof(COOKIE_AND_ID));
    m->len = 20;
}

void
stun_add(struct stun_message *m, uint16_t type, const void *value, size_t len)
{
    put_u16(m->data + m->len, type);
    put_u16(m->data + m->len + 2, len);
    if (len > 0) {
        memcpy(m->data + m->len + 4, value, len);
    }
    m->len += 4 + (len + 3) / 4 * 4;
    put_u16(m->data + 2, m->len - 20);
}

// RFC 8489 14.5: over everything before the attribute, with a length that includes it.
static void
integrity(const uint8_t *data, size_t at, const char *password, uint8_t out[20])
{
    uint8_t copy[2048];
    memcpy(copy, data, at);
    put_u16(copy + 2, at + 24 - 20);
    unsigned len = 20;
    HMAC(EVP_sha1(), password, (int)strlen(password), copy, at, out, &len);
}

// RFC 8489 14.7: CRC-32 of everything before the attribute.
static void
fingerprint(const uint8_t *data, size_t at, uint8_t out[4])
{
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < at; i++) {
        uint8_t byte = i == 2 ? (uint8_t)((at + 8 - 20) >> 8)
            : i == 3          ? (uint8_t)(at + 8 - 20)
                              : data[i];
        crc ^= byte;
        for (int bit = 0; bit < 8; bit++) {
            crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
        }
    }
    crc = ~crc ^ 0x5354554e;
    put_u16(out, crc >> 16);
    put_u16(out + 2, crc & 0xffff);
}

void
stun_sign(struct stun_message *m, const char *password)
{
    uint8_t hmac[20];
    integrity(m->data, m->len, password, hmac);
    stun_add(m, 0x0008, hmac, sizeof(hmac));
}

void
stun_seal(struct stun_message *m)
{
    uint8_t crc[4];
    fingerprint(m->data, m->len, crc);
    stun_add(m, 0x8028, crc, sizeof(crc));
}

const uint8_t *
stun_find(const uint8_t *data, size_t len, uint16_t type, size_t *value_len)
{
    for (size_t at = 20; at + 4 <= len;) {
        size_t n = get_u16(data + at + 2);
        if (get_u16(data + at) == type) {
            *value_len = n;
            return data + at + 4;
        }
        at += 4 + (n + 3) / 4 * 4;
    }
    return NULL;
}

bool
stun_is_signed(const uint8_t *data, size_t len, const char *password)
{
    size_t n;
    const uint8_t *at = stun_find(data, len, 0x0008, &n);
    uint8_t want[20];
    if (!at || n != sizeof(want)) {
        return false;
    }
    integrity(data, (size_t)(at - data) - 4, password, want);
    return memcmp(at, want, sizeof(want)) == 0;
}

bool
stun_is_sealed(const uint8_t *data, size_t len)
{
    size_t n;
    const uint8_t *at = stun_find(data, len, 0x8028, &n);
    uint8_t want[4];
    if (!at || n != sizeof(want) || at + n != data + len) {
        return false;
    }
    fingerprint(data, (size_t)(at - data) - 4, want);
    return memcmp(at, want, sizeof(want)) == 0;
}
