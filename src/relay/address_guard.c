// SPDX-License-Identifier: Apache-2.0
// The special-purpose registries of IANA (RFC 6890) for IPv4 and IPv6.
#include "address_guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct range4 {
    uint32_t first;
    unsigned bits;
};

#define IP4(a, b, c, d) \
    ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

static const struct range4 REFUSED4[] = {
    { IP4(0, 0, 0, 0), 8 },       // this host; Linux connects 0.0.0.0 to loopback
    { IP4(10, 0, 0, 0), 8 },      // RFC 1918
    { IP4(100, 64, 0, 0), 10 },   // RFC 6598, carrier-grade NAT
    { IP4(127, 0, 0, 0), 8 },     // loopback
    { IP4(169, 254, 0, 0), 16 },  // link-local, clouds' metadata
    { IP4(172, 16, 0, 0), 12 },   // RFC 1918
    { IP4(192, 0, 0, 0), 24 },    // IETF protocol assignments
    { IP4(192, 0, 2, 0), 24 },    // documentation
    { IP4(192, 88, 99, 0), 24 },  // 6to4 relays
    { IP4(192, 168, 0, 0), 16 },  // RFC 1918
    { IP4(198, 18, 0, 0), 15 },   // benchmarks
    { IP4(198, 51, 100, 0), 24 }, // documentation
    { IP4(203, 0, 113, 0), 24 },  // documentation
    { IP4(224, 0, 0, 0), 4 },     // multicast
    { IP4(240, 0, 0, 0), 4 },     // reserved, broadcast
};

static bool
is_public4(uint32_t address)
{
    for (size_t i = 0; i < sizeof(REFUSED4) / sizeof(REFUSED4[0]); i++) {
        if ((address ^ REFUSED4[i].first) >> (32 - REFUSED4[i].bits) == 0) {
            return false;
        }
    }
    return true;
}

// An IPv6 range, and where in its addresses an IPv4 address stands that they lead to.
struct range6 {
    uint8_t first[16];
    unsigned bits;
    int embedded_at; // < 0: none, the range is refused as a whole
    bool inverted;   // each bit of the IPv4 address is flipped
};

static const struct range6 SPECIAL6[] = {
    { { [10] = 0xff, 0xff }, 96, 12, false },             // IPv4-mapped
    { { 0x00, 0x64, 0xff, 0x9b }, 96, 12, false },        // NAT64, RFC 6052
    { { 0x20, 0x02 }, 16, 2, false },                     // 6to4
    { { 0x20, 0x01, 0x00, 0x00 }, 32, 12, true },         // Teredo
    { { 0x20, 0x01 }, 23, -1, false },                    // IETF protocol assignments
    { { 0x20, 0x01, 0x0d, 0xb8 }, 32, -1, false },        // documentation
    { { 0x3f, 0xff }, 20, -1, false },                    // documentation
};

static bool
is_in_range6(const uint8_t address[16], const struct range6 *r)
{
    size_t bytes = r->bits / 8;
    unsigned rest = r->bits % 8;
    if (memcmp(address, r->first, bytes) != 0) {
        return false;
    }
    return rest == 0 || (address[bytes] ^ r->first[bytes]) >> (8 - rest) == 0;
}

static bool
is_public6(const uint8_t address[16])
{
    for (size_t i = 0; i < sizeof(SPECIAL6) / sizeof(SPECIAL6[0]); i++) {
        const struct range6 *r = &SPECIAL6[i];
        if (!is_in_range6(address, r)) {
            continue;
        }
        if (r->embedded_at < 0) {
            return false;
        }
        const uint8_t *p = address + r->embedded_at;
        uint32_t inner = IP4(p[0], p[1], p[2], p[3]);
        return is_public4(r->inverted ? ~inner : inner);
    }
    // Only 2000::/3 is given out as global unicast; loopback, ULA, link-local, site-local,
    // multicast, IPv4-compatible addresses and local NAT64 are outside of it.
    return address[0] >> 5 == 1;
}

bool
relay_address_is_public(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof(in));
        return is_public4(ntohl(in.sin_addr.s_addr));
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, address, sizeof(in6));
        return is_public6(in6.sin6_addr.s6_addr);
    }
    return false;
}

void
relay_address_text(const struct sockaddr *address, char *out, size_t size)
{
    char text[INET6_ADDRSTRLEN] = "?";
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof(in));
        inet_ntop(AF_INET, &in.sin_addr, text, sizeof(text));
    } else if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, address, sizeof(in6));
        inet_ntop(AF_INET6, &in6.sin6_addr, text, sizeof(text));
    }
    snprintf(out, size, "%s", text);
}
