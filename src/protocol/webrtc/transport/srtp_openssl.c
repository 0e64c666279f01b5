// SPDX-License-Identifier: Apache-2.0
#include "srtp_openssl.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <srtp2/auth.h>
#include <srtp2/cipher.h>
#include <srtp2/srtp.h>

#define KEY_BYTES 16
#define SALT_BYTES 14
#define BLOCK_BYTES 16
#define GCM_TAG_MAX 16
#define SHA1_BYTES 20
#define AUTH_KEY_MAX 64

// Fetched once: a fetch takes a lock. They live as long as the process.
static EVP_CIPHER *aes_gcm;
static EVP_CIPHER *aes_ctr;
static EVP_MAC *hmac;

// One key of one direction, shared by the SSRCs of a session; libsrtp owns it.
struct cipher {
    srtp_cipher_t base; // what libsrtp knows; its `state` is this struct
    EVP_CIPHER_CTX *ctx;
    int tag_len; // GCM
    bool decrypts; // GCM
    uint8_t offset[BLOCK_BYTES]; // counter mode: the salt, where the counter starts
};

struct auth {
    srtp_auth_t base;
    EVP_MAC_CTX *ctx;
    uint8_t key[AUTH_KEY_MAX];
    int key_len;
};

static srtp_err_status_t
check(bool ok, srtp_err_status_t otherwise)
{
    return ok ? srtp_err_status_ok : otherwise;
}

static srtp_err_status_t
cipher_alloc(srtp_cipher_t **out, const srtp_cipher_type_t *type, int key_len)
{
    struct cipher *c = calloc(1, sizeof(*c));
    if (!c) {
        return srtp_err_status_alloc_fail;
    }
    c->ctx = EVP_CIPHER_CTX_new();
    if (!c->ctx) {
        free(c);
        return srtp_err_status_alloc_fail;
    }
    c->base.type = type;
    c->base.state = c;
    c->base.key_len = key_len;
    c->base.algorithm = (int)type->id;
    *out = &c->base;
    return srtp_err_status_ok;
}

static srtp_err_status_t
cipher_dealloc(srtp_cipher_t *base)
{
    struct cipher *c = base->state;
    EVP_CIPHER_CTX_free(c->ctx);
    OPENSSL_cleanse(c, sizeof(*c));
    free(c);
    return srtp_err_status_ok;
}

// --- AES-GCM, RFC 7714 ---

static srtp_err_status_t
gcm_alloc(srtp_cipher_t **out, int key_len, int tag_len);

static srtp_err_status_t
gcm_init(void *state, const uint8_t *key)
{
    struct cipher *c = state;
    return check(EVP_CipherInit_ex2(c->ctx, aes_gcm, key, NULL, 1, NULL) == 1,
        srtp_err_status_init_fail);
}

static srtp_err_status_t
gcm_set_iv(void *state, uint8_t *iv, srtp_cipher_direction_t direction)
{
    struct cipher *c = state;
    c->decrypts = direction == srtp_direction_decrypt;
    return check(EVP_CipherInit_ex2(c->ctx, NULL, NULL, iv, !c->decrypts, NULL) == 1,
        srtp_err_status_init_fail);
}

static srtp_err_status_t
gcm_set_aad(void *state, const uint8_t *aad, uint32_t len)
{
    struct cipher *c = state;
    int n;
    return check(len == 0 || EVP_CipherUpdate(c->ctx, NULL, &n, aad, (int)len) == 1,
        srtp_err_status_algo_fail);
}

// Also without any bytes: then only the header is authenticated.
static srtp_err_status_t
gcm_encrypt(void *state, uint8_t *data, unsigned *len)
{
    struct cipher *c = state;
    int n;
    bool ok = *len == 0 || EVP_CipherUpdate(c->ctx, data, &n, data, (int)*len) == 1;
    return check(ok && EVP_CipherFinal_ex(c->ctx, data + *len, &n) == 1,
        srtp_err_status_cipher_fail);
}

