// SPDX-License-Identifier: Apache-2.0
// What an RTSP server sends: messages, packets, a challenge, a description.
#include <stdlib.h>
#include <string.h>

#include "relay/rtsp_message.h"
#include "relay/rtsp_session.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct rtsp_stream s;
    struct rtsp_message m;
    int ret = 0;
    if (!rtsp_stream_init(&s)) {
        return 0;
    }
    while (len > 0 && ret >= 0) {
        uint8_t *room;
        size_t n = rtsp_stream_room(&s, &room);
        n = n < len ? n : len;
        memcpy(room, data, n);
        rtsp_stream_filled(&s, n);
        data += n;
        len -= n;
        while ((ret = rtsp_stream_next(&s, &m)) == 1) {
            struct rtsp_auth auth = { .kind = RTSP_AUTH_NONE };
            char out[4096];
            rtsp_auth_challenge(&auth, &m, "user", "password");
            rtsp_auth_header(&auth, "SETUP", "rtsp://a/b", out, sizeof(out));
            char *sdp = calloc(1, m.body_len + 1);
            if (sdp && m.body_len > 0) {
                memcpy(sdp, m.body, m.body_len);
                rtsp_sdp_control(sdp, "video", out, 64);
            }
            free(sdp);
        }
    }
    rtsp_stream_finish(&s);
    return 0;
}
