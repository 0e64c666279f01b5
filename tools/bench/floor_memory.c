// SPDX-License-Identifier: Apache-2.0
// What OpenSSL and libsrtp keep for a connected viewer, whatever the server does:
// handshakes between two ends in this process, of which the server's remain.
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dtls.h"
#include "floor.h"
#include "options.h"
#include "rtp.h"

enum {
    PACKET_BYTES = 1200,
    MAX_FLIGHTS = 16,
    SOURCES = 3, // picture, its retransmissions, sound
};

// One viewer as its server sees it. Owned by `kept`, until the command ends.
struct kept {
    struct bc_dtls dtls;
    srtp_t in;
    srtp_t out;
};

static size_t
used_bytes(void)
{
    return mallinfo2().uordblks;
}

static enum bc_dtls_state
feed_all(struct bc_dtls *d, int fd, bool begins)
{
    uint8_t datagram[2048];
    enum bc_dtls_state state = begins ? bc_dtls_feed(d, NULL, 0) : BC_DTLS_HANDSHAKE;
    ssize_t n;
    while ((n = recv(fd, datagram, sizeof(datagram), MSG_DONTWAIT)) > 0) {
        state = bc_dtls_feed(d, datagram, (size_t)n);
    }
    return state;
}

static void
shake_hands(struct bc_dtls *server)
{
    int ends[2];
    struct bc_dtls client = { 0 };
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) || bc_dtls_open(server, ends[0], false)
        || bc_dtls_open(&client, ends[1], true)) {
        bc_die("cannot set up a handshake");
    }
    for (int i = 0; i < MAX_FLIGHTS && !SSL_is_init_finished(server->ssl); i++) {
        feed_all(&client, ends[1], i == 0);
        feed_all(server, ends[0], false);
    }
    if (!SSL_is_init_finished(server->ssl)) {
        bc_die("the handshake failed");
    }
    bc_dtls_close(&client);
    close(ends[0]);
    close(ends[1]);
}

// libsrtp makes what it keeps for a source when the source's first packet comes.
static void
use_srtp(struct kept *k)
{
    uint8_t packet[PACKET_BYTES + SRTP_MAX_TRAILER_LEN] = { 0x80, 96 };
    struct bc_rtp_receiver nobody = { 0 };
    const char *error
        = bc_dtls_make_srtp(&k->dtls, bc_dtls_fingerprint(), &k->in, &k->out);
    for (uint32_t ssrc = 1; ssrc <= SOURCES && !error; ssrc++) {
        int len = PACKET_BYTES;
        bc_write32(packet + 8, ssrc);
        error = srtp_protect(k->out, packet, &len) ? "srtp_protect" : NULL;
    }
    uint8_t report[BC_RTCP_MAX + SRTP_MAX_TRAILER_LEN + 4];
    int len = (int)bc_rtp_write_report(&nobody, 1, report);
    if (error || srtp_protect_rtcp(k->out, report, &len)) {
        bc_die("cannot use SRTP: %s", error ? error : "srtp_protect_rtcp");
    }
}

static void
forget(struct kept *k)
{
    SSL_free(k->dtls.ssl); // its socket is closed: no farewell
    srtp_dealloc(k->in);
    srtp_dealloc(k->out);
}

int
bc_floor_memory(void)
{
    size_t count = (size_t)bc_options.count;
    struct kept *kept = bc_xcalloc(count * sizeof(*kept));
    struct kept first = { 0 }; // what libraries make once is not a viewer's
    bc_dtls_fingerprint();
    shake_hands(&first.dtls);
    use_srtp(&first);
    size_t before = used_bytes();
    for (size_t i = 0; i < count; i++) {
        shake_hands(&kept[i].dtls);
    }
    size_t with_dtls = used_bytes();
    for (size_t i = 0; i < count; i++) {
        use_srtp(&kept[i]);
    }
    size_t with_srtp = used_bytes();
    printf("{\"floor_memory\":%zu,\"dtls_kb\":%.2f,\"srtp_kb\":%.2f}\n", count,
        (double)(with_dtls - before) / 1024 / (double)count,
        (double)(with_srtp - with_dtls) / 1024 / (double)count);
    for (size_t i = 0; i < count; i++) {
        forget(&kept[i]);
    }
    forget(&first);
    free(kept);
    return 0;
}
