// SPDX-License-Identifier: Apache-2.0
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/webrtc/ice.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

// For the credentials of RFC 5769, so that a seed has a good integrity.
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const struct bc_ice ICE = {
        .ufrag = "evtj", .pwd = "VOkJxbRl1RmTxUk/WvJxBt", .remote_ufrag = "h6vY"
    };
    char ufrag[BC_ICE_UFRAG];
    bool named = bc_ice_peek_ufrag(data, len, ufrag);
    struct sockaddr_in6 from = { .sin6_family = AF_INET6, .sin6_addr = in6addr_loopback };
    struct bc_ice_reply reply;
    enum bc_ice_verdict verdict =
        bc_ice_handle(&ICE, data, len, (struct sockaddr *)&from, &reply);
    if ((verdict == BC_ICE_IGNORE) != (reply.len == 0) || reply.len > sizeof(reply.data)
        || (verdict >= BC_ICE_CHECK && !(named && strcmp(ufrag, ICE.ufrag) == 0))
        || strlen(reply.error) >= sizeof(reply.error)) {
        abort();
    }
    return 0;
}
