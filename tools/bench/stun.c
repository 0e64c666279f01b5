// SPDX-License-Identifier: Apache-2.0
// STUN (RFC 8489) as far as ICE needs it: binding requests and their responses.
#include "stun.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

enum {
    HEADER_LEN = 20,
    MAC_LEN = 20,
    COOKIE_AT = 4,
    TRANSACTION_AT = 8,
    BINDING_REQUEST = 0x0001,
    BINDING_SUCCESS = 0x0101,
    BINDING_ERROR = 0x0111,
    USERNAME = 0x0006,
    MESSAGE_INTEGRITY = 0x0008,
    XOR_MAPPED_ADDRESS = 0x0020,
    PRIORITY = 0x0024,
    USE_CANDIDATE = 0x0025,
    FINGERPRINT = 0x8028,
    ICE_CONTROLLED = 0x8029,
    ICE_CONTROLLING = 0x802a,
    // A peer-reflexive candidate (type preference 110), component 1.
    PRIORITY_VALUE = 110 << 24 | 65535 << 8 | 255,
};

#define COOKIE 0x2112a442u
#define FINGERPRINT_XOR 0x5354554eu

static uint32_t
crc32(const uint8_t *p, size_t n)
{
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < n; i++) {
        crc ^= p[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
        }
    }
    return ~crc;
}

static void
begin(struct bc_buf *out, uint32_t type, const uint8_t *transaction)
{
    uint8_t header[HEADER_LEN] = { 0 };
    bc_write16(header, type);
    bc_write32(header + COOKIE_AT, COOKIE);
    memcpy(header + TRANSACTION_AT, transaction, BC_STUN_TRANSACTION_LEN);
    bc_buf_clear(out);
    bc_buf_add(out, header, sizeof(header));
}

// The header's length counts attributes only.
static void
set_length(uint8_t *message, size_t len)
{
    bc_write16(message + 2, (uint32_t)(len - HEADER_LEN));
}

static void
add_attribute(struct bc_buf *out, uint32_t type, const void *value, size_t len)
{
    static const uint8_t padding[3];
    uint8_t head[4];
    bc_write16(head, type);
    bc_write16(head + 2, (uint32_t)len);
    bc_buf_add(out, head, sizeof(head));
    bc_buf_add(out, value, len);
    bc_buf_add(out, padding, (4 - len % 4) % 4);
    set_length(out->data, out->len);
}

static void
make_mac(uint8_t mac[MAC_LEN], const char *password, const uint8_t *p, size_t n)
{
    unsigned len = MAC_LEN;
    if (!HMAC(EVP_sha1(), password, (int)strlen(password), p, n, mac, &len)) {
        bc_die("HMAC-SHA1 failed");
    }
}

// Both last attributes cover what is before them, with a length that counts them already.
static void
seal(struct bc_buf *out, const char *password)
{
    uint8_t mac[MAC_LEN];
    uint8_t crc[4];
    size_t covered = out->len;
    set_length(out->data, covered + 4 + MAC_LEN);
    make_mac(mac, password, out->data, covered);
    add_attribute(out, MESSAGE_INTEGRITY, mac, sizeof(mac));
    covered = out->len;
    set_length(out->data, covered + 4 + sizeof(crc));
    bc_write32(crc, crc32(out->data, covered) ^ FINGERPRINT_XOR);
    add_attribute(out, FINGERPRINT, crc, sizeof(crc));
}

void
bc_stun_write_check(struct bc_buf *out, const struct bc_stun_check *check)
{
    uint8_t priority[4];
    uint8_t tie_breaker[8];
    begin(out, BINDING_REQUEST, check->transaction);
    add_attribute(out, USERNAME, check->username, strlen(check->username));
    bc_write32(priority, PRIORITY_VALUE);
    add_attribute(out, PRIORITY, priority, sizeof(priority));
    bc_write32(tie_breaker, (uint32_t)(check->tie_breaker >> 32));
    bc_write32(tie_breaker + 4, (uint32_t)check->tie_breaker);
    add_attribute(out, check->controlling ? ICE_CONTROLLING : ICE_CONTROLLED, tie_breaker,
        sizeof(tie_breaker));
    if (check->controlling) {
        add_attribute(out, USE_CANDIDATE, NULL, 0);
    }
    seal(out, check->password);
}

void
bc_stun_write_success(struct bc_buf *out, const uint8_t *transaction,
    const struct sockaddr_in *peer, const char *password)
{
    uint8_t address[8] = { 0, 1 }; // IPv4
    begin(out, BINDING_SUCCESS, transaction);
    bc_write16(address + 2, ntohs(peer->sin_port) ^ COOKIE >> 16);
    bc_write32(address + 4, ntohl(peer->sin_addr.s_addr) ^ COOKIE);
    add_attribute(out, XOR_MAPPED_ADDRESS, address, sizeof(address));
    seal(out, password);
}

enum bc_stun_kind
bc_stun_kind_of(const uint8_t *p, size_t n)
{
    if (n < HEADER_LEN || p[0] & 0xc0 || bc_read32(p + COOKIE_AT) != COOKIE
        || bc_read16(p + 2) + HEADER_LEN != n || n % 4) {
        return BC_STUN_NONE;
    }
    switch (bc_read16(p)) {
    case BINDING_REQUEST:
        return BC_STUN_REQUEST;
    case BINDING_SUCCESS:
        return BC_STUN_SUCCESS;
    case BINDING_ERROR:
        return BC_STUN_ERROR;
    default:
        return BC_STUN_OTHER;
    }
}

bool
bc_stun_is_genuine(const uint8_t *p, size_t n, const char *password)
{
    uint8_t covered[BC_STUN_MAX];
    uint8_t mac[MAC_LEN];
    if (n > sizeof(covered)) {
        return false;
    }
    for (size_t at = HEADER_LEN; n - at >= 4;) {
        size_t len = bc_read16(p + at + 2);
        if (len > n - at - 4) {
            return false;
        }
        if (bc_read16(p + at) == MESSAGE_INTEGRITY) {
            if (len != MAC_LEN) {
                return false;
            }
            memcpy(covered, p, at);
            set_length(covered, at + 4 + MAC_LEN);
            make_mac(mac, password, covered, at);
            return !memcmp(mac, p + at + 4, MAC_LEN);
        }
        at += 4 + len + (4 - len % 4) % 4;
        if (at > n) {
            return false;
        }
    }
    return false;
}
