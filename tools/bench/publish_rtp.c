// SPDX-License-Identifier: Apache-2.0
// H.264 as plain RTP (RFC 6184, packetization-mode 1) to a UDP port: what Janus's
// streaming plugin is fed with.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "flv.h"
#include "loop.h"
#include "options.h"
#include "publish.h"
#include "rtp.h"

enum {
    PACKET_BYTES = 1200,
    PAYLOAD_BYTES = PACKET_BYTES - BC_RTP_HEADER,
    FU_HEADER = 2,
    NAL_DELIMITER = 9,
    NAL_FILLER = 12,
    NAL_STAP_A = 24,
    NAL_FU_A = 28,
    STAP_HEADER = 1,
    STAP_LENGTH = 2,
    PAYLOAD_TYPE = 96,
    CLOCK_KHZ = 90,
    AVC_BODY_HEADER = 5,
    AVCC_SETS_AT = 5, // where the record counts its parameter sets
};

static const struct bc_flvfile *file;
static struct bc_publish_totals totals;
static struct bc_buf body;
static struct bc_buf small;
static int small_count;
static int64_t stop_ns;
static size_t next_tag;
static uint32_t loops;
static int out = -1;
static uint16_t seq;
static uint32_t ssrc;

// `head` stands before the payload's bytes: nothing, or a fragment's two.
static void
send_packet(uint32_t timestamp, bool marker, const uint8_t *head, size_t head_len,
    const uint8_t *p, size_t n)
{
    uint8_t packet[PACKET_BYTES] = { 0x80,
        (uint8_t)(PAYLOAD_TYPE | (marker ? 0x80 : 0)) };
    bc_write16(packet + 2, seq++);
    bc_write32(packet + 4, timestamp);
    bc_write32(packet + 8, ssrc);
    if (head_len) {
        memcpy(packet + BC_RTP_HEADER, head, head_len);
    }
    memcpy(packet + BC_RTP_HEADER + head_len, p, n);
    size_t len = BC_RTP_HEADER + head_len + n;
    if (send(out, packet, len, MSG_NOSIGNAL) < 0) {
        bc_count_error("udp_send_failed");
    }
    totals.bytes += len;
}

// Sends the NAL units that wait in `small`: one as it is, several as a STAP-A.
static void
flush_small(uint32_t timestamp, bool last)
{
    if (small_count == 1) {
        size_t skip = STAP_HEADER + STAP_LENGTH;
        send_packet(timestamp, last, NULL, 0, small.data + skip, small.len - skip);
    } else if (small_count) {
        send_packet(timestamp, last, NULL, 0, small.data, small.len);
    }
    bc_buf_clear(&small);
    small_count = 0;
}

static void
add_small(const uint8_t *p, size_t n)
{
    static const uint8_t header = 3 << 5 | NAL_STAP_A;
    uint8_t len[STAP_LENGTH];
    if (!small_count++) {
        bc_buf_add(&small, &header, STAP_HEADER);
    }
    bc_write16(len, (uint32_t)n);
    bc_buf_add(&small, len, sizeof(len));
    bc_buf_add(&small, p, n);
}

static void
send_nal(uint32_t timestamp, bool last, const uint8_t *p, size_t n)
{
    size_t used = small_count ? small.len : STAP_HEADER;
    if (used + STAP_LENGTH + n > PAYLOAD_BYTES) {
        flush_small(timestamp, false);
    }
    if (STAP_HEADER + STAP_LENGTH + n <= PAYLOAD_BYTES) {
        add_small(p, n);
        if (last) {
            flush_small(timestamp, true);
        }
        return;
    }
    for (size_t at = 1; at < n;) {
        size_t left = n - at;
        size_t take = left < PAYLOAD_BYTES - FU_HEADER ? left : PAYLOAD_BYTES - FU_HEADER;
        bool ends = take == left;
        uint8_t head[FU_HEADER] = {
            (uint8_t)((p[0] & 0xe0) | NAL_FU_A),
            (uint8_t)((at == 1 ? 0x80 : 0) | (ends ? 0x40 : 0) | (p[0] & 31)),
        };
        send_packet(timestamp, last && ends, head, sizeof(head), p + at, take);
        at += take;
    }
}