static srtp_err_status_t
gcm_get_tag(void *state, uint8_t *tag, uint32_t *len)
{
    struct cipher *c = state;
    *len = (uint32_t)c->tag_len;
    return check(EVP_CIPHER_CTX_ctrl(c->ctx, EVP_CTRL_AEAD_GET_TAG, c->tag_len, tag) == 1,
        srtp_err_status_algo_fail);
}

static srtp_err_status_t
gcm_decrypt(void *state, uint8_t *data, unsigned *len)
{
    struct cipher *c = state;
    if (*len < (unsigned)c->tag_len) {
        return srtp_err_status_bad_param;
    }
    unsigned body = *len - (unsigned)c->tag_len;
    int n;
    bool ok =
        EVP_CIPHER_CTX_ctrl(c->ctx, EVP_CTRL_AEAD_SET_TAG, c->tag_len, data + body) == 1
        && (body == 0 || EVP_CipherUpdate(c->ctx, data, &n, data, (int)body) == 1)
        && EVP_CipherFinal_ex(c->ctx, data + body, &n) == 1;
    *len = body;
    return check(ok, srtp_err_status_auth_fail);
}

// Test case 2 of the GCM specification; libsrtp adds those of its own implementation.
static const uint8_t GCM_ZEROS[SRTP_AES_GCM_128_KEY_LEN_WSALT];
static uint8_t gcm_iv[12];
static const uint8_t GCM_SEALED[] = { 0x03, 0x88, 0xda, 0xce, 0x60, 0xb6, 0xa3, 0x92,
    0xf3, 0x28, 0xc2, 0xb9, 0x71, 0xb2, 0xfe, 0x78, 0xab, 0x6e, 0x47, 0xd4, 0x2c, 0xec,
    0x13, 0xbd, 0xf5, 0x3a, 0x67, 0xb2, 0x12, 0x57, 0xbd, 0xdf };
static const srtp_cipher_test_case_t GCM_TEST = {
    .key_length_octets = sizeof(GCM_ZEROS),
    .key = GCM_ZEROS,
    .idx = gcm_iv,
    .plaintext_length_octets = 16,
    .plaintext = GCM_ZEROS,
    .ciphertext_length_octets = sizeof(GCM_SEALED),
    .ciphertext = GCM_SEALED,
    .tag_length_octets = 16,
};

static const srtp_cipher_type_t GCM = {
    .alloc = gcm_alloc,
    .dealloc = cipher_dealloc,
    .init = gcm_init,
    .set_aad = gcm_set_aad,
    .encrypt = gcm_encrypt,
    .decrypt = gcm_decrypt,
    .set_iv = gcm_set_iv,
    .get_tag = gcm_get_tag,
    .description = "AES-128-GCM by OpenSSL",
    .test_data = &GCM_TEST,
    .id = SRTP_AES_GCM_128,
};

static srtp_err_status_t
gcm_alloc(srtp_cipher_t **out, int key_len, int tag_len)
{
    if (key_len != SRTP_AES_GCM_128_KEY_LEN_WSALT || tag_len < 1
        || tag_len > GCM_TAG_MAX) {
        return srtp_err_status_bad_param;
    }
    srtp_err_status_t status = cipher_alloc(out, &GCM, key_len);
    if (status == srtp_err_status_ok) {
        ((struct cipher *)(*out)->state)->tag_len = tag_len;
    }
    return status;
}

// --- AES in counter mode, RFC 3711 4.1.1; also what derives all session keys ---

static srtp_err_status_t
ctr_alloc(srtp_cipher_t **out, int key_len, int tag_len);

static srtp_err_status_t
ctr_init(void *state, const uint8_t *key)
{
    struct cipher *c = state;
    memset(c->offset, 0, sizeof(c->offset));
    memcpy(c->offset, key + KEY_BYTES, SALT_BYTES);
    return check(EVP_EncryptInit_ex2(c->ctx, aes_ctr, key, c->offset, NULL) == 1,
        srtp_err_status_init_fail);
}

