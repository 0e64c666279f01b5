// SPDX-License-Identifier: Apache-2.0
// Parameter sets in an SDP's fmtp: "...; sprop-parameter-sets=Z0LAHtkA,aMuDyyA=; ...",
// base64 of NAL units with commas between them.
#include <string.h>
#include <strings.h>

#include "depay.h"
#include "media/nal_types.h"

static int
base64_value(char c)
{
    static const char DIGITS[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(DIGITS, c) : NULL;
    return at ? (int)(at - DIGITS) : -1;
}

// Decodes until a character that is none of base64's. Returns how many bytes it made;
// 0 when they are too many.
static size_t
decode(const char *text, size_t len, uint8_t *out, size_t room)
{
    uint32_t bits = 0;
    unsigned have = 0;
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        int v = base64_value(text[i]);
        if (v < 0) {
            break;
        }
        bits = bits << 6 | (uint32_t)v;
        have += 6;
        if (have >= 8) {
            have -= 8;
            if (n == room) {
                return 0;
            }
            out[n++] = (uint8_t)(bits >> have);
        }
    }
    return n;
}

static void
put_list(struct bc_nal_sets *s, const char *p, const char *end)
{
    uint8_t nal[BC_NAL_SET_MAX_BYTES];
    while (p < end) {
        const char *comma = memchr(p, ',', (size_t)(end - p));
        const char *stop = comma ? comma : end;
        size_t len = decode(p, (size_t)(stop - p), nal, sizeof(nal));
        if (len > 1 && bc_nal_is_set(s->codec, bc_nal_type(s->codec, nal))) {
            bc_nal_sets_put(s, nal, len);
        }
        p = comma ? comma + 1 : end;
    }
}

static bool
is_sets_key(enum bc_codec codec, const char *key, size_t len)
{
    static const char *const HEVC[] = { "sprop-vps", "sprop-sps", "sprop-pps" };
    static const char AVC[] = "sprop-parameter-sets";
    if (codec != BC_CODEC_HEVC) {
        return len == sizeof(AVC) - 1 && strncasecmp(key, AVC, len) == 0;
    }
    for (size_t i = 0; i < sizeof(HEVC) / sizeof(HEVC[0]); i++) {
        if (len == strlen(HEVC[i]) && strncasecmp(key, HEVC[i], len) == 0) {
            return true;
        }
    }
    return false;
}

void
bc_rtp_sets_from_fmtp(struct bc_nal_sets *s, const char *fmtp)
{
    for (const char *p = fmtp; *p;) {
        p += strspn(p, " ;");
        size_t len = strcspn(p, ";");
        const char *equals = memchr(p, '=', len);
        if (equals && is_sets_key(s->codec, p, (size_t)(equals - p))) {
            put_list(s, equals + 1, p + len);
        }
        p += len;
    }
    // They came, but not in the stream.
    s->sps_came = false;
    s->pps_came = false;
}