static void
send_parameter_sets(uint32_t timestamp)
{
    for (size_t i = 0; i < file->count; i++) {
        const struct bc_flvfile_tag *tag = &file->tags[i];
        if (tag->type != BC_FLV_VIDEO || !tag->header
            || tag->len < AVC_BODY_HEADER + AVCC_SETS_AT + 2) {
            continue;
        }
        const uint8_t *p = file->data + tag->offset + AVC_BODY_HEADER + AVCC_SETS_AT;
        const uint8_t *end = file->data + tag->offset + tag->len;
        for (int kind = 0; kind < 2 && p < end; kind++) { // SPS, then PPS
            for (int n = *p++ & 31; n > 0 && end - p > 2; n--) {
                size_t len = bc_read16(p);
                if (len > (size_t)(end - p) - 2) {
                    return;
                }
                send_nal(timestamp, false, p + 2, len);
                p += 2 + len;
            }
        }
        return;
    }
}

// What a receiver has no use for: RTP tells where a frame ends.
static bool
is_idle(uint8_t nal_header)
{
    int type = nal_header & 31;
    return type == NAL_DELIMITER || type == NAL_FILLER;
}

// Where the last NAL unit ends that is worth sending: its last packet has the marker.
static size_t
frame_end(const uint8_t *p, size_t n)
{
    size_t end = 0;
    for (size_t at = AVC_BODY_HEADER; at + 4 < n;) {
        size_t len = bc_read32(p + at);
        if (!len || len > n - at - 4) {
            break;
        }
        end = is_idle(p[at + 4]) ? end : at + 4 + len;
        at += 4 + len;
    }
    return end;
}

static void
send_frame(const struct bc_flvfile_tag *tag)
{
    uint32_t timestamp = (loops * file->loop_ms + tag->ts_ms) * CLOCK_KHZ;
    bc_flvfile_body(file, next_tag, &body);
    if (body.data[0] >> 4 == 1) {
        send_parameter_sets(timestamp);
    }
    size_t end = frame_end(body.data, body.len);
    for (size_t at = AVC_BODY_HEADER; at < end;) {
        size_t len = bc_read32(body.data + at);
        if (!is_idle(body.data[at + 4])) {
            send_nal(timestamp, at + 4 + len == end, body.data + at + 4, len);
        }
        at += 4 + len;
    }
}

static int64_t
step(int64_t now_ns)
{
    int64_t due_ns;
    if (now_ns >= stop_ns) {
        bc_loop_stop();
    }
    for (;;) {
        const struct bc_flvfile_tag *tag = &file->tags[next_tag];
        int64_t ts_ms = (int64_t)loops * file->loop_ms + tag->ts_ms;
        due_ns = totals.started_ns + ts_ms * BC_NS_PER_MS;
        if (due_ns > now_ns) {
            return bc_min64(stop_ns, due_ns);
        }
        if (tag->video_frame && tag->stamp_at) {
            send_frame(tag);
            bc_samples_add(&totals.lag_ms, (double)(bc_now_ns() - due_ns) / BC_NS_PER_MS);
            totals.video_frames++;
        }
        if (++next_tag == file->count) {
            next_tag = 0;
            loops++;
        }
    }
}

int
bc_publish_rtp(const struct bc_url *url, const struct bc_flvfile *source)
{
    file = source;
    out = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (out < 0
        || connect(out, (const struct sockaddr *)&url->address, sizeof(url->address))) {
        bc_die("cannot open a UDP socket: %s", strerror(errno));
    }
    bc_random_bytes(&ssrc, sizeof(ssrc));
    totals.started_ns = bc_now_ns();
    totals.running = totals.alive = 1;
    stop_ns = totals.started_ns + (int64_t)(bc_options.duration_s * BC_NS_PER_S);
    if (!bc_options.quiet) {
        fprintf(stderr, "publishing %s\n", bc_options.url);
    }
    bc_loop_run(step);
    bc_publish_report(&totals);
    bc_buf_finish(&body);
    bc_buf_finish(&small);
    close(out);
    return 0;
}