static srtp_err_status_t
ctr_set_iv(void *state, uint8_t *iv, srtp_cipher_direction_t direction)
{
    (void)direction; // the same both ways
    struct cipher *c = state;
    uint8_t counter[BLOCK_BYTES];
    for (size_t i = 0; i < sizeof(counter); i++) {
        counter[i] = c->offset[i] ^ iv[i];
    }
    return check(EVP_EncryptInit_ex2(c->ctx, NULL, NULL, counter, NULL) == 1,
        srtp_err_status_init_fail);
}

static srtp_err_status_t
ctr_encrypt(void *state, uint8_t *data, unsigned *len)
{
    struct cipher *c = state;
    int n;
    return check(EVP_EncryptUpdate(c->ctx, data, &n, data, (int)*len) == 1,
        srtp_err_status_cipher_fail);
}

// RFC 3711 B.2.
static const uint8_t CTR_KEY[SRTP_AES_ICM_128_KEY_LEN_WSALT] = { 0x2b, 0x7e, 0x15, 0x16,
    0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c, 0xf0, 0xf1,
    0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd };
static uint8_t ctr_iv[BLOCK_BYTES];
static const uint8_t CTR_ZEROS[BLOCK_BYTES];
static const uint8_t CTR_STREAM[BLOCK_BYTES] = { 0xe0, 0x3e, 0xad, 0x09, 0x35, 0xc9, 0x5e,
    0x80, 0xe1, 0x66, 0xb1, 0x6d, 0xd9, 0x2b, 0x4e, 0xb4 };
static const srtp_cipher_test_case_t CTR_TEST = {
    .key_length_octets = sizeof(CTR_KEY),
    .key = CTR_KEY,
    .idx = ctr_iv,
    .plaintext_length_octets = sizeof(CTR_ZEROS),
    .plaintext = CTR_ZEROS,
    .ciphertext_length_octets = sizeof(CTR_STREAM),
    .ciphertext = CTR_STREAM,
};

static const srtp_cipher_type_t CTR = {
    .alloc = ctr_alloc,
    .dealloc = cipher_dealloc,
    .init = ctr_init,
    .encrypt = ctr_encrypt,
    .decrypt = ctr_encrypt,
    .set_iv = ctr_set_iv,
    .description = "AES-128 in counter mode by OpenSSL",
    .test_data = &CTR_TEST,
    .id = SRTP_AES_ICM_128,
};

static srtp_err_status_t
ctr_alloc(srtp_cipher_t **out, int key_len, int tag_len)
{
    (void)tag_len; // it has none
    return key_len == SRTP_AES_ICM_128_KEY_LEN_WSALT ? cipher_alloc(out, &CTR, key_len)
                                                     : srtp_err_status_bad_param;
}

// --- HMAC-SHA1 ---

static srtp_err_status_t
auth_alloc(srtp_auth_t **out, int key_len, int out_len);

static srtp_err_status_t
auth_dealloc(srtp_auth_t *base)
{
    struct auth *a = base->state;
    EVP_MAC_CTX_free(a->ctx);
    OPENSSL_cleanse(a, sizeof(*a));
    free(a);
    return srtp_err_status_ok;
}

static srtp_err_status_t
auth_init(void *state, const uint8_t *key, int key_len)
{
    struct auth *a = state;
    if (key_len < 0 || key_len > AUTH_KEY_MAX) {
        return srtp_err_status_bad_param;
    }
    memcpy(a->key, key, (size_t)key_len);
    a->key_len = key_len;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA1", 0),
        OSSL_PARAM_construct_end(),
    };
    return check(EVP_MAC_init(a->ctx, key, (size_t)key_len, params) == 1,
        srtp_err_status_init_fail);
}

