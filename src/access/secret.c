// SPDX-License-Identifier: Apache-2.0
#include "secret.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#define SECRET_BYTES 16

int
bc_secret_random(void *out, size_t len)
{
    // Up to 256 bytes come whole once the kernel's pool is ready (getrandom(2)).
    ssize_t n = getrandom(out, len, 0);
    if (n < 0) {
        return -errno;
    }
    return (size_t)n == len ? 0 : -EIO;
}

int
bc_secret_create(char out[BC_SECRET_TEXT])
{
    static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyz234567";
    uint8_t bytes[SECRET_BYTES];
    int ret = bc_secret_random(bytes, sizeof(bytes));
    if (ret != 0) {
        return ret;
    }
    unsigned pending = 0;
    unsigned bits = 0;
    size_t n = 0;
    for (size_t i = 0; i < sizeof(bytes); i++) {
        pending = pending << 8 | bytes[i];
        bits += 8;
        while (bits >= 5) {
            bits -= 5;
            out[n++] = LETTERS[pending >> bits & 31];
        }
    }
    out[n++] = LETTERS[pending << (5 - bits) & 31];
    out[n] = '\0';
    bc_secret_wipe(bytes, sizeof(bytes));
    return 0;
}

bool
bc_digest_init(struct bc_digest *out, const void *data, size_t len)
{
    return EVP_Digest(data, len, out->bytes, NULL, EVP_sha256(), NULL) == 1;
}

static int
hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool
parse_digest(const char *hex, struct bc_digest *out)
{
    if (strlen(hex) != 2 * sizeof(out->bytes)) {
        return false;
    }
    for (size_t i = 0; i < sizeof(out->bytes); i++) {
        int high = hex_value(hex[2 * i]);
        int low = hex_value(hex[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        out->bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

// Digests are compared, not texts: so neither the length nor the first difference shows.
bool
bc_secret_equal(const char *expected, const char *given)
{
    struct bc_digest want;
    struct bc_digest have;
    if (!expected || !expected[0] || !given || !given[0]) {
        return false;
    }
    bool ok = strncmp(expected, "sha256:", 7) == 0
        ? parse_digest(expected + 7, &want)
        : bc_digest_init(&want, expected, strlen(expected));
    return ok && bc_digest_init(&have, given, strlen(given))
        && CRYPTO_memcmp(want.bytes, have.bytes, sizeof(want.bytes)) == 0;
}

void
bc_secret_wipe(void *data, size_t len)
{
    OPENSSL_cleanse(data, len);
}
