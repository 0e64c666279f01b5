// SPDX-License-Identifier: Apache-2.0
// Two associations whose packets are delivered, lost, changed and invented as the input
// says. Checksums are off, and invented packets have the right verification tag.
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "base/writer.h"
#include "protocol/webrtc/sctp/service.h"
#include "protocol/webrtc/sctp/usrsctp_glue.h"

#define HEADER 12
#define ROUNDS 200
#define TICK_MS 500

struct side {
    struct bc_sctp_association *association;
    struct dc_queue sent;
    uint8_t header[HEADER]; // of what it sent last
};

static struct bc_sctp_service *service;
static struct bc_worker *worker; // of both

static void
on_send(void *user, const uint8_t *data, size_t len)
{
    struct side *side = user;
    memcpy(side->header, data, HEADER);
    dc_queue_push(&side->sent, dc_item_create(DC_PACKET, 0, data, len));
}

static void
on_open(void *user, uint16_t stream, const char *label)
{
    struct side *side = user;
    bc_sctp_send(side->association, stream, false, (const uint8_t *)label, strlen(label));
}

static void
on_message(void *user, uint16_t stream, bool binary, const uint8_t *data, size_t len)
{
    struct side *side = user;
    bc_sctp_send(side->association, stream, binary, data, len);
}

static void
on_channel_closed(void *user, uint16_t stream)
{
    (void)user;
    (void)stream;
}

static void
on_closed(void *user, const char *reason)
{
    (void)user;
    (void)reason;
}

static const struct bc_sctp_ops OPS
    = { on_send, on_open, on_message, on_channel_closed, on_closed };

static void
run(void)
{
    for (int i = 0; i < ROUNDS; i++) {
        bool any = bc_worker_run_leftovers(service->worker);
        if (!bc_worker_run_leftovers(worker) && !any) {
            return;
        }
    }
}

static void
deliver(struct side *from, struct side *to)
{
    struct dc_item *packet = dc_queue_first(&from->sent);
    if (packet) {
        bc_sctp_input(to->association, packet->data, packet->len);
        dc_queue_drop(&from->sent, packet);
        run();
    }
}

static void
step(struct side *from, struct side *to, struct bc_reader *r)
{
    uint8_t op = bc_read_u8(r);
    struct dc_item *packet = dc_queue_first(&from->sent);
    size_t n = bc_read_u8(r) * (op & 4 ? 4u : 1u);
    n = n < bc_reader_left(r) ? n : bc_reader_left(r);
    switch (op % 4) {
    case 0:
        deliver(from, to);
        break;
    case 1:
        if (packet && n > 0) {
            packet->data[n * 7 % packet->len] ^= bc_read_u8(r);
        }
        break;
    case 2:
        if (packet) {
            dc_queue_drop(&from->sent, packet);
        }
        break;
    default: {
        struct bc_writer w = { 0 };
        bc_write_bytes(&w, from->header, HEADER);
        bc_write_bytes(&w, bc_read_bytes(r, n), n);
        bc_sctp_input(to->association, w.data, w.len);
        bc_writer_finish(&w);
        run();
    }
    }
}

static void
set_up(void)
{
    if (!service) {
        service = bc_sctp_service_create();
        service->worker = bc_worker_create(1); // never started: all runs here
        worker = bc_worker_create(0);
    }
}

static void
create(struct side *side, bool client)
{
    struct bc_sctp_params params = { .service = service, .worker = worker,
        .local_port = 5000, .remote_port = 5000, .dtls_client = client, .ops = &OPS,
        .user = side };
    dc_queue_init(&side->sent);
    side->association = bc_sctp_association_create(&params);
    bc_sctp_open(side->association, "cards");
    run();
}

static void
destroy(struct side *side)
{
    bc_sctp_association_destroy(side->association);
    run();
    dc_queue_clear(&side->sent);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bc_reader r = bc_reader_init(data, len);
    struct side a = { 0 };
    struct side b = { 0 };
    set_up();
    create(&a, true);
    usrsctp_enable_crc32c_offload();
    create(&b, false);
    unsigned rounds = bc_read_u8(&r) % 16;
    for (unsigned i = 0; i < rounds; i++) {
        deliver(&a, &b);
        deliver(&b, &a);
    }
    while (bc_reader_left(&r) > 0) {
        bool forth = bc_read_u8(&r) % 2;
        step(forth ? &a : &b, forth ? &b : &a, &r);
    }
    destroy(&a);
    destroy(&b);
    usrsctp_handle_timers(TICK_MS); // frees what is left of the sockets
    return 0;
}