// With the key again, as OpenSSL before 3.0.3 cannot start over without it.
static srtp_err_status_t
auth_start(void *state)
{
    struct auth *a = state;
    return check(EVP_MAC_init(a->ctx, a->key, (size_t)a->key_len, NULL) == 1,
        srtp_err_status_auth_fail);
}

static srtp_err_status_t
auth_update(void *state, const uint8_t *data, int len)
{
    struct auth *a = state;
    return check(
        EVP_MAC_update(a->ctx, data, (size_t)len) == 1, srtp_err_status_auth_fail);
}

static srtp_err_status_t
auth_compute(void *state, const uint8_t *data, int len, int tag_len, uint8_t *tag)
{
    struct auth *a = state;
    uint8_t sum[SHA1_BYTES];
    size_t n = 0;
    if (tag_len < 0 || tag_len > SHA1_BYTES
        || EVP_MAC_update(a->ctx, data, (size_t)len) != 1
        || EVP_MAC_final(a->ctx, sum, &n, sizeof(sum)) != 1) {
        return srtp_err_status_auth_fail;
    }
    memcpy(tag, sum, (size_t)tag_len);
    return srtp_err_status_ok;
}

// RFC 2202 3, the first.
static const uint8_t AUTH_KEY[SHA1_BYTES] = { 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b,
    0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b };
static const uint8_t AUTH_DATA[] = { 'H', 'i', ' ', 'T', 'h', 'e', 'r', 'e' };
static const uint8_t AUTH_TAG[SHA1_BYTES] = { 0xb6, 0x17, 0x31, 0x86, 0x55, 0x05, 0x72,
    0x64, 0xe2, 0x8b, 0xc0, 0xb6, 0xfb, 0x37, 0x8c, 0x8e, 0xf1, 0x46, 0xbe, 0x00 };
static const srtp_auth_test_case_t AUTH_TEST = {
    .key_length_octets = sizeof(AUTH_KEY),
    .key = AUTH_KEY,
    .data_length_octets = sizeof(AUTH_DATA),
    .data = AUTH_DATA,
    .tag_length_octets = sizeof(AUTH_TAG),
    .tag = AUTH_TAG,
};

static const srtp_auth_type_t AUTH = {
    .alloc = auth_alloc,
    .dealloc = auth_dealloc,
    .init = auth_init,
    .compute = auth_compute,
    .update = auth_update,
    .start = auth_start,
    .description = "HMAC-SHA1 by OpenSSL",
    .test_data = &AUTH_TEST,
    .id = SRTP_HMAC_SHA1,
};

static srtp_err_status_t
auth_alloc(srtp_auth_t **out, int key_len, int out_len)
{
    if (out_len > SHA1_BYTES) {
        return srtp_err_status_bad_param;
    }
    struct auth *a = calloc(1, sizeof(*a));
    if (!a) {
        return srtp_err_status_alloc_fail;
    }
    a->ctx = EVP_MAC_CTX_new(hmac);
    if (!a->ctx) {
        free(a);
        return srtp_err_status_alloc_fail;
    }
    a->base.type = &AUTH;
    a->base.state = a;
    a->base.out_len = out_len;
    a->base.key_len = key_len;
    *out = &a->base;
    return srtp_err_status_ok;
}

int
srtp_openssl_install(void)
{
    aes_gcm = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
    aes_ctr = EVP_CIPHER_fetch(NULL, "AES-128-CTR", NULL);
    hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    bool ok = aes_gcm && aes_ctr && hmac
        && srtp_replace_cipher_type(&GCM, SRTP_AES_GCM_128) == srtp_err_status_ok
        && srtp_replace_cipher_type(&CTR, SRTP_AES_ICM_128) == srtp_err_status_ok
        && srtp_replace_auth_type(&AUTH, SRTP_HMAC_SHA1) == srtp_err_status_ok;
    return ok ? 0 : -EIO;
}
