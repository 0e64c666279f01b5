// SPDX-License-Identifier: Apache-2.0
#ifndef RELAY_RTSP_SESSION_H
#define RELAY_RTSP_SESSION_H

#include "input_url.h"
#include "rtsp_message.h"

// What the server wants to know of who asks: Basic or Digest (RFC 2617).
struct rtsp_auth {
    enum { RTSP_AUTH_NONE, RTSP_AUTH_BASIC, RTSP_AUTH_DIGEST } kind;
    char user[128];
    char password[128];
    char realm[256];
    char nonce[256];
};

// Reads the challenge of a 401. False: there is no answer to it.
bool
rtsp_auth_challenge(struct rtsp_auth *auth, const struct rtsp_message *m,
    const char *user, const char *password);

// The header line, or "".
void
rtsp_auth_header(const struct rtsp_auth *auth, const char *method, const char *url,
    char *out, size_t size);

// The control attribute of the first medium of a kind ("video"). False: there is no such
// medium. "" when it has none.
bool
rtsp_sdp_control(const char *sdp, const char *kind, char *out, size_t size);

// A control as an URL.
void
rtsp_control_url(const char *base, const char *control, char *out, size_t size);

#endif
