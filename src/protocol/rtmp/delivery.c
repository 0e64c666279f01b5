// SPDX-License-Identifier: Apache-2.0
// From a publisher's messages to on_media.
#include <errno.h>
#include <string.h>

#include "session_state.h"

static void
give_media(struct bc_rtmp_session *s, const struct bc_rtmp_media *media)
{
    if (media->len > 0 && s->state == BC_RTMP_PUBLISHING && s->callbacks->on_media) {
        s->callbacks->on_media(s->user, media);
    }
}

// Values behind an AMF3 data message are brought to AMF0, which players of FLV know.
static struct bc_buf *
reduce_to_amf0(const uint8_t *data, size_t len)
{
    struct bc_amf amf = { 0 };
    struct bc_writer w = { 0 };
    (void)bc_amf_parse(&amf, data, len); // what was complete is good enough
    for (const struct bc_amf_value *v = bc_amf_at(&amf, 0); v; v = bc_amf_next(&amf, v)) {
        bc_amf_write_value(&w, &amf, v);
    }
    struct bc_buf *buf = bc_buf_from_writer(&w);
    bc_writer_finish(&w);
    bc_amf_finish(&amf);
    return buf;
}

static bool
starts_with_text(const uint8_t *data, size_t len, const char *text)
{
    size_t n = strlen(text);
    return len >= 3 + n && data[0] == 0x02 && data[1] == n >> 8 && data[2] == (n & 0xff)
        && memcmp(data + 3, text, n) == 0;
}

// Strips "@setDataFrame"; what does not begin with a handler's name, such as FFmpeg's
// timecode messages, is ignored (RTMP-67, RTMP-68).
static void
give_script(struct bc_rtmp_session *s, uint32_t timestamp, struct bc_buf *buf,
    const uint8_t *data, size_t len)
{
    static const char set_frame[] = "@setDataFrame";
    if (starts_with_text(data, len, set_frame)) {
        data += 3 + strlen(set_frame);
        len -= 3 + strlen(set_frame);
    }
    if (len < 4 || data[0] != 0x02 || starts_with_text(data, len, "@clearDataFrame")) {
        return;
    }
    struct bc_rtmp_media media = { .kind = BC_KIND_SCRIPT, .timestamp = timestamp,
        .buf = buf, .data = data, .len = len };
    give_media(s, &media);
}

// Type 15 starts with a format byte, then AMF0 with 0x11 before AMF3 values (RTMP-31).
static int
give_script_amf3(struct bc_rtmp_session *s, uint32_t timestamp, const uint8_t *data,
    size_t len)
{
    size_t skip = data[0] == 0 ? 1 : 0;
    struct bc_buf *buf = reduce_to_amf0(data + skip, len - skip);
    if (!buf) {
        return bc_rtmp_session_fail(s, -ENOMEM, "out of memory for a script message");
    }
    give_script(s, timestamp, buf, buf->data, buf->len);
    bc_buf_unref(&buf);
    return 0;
}

int
bc_rtmp_session_give(struct bc_rtmp_session *s, struct bc_buf *buf,
    const struct rtmp_sub_message *m)
{
    struct bc_rtmp_media media = { .timestamp = m->timestamp, .buf = buf, .data = m->data,
        .len = m->len };
    if (s->state != BC_RTMP_PUBLISHING || m->len == 0) {
        return 0; // an empty message is silence, and tells nothing (RTMP-67)
    }
    switch (m->type) {
    case BC_RTMP_TYPE_AUDIO:
        media.kind = BC_KIND_AUDIO;
        give_media(s, &media);
        break;
    case BC_RTMP_TYPE_VIDEO:
        media.kind = BC_KIND_VIDEO;
        give_media(s, &media);
        break;
    case BC_RTMP_TYPE_DATA_AMF0:
        give_script(s, m->timestamp, buf, m->data, m->len);
        break;
    case BC_RTMP_TYPE_DATA_AMF3:
        return give_script_amf3(s, m->timestamp, m->data, m->len);
    default:
        break;
    }
    return 0;
}

int
bc_rtmp_session_give_aggregate(
    struct bc_rtmp_session *s, const struct bc_rtmp_message *msg)
{
    struct bc_rtmp_aggregate a = { .r = bc_reader_init(msg->buf->data, msg->buf->len),
        .timestamp = msg->timestamp };
    struct rtmp_sub_message sub;
    int ret;
    while ((ret = bc_rtmp_aggregate_next(&a, &sub)) == 1) {
        ret = bc_rtmp_session_give(s, msg->buf, &sub);
        if (ret < 0) {
            return ret;
        }
    }
    return ret < 0 ? bc_rtmp_session_fail(s, -EPROTO, "broken aggregate message") : 0;
}
