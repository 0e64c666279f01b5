// SPDX-License-Identifier: Apache-2.0
// A bare loop: copy a payload, protect it, send twelve packets by one segmented send. No
// WebRTC server that encrypts for every viewer can be cheaper per packet.
#include "floor.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <srtp2/srtp.h>

#include "options.h"
#include "samples.h"

enum {
    PACKET_BYTES = 1200, // RTP header and payload
    HEADER_BYTES = 12,
    OVERHEAD_BYTES = 16, // GCM's tag
    SENT_BYTES = PACKET_BYTES + OVERHEAD_BYTES,
    BATCH = 12,
    BATCHES_PER_SAMPLE = 2000,
    KEY_BYTES = 16 + 12, // and salt
};

// One viewer as far as the loop is concerned: keys of its own, as a server has them.
struct sink {
    srtp_t srtp;
    uint16_t seq;
};

static struct sink *sinks; // owned; as many as --count
static int sending = -1;
static int dropping = -1;
static uint8_t payload[PACKET_BYTES];
static uint8_t batch[BATCH * SENT_BYTES];

static int64_t
cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * BC_NS_PER_S + t.tv_nsec;
}

static void
open_sockets(void)
{
    struct sockaddr_in to = { .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(to);
    int small = 1;
    int segment = SENT_BYTES;
    dropping = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sending = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (dropping < 0 || sending < 0 || bind(dropping, (struct sockaddr *)&to, len)
        || getsockname(dropping, (struct sockaddr *)&to, &len)
        || connect(sending, (struct sockaddr *)&to, len)) {
        bc_die("socket: %s", strerror(errno));
    }
    // Nobody reads: the kernel drops what comes beyond the first few packets.
    setsockopt(dropping, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    if (setsockopt(sending, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof(segment))) {
        bc_die("this kernel has no UDP_SEGMENT");
    }
}

static void
open_sinks(void)
{
    sinks = bc_xcalloc((size_t)bc_options.count * sizeof(*sinks));
    for (int i = 0; i < bc_options.count; i++) {
        uint8_t key[KEY_BYTES];
        srtp_policy_t policy = { .ssrc.type = ssrc_any_outbound, .key = key };
        bc_random_bytes(key, sizeof(key));
        srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp);
        srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp);
        if (srtp_create(&sinks[i].srtp, &policy)) {
            bc_die("libsrtp has no AES-GCM");
        }
    }
}

static void
protect_batch(struct sink *sink)
{
    for (int i = 0; i < BATCH; i++) {
        uint8_t *packet = batch + i * SENT_BYTES;
        int len = PACKET_BYTES;
        packet[0] = 0x80; // version 2
        packet[1] = 96;
        bc_write16(packet + 2, sink->seq++);
        bc_write32(packet + 4, 0);
        bc_write32(packet + 8, 1);
        memcpy(packet + HEADER_BYTES, payload, PACKET_BYTES - HEADER_BYTES);
        if (srtp_protect(sink->srtp, packet, &len) || len != SENT_BYTES) {
            bc_die("srtp_protect failed");
        }
    }
}

static void
send_batch(void)
{
    if (send(sending, batch, sizeof(batch), 0) < 0) {
        bc_die("send: %s", strerror(errno));
    }
}

// Microseconds of CPU per packet.
static double
sample(bool protects, bool sends)
{
    int64_t before = cpu_ns();
    for (int i = 0; i < BATCHES_PER_SAMPLE; i++) {
        if (protects) {
            protect_batch(&sinks[i % bc_options.count]);
        }
        if (sends) {
            send_batch();
        }
    }
    return (double)(cpu_ns() - before) / 1000 / BATCHES_PER_SAMPLE / BATCH;
}

static void
report(struct bc_samples *protect, struct bc_samples *send, struct bc_samples *both)
{
    struct bc_buf b = { 0 };
    bc_buf_add_format(
        &b, "{\"floor\":\"AEAD_AES_128_GCM\",\"packet_bytes\":%d,", PACKET_BYTES);
    bc_buf_add_format(&b, "\"batch\":%d,\"contexts\":%d,", BATCH, bc_options.count);
    bc_samples_write(&b, "protect_us", protect);
    bc_buf_add_text(&b, ",");
    bc_samples_write(&b, "send_us", send);
    bc_buf_add_text(&b, ",");
    bc_samples_write(&b, "both_us", both);
    bc_buf_add_text(&b, "}\n");
    fwrite(b.data, 1, b.len, stdout);
    bc_buf_finish(&b);
}

int
bc_floor(void)
{
    struct bc_samples protect = { 0 };
    struct bc_samples send = { 0 };
    struct bc_samples both = { 0 };
    if (srtp_init()) {
        bc_die("srtp_init failed");
    }
    bc_random_bytes(payload, sizeof(payload));
    open_sockets();
    open_sinks();
    sample(true, true); // caches and frequency
    int64_t end_ns = bc_now_ns() + (int64_t)(bc_options.duration_s * BC_NS_PER_S);
    do { // in turn, so that a disturbance meets all three
        bc_samples_add(&protect, sample(true, false));
        bc_samples_add(&send, sample(false, true));
        bc_samples_add(&both, sample(true, true));
    } while (bc_now_ns() < end_ns);
    report(&protect, &send, &both);
    for (int i = 0; i < bc_options.count; i++) {
        srtp_dealloc(sinks[i].srtp);
    }
    free(sinks);
    srtp_shutdown();
    close(sending);
    close(dropping);
    bc_samples_finish(&protect);
    bc_samples_finish(&send);
    bc_samples_finish(&both);
    return 0;
}
