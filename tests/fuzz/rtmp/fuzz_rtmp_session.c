// SPDX-License-Identifier: Apache-2.0
// A whole session behind a valid handshake. The first byte chooses the pieces and how the
// owner answers: at once, later, with a refusal, or by closing.
#include <string.h>

#include "base/buf.h"
#include "protocol/rtmp/session.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct owner {
    struct bc_rtmp_session *session;
    unsigned mode;
};

static void
answer(struct owner *o)
{
    (void)bc_rtmp_session_accept_publish(o->session);
    (void)bc_rtmp_session_accept_play(o->session);
}

static void
on_request(void *user, const struct bc_rtmp_request *req)
{
    struct owner *o = user;
    (void)strlen(req->query);
    if (o->mode == 0) {
        answer(o);
    } else if (o->mode == 1) {
        bc_rtmp_session_reject(o->session, BC_RTMP_REJECT_DENIED, req->stream);
    } else if (o->mode == 2) {
        bc_rtmp_session_close(o->session);
    }
}

static void
on_media(void *user, const struct bc_rtmp_media *media)
{
    (void)user;
    struct bc_buf *buf = bc_buf_ref(media->buf);
    volatile uint8_t last = media->data[media->len - 1];
    (void)last;
    bc_buf_unref(&buf);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const struct bc_rtmp_session_callbacks callbacks = { .on_publish = on_request,
        .on_play = on_request, .on_media = on_media };
    static const struct bc_rtmp_session_params params = { .max_message_bytes = 1 << 18,
        .max_reassembly_bytes = 1 << 19, .max_held_bytes = 1 << 12 };
    static const uint8_t hello[1 + 2 * 1536] = { 3 };
    struct owner o = { .mode = len > 0 ? data[0] & 3 : 0 };
    o.session = bc_rtmp_session_create(&params, &callbacks, &o);
    size_t step = len > 0 && data[0] >> 2 ? data[0] >> 2 : len;
    int ret = bc_rtmp_session_input(o.session, hello, sizeof(hello), 1);
    for (size_t at = 1; at < len && ret == 0; at += step) {
        ret = bc_rtmp_session_input(o.session, data + at, len - at < step ? len - at : step, 2);
        if (ret == 0) {
            answer(&o);
        }
    }
    bc_rtmp_session_play_stopped(o.session, true);
    bc_rtmp_session_destroy(o.session);
    return 0;
}
