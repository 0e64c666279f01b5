// SPDX-License-Identifier: Apache-2.0
#include "rtsp_session.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "ffmpeg.h"

// --- who asks ---

// `name="value"` of a challenge.
static bool
parameter(const char *challenge, const char *name, char *out, size_t size)
{
    const char *p = strcasestr(challenge, name);
    size_t name_len = strlen(name);
    if (!p || strncmp(p + name_len, "=\"", 2) != 0) {
        return false;
    }
    p += name_len + 2;
    size_t len = strcspn(p, "\"");
    if (p[len] != '"' || len >= size) {
        return false;
    }
    memcpy(out, p, len);
    out[len] = '\0';
    return true;
}

bool
rtsp_auth_challenge(struct rtsp_auth *auth, const struct rtsp_message *m,
    const char *user, const char *password)
{
    char challenge[1024];
    if (user[0] == '\0'
        || !rtsp_message_header(m, "WWW-Authenticate", challenge, sizeof(challenge))) {
        return false;
    }
    snprintf(auth->user, sizeof(auth->user), "%s", user);
    snprintf(auth->password, sizeof(auth->password), "%s", password);
    if (strncasecmp(challenge, "Digest", 6) == 0) {
        auth->kind = RTSP_AUTH_DIGEST;
        return parameter(challenge, "realm", auth->realm, sizeof(auth->realm))
            && parameter(challenge, "nonce", auth->nonce, sizeof(auth->nonce));
    }
    auth->kind = RTSP_AUTH_BASIC;
    return strncasecmp(challenge, "Basic", 5) == 0;
}

static void
hash(const char *text, char out[33])
{
    uint8_t digest[16];
    av_md5_sum(digest, (const uint8_t *)text, strlen(text));
    for (size_t i = 0; i < sizeof(digest); i++) {
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
    }
}

static void
digest_header(const struct rtsp_auth *auth, const char *method, const char *url,
    char *out, size_t size)
{
    char text[INPUT_URL_MAX + 512];
    char secret[33];
    char request[33];
    char response[33];
    snprintf(text, sizeof(text), "%s:%s:%s", auth->user, auth->realm, auth->password);
    hash(text, secret);
    snprintf(text, sizeof(text), "%s:%s", method, url);
    hash(text, request);
    snprintf(text, sizeof(text), "%s:%s:%s", secret, auth->nonce, request);
    hash(text, response);
    int n = snprintf(out, size,
        "Authorization: Digest username=\"%s\", realm=\"%s\", nonce=\"%s\", uri=\"%s\", "
        "response=\"%s\"\r\n",
        auth->user, auth->realm, auth->nonce, url, response);
    if (n < 0 || (size_t)n >= size) {
        out[0] = '\0';
    }
}

void
rtsp_auth_header(const struct rtsp_auth *auth, const char *method, const char *url,
    char *out, size_t size)
{
    char plain[2 * 128];
    char coded[AV_BASE64_SIZE(sizeof(plain))];
    out[0] = '\0';
    if (auth->kind == RTSP_AUTH_DIGEST) {
        digest_header(auth, method, url, out, size);
    } else if (auth->kind == RTSP_AUTH_BASIC) {
        int n = snprintf(plain, sizeof(plain), "%s:%s", auth->user, auth->password);
        av_base64_encode(coded, sizeof(coded), (const uint8_t *)plain, n);
        snprintf(out, size, "Authorization: Basic %s\r\n", coded);
    }
}

// --- the description ---

bool
rtsp_sdp_control(const char *sdp, const char *kind, char *out, size_t size)
{
    bool inside = false;
    size_t kind_len = strlen(kind);
    out[0] = '\0';
    for (const char *line = sdp; line && *line;) {
        size_t len = strcspn(line, "\r\n");
        if (strncmp(line, "m=", 2) == 0) {
            if (inside) {
                return true;
            }
            inside = strncmp(line + 2, kind, kind_len) == 0 && line[2 + kind_len] == ' ';
        } else if (inside && len > 10 && strncmp(line, "a=control:", 10) == 0
            && len - 10 < size) {
            memcpy(out, line + 10, len - 10);
            out[len - 10] = '\0';
        }
        line += len + strspn(line + len, "\r\n");
    }
    return inside;
}

void
rtsp_control_url(const char *base, const char *control, char *out, size_t size)
{
    bool whole = strncasecmp(control, "rtsp://", 7) == 0
        || strncasecmp(control, "rtsps://", 8) == 0;
    size_t len = strlen(base);
    bool slash = len > 0 && base[len - 1] == '/';
    if (whole) {
        snprintf(out, size, "%s", control);
    } else if (control[0] == '\0' || strcmp(control, "*") == 0) {
        snprintf(out, size, "%s", base);
    } else {
        snprintf(out, size, "%s%s%s", base, slash ? "" : "/", control);
    }
}
