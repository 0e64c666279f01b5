// SPDX-License-Identifier: Apache-2.0
// What a WebRTC viewer receives. Packets are decrypted until the first keyframe, and
// always on probes; of the others only the headers are read.
#include <errno.h>
#include <sys/socket.h>

#include "samples.h"
#include "whep_viewer.h"

enum {
    BATCH = 64,
    ROUNDS_PER_EVENT = 4,
    WHOLE = 2048,
    SHORT = 256, // of a packet whose header is enough; longer than any STUN response
    CLOCK_KHZ = 90,
};

// Payload of a whole packet: what only a probe or a joining viewer looks at.
static void
look_inside(struct bc_whep_viewer *w, uint8_t *p, size_t n)
{
    int len = (int)n;
    size_t payload_len;
    if (n > WHOLE || srtp_unprotect(w->in, p, &len)) {
        bc_count_note("srtp_unprotect_failed");
        return;
    }
    const uint8_t *payload = bc_rtp_payload(p, (size_t)len, &payload_len);
    if (payload) {
        w->key_pending |= bc_rtp_begins_idr(payload, payload_len);
        bc_viewer_scan(w->viewer, payload, payload_len);
    }
}

static void
stop_decrypting(struct bc_whep_viewer *w)
{
    srtp_dealloc(w->in);
    w->in = NULL;
    w->headers_only = true;
    bc_io_move_to_bulk(&w->udp);
}

static void
on_frame(struct bc_whep_viewer *w, uint32_t timestamp, int64_t now_ns)
{
    struct bc_viewer *v = w->viewer;
    w->media_ticks += v->frames ? (int32_t)(timestamp - w->last_timestamp) : 0;
    w->last_timestamp = timestamp;
    bc_viewer_on_media(v, now_ns,
        (struct bc_viewer_media){ true, w->key_pending, w->media_ticks / CLOCK_KHZ });
    bc_viewer_scan_done(v, now_ns);
    w->key_pending = false;
    if (w->in && !v->probe && (v->first_key_ns || now_ns > w->key_deadline_ns)) {
        if (!v->first_key_ns) {
            bc_count_note("no_keyframe_in_10_s");
        }
        stop_decrypting(w);
    }
}

static void
on_rtp(struct bc_whep_viewer *w, uint8_t *p, size_t n, int64_t now_ns)
{
    struct bc_viewer *v = w->viewer;
    const struct bc_sdp_remote *remote = &w->signal.remote;
    int pt = p[1] & 0x7f;
    bool marker = p[1] & 0x80;
    uint32_t timestamp = bc_read32(p + 4);
    if (!bc_rtp_receive(&w->receiver, p)) {
        bc_count_note("rtp_many_sources");
    }
    v->packets++;
    if (!v->first_media_ns) {
        bc_viewer_on_media(v, now_ns, (struct bc_viewer_media){ false, false, -1 });
    }
    if (pt != remote->video_pt) {
        if (pt != remote->audio_pt) {
            bc_count_note("rtp_other_payload_type");
        }
        return;
    }
    if (w->in) {
        look_inside(w, p, n);
    }
    if (marker) {
        on_frame(w, timestamp, now_ns);
    }
}

// RFC 7983: the first byte tells what a datagram is; RFC 5761: 192 to 223 is RTCP.
static void
on_datagram(struct bc_whep_viewer *w, uint8_t *p, size_t n, int64_t now_ns)
{
    w->viewer->bytes += n;
    if (n < BC_RTP_HEADER) {
        return;
    }
    if (p[0] < 4) {
        bc_whep_on_stun(w, p, n);
    } else if (p[0] >= 20 && p[0] < 64) {
        bc_whep_on_dtls(w, p, n);
    } else if (p[0] >> 6 == 2 && (p[1] < 192 || p[1] > 223)) {
        if (w->stage == BC_WHEP_PLAYING) {
            on_rtp(w, p, n, now_ns);
        } else {
            bc_count_note("rtp_before_dtls");
        }
    }
}

// Two sets of headers over the same buffers: for whole packets and for their beginnings.
static struct mmsghdr *
receive_slots(bool headers_only, uint8_t (**buffers)[WHOLE])
{
    static uint8_t packets[BATCH][WHOLE];
    static struct iovec vectors[2][BATCH];
    static struct mmsghdr slots[2][BATCH];
    if (!vectors[0][0].iov_base) {
        for (int i = 0; i < 2 * BATCH; i++) {
            struct iovec *vector = &vectors[i / BATCH][i % BATCH];
            *vector = (struct iovec){ packets[i % BATCH], i < BATCH ? WHOLE : SHORT };
            slots[i / BATCH][i % BATCH].msg_hdr =
                (struct msghdr){ .msg_iov = vector, .msg_iovlen = 1 };
        }
    }
    *buffers = packets;
    return slots[headers_only];
}

// True when there may be more.
static bool
read_batch(struct bc_whep_viewer *w)
{
    uint8_t(*packets)[WHOLE];
    struct mmsghdr *slots = receive_slots(w->headers_only, &packets);
    size_t room = w->headers_only ? SHORT : WHOLE;
    int n = recvmmsg(w->udp.fd, slots, BATCH, MSG_DONTWAIT | MSG_TRUNC, NULL);
    if (n <= 0) {
        if (n < 0 && errno == ECONNREFUSED && w->stage == BC_WHEP_PLAYING) {
            bc_viewer_on_failed(w->viewer, "udp_refused");
        }
        return false;
    }
    int64_t now_ns = bc_now_ns();
    for (int i = 0; i < n && w->udp.fd >= 0; i++) {
        size_t len = slots[i].msg_len; // of the datagram, however much of it was read
        if (len > room && packets[i][0] >> 6 != 2) {
            bc_count_note("udp_cut");
        } else {
            on_datagram(w, packets[i], len, now_ns);
        }
    }
    return n == BATCH;
}

void
bc_whep_on_udp(struct bc_io *io, uint32_t events)
{
    (void)events;
    for (int i = 0; i < ROUNDS_PER_EVENT && io->fd >= 0 && read_batch(io->userdata);
         i++) {
    }
}
