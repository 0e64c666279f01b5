// SPDX-License-Identifier: Apache-2.0
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/webrtc/srtp.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

// The first byte chooses profile, RTP or RTCP, and whether the rest is first encrypted by
// the same key, which makes it genuine: then it comes back as it was.
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len < 1 || len > 1500) {
        return 0;
    }
    struct bc_srtp_keys keys = { .profile = data[0] & 1 ? BC_SRTP_AEAD_AES_128_GCM
                                                        : BC_SRTP_AES128_CM_SHA1_80 };
    struct bc_srtp *srtp = bc_srtp_create(&keys);
    size_t n = len - 1;
    uint8_t *packet = malloc(n + BC_SRTCP_OVERHEAD);
    memcpy(packet, data + 1, n);
    bool rtcp = data[0] & 2;
    if (data[0] & 4) {
        int out = rtcp ? bc_srtp_protect_rtcp(srtp, packet, n)
                       : bc_srtp_protect(srtp, packet, n);
        n = out > 0 ? (size_t)out : n;
    }
    // Exactly so long, for the sanitizer.
    packet = realloc(packet, n ? n : 1);
    int ret = rtcp ? bc_srtp_unprotect_rtcp(srtp, packet, n)
                   : bc_srtp_unprotect(srtp, packet, n);
    if (ret > (int)n
        || (ret > 0
            && ((size_t)ret != len - 1 || memcmp(packet, data + 1, len - 1) != 0))) {
        abort();
    }
    free(packet);
    bc_srtp_destroy(srtp);
    return 0;
}
