// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "flow.h"

// x264, constrained baseline 3.0, 640x360; and main 4.0, 1920x1080.
static const uint8_t HEADER[] = {
    0x17, 0, 0, 0, 0, //
    0x01, 0x42, 0xc0, 0x1e, 0xff, 0xe1, 0x00, 0x18, 0x67, 0x42, 0xc0, 0x1e, 0xd9, 0x00, 0xa0,
    0x2f, 0xf9, 0x70, 0x11, 0x00, 0x00, 0x03, 0x03, 0xe9, 0x00, 0x00, 0xea, 0x60, 0x0f, 0x16,
    0x2e, 0x48, 0x01, 0x00, 0x05, 0x68, 0xcb, 0x83, 0xcb, 0x20,
};
static const uint8_t OTHER_HEADER[] = {
    0x17, 0, 0, 0, 0, //
    0x01, 0x4d, 0x40, 0x28, 0xff, 0xe1, 0x00, 0x1a, 0x67, 0x4d, 0x40, 0x28, 0xec, 0xa0, 0x3c,
    0x01, 0x13, 0xf2, 0xe0, 0x22, 0x00, 0x00, 0x03, 0x00, 0x02, 0x00, 0x00, 0x03, 0x00, 0x78,
    0x1e, 0x30, 0x63, 0x2c, 0x01, 0x00, 0x04, 0x68, 0xce, 0x0f, 0xc8,
};
static const uint8_t AUDIO_HEADER[] = { 0xaf, 0, 0x11, 0x90 }; // AAC-LC, 48 kHz, stereo

#define KEY_BYTES 20000 // the NAL unit's
#define FRAME_BYTES 4000
#define SOUND_BYTES 300
#define SOUND_MS 20

static void
on_send(void *user, const void *data, size_t len)
{
    flow_send(&((struct flow_rtmp *)user)->peer, data, len);
}

static void
on_started(void *user)
{
    ((struct flow_rtmp *)user)->started = true;
}

static void
on_media(void *user, const struct bc_rtmp_media *m)
{
    struct flow_rtmp *r = user;
    flow_media_add(&r->media, m->kind, m->timestamp, m->data, m->len);
}

static void
on_status(void *user, bool is_error, const char *code, const char *description)
{
    (void)description;
    struct flow_rtmp *r = user;
    snprintf(r->status, sizeof(r->status), "%s", code);
    r->is_error = r->is_error || is_error;
}

static const struct bc_rtmp_client_callbacks CALLBACKS = { on_send, on_started, on_media,
    on_status };

static void
on_bytes(struct flow_peer *peer, const uint8_t *data, size_t len)
{
    struct flow_rtmp *r = bc_container_of(peer, struct flow_rtmp, peer);
    assert_int_equal(bc_rtmp_client_input(r->client, data, len), 0);
}

static void
open_client(struct flow *f, struct flow_rtmp *r, const struct bc_rtmp_client_params *params,
    const char *from)
{
    memset(r, 0, sizeof(*r));
    r->client = bc_rtmp_client_create(params, &CALLBACKS, r);
    assert_non_null(r->client);
    r->peer.on_bytes = on_bytes;
    flow_connect(f, &r->peer, f->rtmp_port, from);
    assert_int_equal(bc_rtmp_client_start(r->client), 0);
}

void
flow_rtmp_open(struct flow *f, struct flow_rtmp *r, bool publish, const char *stream,
    const char *from)
{
    struct bc_rtmp_client_params params = { .publish = publish, .app = "live",
        .stream = stream, .tc_url = "rtmp://127.0.0.1/live" };
    open_client(f, r, &params, from);
}

void
flow_rtmp_open_enhanced(struct flow *f, struct flow_rtmp *r, bool publish,
    const char *stream, uint32_t codecs, uint32_t caps_ex)
{
    struct bc_rtmp_client_params params = { .publish = publish, .app = "live",
        .stream = stream, .tc_url = "rtmp://127.0.0.1/live", .codecs = codecs,
        .caps_ex = caps_ex };
    open_client(f, r, &params, NULL);
}

void
flow_host_open(struct flow *f, struct flow_rtmp *r)
{
    flow_rtmp_open(f, r, true, "hq?key=A", NULL);
    FLOW_UNTIL(f, r->started);
}

static void
put_number(uint8_t *out, uint32_t number)
{
    for (int i = 0; i < 4; i++) {
        out[i] = (uint8_t)(number >> (24 - 8 * i));
    }
}

static void
send_picture(struct flow_rtmp *r, bool key)
{
    static uint8_t body[5 + 4 + KEY_BYTES];
    size_t len = key ? KEY_BYTES : FRAME_BYTES;
    memset(body, 0x55, sizeof(body));
    memset(body, 0, 5);
    body[0] = key ? 0x17 : 0x27;
    body[1] = 1;
    put_number(body + 5, (uint32_t)len);
    body[9] = key ? 0x65 : 0x41;
    put_number(body + 10, r->count++);
    bc_rtmp_client_send(r->client, BC_KIND_VIDEO, (uint32_t)r->ms, body, 9 + len);
}

static void
send_sound(struct flow_rtmp *r, int64_t ms)
{
    uint8_t body[2 + SOUND_BYTES];
    memset(body, 0x55, sizeof(body));
    body[0] = 0xaf;
    body[1] = 1;
    put_number(body + 2, r->count++);
    bc_rtmp_client_send(r->client, BC_KIND_AUDIO, (uint32_t)ms, body, sizeof(body));
}

void
flow_host_send(struct flow_rtmp *r, int64_t ms)
{
    if (!r->has_sent_headers) {
        r->has_sent_headers = true;
        const uint8_t *header = r->other_format ? OTHER_HEADER : HEADER;
        size_t len = r->other_format ? sizeof(OTHER_HEADER) : sizeof(HEADER);
        bc_rtmp_client_send(r->client, BC_KIND_VIDEO, 0, header, len);
        bc_rtmp_client_send(r->client, BC_KIND_AUDIO, 0, AUDIO_HEADER,
            sizeof(AUDIO_HEADER));
    }
    for (int64_t end = r->ms + ms; r->ms < end; r->ms += FLOW_FRAME_MS) {
        send_picture(r, r->ms / FLOW_FRAME_MS % FLOW_GOP == 0);
        send_sound(r, r->ms);
        send_sound(r, r->ms + SOUND_MS);
    }
}

void
flow_rtmp_close(struct flow_rtmp *r)
{
    flow_hang_up(&r->peer);
    bc_rtmp_client_destroy(r->client);
    r->client = NULL;
}
